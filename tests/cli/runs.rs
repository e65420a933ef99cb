//! Runs that come to their end by themselves.

use std::time::Duration;

use rally::Report;
use rally::sim::{Latency, Sim, SimOptions};

use crate::program::{Program, steady};

const BOOT_AND_DELETE: &str = include_str!("../../examples/tasks/boot_and_delete.json");
const DUMMY: &str = "Dummy.dummy: [{runner: {type: constant, times: 10, concurrency: 2}}]";
const FAILING: &str =
    "Dummy.dummy_exception: [{args: {sleep: 0, message: boom}, runner: {type: serial, times: 2}}]";

/// A cloud whose servers take a few milliseconds.
async fn sim() -> Sim {
    let some = Latency::fixed(Duration::from_millis(5));
    Sim::start(SimOptions::instant().with_boot(some).with_delete(some)).await.unwrap()
}

#[tokio::test]
async fn a_run_without_a_cloud_from_end_to_end() {
    let program = Program::new().file("task.yaml", DUMMY);
    let ended = program.run("task start task.yaml --label commit=abc --tag nightly").await;
    ended.code(0);
    assert_eq!(ended.stdout.matches("Response Times (sec)").count(), 1, "{ended}");
    assert!(!ended.stderr.contains("Response Times"), "{ended}");
    assert!(ended.stderr.contains("Cloud: none"), "{ended}");
    insta::assert_snapshot!("dummy_stdout", steady(&ended.stdout));
    insta::assert_snapshot!("dummy_stderr", ended.error());
}

#[tokio::test]
async fn json_is_alone_on_standard_output_and_is_the_report() {
    let program = Program::new().file("task.yaml", DUMMY);
    let ended = program.run("task start task.yaml --output json --label commit=abc --report r.json").await;
    let report: Report = serde_json::from_str(&ended.code(0).stdout).unwrap();
    assert!(report.passed());
    assert_eq!(report.labels["commit"], "abc");
    assert_eq!(report.workloads[0].counts.passed, 10);
    assert_eq!(program.read("r.json"), ended.stdout);
    assert!(ended.stderr.contains("Task syntax is correct :)"), "{ended}");
}

#[tokio::test]
async fn quiet_means_the_table_and_which_cloud_alone() {
    let program = Program::new().file("task.yaml", DUMMY);
    let ended = program.run("task start task.yaml --quiet").await;
    assert!(ended.code(0).stdout.starts_with("Dummy.dummy\n"), "{ended}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended}");
    let ended = program.run("task validate task.yaml --quiet").await;
    assert_eq!(ended.code(0).stdout, "");
}

#[tokio::test]
async fn verbose_tells_iterations_in_the_format_of_openstack() {
    let program = Program::new().file("task.yaml", DUMMY);
    for told in [
        program.run("task start task.yaml -v").await,
        program.var("RUST_LOG", "rally=info").run("task start task.yaml").await,
    ] {
        let line =
            told.code(0).stderr.lines().find(|line| line.ends_with("ITER: 1 START")).unwrap().to_owned();
        let pattern =
            r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d+ INFO rally\.iteration \[-\] ITER: 1 START$";
        assert!(regex::Regex::new(pattern).unwrap().is_match(&line), "{line}");
        assert_eq!(told.stderr.matches("END: OK").count(), 10, "{told}");
    }
    let silent = Program::new().file("task.yaml", DUMMY).run("task start task.yaml").await;
    assert!(!silent.stderr.contains("ITER"), "{silent}");
}

#[tokio::test]
async fn the_task_may_come_by_option_or_by_standard_input() {
    let program = Program::new().file("task.yaml", DUMMY);
    program.run("task start --task task.yaml").await.code(0);
    program.run("task validate --filename task.yaml").await.code(0);
    let mut running = program.start("task start -");
    running.input(DUMMY).await;
    let ended = running.end().await;
    assert!(ended.code(0).stdout.contains("started"), "{ended}");
}

#[tokio::test]
async fn a_valid_task_is_said_to_be_valid() {
    let sim = sim().await;
    let program = Program::measuring(&sim).file("task.json", BOOT_AND_DELETE);
    let before = sim.inventory();
    let ended = program.run("task validate task.json").await;
    assert!(ended.code(0).stdout.ends_with("Task syntax is correct :)\nInput Task is valid :)\n"), "{ended}");
    assert!(sim.requests().iter().any(|request| request.service == "glance"));
    assert_eq!(sim.inventory(), before);
    let alone = Program::new().file("task.json", BOOT_AND_DELETE);
    alone.run("task validate task.json --syntax-only").await.code(0);
}

