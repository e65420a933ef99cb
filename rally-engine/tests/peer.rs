//! Our figures are Rally's: the iterations of runs that Rally 5.1.1 recorded give the table that it made of them.
//!
//! Where ours differ, they do so on purpose:
//!
//! - Durations of what failed stand apart from those of what succeeded, while Rally mixes them. What it shows is
//!   therefore compared with both of ours together, and with ours of the same iterations as if all had passed.
//! - Rally rounds to 3 decimals and writes success as `75.0%`; ours are not rounded, success is a share.
//! - A table of nothing has a row `total` without figures, where Rally writes `n/a`.
//!
//! The recorded files are not part of this repository; without them our own small one has to do.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "peer/recorded.rs"]
mod recorded;

use rally_core::{ActionRow, Chart, Outcome, Output, OutputKind, Summary};
use rally_engine::stats::Rows;
use serde_json::{Value, json};

use crate::recorded::{Recorded, seconds};

/// Our rows of the recorded iterations: those of the actions, then `total`.
fn rows(recorded: &Recorded, as_if_all_passed: bool) -> Vec<ActionRow> {
    fn pass(actions: &mut [rally_core::Action]) {
        for action in actions {
            action.failed = false;
            pass(&mut action.children);
        }
    }
    let mut rows = Rows::default();
    for result in &recorded.iterations {
        let mut result = result.clone();
        if as_if_all_passed {
            result.outcome = Outcome::Passed;
            pass(&mut result.actions);
        }
        rows.push(&result);
    }
    let (mut actions, total) = rows.finish();
    actions.push(total);
    actions
}

/// Rally's rows, in the same order.
fn theirs(recorded: &Recorded) -> Vec<Value> {
    let durations = &recorded.raw["statistics"]["durations"];
    let mut rows = durations["atomics"].as_array().unwrap().clone();
    rows.push(durations["total"].clone());
    rows
}

/// Each of our rows beside the one of Rally's, at every depth, with a name for messages.
fn pairs<'a>(
    ours: &'a [ActionRow],
    theirs: &'a [Value],
    at: &str,
    into: &mut Vec<(String, &'a ActionRow, &'a Value)>,
) {
    let names = |row: &ActionRow| row.display_name.clone();
    let their_names: Vec<&str> = theirs.iter().map(|row| row["display_name"].as_str().unwrap()).collect();
    assert_eq!(ours.iter().map(names).collect::<Vec<_>>(), their_names, "{at}");
    for (our, their) in ours.iter().zip(theirs) {
        let at = format!("{at} > {}", our.display_name);
        into.push((at.clone(), our, their));
        pairs(&our.children, their["children"].as_array().unwrap(), &at, into);
    }
}

/// A figure as Rally rounds it.
fn rounded(figure: f64) -> String {
    format!("{figure:.3}")
}

fn figures(summary: &Summary) -> [f64; 6] {
    [summary.min, summary.median, summary.p90, summary.p95, summary.max, summary.mean]
}

const FIGURES: [&str; 6] = ["min", "median", "90%ile", "95%ile", "max", "avg"];

fn are_figures(ours: [f64; 6], their: &Value, at: &str) {
    for (figure, name) in ours.into_iter().zip(FIGURES) {
        assert_eq!(rounded(figure), rounded(seconds(&their["data"][name])), "{name} of {at}");
    }
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a test")]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / all as f64
}

#[test]
fn rows_have_rallys_names_counts_and_shares() {
    for recorded in recorded::all() {
        let (ours, theirs) = (rows(&recorded, false), theirs(&recorded));
        let mut all = Vec::new();
        if recorded.iterations.is_empty() {
            // The last of the differences above: the children of `total` are missing on both sides.
            assert_eq!((ours.len(), ours[0].count), (1, 0));
        }
        pairs(&ours, &theirs, &recorded.name, &mut all);
        for (at, our, their) in all {
            let data = &their["data"];
            assert_eq!(our.name, their["name"], "{at}");
            assert_eq!(our.count_per_iteration, count(&their["count_per_iteration"]), "{at}");
            assert_eq!(our.count, count(&data["iteration_count"]), "{at}");
            let success =
                our.success().map_or_else(|| "n/a".into(), |share| format!("{:.1}%", share * 100.0));
            assert_eq!(success, data["success"].as_str().unwrap(), "{at}");
        }
    }
}

