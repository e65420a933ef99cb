//! From a task to a report: parses, plans, runs and measures; knows no plugin.

pub mod plan;
pub mod preflight;
mod problems;
pub mod resolve;
mod run;
mod schema;
pub mod stats;
pub mod task;
pub mod template;

pub use crate::run::{Engine, RunError, Stopper};
pub use crate::schema::task_schema;
