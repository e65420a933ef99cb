//! Criteria for the results of a workload.
//!
//! | criterion | holds when |
//! | --- | --- |
//! | [`FailureRate`] | the share of iterations that did not pass is within bounds |
//! | [`MaxSecondsPerIteration`] | no iteration took longer |
//! | [`MaxAvgDuration`] | the iterations that passed took no longer in the mean |
//! | [`MaxAvgDurationPerAtomic`] | the same of single actions |
//! | [`Outliers`] | not more iterations than so many took much longer than those before them |
//! | [`PerformanceDegradation`] | the slowest iteration is not so much slower than the fastest |
//! | [`Percentiles`] | so large a share of the iterations, or of single actions, took no longer |
//! | [`Throughput`] | so many iterations per second passed |
//! | [`ErrorClasses`] | no kind of failure was more frequent than that kind may be |
//!
//! **A criterion that had nothing to judge fails**, and says so: no iteration at all, none that passed where only
//! those count, an action that never ran. That is known when the workload is over; until then a criterion that
//! waits for its first sample does not stop a run.

mod avg_duration;
mod avg_duration_per_atomic;
mod degradation;
mod error_classes;
mod failure_rate;
mod iteration_time;
mod outliers;
mod percentiles;
mod throughput;

pub use self::avg_duration::MaxAvgDuration;
pub use self::avg_duration_per_atomic::MaxAvgDurationPerAtomic;
pub use self::degradation::PerformanceDegradation;
pub use self::error_classes::{AtMost, ErrorClasses, ErrorLimit};
pub use self::failure_rate::FailureRate;
pub use self::iteration_time::MaxSecondsPerIteration;
pub use self::outliers::Outliers;
pub use self::percentiles::{Percentile, Percentiles};
pub use self::throughput::Throughput;

use std::collections::BTreeMap;

use rally_core::{Action, ActionRow, Verdict, WorkloadReport, did_you_mean};

/// What a criterion without a sample says: nothing yet while the load runs, and no afterwards.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Whether some iteration has ended.
    observed: bool,
    /// Whether the workload is over.
    finished: bool,
}

impl Progress {
    /// The verdict for want of `what` is judged: `no iteration passed`.
    fn without_sample(self, what: &str) -> Verdict {
        if self.observed && !self.finished {
            Verdict::new(true, format!("{what} so far"))
        } else {
            Verdict::new(false, format!("{what}, so there is nothing to judge"))
        }
    }
}

/// Mean and standard deviation of values that come one by one, by Welford's method.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    count: u64,
    mean: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
}

impl Sample {
    #[expect(clippy::cast_precision_loss, reason = "the mean of more than 2^53 values needs no exact count")]
    fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// The standard deviation of the sample; infinite for fewer than two values, which nothing exceeds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the deviation of more than 2^53 values needs no exact count"
    )]
    fn deviation(&self) -> f64 {
        if self.count < 2 { f64::INFINITY } else { (self.squares / (self.count - 1) as f64).sqrt() }
    }
}

/// Shows every action, at any depth.
fn each_action<'a>(actions: &'a [Action], see: &mut impl FnMut(&'a Action)) {
    for action in actions {
        see(action);
        each_action(&action.children, see);
    }
}

/// For each action that was named and did not run: what may have been meant.
#[derive(Clone, Debug, Default)]
struct Hints(BTreeMap<String, String>);

impl Hints {
    fn new<'a>(missing: impl Iterator<Item = &'a String>, report: &WorkloadReport) -> Self {
        fn names<'a>(rows: &'a [ActionRow], into: &mut Vec<&'a str>) {
            for row in rows {
                into.push(&row.name);
                names(&row.children, into);
            }
        }
        let mut ran = Vec::new();
        names(&report.actions, &mut ran);
        let hint = |name: &String| did_you_mean(name, ran.iter().copied()).map(|hint| (name.clone(), hint));
        Self(missing.filter_map(hint).collect())
    }

    /// The verdict on an action without a sample.
    fn without_sample(&self, name: &str, progress: Progress) -> Verdict {
        let mut verdict = progress.without_sample(&format!("`{name}` did not run"));
        if let (false, Some(hint)) = (verdict.passed, self.0.get(name)) {
            verdict.detail = format!("{} ({hint})", verdict.detail);
        }
        verdict
    }
}

/// Several verdicts in one.
fn all(verdicts: &[Verdict]) -> Verdict {
    let details: Vec<&str> = verdicts.iter().map(|verdict| verdict.detail.as_str()).collect();
    Verdict::new(verdicts.iter().all(|verdict| verdict.passed), details.join("; "))
}
