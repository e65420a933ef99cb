//! What the dummies do, on a paused clock.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use rally_core::erased::AnyScenario;
use rally_core::{
    Action, Context, Event, IterationResult, LoadBuilder, Outcome, OutputKind, Scenario, testing,
};
use rally_plugins::contexts::dummy::DummyContext;
use rally_plugins::scenarios::dummy::{
    Dummy, DummyException, DummyExceptionProbability, DummyFailure, DummyOutput, DummyRandomAction,
    DummyRandomFailInAtomic, DummyTimedAtomicActions,
};
use serde_json::Value;

const MS: Duration = Duration::from_millis(1);

async fn once(scenario: impl Scenario) -> Arc<IterationResult> {
    testing::run_once(scenario, testing::world()).await
}

/// The outcomes of so many iterations of a run with this seed.
async fn runs(scenario: impl Scenario, seed: u64, times: u64) -> Vec<Arc<IterationResult>> {
    let (to, mut from) = tokio::sync::mpsc::channel(2 * usize::try_from(times).unwrap());
    let world = Arc::new(testing::world());
    let load = LoadBuilder::new(AnyScenario::new(scenario), world).seed(seed).events(to).build();
    for number in 1..=times {
        load.iterate(number, None).await;
    }
    drop(load);
    let mut results = Vec::new();
    while let Some(event) = from.recv().await {
        if let Event::Finished(result) = event {
            results.push(result);
        }
    }
    results
}

fn failed(results: &[Arc<IterationResult>]) -> Vec<u64> {
    results.iter().filter(|result| result.outcome == Outcome::Failed).map(|result| result.number).collect()
}

