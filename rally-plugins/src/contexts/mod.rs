//! Contexts that need no cloud.

pub mod dummy;
