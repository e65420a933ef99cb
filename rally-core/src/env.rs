//! An environment is data: which platforms are under test, and how each is reached.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is under test: a name, and one specification per platform.
///
/// The specification may hold secrets; `Debug` does not show it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Env {
    /// How people call it.
    pub name: String,
    /// The platform's plugin (`existing@openstack`) and its configuration, in order.
    pub platforms: Vec<(String, Value)>,
}

impl Env {
    /// Nothing is under test: enough for scenarios that need no platform.
    pub fn none() -> Self {
        Self { name: "no cloud".into(), platforms: Vec::new() }
    }

    /// An environment with this platform.
    pub fn new(name: impl Into<String>, platform: impl Into<String>, spec: Value) -> Self {
        Self { name: name.into(), platforms: vec![(platform.into(), spec)] }
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let platforms: Vec<&str> = self.platforms.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Env").field("name", &self.name).field("platforms", &platforms).finish()
    }
}
