//! The SLA `max_avg_duration_per_atomic`.

use std::collections::BTreeMap;

use rally_core::{
    Action, ActionRow, IterationResult, Meta, Sla, Verdict, WorkloadReport, did_you_mean, register,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Progress, Sample};

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
    /// For each action that never ran: what may have been meant.
    #[serde(skip)]
    hints: BTreeMap<String, String>,
    #[serde(skip)]
    progress: Progress,
}

impl MaxAvgDurationPerAtomic {
    /// The limits of these actions.
    pub fn new<N: Into<String>>(limits: impl IntoIterator<Item = (N, f64)>) -> Self {
        let limits = limits.into_iter().map(|(name, limit)| (name.into(), limit)).collect();
        Self { limits, ..Self::default() }
    }

    fn add(&mut self, action: &Action) {
        if self.limits.contains_key(&*action.name) {
            let duration = action.duration.as_secs_f64();
            match self.durations.get_mut(&*action.name) {
                Some(durations) => durations.add(duration),
                None => self.durations.entry(action.name.to_string()).or_default().add(duration),
            }
        }
        action.children.iter().for_each(|child| self.add(child));
    }

    /// What the criterion says of one action.
    fn judge(&self, name: &str, limit: f64) -> Verdict {
        if let Some(Sample { count, mean, .. }) = self.durations.get(name) {
            let detail = format!("`{name}` took {mean:.3} s in the mean of {count}, allowed: {limit} s");
            return Verdict::new(*mean <= limit, detail);
        }
        let mut verdict = self.progress.without_sample(&format!("`{name}` did not run"));
        if let (false, Some(hint)) = (verdict.passed, self.hints.get(name)) {
            verdict.detail = format!("{} ({hint})", verdict.detail);
        }
        verdict
    }
}

impl Sla for MaxAvgDurationPerAtomic {
    const META: Meta = Meta::new("max_avg_duration_per_atomic");

    fn observe(&mut self, result: &IterationResult) {
        self.progress.observed = true;
        if result.passed() {
            result.actions.iter().for_each(|action| self.add(action));
        }
    }

    fn finish(&mut self, report: &WorkloadReport) {
        self.progress.finished = true;
        let mut ran = Vec::new();
        names(&report.actions, &mut ran);
        let missing = self.limits.keys().filter(|name| !self.durations.contains_key(*name));
        let hint = |name: &String| did_you_mean(name, ran.iter().copied()).map(|hint| (name.clone(), hint));
        self.hints = missing.filter_map(hint).collect();
    }

    fn verdict(&self) -> Verdict {
        let verdicts: Vec<Verdict> =
            self.limits.iter().map(|(name, limit)| self.judge(name, *limit)).collect();
        let details: Vec<&str> = verdicts.iter().map(|verdict| verdict.detail.as_str()).collect();
        Verdict::new(verdicts.iter().all(|verdict| verdict.passed), details.join("; "))
    }
}

fn names<'a>(rows: &'a [ActionRow], into: &mut Vec<&'a str>) {
    for row in rows {
        into.push(&row.name);
        names(&row.children, into);
    }
}

register!(sla: MaxAvgDurationPerAtomic);
