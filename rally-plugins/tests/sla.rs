//! What the criteria say of iterations.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use rally_core::testing::world;
use rally_core::{Action, ActionRow, IterationResult, Outcome, Sla, Verdict, WorkloadReport};
use rally_plugins::sla::{
    FailureRate, MaxAvgDuration, MaxAvgDurationPerAtomic, MaxSecondsPerIteration, Outliers,
    PerformanceDegradation,
};
use serde_json::json;

const NONE: [(Outcome, f64); 0] = [];

fn iteration((outcome, seconds): (Outcome, f64)) -> IterationResult {
    let mut result = IterationResult::new(1, outcome);
    result.elapsed = Duration::from_secs_f64(seconds);
    result
}

fn passed(seconds: impl IntoIterator<Item = f64>) -> Vec<(Outcome, f64)> {
    seconds.into_iter().map(|seconds| (Outcome::Passed, seconds)).collect()
}

fn report(actions: Vec<ActionRow>) -> WorkloadReport {
    let mut report = WorkloadReport::empty(world().owner(), "subtask", 0, "Dummy.dummy");
    report.actions = actions;
    report
}

/// The verdicts before and after the end of the workload.
fn verdicts(mut sla: impl Sla, iterations: impl IntoIterator<Item = (Outcome, f64)>) -> (Verdict, Verdict) {
    iterations.into_iter().for_each(|one| sla.observe(&iteration(one)));
    let during = sla.verdict();
    sla.finish(&report(Vec::new()));
    (during, sla.verdict())
}

/// The verdict at the end.
fn verdict(sla: impl Sla, iterations: impl IntoIterator<Item = (Outcome, f64)>) -> Verdict {
    verdicts(sla, iterations).1
}

#[test]
fn failure_rate_bounds_the_share_of_those_that_did_not_pass() {
    let iterations =
        |bad: usize| (0..10).map(move |i| (if i < bad { Outcome::Failed } else { Outcome::Passed }, 1.0));
    assert!(verdict(FailureRate::at_most(0.0), iterations(0)).passed);
    assert!(!verdict(FailureRate::at_most(0.0), iterations(1)).passed);
    assert!(verdict(FailureRate::at_most(20.0), iterations(2)).passed);
    assert!(!verdict(FailureRate::at_most(19.9), iterations(2)).passed);
    assert!(!verdict(FailureRate::between(30.0, 50.0), iterations(2)).passed);
    assert!(verdict(FailureRate::between(30.0, 50.0), iterations(3)).passed);
    assert_eq!(
        verdict(FailureRate::at_most(10.0), iterations(4)).detail,
        "4 of 10 iterations did not pass (4 failed): 40.00 %, allowed: at most 10 %"
    );
}

#[test]
fn one_bound_alone_leaves_the_other_side_open() {
    let least: FailureRate = serde_json::from_value(json!({"min": 50})).unwrap();
    assert!(verdict(least.clone(), [(Outcome::Failed, 1.0)]).passed);
    let refused = verdict(least, passed([1.0]));
    assert!(!refused.passed);
    assert_eq!(refused.detail, "0 of 1 iterations did not pass: 0.00 %, allowed: 50 % or more");
}

#[test]
fn interrupted_and_dropped_iterations_did_not_pass() {
    use Outcome::{Aborted, Dropped, Failed, Passed, TimedOut};
    let iterations = [Passed, Failed, TimedOut, Aborted, Dropped].map(|outcome| (outcome, 1.0));
    assert_eq!(
        verdict(FailureRate::at_most(0.0), iterations).detail,
        "4 of 5 iterations did not pass (1 failed, 1 timed out, 1 aborted, 1 dropped): 80.00 %, allowed: at most 0 %"
    );
}

#[test]
fn no_iteration_at_all_fails_every_criterion() {
    for verdict in [
        verdict(FailureRate::at_most(100.0), NONE),
        verdict(MaxSecondsPerIteration::new(1.0), NONE),
        verdict(MaxAvgDuration::new(1.0), NONE),
        verdict(MaxAvgDurationPerAtomic::new([("a", 1.0)]), NONE),
        verdict(Outliers::at_most(9), NONE),
        verdict(PerformanceDegradation::at_most(100.0), NONE),
    ] {
        assert!(!verdict.passed);
        assert!(verdict.detail.contains("nothing to judge"), "{}", verdict.detail);
    }
}

#[test]
fn a_criterion_that_waits_for_a_success_stops_no_run_and_fails_in_the_end() {
    let bad = [(Outcome::Failed, 5.0)];
    for (during, after) in [
        verdicts(MaxAvgDuration::new(1.0), bad),
        verdicts(MaxAvgDurationPerAtomic::new([("a", 1.0)]), bad),
        verdicts(Outliers::at_most(9), bad),
        verdicts(PerformanceDegradation::at_most(100.0), bad),
        verdicts(MaxSecondsPerIteration::new(1.0), [(Outcome::Dropped, 0.0)]),
    ] {
        assert!(during.passed && during.detail.ends_with("so far"), "{}", during.detail);
        assert!(!after.passed && after.detail.contains("nothing to judge"), "{}", after.detail);
    }
}

#[test]
fn the_slowest_iteration_counts_whatever_became_of_it() {
    let sla = || MaxSecondsPerIteration::new(2.0);
    assert!(verdict(sla(), passed([1.0, 2.0])).passed);
    let slow = verdict(sla(), [(Outcome::Passed, 1.0), (Outcome::TimedOut, 2.5)]);
    assert!(!slow.passed);
    assert_eq!(slow.detail, "the slowest iteration, 1, took 2.500 s, allowed: 2 s");
}

