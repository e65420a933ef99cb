//! The runner `serial`.

use rally_core::{Load, Meta, Result, Runner, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::task::coop;

/// Run iterations one after the other.
///
/// The smallest load there is: one user who waits for each answer. A new iteration starts when the one before it
/// has ended, and none of them has a timeout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Serial {
    /// How many iterations.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub times: u64,
}

fn one() -> u64 {
    1
}

impl Default for Serial {
    fn default() -> Self {
        Self { times: 1 }
    }
}

impl Runner for Serial {
    const META: Meta = Meta::new("serial");

    fn planned(&self) -> Option<u64> {
        Some(self.times)
    }

    async fn run(&self, load: &Load) -> Result {
        for number in 1..=self.times {
            if load.is_stopped() {
                break;
            }
            load.iterate(number, None).await;
            // Iterations that never wait would keep this processor from all other tasks.
            coop::consume_budget().await;
        }
        Ok(())
    }
}

register!(runner: Serial);
