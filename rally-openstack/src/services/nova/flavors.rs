//! Flavors.

use rally_core::{Scope, atomic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Flavor, Nova};
use crate::client::CloudError;
use crate::services::{all, one};

/// The kind under which the journal knows flavors.
pub(crate) const FLAVOR: &str = "nova.flavor";

/// What a new flavor is like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlavorCreate {
    /// Memory, in MiB.
    pub ram: u64,
    /// Processors.
    pub vcpus: u64,
    /// Root disk, in GiB.
    pub disk: u64,
    /// Its id (default: `auto`, which lets nova choose one).
    #[serde(default = "auto")]
    pub flavorid: String,
    /// Second disk, in GiB (default: 0).
    #[serde(default)]
    pub ephemeral: u64,
    /// Swap space, in MiB (default: 0).
    #[serde(default)]
    pub swap: u64,
    /// How the network's speed compares with that of other flavors (default: 1.0).
    #[serde(default = "one_to_one")]
    pub rxtx_factor: f64,
    /// Whether every project may use it (default: yes).
    #[serde(default = "yes")]
    pub is_public: bool,
}

fn auto() -> String {
    "auto".into()
}

fn one_to_one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

impl FlavorCreate {
    /// A public flavor of this size.
    pub fn new(ram: u64, vcpus: u64, disk: u64) -> Self {
        let (flavorid, rxtx_factor, is_public) = (auto(), one_to_one(), yes());
        Self { ram, vcpus, disk, flavorid, ephemeral: 0, swap: 0, rxtx_factor, is_public }
    }
}

impl Nova {
    /// All public flavors, with or without their details: `nova.list_flavors`. `query` are nova's own filters.
    pub async fn list_flavors(
        &self,
        detailed: bool,
        query: &[(&str, &str)],
    ) -> Result<Vec<Flavor>, CloudError> {
        let route = if detailed { "/flavors/detail" } else { "/flavors" };
        atomic("nova.list_flavors", async { all(&self.api()?, route, query, "flavors").await }).await
    }

    /// Creates a flavor: `nova.create_flavor`. For administrators.
    pub async fn create_flavor(&self, create: &FlavorCreate) -> Result<Flavor, CloudError> {
        let work = async {
            let name = self.account.name();
            let mut flavor = json!({
                "name": name, "ram": create.ram, "vcpus": create.vcpus, "disk": create.disk, "swap": create.swap,
                "OS-FLV-EXT-DATA:ephemeral": create.ephemeral, "rxtx_factor": create.rxtx_factor,
                "os-flavor-access:is_public": create.is_public,
            });
            if create.flavorid != "auto" {
                flavor["id"] = create.flavorid.as_str().into();
            }
            let request = one(self.api()?.post("/flavors", &[]).body(&json!({ "flavor": flavor })), "flavor");
            self.account.create_in(&Scope::global(), FLAVOR, &name, request).await
        };
        atomic("nova.create_flavor", work).await
    }

    /// A flavor by its id: `nova.get_flavor`.
    pub async fn get_flavor(&self, id: &str) -> Result<Flavor, CloudError> {
        atomic("nova.get_flavor", async { one(self.api()?.get("/flavors/{id}", &[id]), "flavor").await })
            .await
    }

    /// Deletes a flavor: `nova.delete_flavor`. For administrators.
    pub async fn delete_flavor(&self, flavor: &Flavor) -> Result<(), CloudError> {
        let work = async {
            self.api()?.delete("/flavors/{id}", &[&flavor.id]).done().await?;
            self.account.gone(FLAVOR, &flavor.id);
            Ok(())
        };
        atomic("nova.delete_flavor", work).await
    }
}
