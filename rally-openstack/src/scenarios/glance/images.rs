//! `GlanceImages`.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::scenarios::openstack;
use crate::validators;

/// List all active images that a user sees.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListImages {}

impl Scenario for ListImages {
    const META: Meta = openstack("GlanceImages.list_images").validators(&[&validators::GLANCE]);

    async fn run(&self, it: &Iteration) -> Result {
        Cloud::of(it)?.glance().list_images().await?;
        Ok(())
    }
}

register!(scenario: ListImages);
