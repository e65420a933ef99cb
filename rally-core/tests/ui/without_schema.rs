//! A scenario whose struct has everything but a schema.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Nap {
    seconds: f64,
}

impl Scenario for Nap {
    const META: Meta = Meta::new("Demo.nap");

    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

register!(scenario: Nap);

fn main() {}
