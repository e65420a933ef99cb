//! What the criteria `throughput` and `error_classes` say.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use rally_core::testing::world;
use rally_core::{Failure, IterationResult, Outcome, Sla, Verdict, WorkloadReport};
use rally_plugins::sla::{AtMost, ErrorClasses, ErrorLimit, Throughput};
use serde_json::json;

fn report(passed: u64, seconds: f64) -> WorkloadReport {
    let mut report = WorkloadReport::empty(world().owner(), "subtask", 0, "Dummy.dummy");
    (report.counts.passed, report.load_duration) = (passed, seconds);
    report
}

fn throughput(min: f64, passed: u64, seconds: f64) -> Verdict {
    let mut sla = Throughput::at_least(min);
    sla.observe(&IterationResult::new(1, Outcome::Passed));
    sla.finish(&report(passed, seconds));
    sla.verdict()
}

#[test]
fn throughput_is_what_passed_in_the_time_of_the_load() {
    let held = throughput(2.5, 10, 4.0);
    assert!(held.passed);
    assert_eq!(held.detail, "10 iterations passed in 4.000 s: 2.500 per second, wanted: 2.5 or more");
    assert!(!throughput(2.51, 10, 4.0).passed);
    assert!(throughput(1e9, 1, 0.0).passed);
}

#[test]
fn throughput_waits_for_the_end_and_needs_an_iteration_that_passed() {
    let mut sla = Throughput::at_least(1.0);
    assert!(!sla.verdict().passed);
    sla.observe(&IterationResult::new(1, Outcome::Failed));
    assert!(sla.verdict().passed, "no run is stopped by it");
    sla.finish(&report(0, 5.0));
    let verdict = sla.verdict();
    assert!(!verdict.passed && verdict.detail.contains("nothing to judge"), "{}", verdict.detail);
    assert_eq!(json!(sla), json!({"min": 1.0}));
}

fn failed(kind: &str) -> IterationResult {
    let mut result = IterationResult::new(1, Outcome::Failed);
    result.failure = Some(Failure::new(kind, "no"));
    result
}

/// The verdict on so many failures of each kind and as many iterations that passed as make it 100.
fn classes(config: serde_json::Value, kinds: &[(&str, u64)]) -> Verdict {
    let mut sla: ErrorClasses = serde_json::from_value(config).unwrap();
    let mut all = 0;
    for (kind, count) in kinds {
        for _ in 0..*count {
            sla.observe(&failed(kind));
            all += 1;
        }
    }
    (all..100).for_each(|_| sla.observe(&IterationResult::new(1, Outcome::Passed)));
    sla.verdict()
}

#[test]
fn every_kind_has_its_own_limit() {
    let limits = || json!({"ApiError": {"max": 2}, "Timeout": 0});
    let held = classes(limits(), &[("ApiError", 2)]);
    assert!(held.passed);
    assert_eq!(
        held.detail,
        "iterations that failed with ApiError: 2 of 100, allowed: 2; Timeout: 0 of 100, allowed: 0; \
         other: 0 of 100, allowed: 0"
    );
    assert!(!classes(limits(), &[("ApiError", 3)]).passed);
    assert!(!classes(limits(), &[("Timeout", 1)]).passed);
}

#[test]
fn a_share_is_one_of_all_iterations_and_both_bounds_hold() {
    let share = || json!({"ApiError": {"max_percent": 1.5}});
    assert!(classes(share(), &[("ApiError", 1)]).passed);
    assert!(!classes(share(), &[("ApiError", 2)]).passed);
    let both = || json!({"ApiError": {"max": 1, "max_percent": 50}});
    assert!(!classes(both(), &[("ApiError", 2)]).passed);
    assert!(classes(both(), &[]).detail.contains("allowed: 1 and 50 %"));
}

#[test]
fn kinds_without_a_limit_count_together_and_none_is_allowed_unless_said() {
    let misspelt = classes(json!({"ApiErorr": 5}), &[("ApiError", 1), ("Panic", 2)]);
    assert!(!misspelt.passed);
    assert!(
        misspelt.detail.ends_with("other: 3 of 100 (1 ApiError, 2 Panic), allowed: 0"),
        "{}",
        misspelt.detail
    );
    assert!(classes(json!({"other": 3}), &[("ApiError", 1), ("Panic", 2)]).passed);
    assert!(!classes(json!({"other": 2}), &[("ApiError", 1), ("Panic", 2)]).passed);
    // A failure that calls itself so is one of them.
    assert!(!classes(json!({"other": 1}), &[("other", 2)]).passed);
}

#[test]
fn of_very_many_kinds_all_are_counted() {
    let kinds: Vec<String> = (0..500).map(|n| format!("Kind{n}")).collect();
    let mut sla = ErrorClasses::new([("other", 499)]);
    for kind in &kinds {
        sla.observe(&failed(kind));
    }
    let verdict = sla.verdict();
    assert!(!verdict.passed && verdict.detail.contains("other: 500 of 500"), "{}", verdict.detail);
}

#[test]
fn interrupted_and_dropped_iterations_have_kinds_as_well() {
    let mut sla = ErrorClasses::new([("Dropped", 1), ("Timeout", 1)]);
    sla.observe(&IterationResult::new(1, Outcome::Dropped));
    let mut late = failed("Timeout");
    late.outcome = Outcome::TimedOut;
    sla.observe(&late);
    assert!(sla.verdict().passed);
    sla.observe(&IterationResult::new(2, Outcome::Dropped));
    assert!(!sla.verdict().passed);
}

#[test]
fn without_an_iteration_there_is_nothing_to_judge() {
    let verdict = ErrorClasses::new([("other", 9)]).verdict();
    assert!(!verdict.passed && verdict.detail.contains("nothing to judge"));
}

#[test]
fn limits_in_code_and_in_a_task_file_are_the_same() {
    let bounds = AtMost { max: None, max_percent: Some(5.0) };
    let sla = ErrorClasses::new([("a", ErrorLimit::Count(1)), ("b", ErrorLimit::AtMost(bounds))]);
    assert_eq!(json!(sla), json!({"a": 1, "b": {"max_percent": 5.0}}));
}
