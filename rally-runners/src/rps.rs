//! The runner `rps`.

use std::time::Duration;

use rally_core::{Load, Meta, Result, Runner, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::task::{JoinSet, coop};
use tokio::time::{Instant, sleep_until};

use crate::slots;
use crate::timetable::Timetable;

/// Start iterations by a timetable, whether or not earlier ones have ended.
///
/// Iteration `n` is due at a time that depends on `n` and the rate alone, so a slow cloud gets as many iterations
/// as a fast one and a late start delays no other. Both the due time and the start are recorded: the report shows
/// the lag between them, and the latency that users who come at this rate would see.
///
/// When `max_concurrency` iterations run, the next one waits for a slot, or is dropped if `when_full` says so.
///
/// Starts are regular unless `arrivals` is `poisson`: then they come as independent users do, at the same rate in the
/// mean, now and then several at once. The times are the same whenever a run is repeated with its seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rps {
    /// How many iterations.
    #[schemars(range(min = 1))]
    pub times: u64,
    /// How many are started per second: a number, or a ramp.
    pub rps: Rate,
    /// How starts are spread in time.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// After how many seconds an iteration is interrupted; 0 is never.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub timeout: f64,
    /// How many may run at a time; as many as there are when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_concurrency: Option<u64>,
    /// What becomes of an iteration that is due while `max_concurrency` others run.
    #[serde(default)]
    pub when_full: WhenFull,
    /// Accepted since older task files have it, and without effect: iterations are no processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_cpu_count: Option<u64>,
}

/// How many iterations are started per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Rate {
    /// The same all the time.
    Steady(#[schemars(extend("exclusiveMinimum" = 0))] f64),
    /// More and more, or less and less.
    Ramp(Ramp),
}

/// A rate that goes up or down in steps, and stays when it has reached its end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ramp {
    /// The rate of the first step, per second.
    #[schemars(range(min = 1))]
    pub start: f64,
    /// The rate of the last step, which stays; below `start` the ramp comes down.
    #[schemars(range(min = 1))]
    pub end: f64,
    /// By how much the rate goes up or down from one step to the next; the last step is as small as it needs to be.
    #[schemars(range(min = 1))]
    pub step: f64,
    /// How many seconds a step takes.
    #[serde(default = "one_second")]
    #[schemars(range(min = 1))]
    pub duration: f64,
}

fn one_second() -> f64 {
    1.0
}

/// How starts are spread in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// At even distances, the first one at once.
    #[default]
    Regular,
    /// At random distances, independent of each other, whose mean is that of the regular ones.
    Poisson,
}

/// What becomes of an iteration that is due while as many run as may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// It starts late, when one of them has ended.
    #[default]
    Queue,
    /// It never starts, and is counted as dropped.
    Drop,
}

impl Default for Rps {
    /// One iteration, at one per second.
    fn default() -> Self {
        Self {
            times: 1,
            rps: Rate::Steady(1.0),
            arrivals: Arrivals::default(),
            timeout: 0.0,
            max_concurrency: None,
            when_full: WhenFull::default(),
            max_cpu_count: None,
        }
    }
}

impl Default for Ramp {
    /// From one per second to one per second.
    fn default() -> Self {
        Self { start: 1.0, end: 1.0, step: 1.0, duration: one_second() }
    }
}

impl Rate {
    /// When starts at this rate are due.
    pub fn timetable(&self) -> Timetable {
        match *self {
            Self::Steady(rate) => Timetable::steady(rate),
            Self::Ramp(Ramp { start, end, step, duration }) => Timetable::ramp(start, end, step, duration),
        }
    }
}

impl Rps {
    /// When each start is due, counted from the beginning of a load with this seed.
    pub fn dues(&self, seed: u64) -> Box<dyn Iterator<Item = Duration> + Send> {
        let timetable = self.rps.timetable();
        match self.arrivals {
            Arrivals::Regular => Box::new((1..).map(move |number| timetable.due(number))),
            Arrivals::Poisson => Box::new(timetable.poisson(seed)),
        }
    }
}

impl Runner for Rps {
    const META: Meta = Meta::new("rps");

    fn planned(&self) -> Option<u64> {
        Some(self.times)
    }

    async fn run(&self, load: &Load) -> Result {
        let timeout = slots::timeout(self.timeout);
        let most = self.max_concurrency.unwrap_or(self.times);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut running = JoinSet::new();
        for (number, due) in (1..=self.times).zip(self.dues(load.seed())) {
            let due = load.epoch() + due;
            if !reached(due, load).await {
                break;
            }
            while let Some(ended) = running.try_join_next() {
                ended?;
            }
            if running.len() >= most {
                if self.when_full == WhenFull::Drop {
                    load.dropped(number, due).await;
                    continue;
                }
                tokio::select! {
                    biased;
                    () = load.stopped() => break,
                    Some(ended) = running.join_next() => ended?,
                }
            }
            running.spawn(load.iterate_at(number, due, timeout));
            // Starts that are all overdue would keep this processor from all other tasks.
            coop::consume_budget().await;
        }
        while let Some(ended) = running.join_next().await {
            ended?;
        }
        Ok(())
    }
}

register!(runner: Rps);

/// Sleeps until then, and says whether the load still wants iterations.
async fn reached(due: Instant, load: &Load) -> bool {
    if due > Instant::now() {
        tokio::select! {
            biased;
            () = load.stopped() => (),
            () = sleep_until(due) => (),
        }
    }
    !load.is_stopped()
}
