//! The schema of a task file, with the plugins that are linked: editors complete and check by it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use jsonschema::Validator;
use rally::{Args, Plan, Registry, Task, task_schema};
use serde_json::{Value, json};

fn validator() -> Validator {
    let schema = task_schema(&Registry::linked().unwrap());
    assert!(jsonschema::meta::is_valid(&schema), "{:?}", jsonschema::meta::validate(&schema));
    jsonschema::draft202012::new(&schema).unwrap()
}

fn errors(validator: &Validator, task: &Value) -> Vec<String> {
    validator.iter_errors(task).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_example_fits_and_a_misspelt_one_does_not() {
    let validator = validator();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tasks");
    let mut misspelt = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = rally_engine::template::render(&text, path.parent(), &Args::new()).unwrap().text;
        let read = |text: &str| rally_engine::task::yaml::from_str(text).unwrap();
        assert_eq!(errors(&validator, &read(&text)), [""; 0], "{}", path.display());
        // Each word that stands for itself, with its last letter gone.
        for word in
            ["scenario:", "runner", "times", "concurrency", "sla", "NovaServers.", "Dummy.", "failure_rate"]
        {
            if !text.contains(word) {
                continue;
            }
            let end = word.trim_end_matches([':', '.']);
            let wrong = read(&text.replace(word, &word.replace(end, &end[..end.len() - 1])));
            assert!(!validator.is_valid(&wrong), "{}: {word}", path.display());
            misspelt += 1;
        }
    }
    assert!(misspelt > 10, "only {misspelt} words were misspelt");
}

#[test]
fn names_arguments_and_shapes_are_checked_in_both_formats() {
    let validator = validator();
    let short = |more: Value| {
        let mut subtask = json!({"title": "x", "scenario": {"Dummy.dummy": {"sleep": 1}}});
        for (key, value) in more.as_object().unwrap() {
            subtask[key] = value.clone();
        }
        json!({"version": 2, "title": "x", "subtasks": [subtask]})
    };
    let v1 = |workload: Value| json!({"Dummy.dummy": [workload]});
    for right in [
        short(json!({})),
        short(json!({"scenario": {"Dummy.dummy": null}})),
        short(json!({"scenario": {"Dummy.dummy@default": {}}})),
        short(json!({"runner": {"constant": {"times": 2, "concurrency": 1}}, "tags": ["a"]})),
        short(json!({"sla": {"failure_rate": {"max": 1}, "no_default_sla": true}})),
        v1(json!({})),
        v1(json!({"args": {"sleep": 1}, "runner": {"type": "constant", "times": 2, "concurrency": 1}})),
        v1(json!({"runner": {"type": "serial"}, "context": {"users": {"tenants": 1}}})),
    ] {
        assert_eq!(errors(&validator, &right), [""; 0], "{right}");
        let task = Task::parse(&right.to_string()).unwrap();
        assert!(Plan::build(&task, &Registry::linked().unwrap()).is_ok(), "{right}");
    }
    for wrong in [
        json!({}),
        json!([]),
        json!({"version": 3}),
        json!({"version": 2, "title": "x"}),
        json!({"title": "x", "subtasks": []}),
        short(json!({"scenario": {"Dummy.dumy": {}}})),
        short(json!({"scenario": {"Dummy.dummy": {"sleep": "long"}}})),
        short(json!({"scenario": {"Dummy.failure": {"slep": 1}}})),
        short(json!({"scenario": {"Dummy.dummy": {}, "Dummy.failure": {}}})),
        short(json!({"scenario": {"NovaServers.boot_and_delete_server": null}})),
        short(json!({"mix": [{"scenario": {"Dummy.dummy": {}}}]})),
        short(json!({"run_in_parallel": true})),
        short(json!({"runner": {"constant": {"times": 2}, "serial": {}}})),
        short(json!({"runner": {"constant": {"times": 0, "concurrency": 1}}})),
        short(json!({"contexts": {"cleanup@openstack": ["nova"]}})),
        short(json!({"contexts": {"users": {"tenant": 1}}})),
        short(json!({"sla": {"no_default_sla": "yes"}})),
        short(json!({"title": "x".repeat(129)})),
        v1(json!({"arg": {}})),
        json!({"Dummy.failure": [{"args": {"slep": 1}}]}),
        v1(json!({"runner": {"times": 2}})),
        v1(json!({"runner": {"type": "constnat"}})),
        v1(json!({"runner": {"type": "constant", "times": 2, "concurency": 1}})),
        v1(json!({"contexts": {}})),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}
