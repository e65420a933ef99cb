//! The table of kinds.

use rally_core::{Cleaner, Entry, Result, Scope, World, register};

use super::{Kind, Reach, owner_of};
use crate::cloud::Account;
use crate::contexts::UserPool;
use crate::services::{keystone, nova};

/// Writes a cleaner per row.
macro_rules! cleaners {
    ($($cleaner:ident = $order:literal $row:expr;)+) => {
        $(
            struct $cleaner;

            impl $cleaner {
                const ROW: Kind = $row;
            }

            impl Cleaner for $cleaner {
                const KIND: &'static str = Self::ROW.name;
                const ORDER: u32 = $order;

                async fn list(scope: &Scope, world: &World) -> Result<Vec<Entry>> {
                    Self::ROW.list(scope, world).await
                }

                async fn delete(entry: &Entry, world: &World) -> Result {
                    Self::ROW.delete(entry, world).await
                }

                async fn is_gone(entry: &Entry, world: &World) -> Result<bool> {
                    Self::ROW.is_gone(entry, world).await
                }
            }
        )+

        register!(cleaner: $($cleaner),+);

        /// Where the resources of one of these kinds live; nothing for a kind of another crate.
        pub(crate) fn reach(kind: &str) -> Option<Reach> {
            [(nova::KEYPAIR, Reach::Project), (keystone::PROJECT, Reach::Cloud), $(($cleaner::ROW.name, $cleaner::ROW.reach)),+]
                .into_iter()
                .find_map(|(known, reach)| (known == kind).then_some(reach))
        }
    };
}

cleaners! {
    Servers = 200 Kind::of_project(nova::SERVER, "compute", "/servers/detail", "servers", "/servers/{id}")
        .filter("project_id").seen_by_admin(("all_tenants", "1")).unlocking();
    ServerGroups = 201
        Kind::of_project("nova.server_group", "compute", "/os-server-groups", "server_groups", "/os-server-groups/{id}")
        .seen_by_admin(("all_projects", "True"));
    Flavors = 204 Kind::of_cloud(nova::FLAVOR, "compute", "/flavors", "flavors", "/flavors/{id}")
        .seen_by_admin(("is_public", "None"));
    Ports = 312 Kind::of_project("neutron.port", "network", "/ports", "ports", "/ports/{id}").filter("project_id");
    SecurityGroups = 316
        Kind::of_project("neutron.security_group", "network", "/security-groups", "security_groups", "/security-groups/{id}")
        .filter("project_id");
    Images = 500 Kind::of_project("glance.image", "image", "/images", "images", "/images/{id}").filter("owner");
    Users = 9000 Kind::of_cloud(keystone::USER, "identity", "/users", "users", "/users/{id}").by_name();
    Roles = 9003 Kind::of_cloud(keystone::ROLE, "identity", "/roles", "roles", "/roles/{id}").by_name();
}

/// A project goes with the security group that neutron made for it, which would stay for ever.
struct Projects;

impl Projects {
    const ROW: Kind =
        Kind::of_cloud(keystone::PROJECT, "identity", "/projects", "projects", "/projects/{id}").by_name();
}

impl Cleaner for Projects {
    const KIND: &'static str = Self::ROW.name;
    const ORDER: u32 = 9001;

    async fn list(scope: &Scope, world: &World) -> Result<Vec<Entry>> {
        Self::ROW.list(scope, world).await
    }

    async fn delete(entry: &Entry, world: &World) -> Result {
        let admin = Account::admin(world)?;
        if admin.session().has_service("network") {
            let neutron = admin.neutron();
            if let Some(group) = neutron.default_group(entry.label()).await? {
                neutron.remove_group(&group.id).await?;
            }
        }
        Self::ROW.delete(entry, world).await
    }

    async fn is_gone(entry: &Entry, world: &World) -> Result<bool> {
        Self::ROW.is_gone(entry, world).await
    }
}

/// Keypairs belong to users: those of a project are the keypairs of all its users.
struct Keypairs;

impl Cleaner for Keypairs {
    const KIND: &'static str = nova::KEYPAIR;
    const ORDER: u32 = 202;

    async fn list(scope: &Scope, world: &World) -> Result<Vec<Entry>> {
        let tenant = world.find::<UserPool>().and_then(|pool| pool.tenant(scope.owner.as_deref()?));
        let mut entries = Vec::new();
        for user in tenant.into_iter().flat_map(|tenant| &tenant.users) {
            let keypairs = user.account.nova().keypairs().await?;
            entries.extend(keypairs.into_iter().map(|keypair| {
                let id = nova::keypair_id(&keypair.name, &keypair.user_id);
                Entry::new(Self::KIND, keypair.name, id, scope.clone())
            }));
        }
        Ok(entries)
    }

    async fn delete(entry: &Entry, world: &World) -> Result {
        Ok(owner_of(entry.label(), world)?.nova().remove_keypair(entry.label()).await?)
    }

    async fn is_gone(entry: &Entry, world: &World) -> Result<bool> {
        Ok(!owner_of(entry.label(), world)?.nova().has_keypair(entry.label()).await?)
    }
}

register!(cleaner: Projects, Keypairs);
