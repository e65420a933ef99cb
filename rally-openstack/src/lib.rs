//! OpenStack for Rally: a thin client, contexts, services and scenarios.

mod cleanup;
pub mod client;
pub mod cloud;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contexts;
pub mod env;
pub mod platform;
pub mod resources;
pub mod scenarios;
pub mod services;
pub mod validators;

pub use crate::cloud::Cloud;
pub use crate::resources::{Flavor, Image};
