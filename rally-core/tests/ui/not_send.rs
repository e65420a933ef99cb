//! A scenario that keeps something across an await that cannot go to another thread.

use std::rc::Rc;

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nap {
    seconds: u64,
}

impl Scenario for Nap {
    const META: Meta = Meta::new("Demo.nap");

    async fn run(&self, _it: &Iteration) -> Result {
        let seconds = Rc::new(self.seconds);
        std::future::ready(()).await;
        if *seconds == 0 { Err(rally_core::Failure::msg("no time to sleep")) } else { Ok(()) }
    }
}

register!(scenario: Nap);

fn main() {}
