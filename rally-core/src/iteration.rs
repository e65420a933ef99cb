//! The handle that a scenario gets for one iteration.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::action::Recorder;
use crate::output::Output;
use crate::world::World;

/// One iteration, as its scenario sees it. A clone is the same iteration.
#[derive(Clone)]
pub struct Iteration {
    number: u64,
    seed: u64,
    world: Arc<World>,
    recorder: Arc<Recorder>,
}

impl Iteration {
    pub(crate) fn new(number: u64, seed: u64, world: Arc<World>, recorder: Arc<Recorder>) -> Self {
        Self { number, seed, world, recorder }
    }

    /// Its number in the workload, counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// A number that is random between iterations and the same for the same iteration of a repeated run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What platform and contexts have prepared.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// A new name for a resource that this iteration creates; cleanup knows it again.
    pub fn name(&self) -> String {
        self.world.names().scenario()
    }

    /// Sleeps; the time that really passed is not part of the iteration's duration.
    pub async fn idle(&self, time: Duration) {
        if time.is_zero() {
            return;
        }
        let before = Instant::now();
        tokio::time::sleep(time).await;
        self.recorder.idle(before.elapsed());
    }

    /// Sleeps for a time between two bounds, drawn evenly, as [`idle`](Self::idle) does.
    pub async fn idle_between(&self, least: Duration, most: Duration) {
        let time = if most > least { rand::Rng::random_range(&mut rand::rng(), least..=most) } else { least };
        self.idle(time).await;
    }

    /// Adds a chart, table or text to the report.
    pub fn output(&self, output: Output) {
        self.recorder.output(output);
    }
}

impl std::fmt::Debug for Iteration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Iteration").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Spreads a run's seed over its iterations (the finaliser of `SplitMix64`).
pub(crate) fn mix_seed(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
