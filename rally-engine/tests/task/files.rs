//! Each file of `task/files`, and the task files of the wild where those are at hand.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use rally_core::Problem;
use rally_engine::plan::{Plan, Workload};
use rally_engine::task::Task;
use serde_json::Value;

use crate::plugins::registry;

fn here(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn told(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut told, problem| {
        writeln!(told, "[{:?}] {problem}", problem.kind).unwrap();
        told
    })
}

fn workload_told(plan: &Plan, workload: &Workload) -> String {
    let mut told = String::new();
    let subtask = &plan.subtasks[workload.subtask].title;
    writeln!(told, "{} ({subtask}, {}): {}", workload.at, workload.position, workload.description).unwrap();
    let (contexts, slas) =
        (workload.contexts.iter().map(|c| ("context", c)), workload.slas.iter().map(|s| ("sla", s)));
    let hooks = workload.hooks.iter().flat_map(|hook| [("action", &hook.action), ("trigger", &hook.trigger)]);
    let scenarios = workload.scenario.parts().map(|part| ("scenario", part));
    for (what, part) in
        scenarios.chain([("runner", &workload.runner)]).chain(contexts).chain(slas).chain(hooks)
    {
        let (name, config) = (part.registration.meta().full_name(), &part.config);
        writeln!(told, "  {what} {name} = {config}  <- {} ({:?})", part.at, part.origin).unwrap();
    }
    told
}

fn answer(text: &str) -> String {
    let task = match Task::parse(text) {
        Ok(task) => task,
        Err(problems) => return told(&problems),
    };
    let again = Task::parse(&task.to_v2().to_string()).unwrap();
    assert_eq!(again.to_v2(), task.to_v2(), "format 2 can be read again, and says the same");
    let plan = match Plan::build(&task, &registry()) {
        Ok(plan) => plan,
        Err(problems) => return told(&problems),
    };
    let mut told = told(&task.warnings);
    for subtask in plan.subtasks.iter().filter(|subtask| subtask.run_in_parallel) {
        writeln!(told, "{}: side by side", subtask.title).unwrap();
    }
    told.extend(plan.workloads.iter().map(|workload| workload_told(&plan, workload)));
    for workload in &plan.workloads {
        let alone = plan.workload_v2(workload);
        let task = Task::parse(&alone.to_string()).unwrap();
        let again = Plan::build(&task, &registry()).unwrap();
        assert_eq!(again.workload_v2(&again.workloads[0]), alone, "one workload is a task again");
    }
    writeln!(told, "{}", serde_json::to_string_pretty(&task.to_v2()).unwrap()).unwrap();
    told
}

#[test]
fn every_file_gives_its_plan_or_all_its_problems() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(here("tests/task/files")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 30, "the files are gone");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, description => &text, omit_expression => true }, {
            insta::assert_snapshot!(name, answer(&text));
        });
    }
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
#[test]
fn the_files_of_the_wild_are_tasks() {
    let samples = here("../../shared/reference/samples");
    let Ok(index) = fs::read_to_string(samples.join("index.json")) else {
        eprintln!("skipped: there are no sample files beside the project");
        return;
    };
    let index: Value = serde_json::from_str(&index).unwrap();
    let mut read = 0;
    for entry in index.as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let text = fs::read_to_string(samples.join(file)).unwrap();
        if text.contains("{{") || text.contains("{%") {
            continue;
        }
        let task = Task::parse(&text).unwrap_or_else(|problems| panic!("{file}:\n{}", told(&problems)));
        let mut names: Vec<&str> = task
            .subtasks
            .iter()
            .flat_map(|s| &s.workloads)
            .flat_map(|workload| workload.scenario.each())
            .map(|scenario| scenario.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut expected: Vec<&str> =
            entry["scenarios"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        expected.sort_unstable();
        assert_eq!(names, expected, "{file}");
        read += 1;
    }
    assert!(read > 40, "only {read} files were read");
}

#[test]
fn mistakes_of_shape_do_not_hide_those_of_other_workloads() {
    let text = "version: 2
title: 5
subtasks:
  - {title: shape, scenario: Dummy.dummy}
  - {title: arguments, scenario: {Dummy.dummy: [1]}}
  - {title: name, scenario: {Dummy.dumy: {}}}
  - {title: sla, scenario: {Servers.boot: {}}, sla: [1]}
  - {title: right, scenario: {Dummy.dummy: {}}}
";
    let problems = Plan::parse(text, &registry()).unwrap_err();
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("all_at_once", told(&problems));
    });
    let (task, plan) = Plan::parse("Dummy.dummy: [{}]", &registry()).unwrap();
    assert_eq!((task.subtasks.len(), plan.workloads.len()), (1, 1));
}

#[test]
fn a_file_of_mistakes_is_told_within_bounds() {
    let many = 5_000;
    let lines = |line: fn(usize) -> String| (0..many).map(line).collect::<Vec<_>>().concat();
    let v2 = lines(|i| format!("- {{title: t, scenario: {{No.{i}: {{}}}}}}\n"));
    let v1 = lines(|i| format!("\"No {i}\": [{{}}]\n"));
    let shapes = lines(|i| format!("\"No {i}\": {i}\n"));
    let arguments = lines(|i| format!(" a{i}: 1,"));
    for text in [
        format!("version: 2\ntitle: x\nsubtasks:\n{v2}"),
        v1,
        shapes,
        format!("Servers.boot: [{{args: {{{arguments}}}}}]"),
    ] {
        let problems = Plan::parse(&text, &registry()).unwrap_err();
        assert_eq!(problems.len(), 1_001);
        assert_eq!(problems[1_000].what, "these are 1000 problems; there may be more");
    }
    let long = format!("{}: 1", "k".repeat(1_001));
    assert!(told(&Task::parse(&long).unwrap_err()).contains("a key has at most 1000 bytes"));
}

/// Files that only the plugins' own checks refuse, or rules that no schema can say.
const BEYOND_SCHEMAS: [&str; 4] =
    ["context_twice.yaml", "orphan.yaml", "mix_contexts.yaml", "own_checks.yaml"];

#[test]
fn the_schema_of_a_task_accepts_what_the_plan_accepts_and_nothing_else() {
    let schema = rally_engine::task_schema(&registry());
    assert!(jsonschema::meta::is_valid(&schema), "{:?}", jsonschema::meta::validate(&schema));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut read = 0;
    for entry in fs::read_dir(here("tests/task/files")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let Ok(value) = rally_engine::task::yaml::from_str(&text) else { continue };
        let problems = match Task::parse(&text) {
            Ok(task) => Plan::build(&task, &registry()).err().unwrap_or_default(),
            Err(problems) => problems,
        };
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if BEYOND_SCHEMAS.contains(&name) {
            assert!(!problems.is_empty(), "{name}");
            continue;
        }
        assert_eq!(errors.is_empty(), problems.is_empty(), "{name}: {errors:#?}\n{}", told(&problems));
        read += 1;
    }
    assert!(read > 30, "only {read} files were read");
}
