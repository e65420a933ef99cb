//! Runs that are ended from outside: cleanup happens, and the code says who ended them.

use std::time::Duration;

use rally::Report;
use rally::sim::{Effect, Fault, Latency, Sim, SimOptions};

use crate::program::Program;

const MANY: &str = "
NovaServers.boot_and_delete_server:
- args: {image: {name: cirros}, flavor: {name: m1.tiny}}
  runner: {type: constant, times: 100000, concurrency: 2}
";

/// A cloud whose servers are there after so many milliseconds.
async fn sim(boot: u64) -> Sim {
    let some = Latency::fixed(Duration::from_millis(boot));
    Sim::start(SimOptions::instant().with_boot(some)).await.unwrap()
}

/// Waits until so many servers were asked for.
async fn boots(sim: &Sim, count: usize) {
    let asked = || {
        let requests = sim.requests();
        requests
            .iter()
            .filter(|request| request.method == "POST" && request.route.ends_with("/servers"))
            .count()
    };
    while asked() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn one_interrupt_lets_iterations_end() {
    let sim = sim(5).await;
    let before = sim.inventory();
    let program = Program::measuring(&sim).file("task.yaml", MANY);
    let running = program.start("task start task.yaml --report report.json");
    boots(&sim, 4).await;
    running.signal("INT");
    let ended = running.end().await;
    assert!(ended.code(130).stderr.contains("Stopping"), "{ended}");
    assert!(ended.stdout.contains("Stopped early"), "{ended}");
    let report: Report = serde_json::from_str(&program.read("report.json")).unwrap();
    assert_eq!(report.workloads[0].counts.aborted, 0);
    assert_eq!(sim.inventory(), before);
}

#[tokio::test]
async fn two_interrupts_interrupt_them_and_clean_up() {
    let sim = sim(600_000).await;
    let before = sim.inventory();
    let program = Program::measuring(&sim).file("task.yaml", MANY);
    let mut running = program.start("task start task.yaml --output json");
    boots(&sim, 2).await;
    running.signal("INT");
    running.says("Stopping").await;
    running.signal("INT");
    let ended = running.end().await;
    assert!(ended.code(130).stderr.contains("Interrupting"), "{ended}");
    let report: Report = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report.workloads[0].counts.aborted, 2);
    assert_eq!(sim.inventory(), before);
}

#[tokio::test]
async fn three_interrupts_end_at_once_and_say_what_to_look_for() {
    let sim = sim(600_000).await;
    sim.faults().with(Fault::new("DELETE", "*", Effect::Delay(Duration::from_mins(10))));
    let program = Program::measuring(&sim).file("task.yaml", MANY);
    let mut running = program.start("task start task.yaml --journal run.journal");
    boots(&sim, 2).await;
    running.signal("INT");
    running.says("Stopping").await;
    running.signal("INT");
    running.says("Interrupting").await;
    running.signal("INT");
    let ended = running.end().await;
    ended.code(130);
    for said in ["Ended without cleanup", "run.journal", "^[sc]_rally_"] {
        assert!(ended.stderr.contains(said), "{said}: {ended}");
    }
    assert_eq!(sim.inventory().count("nova.server"), 2);
    // Whose they are is told, and not what any run may have left.
    let journal = program.read("run.journal");
    let owner = journal.split_once("\"owner\":\"").unwrap().1;
    let names = format!("^[sc]_rally_{}_", &owner[..8]);
    assert!(ended.stderr.contains(&names), "{names}: {ended}");
}

#[tokio::test]
async fn a_short_grace_needs_no_second_interrupt() {
    let sim = sim(600_000).await;
    let before = sim.inventory();
    let program = Program::measuring(&sim).file("task.yaml", MANY);
    let running = program.start("task start task.yaml --grace 0.05");
    boots(&sim, 2).await;
    running.signal("INT");
    running.end().await.code(130);
    assert_eq!(sim.inventory(), before);
}

#[tokio::test]
async fn a_container_is_stopped_by_sigterm() {
    let sim = sim(5).await;
    let before = sim.inventory();
    let program = Program::measuring(&sim).file("task.yaml", MANY);
    let running = program.start("task start task.yaml");
    boots(&sim, 4).await;
    running.signal("TERM");
    let ended = running.end().await;
    assert!(ended.code(143).stderr.contains("SIGTERM"), "{ended}");
    assert_eq!(sim.inventory(), before);
}

#[tokio::test]
async fn an_interrupt_while_the_cloud_is_asked_starts_nothing() {
    let sim = sim(5).await;
    sim.faults().with(Fault::new("POST", "/auth/tokens", Effect::Delay(Duration::from_mins(10))));
    let before = sim.inventory();
    let program = Program::measuring(&sim).file("task.yaml", MANY);
    let mut running = program.start("task start task.yaml");
    running.says("Cloud: ").await;
    running.signal("INT");
    let ended = running.end().await;
    assert!(ended.code(130).stderr.contains("Stopped before anything was started"), "{ended}");
    assert_eq!(sim.inventory(), before);
}