#[test]
fn figures_are_rallys_where_nothing_failed_and_both_together_otherwise() {
    let mut compared = 0;
    for recorded in recorded::all().iter().filter(|recorded| !recorded.iterations.is_empty()) {
        let (ours, theirs) = (rows(recorded, false), theirs(recorded));
        let mut all = Vec::new();
        pairs(&ours, &theirs, &recorded.name, &mut all);
        for (at, our, their) in all {
            compared += 1;
            match (&our.durations, &our.failed_durations) {
                (Some(only), None) | (None, Some(only)) => are_figures(figures(only), their, &at),
                (Some(good), Some(bad)) => {
                    let mean =
                        good.mean * share(good.count, our.count) + bad.mean * share(bad.count, our.count);
                    for (name, figure) in
                        [("min", good.min.min(bad.min)), ("max", good.max.max(bad.max)), ("avg", mean)]
                    {
                        assert_eq!(rounded(figure), rounded(seconds(&their["data"][name])), "{name} of {at}");
                    }
                }
                (None, None) => panic!("no figures of {at}"),
            }
        }
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn percentiles_are_rallys_for_the_same_sample() {
    const NOBODY: &str = "<no-name-action>";
    for recorded in recorded::all().iter().filter(|recorded| !recorded.iterations.is_empty()) {
        let (ours, mut theirs) = (rows(recorded, true), theirs(recorded));
        // Where all have passed, no failure is without an action.
        theirs.retain(|row| row["name"] != NOBODY);
        let mut all = Vec::new();
        pairs(&ours, &theirs, &recorded.name, &mut all);
        for (at, our, their) in all {
            are_figures(figures(our.durations.as_ref().unwrap()), their, &at);
        }
    }
}

#[test]
fn the_shortest_and_the_longest_iteration_are_rallys_to_the_nanosecond() {
    for recorded in recorded::all() {
        let durations = recorded.iterations.iter().map(|result| result.duration().as_secs_f64());
        let (least, most) = (durations.clone().reduce(f64::min), durations.reduce(f64::max));
        for (key, ours) in [("min_duration", least), ("max_duration", most)] {
            let theirs = recorded.raw[key].as_f64();
            let near = ours.zip(theirs).is_none_or(|(ours, theirs)| (ours - theirs).abs() <= 1e-9);
            assert!(ours.is_some() == theirs.is_some() && near, "{key} of {}", recorded.name);
        }
    }
}

#[test]
fn every_output_that_rally_took_is_one_that_we_take() {
    let mut seen = Vec::new();
    for recorded in recorded::all() {
        for record in recorded.raw["data"].as_array().unwrap() {
            let outputs = Output::from_script(&record["output"]).unwrap();
            seen.extend(outputs.unwrap_or_else(|error| panic!("{}: {error}", recorded.name)));
        }
    }
    let mut charts: Vec<(OutputKind, Chart)> =
        seen.iter().map(|output| (output.kind, output.chart)).collect();
    charts.sort_by_key(|(kind, chart)| (*kind == OutputKind::Complete, chart.name()));
    charts.dedup();
    // Only where there are recorded files: ours have no charts.
    assert!(recorded::files().is_empty() || charts.len() == 9, "{charts:?}");
    assert!(Output::from_script(&json!({"additive": [], "complete": []})).is_some());
}

/// Says it where it can be seen why there was so little to compare.
#[test]
fn the_recorded_files_are_there_or_are_known_to_be_missing() {
    #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
    if recorded::files().is_empty() {
        eprintln!("no files of Rally 5.1.1 are beside this repository: compared with our own small one only");
    }
    assert!(recorded::all().len() >= 2);
}
