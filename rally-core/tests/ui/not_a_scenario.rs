//! Something that is registered as a scenario and is a context.

use rally_core::{Context, Meta, Result, World, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Users {
    tenants: u32,
}

impl Context for Users {
    const META: Meta = Meta::new("users");
    const ORDER: u32 = 100;

    async fn setup(&self, _world: &mut World) -> Result {
        Ok(())
    }
}

register!(scenario: Users);

fn main() {}
