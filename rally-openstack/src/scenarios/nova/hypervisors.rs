//! `NovaHypervisors`.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::scenarios::{openstack, yes};
use crate::validators;

/// List all hypervisors.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListHypervisors {
    /// Whether the list shows everything about each hypervisor (default: yes).
    #[serde(default = "yes")]
    pub detailed: bool,
}

impl Default for ListHypervisors {
    fn default() -> Self {
        Self { detailed: true }
    }
}

impl Scenario for ListHypervisors {
    const META: Meta =
        openstack("NovaHypervisors.list_hypervisors").validators(&[&validators::ADMIN, &validators::NOVA]);

    async fn run(&self, it: &Iteration) -> Result {
        Cloud::of(it)?.admin()?.nova().list_hypervisors(self.detailed).await?;
        Ok(())
    }
}

register!(scenario: ListHypervisors);
