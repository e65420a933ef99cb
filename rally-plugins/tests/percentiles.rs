//! What the criterion `percentiles` says of iterations.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use proptest::prelude::*;
use rally_core::series::EXACT_LIMIT;
use rally_core::testing::world;
use rally_core::{Action, ActionRow, IterationResult, Outcome, Sla, Verdict, WorkloadReport};
use rally_plugins::sla::{Percentile, Percentiles};
use serde_json::json;

fn report() -> WorkloadReport {
    let mut report = WorkloadReport::empty(world().owner(), "subtask", 0, "Dummy.dummy");
    let mut row = ActionRow::default();
    row.name = "nova.boot_server".into();
    report.actions = vec![row];
    report
}

fn iteration(seconds: f64) -> IterationResult {
    let mut result = IterationResult::new(1, Outcome::Passed);
    result.elapsed = Duration::from_secs_f64(seconds);
    result
}

fn action(name: &str, seconds: f64, children: &[Action]) -> Action {
    let value = json!({"name": name, "started": 0.0, "duration": seconds, "children": children});
    serde_json::from_value(value).unwrap()
}

fn seen(mut sla: Percentiles, results: &[IterationResult]) -> Percentiles {
    for result in results {
        sla.observe(result);
    }
    sla
}

fn finished(mut sla: Percentiles) -> Verdict {
    sla.finish(&report());
    sla.verdict()
}

/// The verdict at the end on iterations that took so long.
fn verdict(sla: Percentiles, seconds: impl IntoIterator<Item = f64>) -> Verdict {
    finished(seen(sla, &seconds.into_iter().map(iteration).collect::<Vec<_>>()))
}

#[test]
fn a_percentile_lies_between_its_neighbours() {
    // Of 1 to 10 s the 90th percentile is 9.1 s, the 95th 9.55 s.
    let ten = || (1..=10).map(f64::from);
    let held = verdict(Percentiles::new("total", 90.0, 9.1).and("total", 95.0, 9.6), ten());
    assert!(held.passed, "{}", held.detail);
    assert_eq!(
        held.detail,
        "`total` p90: 9.100 s of 10, allowed: 9.1 s; `total` p95: 9.550 s of 10, allowed: 9.6 s"
    );
    assert!(!verdict(Percentiles::new("total", 90.0, 9.09), ten()).passed);
    assert!(!verdict(Percentiles::new("total", 90.0, 9.1).and("total", 95.0, 9.5), ten()).passed);
    assert!(verdict(Percentiles::new("total", 0.0, 1.0).and("total", 100.0, 10.0), ten()).passed);
    assert!(!verdict(Percentiles::new("total", 0.0, 0.99), ten()).passed);
    assert!(!verdict(Percentiles::new("total", 100.0, 9.99), ten()).passed);
    assert!(verdict(Percentiles::new("total", 99.9, 0.25), [0.25]).passed);
}

#[test]
fn total_has_the_idle_time_and_duration_has_not() {
    let mut result = iteration(10.0);
    result.idle = Duration::from_secs(9);
    result.due = Some(Duration::from_secs(1));
    result.started = Duration::from_secs(3);
    let limits =
        |name: &str, seconds| finished(seen(Percentiles::new(name, 50.0, seconds), &[result.clone()]));
    assert!(limits("total", 10.0).passed && !limits("total", 9.9).passed);
    assert!(limits("duration", 1.0).passed && !limits("duration", 0.9).passed);
    assert!(limits("latency", 12.0).passed && !limits("latency", 11.9).passed);
    let never = verdict(Percentiles::new("latency", 50.0, 1.0), [1.0]);
    assert_eq!(
        (never.passed, never.detail.as_str()),
        (false, "no iteration that had a due time passed, so there is nothing to judge")
    );
}

#[test]
fn actions_count_by_occurrence_and_at_any_depth_where_the_iteration_passed() {
    let mut result = iteration(5.0);
    result.actions = vec![action("outer", 3.0, &[action("inner", 1.0, &[])]), action("inner", 2.0, &[])];
    let mut failed = result.clone();
    failed.outcome = Outcome::Failed;
    failed.actions[1] = action("inner", 100.0, &[]);
    let verdict = finished(seen(Percentiles::new("inner", 100.0, 2.0), &[result, failed]));
    assert_eq!((verdict.passed, verdict.detail.as_str()), (true, "`inner` p100: 2.000 s of 2, allowed: 2 s"));
}

