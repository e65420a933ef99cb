//! Hooks in whole runs: they fire while the load goes on, what they did is in the report, and then it is over.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;
use std::time::Duration;

use rally::plugins::hooks::SysCall;
use rally::plugins::triggers::{Event, Periodic};
use rally::runners::{Constant, Serial};
use rally::{Env, Plan, Registry, Report, Task, Unit, Workload, WorkloadReport};
use serde_json::{Value, json};

fn nap(millis: u64) -> Workload {
    Workload::from_fn("nap", move |_| async move {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(())
    })
}

async fn run(workload: Workload) -> WorkloadReport {
    workload.run(&Env::none()).await.unwrap().workloads.remove(0)
}

fn fired(report: &WorkloadReport, hook: usize) -> Vec<u64> {
    report.hooks[hook].results.iter().map(|result| result.at).collect()
}

#[tokio::test]
async fn hooks_fire_at_iterations_and_are_awaited() {
    let folder = tempfile::tempdir().unwrap();
    let late = folder.path().join("late");
    let slow = SysCall::new(format!("sh -c 'sleep 0.2; echo done > {}'", late.display())).unwrap();
    let report = run(nap(0)
        .runner(Constant { times: 10, concurrency: 2, ..Constant::default() })
        .hook(SysCall::new("echo at").unwrap(), Event::iterations([2, 5, 99]))
        .hook(
            SysCall::new("false").unwrap(),
            Periodic { start: Some(2), end: Some(9), ..Periodic::iterations(4) },
        )
        .hook(slow, Event::iterations([10])))
    .await;
    assert_eq!((fired(&report, 0), fired(&report, 1)), (vec![2, 5], vec![2, 6]));
    assert!(report.hooks[0].results.iter().all(|result| result.failure.is_none()));
    assert_eq!(report.hooks[0].results[0].outputs[0].data[1], "StdOut: at\n");
    let failure = report.hooks[1].results[0].failure.as_ref().unwrap();
    assert_eq!(failure.message, "subprocess returned 1");
    // The load was over long before the hook was.
    assert_eq!(std::fs::read_to_string(late).unwrap(), "done\n");
    assert_eq!(report.hooks[2].results[0].unit, Unit::Iteration);
    // A hook that fails does not make the iterations bad.
    assert!(report.passed(), "{:?}", report.sla);
}

/// Writes a line when it is cleaned up, after enough time for a second to begin.
mod slow_cleanup {
    use rally::{Cleaned, Context, Meta, Result, World};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    /// Take more than a second to clean up.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(crate) struct SlowCleanup {
        pub(crate) file: String,
    }

    impl Context for SlowCleanup {
        const META: Meta = Meta::new("slow_cleanup");
        const ORDER: u32 = 1;

        async fn setup(&self, _world: &mut World) -> Result {
            Ok(())
        }

        async fn cleanup(&self, _world: &World) -> Cleaned {
            tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
            super::append(std::path::Path::new(&self.file), "cleaned up");
            Cleaned::nothing()
        }
    }

    rally::register!(context: SlowCleanup);
}

fn append(file: &Path, line: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
    writeln!(file, "{line}").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_stop_when_the_load_ends_however_long_the_cleanup_takes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    let name = file.to_str().unwrap().to_owned();
    let report = run(nap(10)
        .runner(Serial { times: 1 })
        .context(slow_cleanup::SlowCleanup { file: name.clone() })
        .hook(SysCall::new(format!("sh -c 'echo hook >> {name}'")).unwrap(), Periodic::seconds(1)))
    .await;
    // At the beginning; a second later the load was over, and the cleanup was not.
    assert_eq!(fired(&report, 0), [0]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "hook\ncleaned up\n");
}

/// A task with one hook.
fn task(action: &Value, trigger: &Value) -> Result<Plan, String> {
    let task = json!({"version": 2, "title": "t", "subtasks": [{
        "title": "s", "scenario": {"Dummy.dummy": {}}, "runner": {"constant": {"times": 4, "concurrency": 1}},
        "hooks": [{"action": action, "trigger": trigger}],
    }]});
    let said = |problems: Vec<rally::Problem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let task = Task::parse(&task.to_string()).map_err(said)?;
    Plan::build(&task, &Registry::linked().unwrap()).map_err(said)
}

async fn ran(plan: &Plan) -> Report {
    rally::Engine::new(Registry::linked().unwrap()).run(plan).await.unwrap()
}

#[tokio::test]
async fn a_task_file_names_hooks_and_triggers() {
    let every = json!({"periodic": {"unit": "iteration", "step": 2}});
    let report = ran(&task(&json!({"sys_call": "echo x"}), &every).unwrap()).await;
    assert_eq!(fired(&report.workloads[0], 0), [1, 3]);
    let hook = &report.workloads[0].hooks[0];
    assert_eq!((hook.action.as_str(), hook.trigger.as_str()), ("sys_call", "periodic"));
}

#[test]
fn what_is_wrong_with_a_hook_is_said_at_its_place() {
    let echo = json!({"sys_call": "echo x"});
    let event = |config: Value| json!({"event": config});
    for (trigger, expected) in [
        (
            event(json!({"unit": "iteration", "at": [0, 1]})),
            "hooks[0].trigger.event.at[0]: expected at least 1",
        ),
        (
            event(json!({"unit": "time", "at": []})),
            "hooks[0].trigger.event.at: expected at least one element",
        ),
        (
            event(json!({"unit": "time", "at": [1, 1]})),
            "hooks[0].trigger.event.at: expected every element only once",
        ),
        (event(json!({"unit": "times", "at": [1]})), "hooks[0].trigger.event.unit: "),
        (
            json!({"periodic": {"unit": "iteration", "step": 1, "start": 0}}),
            "hooks[0].trigger.periodic.start: expected at least 1",
        ),
        (
            json!({"periodic": {"unit": "time", "step": 0}}),
            "hooks[0].trigger.periodic.step: expected at least 1",
        ),
    ] {
        let said = task(&echo, &trigger).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    assert!(task(&echo, &event(json!({"unit": "time", "at": [0, 1]}))).is_ok());
    let once = event(json!({"unit": "time", "at": [0]}));
    for (action, expected) in [
        (json!({"sys_call": "echo 'x"}), "the quote ' is not closed"),
        (json!({"sys_call": 3}), "hooks[0].action.sys_call: expected a text"),
        (json!({"sys_cal": "x"}), "did you mean `sys_call`?"),
    ] {
        let said = task(&action, &once).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
}
