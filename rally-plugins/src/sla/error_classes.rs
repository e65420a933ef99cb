//! The SLA `error_classes`.

use std::collections::BTreeMap;
use std::fmt;

use rally_core::{IterationResult, Meta, Outcome, Sla, Verdict, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The key of all kinds that have no limit of their own.
const OTHER: &str = "other";

/// How many kinds without a limit of their own are told apart; more than a person reads.
const MOST_KINDS: usize = 100;

/// Bound the number or the share of iterations that did not pass, for each kind of failure apart.
///
/// Each key is a kind of failure as the report shows it, such as `ApiError`; `Timeout` is an iteration that its
/// timeout interrupted, `Aborted` one that the end of the run did, `Dropped` one that never started. Each value is how
/// many iterations may fail so, or a mapping of `max` and `max_percent`. Kinds that are not named count together under
/// `other`, of which none is allowed unless that is named as well: a misspelt kind allows nothing. The default
/// criterion `failure_rate` goes on to hold beside this one unless the task says otherwise.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("examples" = [{"Timeout": 0, "ApiError": {"max": 2}, "other": {"max_percent": 1}}]))]
pub struct ErrorClasses {
    /// The kinds of failure and their limits.
    #[schemars(extend("minProperties" = 1))]
    pub limits: BTreeMap<String, ErrorLimit>,
    #[serde(skip)]
    seen: Seen,
}

/// How many iterations may fail in one way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ErrorLimit {
    /// At most so many.
    Count(u64),
    /// At most so many, or such a share, or both.
    AtMost(AtMost),
}

/// Two bounds; both have to hold where both are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("minProperties" = 1))]
pub struct AtMost {
    /// At most so many iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// At most so many percent of all iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_percent: Option<f64>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    all: u64,
    kinds: BTreeMap<String, u64>,
    /// Of more kinds than are told apart.
    more: u64,
}

impl ErrorClasses {
    /// These limits, of kinds and perhaps of `other`.
    pub fn new<N: Into<String>, L: Into<ErrorLimit>>(limits: impl IntoIterator<Item = (N, L)>) -> Self {
        let limits = limits.into_iter().map(|(kind, limit)| (kind.into(), limit.into())).collect();
        Self { limits, seen: Seen::default() }
    }

    fn is_named(&self, kind: &str) -> bool {
        kind != OTHER && self.limits.contains_key(kind)
    }

    fn judge(&self, name: &str, limit: ErrorLimit, seen: u64, of_which: &str) -> (bool, String) {
        let all = self.seen.all;
        (limit.allows(seen, all), format!("{name}: {seen} of {all}{of_which}, allowed: {limit}"))
    }
}

impl Sla for ErrorClasses {
    const META: Meta = Meta::new("error_classes");

    fn observe(&mut self, result: &IterationResult) {
        self.seen.all += 1;
        if result.passed() {
            return;
        }
        let kind = match (&result.failure, result.outcome) {
            (Some(failure), _) => failure.kind.as_str(),
            (None, Outcome::Dropped) => "Dropped",
            (None, _) => "Failure",
        };
        let named = self.is_named(kind);
        if let Some(count) = self.seen.kinds.get_mut(kind) {
            *count += 1;
        } else if named || self.seen.kinds.len() < MOST_KINDS + self.limits.len() {
            self.seen.kinds.insert(kind.to_owned(), 1);
        } else {
            self.seen.more += 1;
        }
    }

    fn verdict(&self) -> Verdict {
        if self.seen.all == 0 {
            return Verdict::new(false, "there was no iteration, so there is nothing to judge");
        }
        let named = self.limits.iter().filter(|(kind, _)| self.is_named(kind)).map(|(kind, limit)| {
            self.judge(kind, *limit, self.seen.kinds.get(kind).copied().unwrap_or(0), "")
        });
        let others: Vec<_> = self.seen.kinds.iter().filter(|(kind, _)| !self.is_named(kind)).collect();
        let count = others.iter().map(|(_, count)| **count).sum::<u64>() + self.seen.more;
        let kinds: Vec<String> = others.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        let limit = self.limits.get(OTHER).copied().unwrap_or(ErrorLimit::Count(0));
        let judged: Vec<(bool, String)> = named.chain([self.judge(OTHER, limit, count, &kinds)]).collect();
        let details: Vec<&str> = judged.iter().map(|(_, detail)| detail.as_str()).collect();
        let text = format!("iterations that failed with {}", details.join("; "));
        Verdict::new(judged.iter().all(|(holds, _)| *holds), text)
    }
}

impl ErrorLimit {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of more than 2^53 iterations needs no exact digits"
    )]
    fn allows(self, seen: u64, all: u64) -> bool {
        let AtMost { max, max_percent } = self.into();
        max.is_none_or(|max| seen <= max)
            && max_percent.is_none_or(|percent| 100.0 * seen as f64 <= percent * all as f64)
    }
}

impl From<u64> for ErrorLimit {
    fn from(max: u64) -> Self {
        Self::Count(max)
    }
}

impl From<ErrorLimit> for AtMost {
    fn from(limit: ErrorLimit) -> Self {
        match limit {
            ErrorLimit::Count(max) => Self { max: Some(max), max_percent: None },
            ErrorLimit::AtMost(bounds) => bounds,
        }
    }
}

impl fmt::Display for ErrorLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (*self).into() {
            AtMost { max: Some(max), max_percent: Some(percent) } => write!(f, "{max} and {percent} %"),
            AtMost { max: Some(max), max_percent: None } => write!(f, "{max}"),
            AtMost { max: None, max_percent: Some(percent) } => write!(f, "{percent} %"),
            AtMost { max: None, max_percent: None } => f.write_str("any number"),
        }
    }
}

register!(sla: ErrorClasses);
