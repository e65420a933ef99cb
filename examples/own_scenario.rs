//! A scenario from nothing: a struct, a trait, one line to register it. A task file could name it as well.
//!
//! ```text
//! cargo run --example own_scenario
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it measured")]

use std::time::Duration;

use rally::runners::Constant;
use rally::{Env, Iteration, Meta, Result, Scenario, Workload, atomic, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Brew a pot of coffee, and wait until it can be drunk.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Coffee {
    /// How many cups, from 1 to 12.
    #[schemars(range(min = 1, max = 12))]
    cups: u32,
}

impl Scenario for Coffee {
    const META: Meta = Meta::new("Kitchen.brew_coffee");

    async fn run(&self, it: &Iteration) -> Result {
        for _ in 0..self.cups {
            atomic("kitchen.fill", work(3)).await?;
        }
        atomic("kitchen.brew", work(20)).await?;
        // Time that the coffee needs to cool says nothing about the kitchen.
        it.idle(Duration::from_millis(10)).await;
        Ok(())
    }
}

register!(scenario: Coffee);

/// What a real scenario would ask of a service.
async fn work(milliseconds: u64) -> Result {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result {
    let report = Workload::new(Coffee { cups: 2 })
        .runner(Constant { times: 20, concurrency: 4, ..Constant::default() })
        .run(&Env::none())
        .await?;
    println!("{report}");
    assert!(report.passed(), "{}", report.why());
    Ok(())
}
