//! The runner `constant_for_duration`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rally_core::{Load, Meta, Result, Runner, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::slots;

/// Keep so many iterations running for a given time.
///
/// There are `concurrency` slots; whenever an iteration ends, the next one starts in its slot, until `duration`
/// seconds have passed. Those that run then are waited for. Each slot runs at least one iteration, so a duration
/// of 0 is one iteration per slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConstantForDuration {
    /// For how many seconds iterations are started.
    #[schemars(range(min = 0))]
    pub duration: f64,
    /// How many of them at a time.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub concurrency: u64,
    /// After how many seconds an iteration is interrupted.
    #[serde(default = "ten_minutes")]
    #[schemars(range(min = 1))]
    pub timeout: f64,
}

fn one() -> u64 {
    1
}

fn ten_minutes() -> f64 {
    600.0
}

impl Default for ConstantForDuration {
    fn default() -> Self {
        Self { duration: 0.0, concurrency: one(), timeout: ten_minutes() }
    }
}

impl Runner for ConstantForDuration {
    const META: Meta = Meta::new("constant_for_duration");

    async fn run(&self, load: &Load) -> Result {
        // What no clock can hold is as good as endless.
        let duration = Duration::try_from_secs_f64(self.duration).unwrap_or(Duration::MAX);
        let began = Instant::now();
        let started = Arc::new(AtomicU64::new(0));
        let mut first = true;
        let next = move || {
            let due = std::mem::take(&mut first) || began.elapsed() < duration;
            due.then(|| started.fetch_add(1, Ordering::Relaxed) + 1)
        };
        slots::fill(load, self.concurrency, slots::timeout(self.timeout), next).await
    }
}

register!(runner: ConstantForDuration);
