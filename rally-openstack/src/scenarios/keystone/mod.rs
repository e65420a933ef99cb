//! Scenarios of identity.

pub mod basic;
