//! What must be there before the first iteration, and what takes it away again.

mod cleanup;
mod users;

use std::collections::BTreeMap;

pub use self::cleanup::{AdminCleanup, UserCleanup};
pub use self::users::{Tenant, TenantUser, UserChoice, UserPool, Users};

/// The networks that a context made, or found, for each project; servers that name none are plugged into them.
#[derive(Clone, Debug, Default)]
pub struct TenantNetworks(BTreeMap<String, Vec<String>>);

impl TenantNetworks {
    /// Adds a network, by its id, to a project's.
    pub fn add(&mut self, project: impl Into<String>, network: impl Into<String>) {
        self.0.entry(project.into()).or_default().push(network.into());
    }

    /// The ids of a project's networks, in the order in which they were added.
    pub fn of(&self, project: &str) -> &[String] {
        self.0.get(project).map(Vec::as_slice).unwrap_or_default()
    }
}
