//! The SLA `performance_degradation`.

use rally_core::{IterationResult, Meta, Sla, Verdict, WorkloadReport, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Progress;

/// Bound by how many percent the slowest iteration is slower than the fastest.
///
/// Only iterations that passed count, in whatever order they ran: twice as slow is 100 %. Time that a scenario slept
/// on purpose does not count.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PerformanceDegradation {
    /// At most so many percent.
    #[schemars(range(min = 0))]
    pub max_degradation: f64,
    #[serde(skip)]
    range: Option<(f64, f64)>,
    #[serde(skip)]
    progress: Progress,
}

impl PerformanceDegradation {
    /// At most so many percent.
    pub fn at_most(max_degradation: f64) -> Self {
        Self { max_degradation, range: None, progress: Progress::default() }
    }
}

impl Sla for PerformanceDegradation {
    const META: Meta = Meta::new("performance_degradation");

    fn observe(&mut self, result: &IterationResult) {
        self.progress.observed = true;
        if result.passed() {
            let duration = result.duration().as_secs_f64();
            let (fastest, slowest) = self.range.unwrap_or((duration, duration));
            self.range = Some((fastest.min(duration), slowest.max(duration)));
        }
    }

    fn finish(&mut self, _report: &WorkloadReport) {
        self.progress.finished = true;
    }

    fn verdict(&self) -> Verdict {
        let Some((fastest, slowest)) = self.range else {
            return self.progress.without_sample("no iteration passed");
        };
        // Equal durations are no degradation, even where a coarse clock made both of them 0.
        let percent = if slowest > fastest { (slowest / fastest - 1.0) * 100.0 } else { 0.0 };
        let limit = self.max_degradation;
        let figures = format!("iterations took from {fastest:.3} s to {slowest:.3} s: {percent:.2} % slower");
        Verdict::new(percent <= limit, format!("{figures}, allowed: {limit} %"))
    }
}

register!(sla: PerformanceDegradation);
