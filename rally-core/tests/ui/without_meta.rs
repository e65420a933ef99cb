//! A scenario that does not say its name.

use rally_core::{Iteration, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nap {
    seconds: f64,
}

impl Scenario for Nap {
    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

register!(scenario: Nap);

fn main() {}
