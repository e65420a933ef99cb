//! A kind of plugin that does not exist.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nap {}

impl Scenario for Nap {
    const META: Meta = Meta::new("Demo.nap");

    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

register!(senario: Nap);

fn main() {}
