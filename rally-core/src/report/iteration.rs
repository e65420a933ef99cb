//! What became of one iteration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::action::{Action, Request};
use crate::failure::Failure;
use crate::output::Output;

/// What became of one iteration. Times are in seconds since the load began, by the monotonic clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IterationResult {
    /// Its number, counted from 1.
    pub number: u64,
    /// Which scenario of a mix it ran, counted from 0.
    #[serde(default)]
    pub scenario: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was due, where the runner has a timetable.
    #[serde(default, with = "crate::seconds::optional")]
    pub due: Option<Duration>,
    /// When it started; for a dropped one, when it was dropped.
    #[serde(with = "crate::seconds")]
    pub started: Duration,
    /// From its start to its end, idle time included.
    #[serde(with = "crate::seconds")]
    pub elapsed: Duration,
    /// The part of `elapsed` in which the scenario slept on purpose.
    #[serde(with = "crate::seconds")]
    pub idle: Duration,
    /// Why it did not pass.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// What it did.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// Requests that it sent outside any action.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
    /// Charts, tables and texts that it added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
}

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Without an error.
    Passed,
    /// With an error of its own, or a panic.
    Failed,
    /// Interrupted by the runner's timeout.
    TimedOut,
    /// Interrupted by the end of the run.
    Aborted,
    /// Planned, and never started.
    Dropped,
}

impl IterationResult {
    /// An iteration that passed, did nothing and took no time: to be filled by tests and engines.
    pub fn new(number: u64, outcome: Outcome) -> Self {
        Self {
            number,
            scenario: 0,
            outcome,
            due: None,
            started: Duration::ZERO,
            elapsed: Duration::ZERO,
            idle: Duration::ZERO,
            failure: None,
            actions: Vec::new(),
            requests: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }

    /// Its duration as Rally counts it: without the idle time.
    pub fn duration(&self) -> Duration {
        self.elapsed.saturating_sub(self.idle)
    }

    /// How long after its due time it started.
    pub fn lag(&self) -> Option<Duration> {
        self.due.map(|due| self.started.saturating_sub(due))
    }
}
