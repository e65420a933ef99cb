//! Scenarios that need no cloud.

pub mod dummy;
#[cfg(feature = "http")]
pub mod http;
