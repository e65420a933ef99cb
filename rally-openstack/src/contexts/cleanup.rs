//! The two contexts that scenarios bring along to take away what their iterations leave.

use rally_core::cleaner::{SweepOptions, sweep};
use rally_core::{Cleaned, Context, Failure, Meta, Result, Scope, World, did_you_mean, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UserPool;
use crate::cleanup::{Reach, reach, settle};

/// Remove what iterations created in the projects of their users.
///
/// A list of services (`nova`) and of kinds (`nova.servers`).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UserCleanup(pub Vec<String>);

/// Remove what iterations created as the administrator, outside any user's project.
///
/// A list of services (`keystone`) and of kinds (`nova.flavors`).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AdminCleanup(pub Vec<String>);

impl Context for UserCleanup {
    const META: Meta = Meta::new("cleanup").platform("openstack").hidden();
    const ORDER: u32 = u32::MAX;

    async fn setup(&self, world: &mut World) -> Result {
        known(&self.0, world)
    }

    async fn cleanup(&self, world: &World) -> Cleaned {
        let Some(pool) = world.find::<UserPool>() else { return Cleaned::nothing() };
        let scopes: Vec<Scope> = pool.tenants().iter().map(|tenant| Scope::owner(&*tenant.id)).collect();
        take_away(&self.0, Reach::Project, &scopes, world).await
    }
}

impl Context for AdminCleanup {
    const META: Meta = Meta::new("admin_cleanup").platform("openstack").hidden();
    const ORDER: u32 = u32::MAX - 1;

    async fn setup(&self, world: &mut World) -> Result {
        known(&self.0, world)
    }

    async fn cleanup(&self, world: &World) -> Cleaned {
        take_away(&self.0, Reach::Cloud, &[Scope::global()], world).await
    }
}

register!(context: UserCleanup, AdminCleanup);

async fn take_away(names: &[String], within: Reach, scopes: &[Scope], world: &World) -> Cleaned {
    // A kind that another crate brings decides by the scope what it lists.
    let wanted =
        |kind: &str| names.iter().any(|name| means(name, kind)) && reach(kind).is_none_or(|r| r == within);
    let open = world.journal().open(world.owner());
    settle(open.iter().filter(|entry| wanted(&entry.kind))).await;
    // What other contexts made is still in use while this one cleans up, which is the first to do so.
    let mut options = SweepOptions::default();
    options.spare_contexts = true;
    sweep(world, scopes, wanted, &options).await
}

/// Whether a name in a task means this kind: `nova`, `nova.server` and Rally's plural `nova.servers` all do.
fn means(name: &str, kind: &str) -> bool {
    let service = kind.split('.').next().unwrap_or(kind);
    name == service || name == kind || name.strip_suffix('s') == Some(kind)
}

/// Refuses a name for which there is no cleaner: what it names would silently stay behind.
fn known(names: &[String], world: &World) -> Result {
    let kinds: Vec<&str> = world.registry().cleaners().iter().map(|cleaner| cleaner.kind).collect();
    match names.iter().find(|name| !kinds.iter().any(|kind| means(name, kind))) {
        None => Ok(()),
        Some(name) => {
            let services = kinds.iter().filter_map(|kind| kind.split('.').next());
            let hint = did_you_mean(name, kinds.iter().copied().chain(services)).unwrap_or_default();
            let message = format!("there is no way to clean up `{name}`; {hint}");
            Err(Failure::new("NoCleaner", message.trim_end_matches("; ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rallys_names_mean_our_kinds() {
        for name in ["nova", "nova.server", "nova.servers"] {
            assert!(means(name, "nova.server"), "{name}");
        }
        for name in ["nov", "nova.server_groups", "nova.keypairs", "neutron"] {
            assert!(!means(name, "nova.server"), "{name}");
        }
    }
}
