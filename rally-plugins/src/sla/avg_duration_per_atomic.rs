//! The SLA `max_avg_duration_per_atomic`.

use std::collections::BTreeMap;

use rally_core::{IterationResult, Meta, Sla, Verdict, WorkloadReport, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Hints, Progress, Sample, all, each_action};

/// Bound the mean duration of single actions, in seconds.
///
/// Each key is the name of an action, each value at most so many seconds. Every occurrence in an iteration that
/// passed counts, at any depth: an action inside another one can be named as well. An action that never ran fails
/// the criterion, since a limit for a misspelt name would hold for ever.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaxAvgDurationPerAtomic {
    /// The name of each action and its limit.
    #[schemars(extend("minProperties" = 1))]
    pub limits: BTreeMap<String, f64>,
    #[serde(skip)]
    durations: BTreeMap<String, Sample>,
    #[serde(skip)]
    hints: Hints,
    #[serde(skip)]
    progress: Progress,
}

impl MaxAvgDurationPerAtomic {
    /// The limits of these actions.
    pub fn new<N: Into<String>>(limits: impl IntoIterator<Item = (N, f64)>) -> Self {
        let limits = limits.into_iter().map(|(name, limit)| (name.into(), limit)).collect();
        Self { limits, ..Self::default() }
    }

    /// What the criterion says of one action.
    fn judge(&self, name: &str, limit: f64) -> Verdict {
        let Some(Sample { count, mean, .. }) = self.durations.get(name) else {
            return self.hints.without_sample(name, self.progress);
        };
        let detail = format!("`{name}` took {mean:.3} s in the mean of {count}, allowed: {limit} s");
        Verdict::new(*mean <= limit, detail)
    }
}

impl Sla for MaxAvgDurationPerAtomic {
    const META: Meta = Meta::new("max_avg_duration_per_atomic");

    fn observe(&mut self, result: &IterationResult) {
        self.progress.observed = true;
        if !result.passed() {
            return;
        }
        each_action(&result.actions, &mut |action| {
            if self.limits.contains_key(&*action.name) {
                let duration = action.duration.as_secs_f64();
                match self.durations.get_mut(&*action.name) {
                    Some(durations) => durations.add(duration),
                    None => self.durations.entry(action.name.to_string()).or_default().add(duration),
                }
            }
        });
    }

    fn finish(&mut self, report: &WorkloadReport) {
        self.progress.finished = true;
        let missing = self.limits.keys().filter(|name| !self.durations.contains_key(*name));
        self.hints = Hints::new(missing, report);
    }

    fn verdict(&self) -> Verdict {
        all(&self.limits.iter().map(|(name, limit)| self.judge(name, *limit)).collect::<Vec<_>>())
    }
}

register!(sla: MaxAvgDurationPerAtomic);
