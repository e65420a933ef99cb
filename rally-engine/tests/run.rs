//! What a run does around the load: contexts, stops, failures, leaks and hooks.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rally_core::erased::AnyScenario;
use rally_core::{
    Env, Event, Failure, Iteration, Journal, Report, Reporter, Result, Scope, Stop, WorkloadReport, atomic,
};
use rally_engine::plan::{Draft, Plan};
use rally_engine::{Engine, RunError, Stopper};
use serde_json::json;
use support::{Every, Log, Mark, MarkEach, MaxFailures, Parallel, World, registry};

fn nothing() -> Draft {
    Draft::given(AnyScenario::from_fn("Test.nothing", |_| async { Ok(()) }))
}

fn forever() -> Draft {
    let work = |_| async { atomic("hang", std::future::pending::<Result>()).await };
    Draft::given(AnyScenario::from_fn("Test.forever", work))
}

fn parallel(times: u64, at_once: usize) -> Parallel {
    Parallel { times, at_once }
}

fn plan(drafts: Vec<Draft>) -> Plan {
    Plan::from_drafts("a test", drafts, &registry()).unwrap()
}

async fn run_one(draft: Draft) -> WorkloadReport {
    let report = Engine::new(registry()).run(&plan(vec![draft])).await.unwrap();
    report.workloads.into_iter().next().unwrap()
}

#[tokio::test]
async fn contexts_are_set_up_in_order_and_cleaned_up_in_reverse() {
    let log = Log::default();
    let draft = nothing().context(&Mark::<2>::new(log)).context(&Mark::<1>::new(log));
    let report = run_one(draft).await;
    assert_eq!(log.lines(), ["setup 1", "setup 2", "cleanup 2", "cleanup 1"]);
    assert!(report.passed());
    assert_eq!(report.counts.passed, 1);
}

#[tokio::test]
async fn a_failed_setup_is_cleaned_up_too_and_nothing_is_started() {
    let log = Log::default();
    let failing = Mark::<2> { fail: true, ..Mark::new(log) };
    let draft = nothing().context(&Mark::<1>::new(log)).context(&failing).context(&Mark::<3>::new(log));
    let report = run_one(draft).await;
    assert_eq!(log.lines(), ["setup 1", "setup 2", "cleanup 2", "cleanup 1"]);
    assert_eq!(report.counts.started(), 0);
    let crash = report.crash.as_ref().unwrap().to_string();
    assert!(crash.contains("mark_2@default") && crash.contains("told to fail"), "{crash}");
    assert!(!report.passed());
}

#[tokio::test]
async fn a_context_that_panics_has_failed_and_the_next_workload_runs() {
    let panicking = Mark::<1> { panic: true, ..Mark::new(Log::default()) };
    let plan = plan(vec![nothing().context(&panicking), nothing()]);
    let report = Engine::new(registry()).run(&plan).await.unwrap();
    assert_eq!(report.workloads[0].crash.as_ref().unwrap().chain, ["told to panic"]);
    assert!(report.workloads[1].passed());
}

#[tokio::test]
async fn iterations_that_fail_are_grouped_by_cause_and_break_the_default_sla() {
    let work = |it: Iteration| async move {
        let fails = it.number().is_multiple_of(2);
        let lost = Failure::msg(format!("server {:08} is lost", it.number()));
        atomic("step", async { if fails { Err(lost) } else { Ok(()) } }).await
    };
    let draft = Draft::given(AnyScenario::from_fn("Test.half", work)).runner(&parallel(10, 3));
    let report = run_one(draft).await;
    assert_eq!((report.counts.passed, report.counts.failed), (5, 5));
    assert_eq!(report.failures.len(), 1);
    assert_eq!(report.failures[0].cause, "server … is lost");
    let step = report.row("step").unwrap();
    assert_eq!((step.count, step.failed, step.success()), (10, 5, Some(0.5)));
    assert_eq!(step.durations.as_ref().unwrap().count, 5);
    assert_eq!(step.failed_durations.as_ref().unwrap().count, 5);
    assert!(!report.passed());
}

#[tokio::test]
async fn a_broken_sla_ends_the_run_when_it_is_asked_to() {
    let failing = Draft::given(AnyScenario::from_fn("Test.fail", |_| async { Err(Failure::msg("no")) }))
        .runner(&parallel(1_000_000, 2))
        .without_default_sla()
        .sla(&MaxFailures { max: 3, seen: 0 });
    let engine = Engine::new(registry()).abort_on_sla_failure(true);
    let report = engine.run(&plan(vec![failing, nothing()])).await.unwrap();
    let first = &report.workloads[0];
    assert!(first.counts.failed > 3 && first.counts.failed < 1_000_000);
    assert!(matches!(first.stopped, Some(Stop::Sla(_))));
    assert!(first.sla.iter().any(|sla| sla.criterion == "aborted_on_sla"));
    assert_eq!(report.workloads[1].counts.started(), 0, "the next workload is not started");
    assert!(!report.passed());
}

