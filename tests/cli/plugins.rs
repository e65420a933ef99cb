//! What can be looked up, and that the examples are true.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rally::openstack::config::CloudConfig;
use rally::sim::{Latency, Sim, SimOptions};
use rally::{Engine, Env, Plan, Registry, Task};
use rally_engine::task::yaml;
use rally_engine::template::{Args, render};
use serde_json::Value;

use crate::program::Program;

async fn shown(arguments: &str) -> String {
    let ended = Program::new().run(&format!("plugin {arguments}")).await;
    assert_eq!(ended.code(0).stderr, "");
    ended.stdout
}

async fn refused(arguments: &str, code: i32) -> String {
    let ended = Program::new().run(&format!("plugin {arguments}")).await;
    assert_eq!(ended.code(code).stdout, "");
    ended.error()
}

#[tokio::test]
async fn all_plugins_are_listed_and_can_be_narrowed_down() {
    let all = shown("list").await;
    for name in
        ["Dummy.failure", "NovaServers.boot_server", "users", "constant", "failure_rate", "glance_image"]
    {
        assert!(all.contains(&format!("| {name} ")), "{name}: {all}");
    }
    assert!(!all.contains("admin_cleanup") && shown("list --all").await.contains("admin_cleanup"));
    let widths: Vec<usize> = all.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{all}");
    insta::assert_snapshot!("list_of_few", shown("list EXCEPTION_PROB").await);
    for narrowed in ["list --kind runner", "list --plugin-base ScenarioRunner"] {
        let runners = shown(narrowed).await;
        assert!(runners.contains("| constant ") && !runners.contains("Dummy."), "{runners}");
    }
    let ours = shown("list --platform openstack --kind context").await;
    assert!(ours.contains("| users ") && !ours.contains("dummy_context"), "{ours}");
    let json: Value =
        serde_json::from_str(&shown("list users@openstack --kind context --output json").await).unwrap();
    assert_eq!(json[0]["crate"], "rally-openstack");
    assert_eq!(json.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_plugin_is_shown_whole() {
    insta::assert_snapshot!("show_scenario", shown("show Dummy.failure").await);
    insta::assert_snapshot!("show_sla", shown("show failure_rate").await);
    insta::assert_snapshot!("show_resource", shown("show glance_image").await);
    let server = shown("show NovaServers.boot_server").await;
    for said in [
        "  image: glance_image: {id|name|regex|accurate|list_kwargs}; required",
        "  nics[].port-id: text; optional",
        "  users@openstack: {}",
        "  cleanup@openstack: [nova]",
        "          flavor: {name: m1.tiny}",
    ] {
        assert!(server.contains(&format!("{said}\n")), "{said}: {server}");
    }
}

#[tokio::test]
async fn a_part_of_a_name_will_do() {
    let whole = shown("show Dummy.failure").await;
    for part in ["show dummy.FAILURE", "show my.fail", "show --name Dummy.failure@default"] {
        assert_eq!(shown(part).await, whole, "{part}");
    }
    // An exact name wins over those that hold it.
    assert!(shown("show constant").await.starts_with("constant\n"));
    // What a task file cannot name is found by its whole name.
    assert!(shown("show cleanup").await.contains("only other plugins can"));
}

#[tokio::test]
async fn json_holds_the_schema_and_the_example() {
    let json: Value =
        serde_json::from_str(&shown("show NovaServers.boot_server --output json").await).unwrap();
    assert_eq!(json["arguments"][0]["name"], "image");
    assert_eq!(json["arguments"][0]["required"], true);
    assert_eq!(json["schema"]["$defs"]["glance_image"]["x-rally-resource"], "glance_image");
    assert_eq!(json["contexts"][1]["config"][0], "nova");
    assert!(Task::parse(json["example"].as_str().unwrap()).is_ok());
}

#[tokio::test]
async fn what_is_not_there_is_answered_with_what_is() {
    insta::assert_snapshot!("unknown", refused("show constnat", 211).await);
    insta::assert_snapshot!("unknown_of_kind", refused("show failure_rate --kind context", 211).await);
    insta::assert_snapshot!("unknown_platform", refused("list --platform openstak", 211).await);
    insta::assert_snapshot!("unknown_in_list", refused("list zzz", 211).await);
    insta::assert_snapshot!("several", refused("show dummy_exc", 213).await);
}

#[tokio::test]
async fn a_wrong_command_line_is_64() {
    for wrong in
        ["", "show", "show x --name y", "list --kind bogus", "list a b", "show x --output yaml", "docs"]
    {
        let ended = Program::new().run(&format!("plugin {wrong}")).await;
        ended.code(64);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{wrong}: {ended}");
    }
    insta::assert_snapshot!("wrong_kind", refused("list --kind scene", 64).await);
    let program = Program::new().file("file", "");
    insta::assert_snapshot!("docs_nowhere", program.run("plugin docs file/x").await.code(1).error());
}

/// All pages below a folder, by their paths in it.
fn pages(folder: &Path) -> BTreeMap<PathBuf, String> {
    fn collect(at: &Path, folder: &Path, pages: &mut BTreeMap<PathBuf, String>) {
        for entry in std::fs::read_dir(at).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, folder, pages);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                pages.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

async fn made() -> BTreeMap<PathBuf, String> {
    let program = Program::new();
    program.run("plugin docs reference").await.code(0);
    pages(&program.path("reference"))
}

/// Write the pages anew with `RALLY_BLESS=1`.
#[tokio::test]
async fn the_reference_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let made = made().await;
    assert!(made.len() > 10);
    if std::env::var_os("RALLY_BLESS").is_some() {
        // Pages of plugins that are gone go with them.
        std::fs::remove_dir_all(&folder).ok();
        for (name, text) in &made {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        return;
    }
    let there = pages(&folder);
    let differs: Vec<_> =
        made.keys().chain(there.keys()).filter(|name| made.get(*name) != there.get(*name)).collect();
    assert!(
        differs.is_empty(),
        "docs/reference is not up to date: run this test with RALLY_BLESS=1: {differs:?}"
    );
}

#[tokio::test]
async fn every_link_of_the_reference_leads_somewhere() {
    let made = made().await;
    let link = regex::Regex::new(r"\]\(([^)#]+)#([^)]+)\)").unwrap();
    let index = &made[Path::new("README.md")];
    let mut links = 0;
    for found in link.captures_iter(index) {
        let page = &made[Path::new(&found[1])];
        let anchor = |line: &str| line.to_lowercase().replace(['.', '@'], "");
        let heading = format!("## {}", &found[2]);
        assert!(page.lines().any(|line| anchor(line) == heading), "{}", &found[0]);
        links += 1;
    }
    assert!(links > 50, "{links}");
}

/// Every example of the reference: the name of its plugin and the task.
async fn examples() -> Vec<(String, String)> {
    let mut examples = Vec::new();
    for page in made().await.into_values() {
        for section in page.split("\n## ").skip(1) {
            let name = section.lines().next().unwrap().to_owned();
            let task = section.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```"));
            examples.extend(task.map(|(task, _)| (name, task.to_owned())));
        }
    }
    examples
}

#[tokio::test]
async fn the_schema_of_task_files_takes_what_is_a_task() {
    let program = Program::new();
    let schema = program.run("task schema").await.code(0).stdout.clone();
    program.run("task schema --out task.schema.json").await.code(0);
    assert_eq!(program.read("task.schema.json"), schema);
    let schema = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut tasks = examples().await;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tasks")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let task = render(&text, path.parent(), &Args::new()).unwrap();
        tasks.push((path.display().to_string(), task.text));
    }
    for (name, text) in tasks {
        let task = yaml::from_str(&text).unwrap();
        let errors: Vec<String> = schema.iter_errors(&task).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}\n{text}");
    }
    for wrong in [
        "Dummy.dumy: [{}]",
        "Dummy.dummy: [{args: {sleep: soon}}]",
        "{version: 2, title: t, subtasks: [{title: s, scenario: {Dummy.failure: {slep: 1}}}]}",
        "{version: 2, title: t, subtasks: [{title: s, scenario: {Dummy.dummy: {}}, runner: {constnat: {}}}]}",
    ] {
        assert!(!schema.is_valid(&yaml::from_str(wrong).unwrap()), "{wrong}");
    }
    let nowhere = program.run("task schema --out nowhere/x").await;
    insta::assert_snapshot!("schema_nowhere", nowhere.code(1).error());
    program.run("task schema x").await.code(64);
}

/// A scenario without an example, or with one that is not valid, needs `examples` in the schemas of its arguments:
/// `#[schemars(extend("examples" = […]))]`.
#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_valid_and_those_without_a_cloud_run() {
    let sim = Sim::start(SimOptions::instant().with_api(Latency::ZERO)).await.unwrap();
    let before = sim.inventory();
    let registry = Registry::linked().unwrap();
    let spec = CloudConfig::from_vars(sim.openrc()).unwrap().to_spec();
    let examples = examples().await;
    let visible = |kind| registry.of_kind(kind).filter(|plugin| !plugin.meta().hidden);
    for plugin in [rally::Kind::Scenario, rally::Kind::Context, rally::Kind::Runner, rally::Kind::Sla]
        .into_iter()
        .flat_map(visible)
    {
        assert!(examples.iter().any(|(name, _)| name == plugin.meta().name), "{plugin:?} has no example");
    }
    for (name, text) in examples {
        let task = Task::parse(&text).unwrap_or_else(|problems| panic!("{name}: {problems:?}\n{text}"));
        let plan = Plan::build(&task, &registry)
            .unwrap_or_else(|problems| panic!("the example of {name}: {problems:?}\n{text}"));
        let env = Env::new("simulated", "existing@openstack", spec.clone());
        let engine = Engine::new(registry.clone()).env(env);
        if let Err(error) = engine.validate(&plan).await {
            panic!("the example of {name}: {error}\n{text}");
        }
        if plan.workloads.iter().all(|workload| workload.scenario.name().starts_with("Dummy.")) {
            let report = Engine::new(registry.clone()).run(&plan).await.unwrap();
            assert!(report.is_clean(), "{name}: {report}");
            // What is meant to fail does so in its example as well.
            let fails = ["fail", "exception"].iter().any(|word| name.contains(word));
            assert!(fails || report.passed(), "the example of {name}: {}\n{text}", report.why());
        }
    }
    assert_eq!(sim.inventory(), before);
}
