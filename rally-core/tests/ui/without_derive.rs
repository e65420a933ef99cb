//! A scenario whose struct derives nothing.

use rally_core::{Iteration, Meta, Result, Scenario, register};

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
