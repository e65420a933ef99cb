//! The context `dummy_context`.

use rally_core::{Cleaned, Context, Entry, Failure, Meta, Result, Scope, World, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fail in setup or cleanup when told to, and do nothing otherwise.
///
/// Shows what a run makes of a context that breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DummyContext {
    /// Whether the setup fails, so that no iteration starts.
    #[serde(default)]
    pub fail_setup: bool,
    /// Whether the cleanup fails, so that the report has something that was left behind.
    #[serde(default)]
    pub fail_cleanup: bool,
}

impl Context for DummyContext {
    const META: Meta = Meta::new("dummy_context");
    const ORDER: u32 = 750;

    async fn setup(&self, _world: &mut World) -> Result {
        if self.fail_setup { Err(Failure::msg("the setup fails, as `fail_setup` asks for")) } else { Ok(()) }
    }

    async fn cleanup(&self, _world: &World) -> Cleaned {
        let mut cleaned = Cleaned::nothing();
        if self.fail_cleanup {
            cleaned.failed(
                Entry::new("dummy", "nothing", "nothing", Scope::global()),
                "the cleanup fails, as `fail_cleanup` asks for",
            );
        }
        cleaned
    }
}

register!(context: DummyContext);
