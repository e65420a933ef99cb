//! One idea for all plugins: a struct is its configuration, its doc comment its help, one trait impl its behaviour.

use std::future::Future;
use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::cleaner::{Cleaned, Entry, Scope};
use crate::event::{Event, Stop};
use crate::hook::{Fired, Unit};
use crate::iteration::Iteration;
use crate::load::Load;
use crate::meta::Meta;
use crate::output::Output;
use crate::registry::schema_of;
use crate::report::{Artifacts, IterationResult, Report, Verdict, WorkloadReport};
use crate::world::World;
use crate::{Failure, Result};

/// What every plugin's struct derives.
///
/// `Serialize` is asked for so that a typed value in code and a task file give the same plan. Implemented for every
/// type that derives `Serialize`, `Deserialize` and `JsonSchema`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the configuration of a plugin",
    note = "derive `serde::Serialize`, `serde::Deserialize` and `schemars::JsonSchema` for `{Self}`"
)]
pub trait Plugin: Send + Sync + Sized + 'static {
    /// The JSON Schema of the configuration, as derived.
    #[doc(hidden)]
    fn __schema() -> Value;
    /// The plugin with this configuration.
    #[doc(hidden)]
    fn __parse(config: Value) -> serde_json::Result<Self>;
    /// The configuration as JSON.
    #[doc(hidden)]
    fn __config(&self) -> serde_json::Result<Value>;
}

// The derives are asked for here and not as supertraits: a struct that lacks one gets the sentence above instead of
// three lists of every type that has them.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static> Plugin for T {
    fn __schema() -> Value {
        schema_of::<T>()
    }
    fn __parse(config: Value) -> serde_json::Result<Self> {
        serde_json::from_value(config)
    }
    fn __config(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

/// What one iteration does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a scenario",
    note = "implement `rally_core::Scenario`"
)]
pub trait Scenario: Plugin {
    /// Its name, contexts and checks.
    const META: Meta;

    /// Does it once. An error makes the iteration a failed one.
    fn run(&self, it: &Iteration) -> impl Future<Output = Result> + Send;
}

/// What must exist before the first iteration.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a context",
    note = "implement `rally_core::Context`"
)]
pub trait Context: Plugin {
    /// Its name and checks.
    const META: Meta;

    /// Lower is set up earlier and cleaned up later.
    const ORDER: u32;

    /// Prepares; only here may the world be written to. What is created is journaled before it is.
    fn setup(&self, world: &mut World) -> impl Future<Output = Result> + Send;

    /// Takes back what `setup` did; called as well when `setup` failed half-way. Says what was found, deleted,
    /// failed and skipped, since a failure to clean up never stops the cleaning.
    fn cleanup(&self, world: &World) -> impl Future<Output = Cleaned> + Send {
        let _ = world;
        async { Cleaned::nothing() }
    }
}

/// When iterations start, and how many at a time.
///
/// It sees the [`Load`] alone: neither the scenario nor its results, so pacing is tested on a paused clock.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a runner", note = "implement `rally_core::Runner`")]
pub trait Runner: Plugin {
    /// Its name and checks.
    const META: Meta;

    /// How many iterations it will start, where that can be told before.
    fn planned(&self) -> Option<u64> {
        None
    }

    /// Starts iterations until it is done or [`Load::is_stopped`], then waits for those that run.
    fn run(&self, load: &Load) -> impl Future<Output = Result> + Send;
}

/// Whether the results are good enough. What it counts lives in `#[serde(skip)]` fields.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an SLA", note = "implement `rally_core::Sla`")]
pub trait Sla: Plugin {
    /// Its name.
    const META: Meta;

    /// Sees every iteration that ended, in the order of their ends.
    fn observe(&mut self, result: &IterationResult);

    /// Sees the report, after cleanup: for verdicts on what no single iteration shows.
    fn finish(&mut self, report: &WorkloadReport) {
        let _ = report;
    }

    /// The verdict as it stands.
    fn verdict(&self) -> Verdict;
}

/// When a hook runs: a pure question about an iteration's number or a second of the load.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a trigger",
    note = "implement `rally_core::Trigger`"
)]
pub trait Trigger: Plugin {
    /// Its name.
    const META: Meta;

    /// What it is asked about.
    fn unit(&self) -> Unit;

    /// Whether the hook runs at this iteration or second.
    fn fires(&self, at: u64) -> bool;
}

/// What happens to the cloud in the middle of the load.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a hook", note = "implement `rally_core::Hook`")]
pub trait Hook: Plugin {
    /// Its name.
    const META: Meta;

    /// Does it; what it returns is shown in the report.
    fn run(&self, fired: Fired) -> impl Future<Output = Result<Vec<Output>>> + Send;
}

/// What is under test. Its configuration is one entry of an environment's specification.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a platform",
    note = "implement `rally_core::Platform`"
)]
pub trait Platform: Plugin {
    /// Its name, such as `existing@openstack`.
    const META: Meta;

    /// The contexts of a workload that is a closure and names none: full name and configuration as JSON text.
    const CONTEXTS: &'static [(&'static str, &'static str)] = &[];

    /// Logs in and seeds the world; says by [`World::fact`] what is measured. An error means that the environment
    /// is not ready, never that the task is wrong.
    fn connect(&self, world: &mut World) -> impl Future<Output = Result> + Send;
}

/// How an argument such as `image: {name: cirros}` becomes a value: once, before the load.
pub trait ResourceType: Send + Sync + 'static {
    /// The name of the type: `glance_image`.
    const NAME: &'static str;
    /// What a task file writes.
    type Spec: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static;
    /// What a scenario gets.
    type Value: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// Finds it. An error names the nearest things that exist.
    fn resolve(spec: Self::Spec, world: &World) -> impl Future<Output = Result<Self::Value>> + Send;
}

/// How one kind of resource is found, deleted and seen to be gone.
///
/// The journal's entries carry the kind's name, so cleanup after a crash needs no scenario and no context.
pub trait Cleaner: Send + Sync + 'static {
    /// The kind: `nova.server`. The part before the dot is the group by which contexts ask for it.
    const KIND: &'static str;
    /// Lower is deleted earlier.
    const ORDER: u32;

    /// What there is of this kind in the scope; whether it is ours is decided by the caller.
    fn list(scope: &Scope, world: &World) -> impl Future<Output = Result<Vec<Entry>>> + Send;

    /// Asks for its deletion. That it is gone already is no error.
    fn delete(entry: &Entry, world: &World) -> impl Future<Output = Result> + Send;

    /// Whether it is really absent now.
    fn is_gone(entry: &Entry, world: &World) -> impl Future<Output = Result<bool>> + Send;
}

/// A live reader of the event stream. Runs on a thread of its own, so it may compute but should not block for long.
pub trait Reporter: Send {
    /// Sees what just happened; may ask for a stop.
    fn event(&mut self, event: &Event) -> ControlFlow<Stop>;

    /// Writes its own part of the report, after cleanup.
    fn finish(self: Box<Self>, report: &mut WorkloadReport) {
        let _ = report;
    }
}

/// A finished report as files or text; the caller writes them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an exporter",
    note = "implement `rally_core::Exporter`"
)]
pub trait Exporter: Plugin {
    /// Its name.
    const META: Meta;

    /// Turns reports into files.
    fn export(&self, reports: &[Report]) -> impl Future<Output = Result<Artifacts, Failure>> + Send;
}
