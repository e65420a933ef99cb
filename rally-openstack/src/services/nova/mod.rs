//! Compute.

mod create;
mod flavors;
mod keypairs;
mod servers;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::create::{BlockDevice, DiskConfig, Nic, NicChoice, Nics, ServerCreate};
pub(crate) use self::flavors::FLAVOR;
pub use self::flavors::FlavorCreate;
pub(crate) use self::keypairs::{KEYPAIR, id_of as keypair_id};
pub(crate) use self::servers::SERVER;
use crate::client::{CloudError, Endpoint};
use crate::cloud::{Account, Identified};

/// Compute, as one account uses it.
#[derive(Clone, Debug)]
pub struct Nova {
    account: Account,
    network: Option<String>,
    turn: Option<String>,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Server {
    /// Its id.
    pub id: String,
    /// Its name; empty in the answer to a creation, which names nothing but the id.
    #[serde(default)]
    pub name: String,
    /// `BUILD`, `ACTIVE`, `SHUTOFF`, …; empty where it was not asked for.
    #[serde(default)]
    pub status: String,
    /// The project it belongs to.
    #[serde(default, rename = "tenant_id")]
    pub project_id: String,
    /// By network name: its addresses, as nova describes them.
    #[serde(default)]
    pub addresses: BTreeMap<String, Value>,
    /// The host it runs on, if the account may know.
    #[serde(default, rename = "OS-EXT-SRV-ATTR:host")]
    pub host: Option<String>,
    /// What nova is doing with it.
    #[serde(default, rename = "OS-EXT-STS:task_state")]
    pub task_state: Option<String>,
}

/// A flavor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Flavor {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Memory, in MiB.
    #[serde(default)]
    pub ram: u64,
    /// Root disk, in GiB; 0 takes the size of the image.
    #[serde(default)]
    pub disk: u64,
    /// Processors.
    #[serde(default)]
    pub vcpus: u64,
}

/// A keypair's public half, and the private one of a keypair that nova has just made.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct Keypair {
    /// Its name, unique among its owner's.
    pub name: String,
    /// The public key.
    #[serde(default)]
    pub public_key: String,
    /// The private key, in the answer to the creation only.
    #[serde(default)]
    pub private_key: Option<secrecy::SecretString>,
    /// Its owner.
    #[serde(default)]
    pub user_id: String,
}

/// A hypervisor.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Hypervisor {
    /// Its id: a number before microversion 2.53, a UUID since.
    pub id: Value,
    /// Its name.
    #[serde(default)]
    pub hypervisor_hostname: String,
    /// `up` or `down`.
    #[serde(default)]
    pub state: String,
    /// `enabled` or `disabled`.
    #[serde(default)]
    pub status: String,
}

impl Identified for Server {
    fn id(&self) -> Cow<'_, str> {
        self.id.as_str().into()
    }
}

impl Identified for Flavor {
    fn id(&self) -> Cow<'_, str> {
        self.id.as_str().into()
    }
}

impl Identified for Keypair {
    /// A keypair has no id; its name is unique only together with its owner.
    fn id(&self) -> Cow<'_, str> {
        keypairs::id_of(&self.name, &self.user_id).into()
    }
}

impl std::fmt::Debug for Keypair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keypair")
            .field("name", &self.name)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

impl Nova {
    pub(crate) fn new(account: Account) -> Self {
        Self { account, network: None, turn: None }
    }

    /// With the networks that servers are plugged into when they name none: always the first, or the one whose turn
    /// it is.
    pub(crate) fn on_networks(mut self, first: Option<&str>, turn: Option<&str>) -> Self {
        (self.network, self.turn) = (first.map(str::to_owned), turn.map(str::to_owned));
        self
    }

    fn api(&self) -> Result<Endpoint, CloudError> {
        self.account.service("compute")
    }
}
