//! The vocabulary of Rally: the traits that plugins implement and the data that flows between them.
//!
//! **A plugin is a struct**: its fields are its configuration, its doc comment is its help, one trait impl is its
//! behaviour, and [`register!`] makes it findable. The traits are [`Scenario`], [`Context`], [`Runner`], [`Sla`],
//! [`Trigger`], [`Hook`], [`ResourceType`], [`Platform`], [`Cleaner`] and [`Exporter`].
//!
//! **A scenario gets an [`Iteration`]**, names its steps by [`atomic`], and reads what contexts have put into the
//! [`World`]. **A runner gets a [`Load`]** and says when iterations start. What happened is a stream of [`Event`]s;
//! what it amounts to is a [`Report`].
//!
//! **What is created is journaled before it is** ([`Journal`]), and [`cleaner::sweep`] takes it away again.
//!
//! This crate runs nothing by itself, prints nothing, and knows no cloud: `rally-engine` turns a task into a report,
//! and plugin crates need this one alone.
//!
//! ```
//! use std::time::Duration;
//!
//! use rally_core::{Iteration, Meta, Result, Scenario, atomic, register};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// Sleep for a while.
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Nap {
//!     /// How long, in seconds.
//!     seconds: f64,
//! }
//!
//! impl Scenario for Nap {
//!     const META: Meta = Meta::new("Demo.nap");
//!
//!     async fn run(&self, _it: &Iteration) -> Result {
//!         let nap = tokio::time::sleep(Duration::from_secs_f64(self.seconds));
//!         atomic("demo.nap", async { Ok(nap.await) }).await
//!     }
//! }
//!
//! register!(scenario: Nap);
//! ```

pub mod action;
pub mod cleaner;
mod env;
pub mod erased;
mod event;
mod failure;
mod hook;
mod iteration;
pub mod journal;
mod load;
mod meta;
mod names;
mod nearest;
mod output;
mod plugin;
pub mod registry;
pub mod report;
pub mod resource;
pub mod seconds;
pub mod series;
#[cfg(feature = "testing")]
pub mod testing;
mod validator;
mod world;

pub use crate::action::{Action, Purpose, Request, atomic};
pub use crate::cleaner::{Cleaned, Entry, Scope};
pub use crate::env::Env;
pub use crate::event::{Event, Stage, Stop};
pub use crate::failure::{Failure, Result};
pub use crate::hook::{Fired, Unit};
pub use crate::iteration::Iteration;
pub use crate::journal::Journal;
pub use crate::load::{Load, LoadBuilder};
pub use crate::meta::Meta;
pub use crate::names::Names;
pub use crate::nearest::{did_you_mean, nearest};
pub use crate::output::{Chart, Output, OutputError, OutputKind};
pub use crate::plugin::{
    Cleaner, Context, Exporter, Hook, Platform, Plugin, Reporter, ResourceType, Runner, Scenario, Sla,
    Trigger,
};
pub use crate::registry::{DuplicatePlugin, Kind, PluginNotFound, Registration, Registry};
pub use crate::report::{
    ActionRow, Artifacts, IterationResult, Outcome, Report, SlaResult, Summary, Verdict, WorkloadReport,
};
pub use crate::resource::{ByName, Resource};
pub use crate::validator::{MissingPlugin, Phase, Problem, ProblemKind, Validator, WorkloadSpec};
pub use crate::world::{World, WorldError};

/// What [`register!`] expands to; not for direct use.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
}
