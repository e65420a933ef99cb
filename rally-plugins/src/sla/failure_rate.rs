//! The SLA `failure_rate`.

use rally_core::{IterationResult, Meta, Outcome, Sla, Verdict, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bound the share of iterations that did not pass, in percent.
///
/// An iteration passes when it ends without an error. One that was interrupted, by its timeout or by the end of the
/// run, did not pass; neither did one that was planned and dropped, since its user got no answer. A workload without
/// any iteration fails, whatever the bounds.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("minProperties" = 1))]
pub struct FailureRate {
    /// At least so many percent; 0 when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub min: Option<f64>,
    /// At most so many percent; 100 when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max: Option<f64>,
    #[serde(skip)]
    seen: Seen,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    passed: u64,
    failed: u64,
    timed_out: u64,
    aborted: u64,
    dropped: u64,
}

impl FailureRate {
    /// At most so many percent may fail.
    pub fn at_most(max: f64) -> Self {
        Self { min: None, max: Some(max), seen: Seen::default() }
    }

    /// At least so many percent must fail, and at most so many may.
    pub fn between(min: f64, max: f64) -> Self {
        Self { min: Some(min), max: Some(max), seen: Seen::default() }
    }

    fn allowed(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("from {min} % to {max} %"),
            (Some(min), None) => format!("{min} % or more"),
            (None, Some(max)) => format!("at most {max} %"),
            (None, None) => "any share".into(),
        }
    }
}

impl Sla for FailureRate {
    const META: Meta = Meta::new("failure_rate");

    fn observe(&mut self, result: &IterationResult) {
        let seen = &mut self.seen;
        *match result.outcome {
            Outcome::Passed => &mut seen.passed,
            Outcome::TimedOut => &mut seen.timed_out,
            Outcome::Aborted => &mut seen.aborted,
            Outcome::Dropped => &mut seen.dropped,
            // Whatever else there may be one day did not pass.
            _ => &mut seen.failed,
        } += 1;
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of more than 2^53 iterations needs no exact digits"
    )]
    fn verdict(&self) -> Verdict {
        let Seen { passed, failed, timed_out, aborted, dropped } = self.seen;
        let bad = failed + timed_out + aborted + dropped;
        let all = passed + bad;
        if all == 0 {
            return Verdict::new(false, "there was no iteration, so there is nothing to judge");
        }
        let rate = 100.0 * bad as f64 / all as f64;
        let holds = self.min.unwrap_or(0.0) <= rate && rate <= self.max.unwrap_or(100.0);
        let kinds =
            [(failed, "failed"), (timed_out, "timed out"), (aborted, "aborted"), (dropped, "dropped")];
        let kinds: Vec<String> =
            kinds.iter().filter(|(n, _)| *n > 0).map(|(n, how)| format!("{n} {how}")).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        let allowed = self.allowed();
        Verdict::new(
            holds,
            format!("{bad} of {all} iterations did not pass{kinds}: {rate:.2} %, allowed: {allowed}"),
        )
    }
}

register!(sla: FailureRate);
