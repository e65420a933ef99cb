//! When hooks run.
//!
//! | trigger | a hook runs |
//! | --- | --- |
//! | [`Event`] | at some iterations or seconds |
//! | [`Periodic`] | at every so many iterations or seconds |
//!
//! Iterations are counted from 1 and meant when they start, in the order of their starts. Seconds are counted from 0,
//! when the load begins. When the load is over, nothing runs a hook any more.

use std::collections::BTreeSet;

use rally_core::{Meta, Trigger, Unit, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Run a hook at certain iterations or seconds of the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "examples" = [{"unit": "iteration", "at": [2, 4]}],
    "if" = {"properties": {"unit": {"const": "iteration"}}},
    "then" = {"properties": {"at": {"items": {"minimum": 1}}}},
))]
pub struct Event {
    /// What is counted.
    pub unit: Unit,
    /// The iterations, counted from 1, or the seconds, counted from 0; each only once.
    #[schemars(length(min = 1))]
    pub at: BTreeSet<u64>,
}

/// Run a hook at every so many iterations or seconds of the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "examples" = [{"unit": "iteration", "step": 2}],
    "if" = {"properties": {"unit": {"const": "iteration"}}},
    "then" = {"properties": {"start": {"minimum": 1}}},
))]
pub struct Periodic {
    /// What is counted.
    pub unit: Unit,
    /// How many there are from one run to the next.
    #[schemars(range(min = 1))]
    pub step: u64,
    /// The first run; 1 for iterations and 0 for seconds when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// After this one there is no run; it goes on to the end of the load when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub end: Option<u64>,
}

impl Event {
    /// At the start of these iterations, counted from 1.
    pub fn iterations(at: impl IntoIterator<Item = u64>) -> Self {
        Self { unit: Unit::Iteration, at: at.into_iter().collect() }
    }

    /// So many seconds after the load has begun.
    pub fn seconds(at: impl IntoIterator<Item = u64>) -> Self {
        Self { unit: Unit::Time, at: at.into_iter().collect() }
    }
}

impl Periodic {
    /// At the start of every so-manieth iteration, beginning with the first one.
    pub fn iterations(step: u64) -> Self {
        Self { unit: Unit::Iteration, step, start: None, end: None }
    }

    /// Every so many seconds, beginning with the load.
    pub fn seconds(step: u64) -> Self {
        Self { unit: Unit::Time, step, start: None, end: None }
    }
}

impl Trigger for Event {
    const META: Meta = Meta::new("event");

    fn unit(&self) -> Unit {
        self.unit
    }

    fn fires(&self, at: u64) -> bool {
        self.at.contains(&at)
    }
}

impl Trigger for Periodic {
    const META: Meta = Meta::new("periodic");

    fn unit(&self) -> Unit {
        self.unit
    }

    fn fires(&self, at: u64) -> bool {
        let start = self.start.unwrap_or(u64::from(self.unit == Unit::Iteration));
        let since = at.checked_sub(start).filter(|_| self.end.is_none_or(|end| at <= end));
        since.is_some_and(|since| since.checked_rem(self.step) == Some(0))
    }
}

register!(trigger: Event, Periodic);
