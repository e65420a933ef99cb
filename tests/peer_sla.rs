//! Our verdicts are Rally's: the criteria of runs that Rally 5.1.1 recorded, fed with the same iterations, say the same
//! with the same numbers.
//!
//! Where ours differ, they do so on purpose:
//!
//! - A criterion that had nothing to judge fails: Rally lets a workload without an iteration pass.
//! - An action that never ran fails `max_avg_duration_per_atomic`: Rally counts it as 0 s.
//! - Sentences are our own, with more digits for seconds and fewer for percent.
//!
//! `aborted_on_sla` and `something_went_wrong` are no criteria but what became of the run.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../rally-engine/tests/peer/recorded.rs"]
mod recorded;

use rally::erased::AnySla;
use rally::registry::Parsed;
use rally::testing::world;
use rally::{Action, IterationResult, Kind, Registry, Verdict, WorkloadReport};
use rally_engine::stats::Rows;
use regex::Regex;
use serde_json::Value;

use crate::recorded::{Recorded, seconds};

const NOT_CRITERIA: [&str; 3] = ["aborted_on_sla", "aborted_manually", "something_went_wrong"];

fn criterion(name: &str, config: &Value) -> Box<dyn AnySla> {
    let registry = Registry::linked().unwrap();
    match registry.find(Kind::Sla, name).unwrap().parse(config.clone()) {
        Ok(Parsed::Sla(sla)) => sla,
        _ => panic!("{name}: {config}"),
    }
}

/// In the order of their ends.
fn ended(recorded: &Recorded) -> Vec<&IterationResult> {
    let mut iterations: Vec<&IterationResult> = recorded.iterations.iter().collect();
    iterations.sort_by_key(|result| result.started + result.elapsed);
    iterations
}

fn verdict(recorded: &Recorded, name: &str, config: &Value) -> Verdict {
    let mut sla = criterion(name, config);
    let mut rows = Rows::default();
    for result in ended(recorded) {
        sla.observe(result);
        rows.push(result);
    }
    let mut report = WorkloadReport::empty(world().owner(), "recorded", 0, recorded.name.as_str());
    (report.actions, report.total) = rows.finish();
    sla.finish(&report);
    sla.verdict()
}

/// The durations of the iterations that passed.
fn passed(recorded: &Recorded) -> Vec<f64> {
    recorded.iterations.iter().filter(|result| result.passed()).map(|r| r.duration().as_secs_f64()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
}

/// Every occurrence of a top-level action in the iterations that passed.
fn occurrences(recorded: &Recorded, name: &str) -> Vec<f64> {
    let of = |result: &IterationResult| -> Vec<Action> { result.actions.clone() };
    let all = recorded.iterations.iter().filter(|result| result.passed()).flat_map(of);
    all.filter(|action| action.name == name).map(|action| action.duration.as_secs_f64()).collect()
}

/// What a text says at this place.
fn said(text: &str, pattern: &str) -> String {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures(text).unwrap_or_else(|| panic!("`{pattern}` is not in `{text}`"));
    found[1].to_owned()
}

/// Rally's sentence and ours have this number, each with its digits.
fn both_say(figure: f64, theirs: (&str, &str, usize), ours: (&str, &str, usize)) {
    for (text, pattern, digits) in [theirs, ours] {
        assert_eq!(said(text, pattern), format!("{figure:.digits$}"), "{text}");
    }
}

fn compare_numbers(recorded: &Recorded, name: &str, config: &Value, theirs: &str, ours: &str) {
    const BOUNDED: &str = r"([\d.]+)s <= ";
    match name {
        "failure_rate" => {
            let (bad, all) =
                (&recorded.raw["failed_iteration_count"], &recorded.raw["total_iteration_count"]);
            let rate = 100.0 * seconds(bad) / seconds(all);
            both_say(rate, (theirs, r"<= ([\d.]+)% <=", 2), (ours, r": ([\d.]+) %", 2));
        }
        "max_seconds_per_iteration" => {
            let slowest = seconds(&recorded.raw["max_duration"]);
            both_say(slowest, (theirs, BOUNDED, 2), (ours, r"took ([\d.]+) s", 3));
        }
        "max_avg_duration" => {
            both_say(mean(&passed(recorded)), (theirs, BOUNDED, 2), (ours, r"took ([\d.]+) s", 3));
        }
        "max_avg_duration_per_atomic" => {
            for action in config.as_object().unwrap().keys() {
                let durations = occurrences(recorded, action);
                let theirs = (theirs, &*format!(r"'{action}'. ([\d.]+)s <= "), 2);
                if durations.is_empty() {
                    // The second of the differences above.
                    assert_eq!(said(theirs.0, theirs.1), "0.00");
                    assert!(ours.contains(&format!("`{action}` did not run")), "{ours}");
                } else {
                    both_say(mean(&durations), theirs, (ours, &format!(r"`{action}` took ([\d.]+) s"), 3));
                }
            }
        }
        "outliers" => {
            assert_eq!(said(theirs, r"outliers (\d+) <= "), said(ours, r"passed: (\d+) of"));
        }
        "performance_degradation" => {
            let durations = passed(recorded);
            let least = durations.iter().copied().fold(f64::INFINITY, f64::min);
            let most = durations.iter().copied().fold(0.0, f64::max);
            let percent = (most / least - 1.0) * 100.0;
            // Nanoseconds, in which our durations are, are a millionth of these.
            let printed: f64 = said(theirs, r"degradation: ([\d.]+)%").parse().unwrap();
            assert!((printed - percent).abs() < 1e-3 * percent.max(1.0), "{theirs}: {percent}");
            assert_eq!(said(ours, r"s: ([\d.]+) % slower"), format!("{percent:.2}"));
        }
        other => panic!("{other} is a criterion of Rally's that we do not know"),
    }
}

#[test]
fn every_recorded_verdict_is_ours_with_the_same_numbers() {
    let mut compared = Vec::new();
    for recorded in recorded::all() {
        for result in recorded.raw["sla_results"]["sla"].as_array().unwrap() {
            let (name, detail) = (result["criterion"].as_str().unwrap(), result["detail"].as_str().unwrap());
            if NOT_CRITERIA.contains(&name) {
                continue;
            }
            let config = &recorded.raw["sla"][name];
            let ours = verdict(&recorded, name, config);
            if recorded.iterations.is_empty() {
                // The first of the differences above.
                assert!(result["success"] == true && !ours.passed, "{name} of {}", recorded.name);
                assert!(ours.detail.contains("nothing to judge"), "{}", ours.detail);
                continue;
            }
            assert_eq!(ours.passed, result["success"], "{name} of {}: {}", recorded.name, ours.detail);
            compare_numbers(&recorded, name, config, detail, &ours.detail);
            compared.push(name.to_owned());
        }
    }
    compared.sort_unstable();
    compared.dedup();
    assert_eq!(
        compared,
        [
            "failure_rate",
            "max_avg_duration",
            "max_avg_duration_per_atomic",
            "max_seconds_per_iteration",
            "outliers",
            "performance_degradation"
        ]
    );
}