#[tokio::test]
async fn an_sla_that_fails_is_2_and_the_report_is_there() {
    let program = Program::new().file("task.yaml", FAILING);
    let ended = program.run("task start task.yaml --report report.json").await;
    assert!(ended.code(2).stdout.contains("SLA failure_rate: FAILED"), "{ended}");
    let report: Report = serde_json::from_str(&program.read("report.json")).unwrap();
    assert_eq!(report.workloads[0].counts.failed, 2);
    let json = program.run("task start task.yaml --output json").await;
    assert!(json.code(2).stderr.contains("failure_rate"), "{json}");
}

#[tokio::test]
async fn an_sla_can_end_the_run() {
    let many = FAILING.replace("times: 2", "times: 100000");
    let program = Program::new().file("task.yaml", many);
    let ended = program.run("task start task.yaml --abort-on-sla-failure").await;
    assert!(ended.code(2).stdout.contains("Stopped early"), "{ended}");
}

#[tokio::test]
async fn a_task_that_needs_no_cloud_does_not_mind_a_dead_one() {
    let program =
        Program::new().var("OS_AUTH_URL", "http://127.0.0.1:1").var("OS_CLOUD", "x").file("task.yaml", DUMMY);
    program.run("task start task.yaml").await.code(0);
}

#[tokio::test]
async fn servers_come_and_go_and_nothing_is_left() {
    let sim = sim().await;
    let before = sim.inventory();
    let program = Program::measuring(&sim).file("task.json", BOOT_AND_DELETE);
    let ended = program.run("task start task.json --report report.json --journal journal").await;
    ended.code(0);
    let report: Report = serde_json::from_str(&program.read("report.json")).unwrap();
    assert_eq!(report.action("nova.boot_server").unwrap().count, 10);
    assert_eq!(report.action("nova.delete_server").unwrap().count, 10);
    let left = sim.inventory().diff(&before);
    assert!(left.is_empty(), "{left}");
    assert_eq!(sim.inventory(), before);
    let cloud = ended.stderr.lines().find(|line| line.starts_with("Cloud: ")).unwrap();
    for said in [&sim.auth_url(), "RegionOne", "user admin", "project admin"] {
        assert!(cloud.contains(said), "{cloud}");
    }
    assert!(program.read("journal").lines().count() > 10);
}

#[tokio::test]
async fn the_simulator_is_there_for_the_asking() {
    let program = Program::new().file("task.yaml", "Authenticate.keystone: [{}]");
    let ended = program.run("task start task.yaml --sim").await;
    assert!(ended.code(0).stderr.contains("SIMULATED"), "{ended}");
}

#[tokio::test]
async fn a_cloud_of_clouds_yaml() {
    let sim = sim().await;
    let clouds = format!(
        "clouds: {{here: {{region_name: RegionOne, auth: {{auth_url: '{}', username: admin, password: password, \
         project_name: admin}}}}}}",
        sim.auth_url()
    );
    let program = Program::new().file("clouds.yaml", clouds).file("task.yaml", "Authenticate.keystone: [{}]");
    let ended = program.run("task start task.yaml --cloud here").await;
    assert!(ended.code(0).stderr.contains("`here` of clouds.yaml"), "{ended}");
    program.var("OS_CLOUD", "here").run("task start task.yaml").await.code(0);
}

#[tokio::test]
async fn no_secret_is_ever_said() {
    const SECRET: &str = "correct-horse-battery-staple";
    let sim = Sim::start(SimOptions::instant().with_admin_password(SECRET)).await.unwrap();
    let program = Program::measuring(&sim).file("task.json", BOOT_AND_DELETE);
    let passing = program.run("task start task.json --report a.json --journal a.journal --debug").await;
    passing.code(0);
    sim.faults().fail("POST", "/servers", 1.0, 500);
    let failing = program.run("task start task.json --output json --journal b.journal -d").await;
    failing.code(2);
    let files = ["a.json", "a.journal", "b.journal"].map(|name| program.read(name));
    let all = format!("{passing}{failing}{}", files.concat());
    assert!(!all.contains(SECRET));
}

#[tokio::test]
async fn what_is_left_behind_is_4_even_when_an_sla_failed_too() {
    let sim = sim().await;
    sim.faults().fail("DELETE", "/servers/{id}", 1.0, 500);
    let task = "
NovaServers.boot_and_delete_server:
- args: {image: {name: cirros}, flavor: {name: m1.tiny}}
";
    let program = Program::measuring(&sim).file("task.yaml", task);
    let ended = program.run("task start task.yaml").await;
    ended.code(4);
    assert_eq!(sim.inventory().count("nova.server"), 1);
    let id = sim.inventory().ids("nova.server").next().unwrap().to_owned();
    for said in ["SLA failure_rate: FAILED", &format!("LEFT BEHIND: nova.server {id}"), "names that match"] {
        assert!(ended.stdout.contains(said), "{said}: {ended}");
    }
}
