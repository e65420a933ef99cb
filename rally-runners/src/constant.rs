//! The runner `constant`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use rally_core::{Load, Meta, Phase, Problem, Result, Runner, Validator, WorkloadSpec, World, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::slots;

/// Keep so many iterations running until a given number of them have started.
///
/// There are `concurrency` slots; whenever an iteration ends, the next one starts in its slot. A slow cloud thus
/// gets fewer iterations per second than a fast one; use `rps` where the rate is what is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Constant {
    /// How many iterations.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub times: u64,
    /// How many of them at a time; not more than `times`.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub concurrency: u64,
    /// After how many seconds an iteration is interrupted; 0 is never.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub timeout: f64,
    /// Accepted since older task files have it, and without effect: iterations are no processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_cpu_count: Option<u64>,
}

fn one() -> u64 {
    1
}

impl Default for Constant {
    fn default() -> Self {
        Self { times: 1, concurrency: 1, timeout: 0.0, max_cpu_count: None }
    }
}

impl Runner for Constant {
    const META: Meta = Meta::new("constant").validators(&[&SlotsNeedIterations]);

    fn planned(&self) -> Option<u64> {
        Some(self.times)
    }

    async fn run(&self, load: &Load) -> Result {
        let times = self.times;
        let started = Arc::new(AtomicU64::new(0));
        let next = move || {
            let number = started.fetch_add(1, Ordering::Relaxed) + 1;
            (number <= times).then_some(number)
        };
        slots::fill(load, self.concurrency.min(times), slots::timeout(self.timeout), next).await
    }
}

register!(runner: Constant);

/// No slot stays empty from the beginning.
struct SlotsNeedIterations;

#[async_trait]
impl Validator for SlotsNeedIterations {
    fn phase(&self) -> Phase {
        Phase::Syntax
    }

    async fn check(&self, workload: &WorkloadSpec, _world: &World) -> Vec<Problem> {
        match Constant::deserialize(&workload.runner.1) {
            Ok(Constant { times, concurrency, .. }) if concurrency > times => {
                let at = format!("{}.concurrency", workload.runner_at);
                let what = format!("{concurrency} is more than the number of iterations, `times`: {times}");
                let hint = format!("give a concurrency from 1 to {times}, or raise `times`");
                vec![Problem::argument(at, what).hint(hint)]
            }
            // What cannot be read is against the schema, which has said so.
            _ => Vec::new(),
        }
    }
}
