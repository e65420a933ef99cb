//! A plan becomes a report: contexts in order, the load, cleanup in reverse, and one reader of all that happens.

mod client_cost;
mod collector;
mod engine;
mod hooks;
mod stage;
mod stopper;
mod together;
mod workload;

pub use self::engine::{Engine, RunError};
pub use self::stopper::Stopper;
