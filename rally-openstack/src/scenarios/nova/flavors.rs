//! `NovaFlavors`.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::scenarios::{ADMIN_NOVA, USERS, openstack, yes};
use crate::services::nova::FlavorCreate;
use crate::validators;

/// List flavors.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListFlavors {
    /// Whether the list shows everything about each flavor (default: yes).
    #[serde(default = "yes")]
    pub detailed: bool,
    /// For administrators: only public flavors, or only private ones (default: public).
    #[serde(default = "yes")]
    pub is_public: bool,
    /// The id of the flavor behind which the list begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Only flavors with at least this disk, in GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_disk: Option<u64>,
    /// Only flavors with at least this memory, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_ram: Option<u64>,
    /// How many flavors a page holds (default: what nova thinks best).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// By what the list is ordered (default: `flavorid`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<String>,
    /// In which direction it is ordered: `asc` or `desc` (default: `asc`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_dir: Option<String>,
}

impl Default for ListFlavors {
    fn default() -> Self {
        let (marker, min_disk, min_ram, limit, sort_key, sort_dir) = Default::default();
        Self { detailed: true, is_public: true, marker, min_disk, min_ram, limit, sort_key, sort_dir }
    }
}

impl Scenario for ListFlavors {
    const META: Meta = openstack("NovaFlavors.list_flavors").validators(&[&validators::NOVA]);

    async fn run(&self, it: &Iteration) -> Result {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let query = [
            ("is_public", (!self.is_public).then(|| "False".to_owned())),
            ("marker", self.marker.clone()),
            ("minDisk", number(self.min_disk)),
            ("minRam", number(self.min_ram)),
            ("limit", number(self.limit)),
            ("sort_key", self.sort_key.clone()),
            ("sort_dir", self.sort_dir.clone()),
        ];
        let query: Vec<(&str, &str)> =
            query.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        Cloud::of(it)?.nova().list_flavors(self.detailed, &query).await?;
        Ok(())
    }
}

/// Create a flavor, and delete it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndDeleteFlavor {
    /// What the flavor is like.
    #[serde(flatten)]
    pub flavor: FlavorCreate,
}

impl Scenario for CreateAndDeleteFlavor {
    const META: Meta = openstack("NovaFlavors.create_and_delete_flavor")
        .contexts(&[USERS, ADMIN_NOVA])
        .validators(&[&validators::ADMIN, &validators::NOVA]);

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.admin()?.nova();
        let flavor = nova.create_flavor(&self.flavor).await?;
        Ok(nova.delete_flavor(&flavor).await?)
    }
}

register!(scenario: ListFlavors, CreateAndDeleteFlavor);
