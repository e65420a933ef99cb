//! The SLA `max_avg_duration`.

use rally_core::{IterationResult, Meta, Sla, Verdict, WorkloadReport, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Progress, Sample};

/// Bound the mean duration of the iterations that passed, in seconds.
///
/// Time that a scenario slept on purpose does not count.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaxAvgDuration {
    /// At most so many seconds.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub seconds: f64,
    #[serde(skip)]
    durations: Sample,
    #[serde(skip)]
    progress: Progress,
}

impl MaxAvgDuration {
    /// At most so many seconds.
    pub fn new(seconds: f64) -> Self {
        Self { seconds, durations: Sample::default(), progress: Progress::default() }
    }
}

impl Sla for MaxAvgDuration {
    const META: Meta = Meta::new("max_avg_duration");

    fn observe(&mut self, result: &IterationResult) {
        self.progress.observed = true;
        if result.passed() {
            self.durations.add(result.duration().as_secs_f64());
        }
    }

    fn finish(&mut self, _report: &WorkloadReport) {
        self.progress.finished = true;
    }

    fn verdict(&self) -> Verdict {
        let Sample { count, mean, .. } = self.durations;
        if count == 0 {
            return self.progress.without_sample("no iteration passed");
        }
        let limit = self.seconds;
        let detail =
            format!("iterations that passed took {mean:.3} s in the mean of {count}, allowed: {limit} s");
        Verdict::new(mean <= limit, detail)
    }
}

register!(sla: MaxAvgDuration);
