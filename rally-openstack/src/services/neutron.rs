//! Networks.

use std::borrow::Cow;

use rally_core::{atomic, did_you_mean};
use serde::{Deserialize, Serialize};

use super::{absent_is_fine, all};
use crate::client::{ApiError, CloudError, Endpoint};
use crate::cloud::{Account, Identified};

/// Networks, as one account uses them.
#[derive(Clone, Debug)]
pub struct Neutron {
    account: Account,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Network {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// `ACTIVE`, `DOWN`, …
    #[serde(default)]
    pub status: String,
    /// The project it belongs to.
    #[serde(default)]
    pub project_id: String,
    /// Whether it leads out of the cloud.
    #[serde(default, rename = "router:external")]
    pub external: bool,
    /// The ids of its subnets.
    #[serde(default)]
    pub subnets: Vec<String>,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The project it belongs to.
    #[serde(default)]
    pub project_id: String,
}

impl Identified for Network {
    fn id(&self) -> Cow<'_, str> {
        self.id.as_str().into()
    }
}

impl Identified for SecurityGroup {
    fn id(&self) -> Cow<'_, str> {
        self.id.as_str().into()
    }
}

impl Neutron {
    pub(crate) fn new(account: Account) -> Self {
        Self { account }
    }

    fn api(&self) -> Result<Endpoint, CloudError> {
        self.account.service("network")
    }

    /// All networks that the account sees: `neutron.list_networks`.
    pub async fn list_networks(&self) -> Result<Vec<Network>, CloudError> {
        atomic("neutron.list_networks", async { all(&self.api()?, "/networks", &[], "networks").await }).await
    }

    /// The one network of this name: `neutron.list_networks` with a filter. The error names the near ones.
    pub async fn network_named(&self, name: &str) -> Result<Network, CloudError> {
        let filtered = async { all(&self.api()?, "/networks", &[("name", name)], "networks").await };
        let mut found: Vec<Network> = atomic("neutron.list_networks", filtered).await?;
        match found.len() {
            1 => Ok(found.swap_remove(0)),
            0 => {
                let all = self.list_networks().await?;
                let hint =
                    did_you_mean(name, all.iter().map(|network| network.name.as_str())).unwrap_or_default();
                Err(refused(404, format!("there is no network `{name}` {hint}").trim_end().to_owned()))
            }
            several => {
                Err(refused(409, format!("{several} networks are called `{name}`: give the id of one")))
            }
        }
    }

    /// The group called `default` of a project, which nobody but an administrator may delete.
    ///
    /// Neutron makes it when somebody asks for the groups of a project that has none: it is always there.
    pub(crate) async fn default_group(&self, project: &str) -> Result<Option<SecurityGroup>, CloudError> {
        let query = [("name", "default"), ("project_id", project)];
        let groups: Vec<SecurityGroup> =
            all(&self.api()?, "/security-groups", &query, "security_groups").await?;
        // A server that ignores a filter must not make us delete what is somebody else's.
        Ok(groups.into_iter().find(|group| group.name == "default" && group.project_id == project))
    }

    /// Deletes a security group, outside any action.
    pub(crate) async fn remove_group(&self, id: &str) -> Result<(), CloudError> {
        absent_is_fine(self.api()?.delete("/security-groups/{id}", &[id]).done().await)
    }
}

/// An answer that the cloud would have given had it been asked by name.
fn refused(status: u16, message: String) -> CloudError {
    Box::new(ApiError {
        service: "network".into(),
        method: "GET".into(),
        route: "/networks".into(),
        status,
        code: None,
        message,
        request_id: None,
    })
    .into()
}
