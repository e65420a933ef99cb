//! The SLA `outliers`.

use rally_core::{IterationResult, Meta, Sla, Verdict, WorkloadReport, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Progress, Sample};

/// Bound the number of iterations that took much longer than those before them.
///
/// An iteration that passed is an outlier when its duration exceeds the mean of those that passed before it by more
/// than `sigmas` of their standard deviations. The judgement is made when the iteration ends and is not revised, so
/// it depends on the order of the ends. The first `min_iterations - 1` are too few to tell and are never outliers.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Outliers {
    /// At most so many outliers.
    pub max: u64,
    /// From which iteration on outliers are counted.
    #[schemars(range(min = 3))]
    pub min_iterations: u64,
    /// How many standard deviations above the mean an outlier begins.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub sigmas: f64,
    #[serde(skip)]
    found: u64,
    #[serde(skip)]
    durations: Sample,
    #[serde(skip)]
    progress: Progress,
}

impl Outliers {
    /// At most so many outliers, judged from the third iteration on, at three standard deviations.
    pub fn at_most(max: u64) -> Self {
        Self { max, ..Self::default() }
    }
}

impl Default for Outliers {
    fn default() -> Self {
        Self {
            max: 0,
            min_iterations: 3,
            sigmas: 3.0,
            found: 0,
            durations: Sample::default(),
            progress: Progress::default(),
        }
    }
}

impl Sla for Outliers {
    const META: Meta = Meta::new("outliers");

    fn observe(&mut self, result: &IterationResult) {
        self.progress.observed = true;
        if !result.passed() {
            return;
        }
        let duration = result.duration().as_secs_f64();
        // The comparison is false while there are fewer than two to deviate from each other.
        let threshold = self.durations.mean + self.sigmas * self.durations.deviation();
        if self.durations.count + 1 >= self.min_iterations && duration > threshold {
            self.found += 1;
        }
        self.durations.add(duration);
    }

    fn finish(&mut self, _report: &WorkloadReport) {
        self.progress.finished = true;
    }

    fn verdict(&self) -> Verdict {
        let (found, max, count, least) = (self.found, self.max, self.durations.count, self.min_iterations);
        if count == 0 {
            return self.progress.without_sample("no iteration passed");
        }
        let few =
            if count < least { format!(" (they tell from {least} iterations on)") } else { String::new() };
        let detail =
            format!("outliers among iterations that passed: {found} of {count}{few}, allowed: {max}");
        Verdict::new(found <= max, detail)
    }
}

register!(sla: Outliers);