#[test]
fn idle_time_counts_for_no_criterion() {
    let mut result = iteration((Outcome::Passed, 10.0));
    result.idle = Duration::from_secs(9);
    let (mut slowest, mut mean) = (MaxSecondsPerIteration::new(1.0), MaxAvgDuration::new(1.0));
    slowest.observe(&result);
    mean.observe(&result);
    assert!(slowest.verdict().passed && mean.verdict().passed);
}

#[test]
fn the_mean_is_that_of_the_iterations_that_passed() {
    let iterations = [(Outcome::Passed, 1.0), (Outcome::Failed, 100.0), (Outcome::Passed, 2.0)];
    let held = verdict(MaxAvgDuration::new(1.5), iterations);
    assert!(held.passed);
    assert_eq!(held.detail, "iterations that passed took 1.500 s in the mean of 2, allowed: 1.5 s");
    assert!(!verdict(MaxAvgDuration::new(1.4), iterations).passed);
}

#[test]
fn outliers_are_judged_by_those_before_them() {
    let steady = [1.0, 1.1, 0.9, 1.0, 1.1, 0.9];
    let with = |more: f64| passed(steady.into_iter().chain([more]));
    assert!(verdict(Outliers::at_most(0), with(1.1)).passed);
    let held = verdict(Outliers::at_most(1), with(2.0));
    assert_eq!(held.detail, "outliers among iterations that passed: 1 of 7, allowed: 1");
    assert!(held.passed && !verdict(Outliers::at_most(0), with(2.0)).passed);
    // The mean is 1, the deviation is the root of 0.04 / 5: an outlier begins at 1.268 s.
    assert!(verdict(Outliers::at_most(0), with(1.268)).passed);
    assert!(!verdict(Outliers::at_most(0), with(1.269)).passed);
    // The first two have nobody to compare them with, and a slow one that failed does not count.
    assert!(verdict(Outliers::at_most(0), passed([1.0, 50.0])).passed);
    assert!(verdict(Outliers::at_most(0), with(1.0).into_iter().chain([(Outcome::Failed, 9.0)])).passed);
}

#[test]
fn outliers_before_the_first_iteration_that_counts_are_not_judged() {
    let sla: Outliers = serde_json::from_value(json!({"min_iterations": 5, "sigmas": 0.5})).unwrap();
    assert!(verdict(sla.clone(), passed([1.0, 1.1, 9.0, 1.0])).passed);
    assert!(verdict(sla.clone(), passed([1.0, 1.1, 9.0, 1.0])).detail.contains("from 5 iterations on"));
    assert!(!verdict(sla, passed([1.0, 1.1, 1.0, 1.1, 9.0])).passed);
}

#[test]
fn degradation_compares_the_slowest_with_the_fastest() {
    let held = verdict(PerformanceDegradation::at_most(50.0), passed([3.0, 2.0, 2.5]));
    assert!(held.passed);
    assert_eq!(held.detail, "iterations took from 2.000 s to 3.000 s: 50.00 % slower, allowed: 50 %");
    assert!(!verdict(PerformanceDegradation::at_most(49.0), passed([3.0, 2.0])).passed);
    assert!(verdict(PerformanceDegradation::at_most(0.0), passed([0.0, 0.0])).passed);
    assert!(!verdict(PerformanceDegradation::at_most(1e9), passed([0.0, 1.0])).passed);
}

fn action(name: &str, seconds: f64, children: &[Action]) -> Action {
    let value = json!({"name": name, "started": 0.0, "duration": seconds, "children": children});
    serde_json::from_value(value).unwrap()
}

fn with(actions: Vec<Action>) -> IterationResult {
    let mut result = IterationResult::new(1, Outcome::Passed);
    result.actions = actions;
    result
}

#[test]
fn actions_count_by_occurrence_and_at_any_depth() {
    let mut sla = MaxAvgDurationPerAtomic::new([("outer", 3.0), ("inner", 1.0)]);
    sla.observe(&with(vec![
        action("outer", 3.0, &[action("inner", 1.0, &[]), action("inner", 0.5, &[])]),
        action("inner", 1.5, &[]),
    ]));
    // An iteration that failed says nothing about speed.
    let mut failed = with(vec![action("inner", 100.0, &[])]);
    failed.outcome = Outcome::Failed;
    sla.observe(&failed);
    sla.finish(&report(Vec::new()));
    let verdict = sla.verdict();
    assert!(verdict.passed);
    assert_eq!(
        verdict.detail,
        "`inner` took 1.000 s in the mean of 3, allowed: 1 s; \
         `outer` took 3.000 s in the mean of 1, allowed: 3 s"
    );
    sla.observe(&with(vec![action("inner", 1.1, &[])]));
    assert!(!sla.verdict().passed);
}

#[test]
fn an_action_that_never_ran_fails_and_the_nearest_one_is_named() {
    let mut sla = MaxAvgDurationPerAtomic::new([("nova.boot_servr", 1.0)]);
    sla.observe(&with(vec![action("nova.boot_server", 0.1, &[])]));
    assert!(sla.verdict().passed);
    let mut row = ActionRow::default();
    row.name = "nova.boot_server".into();
    sla.finish(&report(vec![row]));
    let verdict = sla.verdict();
    assert!(!verdict.passed);
    assert_eq!(
        verdict.detail,
        "`nova.boot_servr` did not run, so there is nothing to judge (did you mean `nova.boot_server`?)"
    );
}
