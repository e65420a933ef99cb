//! The SLA `throughput`.

use rally_core::{IterationResult, Meta, Sla, Verdict, WorkloadReport, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Progress;

/// Demand that so many iterations per second pass.
///
/// It is judged when the load is over: those that passed, divided by the time from the start of the first iteration to
/// the end of the last one. Iterations that did not pass take time and count for nothing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"min": 0.5}]))]
pub struct Throughput {
    /// At least so many iterations per second.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub min: f64,
    #[serde(skip)]
    seen: Option<Seen>,
    #[serde(skip)]
    progress: Progress,
}

/// What the report says of the load.
#[derive(Clone, Copy, Debug)]
struct Seen {
    passed: u64,
    seconds: f64,
}

impl Throughput {
    /// At least so many iterations per second.
    pub fn at_least(min: f64) -> Self {
        Self { min, seen: None, progress: Progress::default() }
    }
}

impl Sla for Throughput {
    const META: Meta = Meta::new("throughput");

    fn observe(&mut self, _result: &IterationResult) {
        self.progress.observed = true;
    }

    fn finish(&mut self, report: &WorkloadReport) {
        self.progress.finished = true;
        self.seen = Some(Seen { passed: report.counts.passed, seconds: report.load_duration });
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the rate of more than 2^53 iterations needs no exact digits"
    )]
    fn verdict(&self) -> Verdict {
        let (min, seen) = (self.min, self.seen.filter(|seen| seen.passed > 0));
        let Some(Seen { passed, seconds }) = seen else {
            return self.progress.without_sample("no iteration passed");
        };
        // In no time at all, any rate is reached.
        let rate = if seconds > 0.0 { passed as f64 / seconds } else { f64::INFINITY };
        let figures = format!("{passed} iterations passed in {seconds:.3} s: {rate:.3} per second");
        Verdict::new(rate >= min, format!("{figures}, wanted: {min} or more"))
    }
}

register!(sla: Throughput);