#[test]
fn without_a_sample_it_fails_and_says_so() {
    let none = verdict(Percentiles::new("total", 95.0, 1.0), []);
    assert_eq!(
        (none.passed, none.detail.as_str()),
        (false, "no iteration passed, so there is nothing to judge")
    );
    let misspelt = verdict(Percentiles::new("nova.boot_servr", 95.0, 1.0), [1.0]);
    assert!(!misspelt.passed);
    assert_eq!(
        misspelt.detail,
        "`nova.boot_servr` did not run, so there is nothing to judge (did you mean `nova.boot_server`?)"
    );
    // While the load runs, it may still come.
    assert!(seen(Percentiles::new("later", 95.0, 1.0), &[iteration(1.0)]).verdict().passed);
}

#[test]
fn a_run_goes_on_until_there_are_enough_values_for_the_percentile() {
    let with = |values: usize| {
        let results: Vec<_> = (0..values).map(|_| iteration(2.0)).collect();
        seen(Percentiles::new("total", 95.0, 1.0), &results)
    };
    assert!(with(19).verdict().passed && !finished(with(19)).passed);
    let broken = with(20).verdict();
    assert_eq!((broken.passed, broken.detail.as_str()), (false, "`total` p95: 2.000 s of 20, allowed: 1 s"));
    // The largest value is known from the first one on.
    assert!(!seen(Percentiles::new("total", 100.0, 1.0), &[iteration(2.0)]).verdict().passed);
}

#[test]
fn of_very_many_values_the_verdict_is_exact_and_the_figure_agrees_with_it() {
    let count = u32::try_from(EXACT_LIMIT).unwrap() * 2 + 1;
    let values = || (0..count).map(move |n| f64::from(n) / f64::from(count - 1));
    // The median of an odd number of values is the one in the middle: exactly a half.
    let held = verdict(Percentiles::new("total", 50.0, 0.5), values());
    assert!(held.passed && held.detail.starts_with("`total` p50: 0.500 s of 131073"), "{}", held.detail);
    let broken = verdict(Percentiles::new("total", 50.0, 0.499_999), values());
    assert!(!broken.passed, "{}", broken.detail);
}

#[test]
fn a_task_file_writes_percentiles_with_a_p() {
    let file = json!({"foo": {"p50": 0.5, "p99.9": 2.0, "p100": 3.0}, "total": {"p95": 1.0}});
    let sla: Percentiles = serde_json::from_value(file.clone()).unwrap();
    assert!(sla.limits["foo"].contains_key(&Percentile(99.9)));
    assert_eq!(json!(sla), file);
    for wrong in ["95", "p", "p101", "p-1", "pp95", "p95%", "p1e1x", "median", "p+5", "pnan"] {
        let error =
            serde_json::from_value::<Percentiles>(json!({"foo": {wrong: 1}})).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("`{wrong}` is no percentile: write p50, p95 or p99.9")),
            "{error}"
        );
    }
}

/// Rally's formula: between the neighbours of place (n - 1) * p of the sorted values.
fn exact(mut values: Vec<f64>, p: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = f64::from(u32::try_from(values.len() - 1).unwrap()) * p;
    let at = |place: f64| values[format!("{place}").parse::<usize>().unwrap()];
    at(place.floor()) + (at(place.ceil()) - at(place.floor())) * place.fract()
}

proptest! {
    #[test]
    fn the_verdict_is_that_of_the_exact_formula(
        mut millis in prop::collection::vec(0..2000_u64, 1..200), p in 0..=1000_u32, limit in 0..2000_u32
    ) {
        let (percentile, limit) = (f64::from(p) / 10.0, f64::from(limit) / 1000.0);
        let seconds = |ms: &u64| Duration::from_millis(*ms).as_secs_f64();
        let found = verdict(Percentiles::new("total", percentile, limit), millis.iter().map(seconds));
        let exactly = exact(millis.iter().map(seconds).collect(), percentile / 100.0);
        // Where both are one number but for the last bit, either verdict will do.
        if (exactly - limit).abs() > 1e-12 {
            prop_assert_eq!(found.passed, exactly <= limit, "{} {}", exactly, found.detail);
        }
        // The order of the values says nothing.
        millis.reverse();
        let reversed = verdict(Percentiles::new("total", percentile, limit), millis.iter().map(seconds));
        prop_assert_eq!(found, reversed);
    }
}