/// Does something to the stopper as soon as so many iterations have started.
struct AfterStarts {
    seen: Arc<AtomicU64>,
    started: u64,
    stopper: Stopper,
    then: fn(&Stopper),
}

impl Reporter for AfterStarts {
    fn event(&mut self, event: &Event) -> ControlFlow<Stop> {
        let starts = matches!(event, Event::Started { .. });
        if starts && self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.started {
            (self.then)(&self.stopper);
        }
        ControlFlow::Continue(())
    }
}

/// Stops endless iterations by `then` when four of them run.
async fn stopped_by(grace: Duration, then: fn(&Stopper)) -> (WorkloadReport, Vec<String>) {
    let log = Log::default();
    let draft = forever().context(&Mark::<1>::new(log)).runner(&parallel(100, 4));
    let (stopper, seen) = (Stopper::new().grace(grace), Arc::new(AtomicU64::new(0)));
    let told = stopper.clone();
    let engine = Engine::new(registry()).stopper(stopper).reporter(move |_| {
        Box::new(AfterStarts { seen: seen.clone(), started: 4, stopper: told.clone(), then })
    });
    let mut report = engine.run(&plan(vec![draft])).await.unwrap();
    (report.workloads.remove(0), log.lines())
}

#[tokio::test]
async fn an_abort_interrupts_what_runs_records_it_and_cleans_up() {
    let twice = |stopper: &Stopper| {
        stopper.interrupt();
        stopper.interrupt();
    };
    let (report, log) = stopped_by(Duration::from_secs(30), twice).await;
    assert_eq!((report.counts.aborted, report.counts.started()), (4, 4));
    let hang = report.row("hang").unwrap();
    assert_eq!((hang.count, hang.failed), (4, 4), "the actions they had are recorded");
    assert_eq!(log, ["setup 1", "cleanup 1"]);
    assert_eq!(report.stopped, Some(Stop::Requested));
}

#[tokio::test]
async fn a_stop_turns_into_an_abort_when_its_grace_is_over() {
    let (report, log) = stopped_by(Duration::ZERO, Stopper::interrupt).await;
    assert_eq!(report.counts.aborted, 4);
    assert_eq!(log, ["setup 1", "cleanup 1"]);
}

#[tokio::test]
async fn a_stop_before_the_run_starts_nothing() {
    let stopper = Stopper::new();
    stopper.interrupt();
    let result = Engine::new(registry()).stopper(stopper).run(&plan(vec![nothing()])).await;
    assert!(matches!(result, Err(RunError::Stopped)));
}

#[tokio::test]
async fn what_the_journal_still_holds_is_left_behind() {
    let work = |it: Iteration| async move {
        let world = it.world();
        let intent = world.journal().intent(world.owner(), "test.thing", &it.name(), &Scope::global())?;
        intent.created(format!("id-{}", it.number()))?;
        if it.number() == 1 {
            world.journal().gone("test.thing", "id-1")?;
        }
        Ok(())
    };
    let draft = Draft::given(AnyScenario::from_fn("Test.leak", work)).runner(&parallel(2, 1));
    let journal = Journal::in_memory();
    let report = Engine::new(registry()).journal(journal.clone()).run(&plan(vec![draft])).await.unwrap();
    assert!(!report.is_clean());
    let left = &report.workloads[0].cleaned.left;
    assert_eq!((left.len(), left[0].entry.id.as_deref()), (1, Some("id-2")));
    assert_eq!(journal.len(), 1);
}

#[tokio::test]
async fn hooks_fire_on_iterations_and_their_results_are_told() {
    let log = Log::default();
    let draft = nothing()
        .context(&Mark::<1>::new(log))
        .runner(&parallel(6, 1))
        .hook(&MarkEach::new(log), &Every { step: 3 });
    let report = run_one(draft).await;
    let hook = &report.hooks[0];
    assert_eq!((hook.action.as_str(), hook.trigger.as_str()), ("mark_each", "every"));
    assert_eq!(hook.results.iter().map(|result| result.at).collect::<Vec<_>>(), [3, 6]);
    assert!(hook.results.iter().all(|result| result.failure.is_none()));
    assert_eq!(log.lines().iter().filter(|line| line.starts_with("hook")).count(), 2);
}

/// Writes down every event.
struct Story(Arc<Mutex<Vec<String>>>);

impl Reporter for Story {
    fn event(&mut self, event: &Event) -> ControlFlow<Stop> {
        let line = match event {
            Event::Entered { stage } => format!("enter {stage:?}"),
            Event::Left { stage, .. } => format!("leave {stage:?}"),
            Event::Started { number } => format!("start {number}"),
            Event::Finished(result) => format!("end {} {:?}", result.number, result.outcome),
            _ => return ControlFlow::Continue(()),
        };
        self.0.lock().unwrap().push(line);
        ControlFlow::Continue(())
    }

