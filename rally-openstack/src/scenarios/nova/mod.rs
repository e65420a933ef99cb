//! Scenarios of compute.

pub mod flavors;
pub mod hypervisors;
pub mod keypairs;
pub mod servers;
