//! The SLA `percentiles`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use rally_core::series::Series;
use rally_core::{IterationResult, Meta, Sla, Verdict, WorkloadReport, register};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Hints, Progress, all, each_action};

/// The iteration as a whole, idle time included, as in the table of response times.
const TOTAL: &str = "total";
/// The iteration without the time that its scenario slept on purpose.
const DURATION: &str = "duration";
/// From the time an iteration was due until its end.
const LATENCY: &str = "latency";

/// Bound percentiles of the durations of iterations or of single actions, in seconds.
///
/// Each key is the name of an action, or `total` for the whole iteration, `duration` for the iteration without its idle
/// time, `latency` for the time from when it was due until its end. Each value names percentiles and limits: with
/// `{p95: 2.5}` at most one in twenty may take longer than 2.5 s. Only iterations that passed count, and of actions
/// every occurrence in them, at any depth. An action that never ran fails the criterion.
///
/// While the load runs, a percentile is judged when there are enough values for it, twenty for `p95`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("examples" = [{"total": {"p50": 1, "p99.9": 5}, "foo": {"p95": 2.5}}]))]
pub struct Percentiles {
    /// For each action its percentiles and their limits.
    #[schemars(extend("minProperties" = 1))]
    pub limits: BTreeMap<String, BTreeMap<Percentile, f64>>,
    #[serde(skip)]
    samples: BTreeMap<String, Sample>,
    #[serde(skip)]
    hints: Hints,
    #[serde(skip)]
    progress: Progress,
}

impl Percentiles {
    /// One limit: of an action or `total`, its percentile (such as 95.0), at most so many seconds.
    pub fn new(action: impl Into<String>, percentile: f64, seconds: f64) -> Self {
        Self::default().and(action, percentile, seconds)
    }

    /// One limit more.
    #[must_use]
    pub fn and(mut self, action: impl Into<String>, percentile: f64, seconds: f64) -> Self {
        self.limits.entry(action.into()).or_default().insert(Percentile(percentile), seconds);
        self
    }

    fn add(&mut self, name: &str, seconds: f64) {
        if let Some(sample) = self.samples.get_mut(name) {
            sample.add(seconds);
        } else if let Some(limits) = self.limits.get(name) {
            let mut sample = Sample::new(limits);
            sample.add(seconds);
            self.samples.insert(name.to_owned(), sample);
        }
    }
}

impl Sla for Percentiles {
    const META: Meta = Meta::new("percentiles");

    fn observe(&mut self, result: &IterationResult) {
        self.progress.observed = true;
        if !result.passed() {
            return;
        }
        self.add(TOTAL, result.elapsed.as_secs_f64());
        self.add(DURATION, result.duration().as_secs_f64());
        if let Some(due) = result.due {
            self.add(LATENCY, (result.started + result.elapsed).saturating_sub(due).as_secs_f64());
        }
        each_action(&result.actions, &mut |action| {
            if ![TOTAL, DURATION, LATENCY].contains(&&*action.name) {
                self.add(&action.name, action.duration.as_secs_f64());
            }
        });
    }

    fn finish(&mut self, report: &WorkloadReport) {
        self.progress.finished = true;
        let missing = self.limits.keys().filter(|name| !self.samples.contains_key(*name));
        self.hints = Hints::new(missing, report);
    }

    fn verdict(&self) -> Verdict {
        let judge = |(name, _): (&String, _)| match (self.samples.get(name), name.as_str()) {
            (Some(sample), _) => sample.judge(name, self.progress),
            (None, TOTAL | DURATION) => self.progress.without_sample("no iteration passed"),
            (None, LATENCY) => self.progress.without_sample("no iteration that had a due time passed"),
            (None, _) => self.hints.without_sample(name, self.progress),
        };
        all(&self.limits.iter().map(judge).collect::<Vec<_>>())
    }
}

register!(sla: Percentiles);

/// A percentile, from 0 to 100. A task file writes `p95` or `p99.9`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percentile(pub f64);

impl Percentile {
    fn share(self) -> f64 {
        self.0 / 100.0
    }
}

