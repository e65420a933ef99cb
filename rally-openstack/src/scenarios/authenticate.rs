//! Authenticate.

use rally_core::{Iteration, Meta, Result, Scenario, atomic, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::openstack;
use crate::cloud::Cloud;

/// Log in as a user of the load.
///
/// Every iteration fetches a token of its own; the ones that other scenarios share are left alone.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Keystone {}

impl Scenario for Keystone {
    const META: Meta = openstack("Authenticate.keystone");

    async fn run(&self, it: &Iteration) -> Result {
        let cloud = Cloud::of(it)?;
        let session = cloud.session();
        atomic("authenticate.keystone", session.connection().login(session.credential().clone())).await?;
        Ok(())
    }
}

register!(scenario: Keystone);
