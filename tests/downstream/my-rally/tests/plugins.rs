//! A task that names plugins which are not ours, in code and by the program.

use std::process::Command;

use my_plugins as _;
use my_plugins::routers::CreateRouter;
use rally::runners::Constant;
use rally::{Engine, Env, Kind, Plan, Registry, Task, Workload};
use rally_sim::{Sim, SimOptions};
use serde_json::json;

const TASK: &str = r#"
version: 2
title: Breakfast
subtasks:
  - title: Coffee
    scenario: {Kitchen.brew: {pot: {stove: 2}}}
    runner: {twice: {}}
    contexts: {shopping: {bags: 3}}
    sla: {cups: {min: 4}}
    hooks: [{action: {window: {}}, trigger: {once: {at: 3}}}]
"#;

#[tokio::test]
async fn a_task_file_finds_plugins_of_every_kind() {
    let registry = Registry::linked().unwrap();
    let plan = Plan::build(&Task::parse(TASK).unwrap(), &registry).unwrap();
    let kitchen = Env::new("home", "existing@kitchen", json!({"stoves": 2}));
    let report = Engine::new(registry.clone()).env(kitchen).run(&plan).await.unwrap();
    assert!(report.passed(), "{}", report.why());
    let workload = &report.workloads[0];
    assert_eq!((workload.counts.passed, report.action("kitchen.brew").unwrap().count), (4, 4));
    assert_eq!(report.facts["stoves"], "2");
    assert_eq!(workload.cleaned.kinds["kitchen.bag"].deleted, 1);
    assert_eq!(workload.hooks[0].results[0].at, 3);
    assert_eq!(workload.outputs.len(), 4);

    let rally::registry::Parsed::Exporter(bill) =
        registry.find(Kind::Exporter, "bill").unwrap().parse(json!({})).unwrap()
    else {
        panic!("an exporter");
    };
    assert_eq!(bill.export(&[report]).await.unwrap().text.unwrap(), "4 cups");
}

#[tokio::test]
async fn a_pot_that_is_not_there_is_a_problem_of_the_task() {
    let registry = Registry::linked().unwrap();
    let plan = Plan::build(&Task::parse(&TASK.replace("stove: 2", "stove: 7")).unwrap(), &registry).unwrap();
    let kitchen = Env::new("home", "existing@kitchen", json!({"stoves": 2}));
    let error = Engine::new(registry).env(kitchen).run(&plan).await.unwrap_err().to_string();
    assert!(error.contains("pot") && error.contains("no number 7"), "{error}");
}

#[tokio::test]
async fn a_service_that_is_not_ours_is_journaled_and_cleaned_up() {
    let sim = Sim::start(SimOptions::instant()).await.unwrap();
    let cloud = rally::openstack::env::from_vars(sim.openrc()).unwrap();
    let before = sim.inventory();
    let report = Workload::new(CreateRouter {})
        .runner(Constant { times: 4, concurrency: 2, ..Constant::default() })
        .run(&cloud)
        .await
        .unwrap();
    assert!(report.passed() && report.is_clean(), "{}", report.why());
    assert_eq!(report.workloads[0].cleaned.kinds["routers.router"].deleted, 4);
    let left = sim.inventory().diff(&before);
    assert!(left.is_empty(), "{left}");
}

#[test]
fn the_three_line_program_knows_the_plugins() {
    let folder = std::env::temp_dir().join(format!("my-rally-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let task = folder.join("task.yaml");
    let validate = |text: &str| {
        std::fs::write(&task, text).unwrap();
        let mut rally = Command::new(env!("CARGO_BIN_EXE_my-rally"));
        rally.args(["task", "validate", "--syntax-only"]).arg(&task).output().unwrap()
    };
    assert_eq!(validate(TASK).status.code(), Some(0));
    let wrong = validate(&TASK.replace("Kitchen.brew", "Kitchen.brow"));
    assert_eq!(wrong.status.code(), Some(211));
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned() + &String::from_utf8_lossy(&wrong.stdout);
    assert!(said.contains("Kitchen.brew"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// An embedder gets neither the program's crates nor the simulator's.
#[test]
fn an_embedder_builds_no_program_and_no_server() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "-p", "my-plugins", "-e", "normal", "--prefix", "none", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    assert!(tree.contains("rally-openstack"), "{tree}");
    for unwanted in ["clap ", "axum ", "indicatif ", "tracing-subscriber "] {
        assert!(!tree.lines().any(|line| line.starts_with(unwanted)), "{unwanted}is built");
    }
}
