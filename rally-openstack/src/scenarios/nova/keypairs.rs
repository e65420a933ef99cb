//! `NovaKeypair`.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::scenarios::{NOVA, USERS, openstack};
use crate::validators;

/// A scenario of this group.
const fn keypair(name: &'static str) -> Meta {
    openstack(name).contexts(&[USERS, NOVA]).validators(&[&validators::NOVA])
}

/// Create a keypair, and list those of the user.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndListKeypairs {}

impl Scenario for CreateAndListKeypairs {
    const META: Meta = keypair("NovaKeypair.create_and_list_keypairs");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        nova.create_keypair().await?;
        nova.list_keypairs().await?;
        Ok(())
    }
}

/// Create a keypair, and delete it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndDeleteKeypair {}

impl Scenario for CreateAndDeleteKeypair {
    const META: Meta = keypair("NovaKeypair.create_and_delete_keypair");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let keypair = nova.create_keypair().await?;
        Ok(nova.delete_keypair(&keypair).await?)
    }
}

/// Create a keypair, and look at it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndGetKeypair {}

impl Scenario for CreateAndGetKeypair {
    const META: Meta = keypair("NovaKeypair.create_and_get_keypair");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let keypair = nova.create_keypair().await?;
        nova.get_keypair(&keypair.name).await?;
        Ok(())
    }
}

register!(scenario: CreateAndListKeypairs, CreateAndDeleteKeypair, CreateAndGetKeypair);