    fn finish(self: Box<Self>, report: &mut WorkloadReport) {
        self.0.lock().unwrap().push(format!("finish {}", report.counts.passed));
    }
}

#[tokio::test]
async fn a_reporter_sees_the_whole_story_in_order() {
    let story = Arc::new(Mutex::new(Vec::new()));
    let theirs = story.clone();
    let engine = Engine::new(registry()).reporter(move |_| Box::new(Story(theirs.clone())));
    engine.run(&plan(vec![nothing().context(&Mark::<1>::new(Log::default()))])).await.unwrap();
    let expected = [
        "enter Setup(\"mark_1@default\")",
        "leave Setup(\"mark_1@default\")",
        "enter Load { planned: Some(1) }",
        "start 1",
        "end 1 Passed",
        "leave Load { planned: Some(1) }",
        "enter Cleanup(\"mark_1@default\")",
        "leave Cleanup(\"mark_1@default\")",
        "finish 1",
    ];
    assert_eq!(*story.lock().unwrap(), expected);
}

/// Panics at the first iteration that ends.
struct Clumsy;

impl Reporter for Clumsy {
    fn event(&mut self, event: &Event) -> ControlFlow<Stop> {
        assert!(!matches!(event, Event::Finished(_)), "clumsy");
        ControlFlow::Continue(())
    }
}

#[tokio::test]
async fn a_reader_that_panics_is_told_and_cleanup_happens_all_the_same() {
    let log = Log::default();
    let engine = Engine::new(registry()).reporter(|_| Box::new(Clumsy));
    let draft = nothing().context(&Mark::<1>::new(log)).runner(&parallel(5_000, 2));
    let report = engine.run(&plan(vec![draft])).await.unwrap();
    assert!(report.workloads[0].crash.as_ref().unwrap().message.contains("reader"));
    assert_eq!(log.lines(), ["setup 1", "cleanup 1"]);
}

fn test_cloud(spec: serde_json::Value) -> Engine {
    Engine::new(registry()).env(Env::new("test cloud", "test_platform@test", spec))
}

#[tokio::test]
async fn a_platform_that_does_not_answer_is_an_environment_that_is_not_ready() {
    let plan = plan(vec![nothing()]);
    let error = test_cloud(json!({"down": true})).run(&plan).await.unwrap_err();
    assert!(matches!(error, RunError::Environment { .. }));
    assert_eq!(error.to_string(), "environment `test cloud` is not ready: no answer");

    let wrong = test_cloud(json!({"down": "maybe"})).run(&plan).await.unwrap_err();
    assert!(matches!(wrong, RunError::Environment { .. }));
}

#[tokio::test]
async fn a_scenario_sees_the_platform_and_facts_are_in_the_report() {
    let work = |it: Iteration| async move {
        assert_eq!(it.world().get::<World>()?.0, 42);
        Ok(())
    };
    let draft = Draft::given(AnyScenario::from_fn("Test.look", work));
    let engine = test_cloud(json!({"down": false})).label("commit", "abc");
    let report = engine.run(&plan(vec![draft])).await.unwrap();
    assert!(report.passed(), "{}", report.why());
    assert_eq!(report.facts["test"], "version 1");
    assert_eq!(report.labels["commit"], "abc");
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report, "a report reads its own JSON");
}

/// The workloads of these drafts as one subtask that runs them side by side.
fn side_by_side(drafts: Vec<Draft>) -> Plan {
    let mut plan = plan(drafts);
    plan.subtasks[0].run_in_parallel = true;
    for workload in &mut plan.workloads {
        workload.subtask = 0;
    }
    plan
}

#[tokio::test]
async fn workloads_side_by_side_meet_in_the_middle_of_their_loads() {
    let meeting = Arc::new(tokio::sync::Barrier::new(2));
    let draft = || {
        let meeting = meeting.clone();
        let work = move |_| {
            let meeting = meeting.clone();
            async move {
                meeting.wait().await;
                Ok(())
            }
        };
        Draft::given(AnyScenario::from_fn("Test.meet", work)).runner(&parallel(3, 1))
    };
    let report = Engine::new(registry()).run(&side_by_side(vec![draft(), draft()])).await.unwrap();
    assert!(report.passed(), "{}", report.why());
    assert_eq!(report.workloads.iter().map(|w| w.counts.passed).collect::<Vec<_>>(), [3, 3]);
}

#[tokio::test]
async fn a_workload_that_cannot_be_set_up_keeps_no_other_waiting() {
    let failing = Mark::<1> { fail: true, ..Mark::new(Log::default()) };
    let plan = side_by_side(vec![nothing().context(&failing), nothing()]);
    let report = Engine::new(registry()).run(&plan).await.unwrap();
    assert!(report.workloads[0].crash.is_some());
    assert_eq!(report.workloads[1].counts.passed, 1);
}
