//! The SLA `max_seconds_per_iteration`.

use std::time::Duration;

use rally_core::{IterationResult, Meta, Outcome, Sla, Verdict, WorkloadReport, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Progress;

/// Bound the duration of the slowest iteration, in seconds.
///
/// All iterations that started count, those that failed or were interrupted as well. Time that a scenario slept on
/// purpose does not.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaxSecondsPerIteration {
    /// At most so many seconds.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub seconds: f64,
    #[serde(skip)]
    slowest: Option<(u64, Duration)>,
    #[serde(skip)]
    progress: Progress,
}

impl MaxSecondsPerIteration {
    /// At most so many seconds.
    pub fn new(seconds: f64) -> Self {
        Self { seconds, slowest: None, progress: Progress::default() }
    }
}

impl Sla for MaxSecondsPerIteration {
    const META: Meta = Meta::new("max_seconds_per_iteration");

    fn observe(&mut self, result: &IterationResult) {
        self.progress.observed = true;
        let slower = self.slowest.is_none_or(|(_, slowest)| result.duration() > slowest);
        if result.outcome != Outcome::Dropped && slower {
            self.slowest = Some((result.number, result.duration()));
        }
    }

    fn finish(&mut self, _report: &WorkloadReport) {
        self.progress.finished = true;
    }

    fn verdict(&self) -> Verdict {
        let Some((number, slowest)) = self.slowest else {
            return self.progress.without_sample("no iteration started");
        };
        let (slowest, limit) = (slowest.as_secs_f64(), self.seconds);
        Verdict::new(
            slowest <= limit,
            format!("the slowest iteration, {number}, took {slowest:.3} s, allowed: {limit} s"),
        )
    }
}

register!(sla: MaxSecondsPerIteration);
