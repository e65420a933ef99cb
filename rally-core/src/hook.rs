//! What a hook is told when it fires.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::world::World;

/// What a trigger is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// The number of an iteration that starts, counted from 1.
    Iteration,
    /// Whole seconds since the load began.
    Time,
}

/// Why a hook runs, and the world it runs in.
#[derive(Clone)]
#[non_exhaustive]
pub struct Fired {
    /// Whether `at` counts iterations or seconds.
    pub unit: Unit,
    /// The iteration or the second.
    pub at: u64,
    world: Arc<World>,
}

impl Fired {
    /// A hook that fires at this iteration or second.
    pub fn new(unit: Unit, at: u64, world: Arc<World>) -> Self {
        Self { unit, at, world }
    }

    /// What contexts and platform have prepared.
    pub fn world(&self) -> &World {
        &self.world
    }
}
