//! Every task under examples/tasks runs against the simulator, passes and leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rally::openstack::config::CloudConfig;
use rally::report::ActionRow;
use rally::sim::{Latency, Sim, SimOptions};
use rally::{Engine, Env, Plan, Registry, Report, Task};
use rally_engine::template::Args;

/// Every example, in order.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tasks");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_passes_and_leaves_nothing() {
    let mut said = String::new();
    for path in examples() {
        let some = Latency::fixed(Duration::from_millis(5));
        let sim = Sim::start(SimOptions::instant().with_boot(some).with_delete(some)).await.unwrap();
        let before = sim.inventory();
        let text = std::fs::read_to_string(&path).unwrap();
        let task = Task::load(&text, path.parent(), &Args::new()).unwrap();
        let registry = Registry::linked().unwrap();
        let plan = Plan::build(&task, &registry).unwrap();
        let spec = CloudConfig::from_vars(sim.openrc()).unwrap().to_spec();
        let engine = Engine::new(registry).env(Env::new("simulated", "existing@openstack", spec));
        let report = engine.run(&plan).await.unwrap();
        assert!(report.passed() && report.is_clean(), "{}: {}\n{report}", path.display(), report.why());
        assert_eq!(sim.inventory(), before, "{}", path.display());
        writeln!(said, "{}: {}", path.file_name().unwrap().display(), summary(&report)).unwrap();
    }
    insta::assert_snapshot!("examples", said);
}

/// What of a report is the same in every run.
fn summary(report: &Report) -> String {
    fn actions(rows: &[ActionRow], depth: usize, text: &mut String) {
        for row in rows {
            let indent = "  ".repeat(depth);
            write!(text, "\n    {indent}{}: {} of {}", row.display_name, row.count - row.failed, row.count)
                .unwrap();
            actions(&row.children, depth + 1, text);
        }
    }
    let mut text = report.title.clone();
    for workload in &report.workloads {
        let (name, counts) = (&workload.scenario, &workload.counts);
        write!(text, "\n  {name}: {} passed, {} failed", counts.passed, counts.failed).unwrap();
        actions(&workload.actions, 0, &mut text);
    }
    text
}
