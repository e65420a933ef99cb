//! Runs one scenario, or a load of closures, without an engine: for the tests of plugins and runners.
//!
//! Nothing here starts a thread, so everything works on tokio's paused clock.

use std::future::Future;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Result;
use crate::erased::AnyScenario;
use crate::event::Event;
use crate::iteration::Iteration;
use crate::journal::Journal;
use crate::load::{Load, LoadBuilder};
use crate::plugin::{Runner, Scenario};
use crate::registry::Registry;
use crate::report::IterationResult;
use crate::world::World;

/// A world with a journal in memory and an empty registry.
pub fn world() -> World {
    World::new(Uuid::new_v4(), Registry::new(), Journal::in_memory())
}

/// Runs one iteration of a scenario in this world.
pub async fn run_once<S: Scenario>(scenario: S, world: World) -> Arc<IterationResult> {
    let load = LoadBuilder::new(AnyScenario::new(scenario), Arc::new(world)).build();
    load.iterate(1, None).await;
    results(&load).swap_remove(0)
}

/// A load whose iterations run this closure, with its tokens: `stop` starts no more, `abort` interrupts.
pub struct TestLoad {
    /// What a runner gets.
    pub load: Load,
    /// Start no more iterations.
    pub stop: CancellationToken,
    /// Interrupt those that run.
    pub abort: CancellationToken,
}

impl TestLoad {
    /// A load of this closure, in an empty world.
    pub fn of<F, Fut>(iteration: F) -> Self
    where
        F: Fn(Iteration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result> + Send + 'static,
    {
        let abort = CancellationToken::new();
        let stop = abort.child_token();
        let load = LoadBuilder::new(AnyScenario::from_fn("Test.closure", iteration), Arc::new(world()))
            .tokens(stop.clone(), abort.clone())
            .build();
        Self { load, stop, abort }
    }

    /// Runs the load to its end and gives what became of the iterations, in the order of their ends.
    pub async fn run(&self, runner: &impl Runner) -> Result<Vec<Arc<IterationResult>>> {
        runner.run(&self.load).await?;
        Ok(results(&self.load))
    }
}

/// What became of the iterations of a load without a reader.
fn results(load: &Load) -> Vec<Arc<IterationResult>> {
    load.recorded()
        .into_iter()
        .filter_map(|event| match event {
            Event::Finished(result) => Some(result),
            _ => None,
        })
        .collect()
}