impl TryFrom<String> for Percentile {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.strip_prefix('p').filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
        let number = number.and_then(|digits| digits.parse().ok()).filter(|p| (0.0..=100.0).contains(p));
        number.map(Self).ok_or_else(|| format!("`{text}` is no percentile: write p50, p95 or p99.9"))
    }
}

impl From<Percentile> for String {
    fn from(percentile: Percentile) -> Self {
        percentile.to_string()
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl PartialEq for Percentile {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Percentile {}

impl PartialOrd for Percentile {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Percentile {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl JsonSchema for Percentile {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percentile".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // No pattern: what is wrong with a key is said better when it is read.
        json_schema!({"type": "string"})
    }
}

/// The durations of one action, and how they stand to each of its limits.
#[derive(Clone, Debug)]
struct Sample {
    durations: Series,
    limits: Vec<Limit>,
}

/// One limit and what is needed to tell at any time, exactly and at once, whether it holds.
///
/// A percentile lies between two neighbours of the sorted sample. When both are on one side of the limit, that decides;
/// otherwise they are the nearest values on either side of it.
#[derive(Clone, Copy, Debug)]
struct Limit {
    percentile: Percentile,
    seconds: f64,
    within: u64,
    nearest_within: f64,
    nearest_above: f64,
}

impl Sample {
    fn new(limits: &BTreeMap<Percentile, f64>) -> Self {
        let limit = |(percentile, seconds): (&Percentile, &f64)| Limit {
            percentile: *percentile,
            seconds: *seconds,
            within: 0,
            nearest_within: f64::NEG_INFINITY,
            nearest_above: f64::INFINITY,
        };
        Self { durations: Series::default(), limits: limits.iter().map(limit).collect() }
    }

    fn add(&mut self, seconds: f64) {
        self.durations.push(std::time::Duration::from_secs_f64(seconds));
        for limit in &mut self.limits {
            if seconds <= limit.seconds {
                limit.within += 1;
                limit.nearest_within = limit.nearest_within.max(seconds);
            } else {
                limit.nearest_above = limit.nearest_above.min(seconds);
            }
        }
    }

    fn judge(&self, name: &str, progress: Progress) -> Verdict {
        let count = self.durations.count();
        let judge = |limit: &Limit| {
            let Limit { percentile, seconds, .. } = *limit;
            if !progress.finished && (limit.holds(count) || !percentile.is_told_by(count)) {
                return Verdict::new(true, format!("`{name}` {percentile} is within {seconds} s so far"));
            }
            let holds = limit.holds(count);
            // Of very many values the figure comes from a histogram, the verdict never.
            let figure = self.durations.percentile(percentile.share()).unwrap_or(f64::NAN);
            let figure = if holds { figure.min(seconds) } else { figure.max(seconds) };
            let detail = format!("`{name}` {percentile}: {figure:.3} s of {count}, allowed: {seconds} s");
            Verdict::new(holds, detail)
        };
        all(&self.limits.iter().map(judge).collect::<Vec<_>>())
    }
}

impl Percentile {
    /// Whether the percentile of so many values is more than the largest of them.
    #[expect(clippy::cast_precision_loss, reason = "of more than 2^53 values every percentile is told")]
    fn is_told_by(self, count: u64) -> bool {
        let above = count as f64 * (1.0 - self.share());
        // A hair less, since 20 * (1 - 0.95) is.
        self.0 >= 100.0 || above >= 1.0 - 1e-9
    }
}

impl Limit {
    /// Whether the percentile of so many values is within the limit.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places in a sample of up to 2^53 values"
    )]
    fn holds(&self, count: u64) -> bool {
        let place = count.saturating_sub(1) as f64 * self.percentile.share().clamp(0.0, 1.0);
        let (below, above) = (place.floor() as u64, place.ceil() as u64);
        if above < self.within || below >= self.within {
            return above < self.within;
        }
        let between = self.nearest_within + (self.nearest_above - self.nearest_within) * place.fract();
        between <= self.seconds
    }
}