/// Names and whole milliseconds of actions, those inside in brackets.
fn tree(actions: &[Action]) -> String {
    let one = |action: &Action| {
        let inside = tree(&action.children);
        let inside = if inside.is_empty() { inside } else { format!("({inside})") };
        format!("{}:{}{inside}", action.name, action.duration.as_millis())
    };
    actions.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn dummy_sleeps_in_two_nested_actions() {
    let result = once(Dummy { sleep: 0.25, ..Dummy::default() }).await;
    assert_eq!((result.outcome, result.duration()), (Outcome::Passed, 250 * MS));
    assert_eq!(tree(&result.actions), "foo:250(bar:250)");
    assert_eq!(once(Dummy::default()).await.elapsed, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn failure_fails_in_the_chosen_iterations() {
    let scenario = DummyFailure { sleep: 0.1, from_iteration: 2, to_iteration: 8, each: 3 };
    let results = runs(scenario, 0, 10).await;
    assert_eq!(failed(&results), [3, 6]);
    assert!(results.iter().all(|result| result.elapsed == 100 * MS));
    assert!(failed(&runs(DummyFailure::default(), 0, 10).await).is_empty());
    let never = DummyFailure { to_iteration: 9, each: 0, ..DummyFailure::default() };
    assert!(failed(&runs(never, 0, 10).await).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_exception_has_the_message_or_the_length_that_was_asked_for() {
    let result = once(DummyException::default()).await;
    assert_eq!((result.outcome, result.elapsed), (Outcome::Failed, 1000 * MS));
    let failure = result.failure.clone().unwrap();
    assert_eq!((failure.kind.as_str(), failure.message.as_str()), ("DummyError", "M"));

    let long = once(DummyException { size_of_message: 5000, sleep: 0.0, ..DummyException::default() }).await;
    assert_eq!(long.failure.as_ref().unwrap().message.len(), 5000);
    let worded = once(DummyException { message: "boom 100% <b>".into(), ..DummyException::default() }).await;
    assert_eq!(worded.failure.as_ref().unwrap().to_string(), "boom 100% <b>");
}

#[tokio::test(start_paused = true)]
async fn a_probability_is_a_share_and_a_seed_repeats_it() {
    let with = |exception_probability| DummyExceptionProbability { exception_probability };
    assert_eq!(failed(&runs(with(0.0), 1, 1000).await).len(), 0);
    assert_eq!(failed(&runs(with(1.0), 1, 1000).await).len(), 1000);
    let half = failed(&runs(with(0.5), 1, 1000).await);
    assert!((400..600).contains(&half.len()), "{}", half.len());
    assert_eq!(half, failed(&runs(with(0.5), 1, 1000).await));
    assert_ne!(half, failed(&runs(with(0.5), 2, 1000).await));
}

#[tokio::test(start_paused = true)]
async fn random_failures_happen_in_four_places_and_fail_what_is_around_them() {
    let always = once(DummyRandomFailInAtomic { exception_probability: 1.0 }).await;
    assert_eq!(tree(&always.actions), "dummy_fail_test:0");
    assert!(always.actions[0].failed);

    let never = once(DummyRandomFailInAtomic { exception_probability: 0.0 }).await;
    let both = "dummy_fail_test:0(dummy_fail_inner_test:0)";
    assert_eq!((never.outcome, tree(&never.actions)), (Outcome::Passed, format!("{both} {both}")));

    let results = runs(DummyRandomFailInAtomic::default(), 7, 1000).await;
    // Each place fails with one eighth: in all 1 - (7/8)^4 of the iterations.
    assert!((350..480).contains(&failed(&results).len()), "{}", failed(&results).len());
    let inner =
        results.iter().filter_map(|result| result.actions.first()?.children.first()).find(|a| a.failed);
    assert!(inner.is_some());
    for result in &results {
        assert_eq!(result.actions.iter().any(|action| action.failed), !result.passed());
    }
}

#[tokio::test(start_paused = true)]
async fn random_actions_sleep_between_the_bounds() {
    let result = once(DummyRandomAction { actions_num: 3, sleep_min: 0.1, sleep_max: 0.2 }).await;
    let names: Vec<&str> = result.actions.iter().map(|action| action.name.as_ref()).collect();
    assert_eq!(names, ["action_0", "action_1", "action_2"]);
    for action in &result.actions {
        // The timer's own grid is a millisecond.
        assert!(action.duration >= 100 * MS && action.duration <= 201 * MS, "{:?}", action.duration);
    }
    assert_eq!(once(DummyRandomAction::default()).await.actions.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn timed_actions_take_longer_one_by_one() {
    let result = once(DummyTimedAtomicActions { number_of_actions: 4, sleep_factor: 0.02 }).await;
    assert_eq!(tree(&result.actions), "action_0:0 action_1:20 action_2:40 action_3:60");
}

#[tokio::test]
async fn output_has_one_chart_of_each_kind() {
    let result = once(DummyOutput { random_range: 9 }).await;
    let shown: Vec<(OutputKind, &str)> = result.outputs.iter().map(|o| (o.kind, o.chart.name())).collect();
    assert_eq!(
        shown,
        [
            (OutputKind::Additive, "StatsTable"),
            (OutputKind::Additive, "StackedArea"),
            (OutputKind::Additive, "Lines"),
            (OutputKind::Additive, "Pie"),
            (OutputKind::Complete, "Lines"),
            (OutputKind::Complete, "StackedArea"),
            (OutputKind::Complete, "TextArea"),
            (OutputKind::Complete, "Pie"),
            (OutputKind::Complete, "Table"),
        ]
    );
    let sizes: Vec<usize> = result.outputs[..4].iter().map(|o| o.data.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [3, 6, 3, 3]);
    let in_range = |value: &Value| (1.0..=9.0).contains(&value.as_f64().unwrap());
    for output in &result.outputs[..4] {
        assert!(output.data.as_array().unwrap().iter().all(|pair| pair[0].is_string() && in_range(&pair[1])));
    }
    for (output, points) in [(&result.outputs[4], 7), (&result.outputs[5], 50)] {
        for curve in output.data.as_array().unwrap() {
            let curve = curve[1].as_array().unwrap();
            assert!(curve.len() == points && curve.iter().all(|point| in_range(&point[1])));
        }
    }
    assert!(result.outputs[6].data.as_array().unwrap().iter().all(Value::is_string));
    let table = &result.outputs[8].data;
    let columns = table["cols"].as_array().unwrap().len();
    assert!(table["rows"].as_array().unwrap().iter().all(|row| row.as_array().unwrap().len() == columns));
}

#[tokio::test]
async fn the_context_fails_when_told_to_and_only_then() {
    let mut world = testing::world();
    assert!(DummyContext::default().setup(&mut world).await.is_ok());
    assert!(DummyContext::default().cleanup(&world).await.is_clean());
    let broken = DummyContext { fail_setup: true, fail_cleanup: true };
    assert!(broken.setup(&mut world).await.unwrap_err().message.contains("fail_setup"));
    let cleaned = broken.cleanup(&world).await;
    assert!(!cleaned.is_clean() && cleaned.left[0].why.contains("fail_cleanup"));
}
