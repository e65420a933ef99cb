//! A service that the OpenStack crate does not know, with its cleaner.

use rally::openstack::client::CloudError;
use rally::openstack::cloud::{Account, Cloud};
use rally::{Cleaner, Entry, Iteration, Meta, Result, Scenario, Scope, World, atomic, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Creates a router; the journal knows of it before the cloud does.
async fn create(account: &Account) -> Result<Value, CloudError> {
    let name = account.name();
    let body = json!({"router": {"name": name}});
    let request = account.service("network")?.post("/routers", &[]).body(&body).member("router");
    atomic("routers.create", account.create(Routers::KIND, &name, request)).await
}

/// Finds and deletes routers.
pub struct Routers;

impl Cleaner for Routers {
    const KIND: &'static str = "routers.router";
    const ORDER: u32 = 314;

    async fn list(scope: &Scope, world: &World) -> Result<Vec<Entry>> {
        let api = Account::of_scope(scope, world)?.service("network")?;
        let routers = api.get("/routers", &[]).list("routers").await?;
        let text = |router: &Value, key: &str| router[key].as_str().unwrap_or_default().to_owned();
        Ok(routers
            .iter()
            .map(|r| Entry::new(Self::KIND, text(r, "name"), text(r, "id"), scope.clone()))
            .collect())
    }

    async fn delete(entry: &Entry, world: &World) -> Result {
        let api = Account::of_scope(&entry.scope, world)?.service("network")?;
        match api.delete("/routers/{id}", &[entry.label()]).done().await {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn is_gone(entry: &Entry, world: &World) -> Result<bool> {
        let api = Account::of_scope(&entry.scope, world)?.service("network")?;
        match api.get("/routers/{id}", &[entry.label()]).done().await {
            Ok(()) => Ok(false),
            Err(error) if error.is_not_found() => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

/// Create a router, and leave it to cleanup.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct CreateRouter {}

impl Scenario for CreateRouter {
    const META: Meta = Meta::new("Routers.create")
        .platform("openstack")
        .contexts(&[("users@openstack", "{}"), ("cleanup@openstack", r#"["routers"]"#)]);

    async fn run(&self, it: &Iteration) -> Result {
        create(Cloud::of(it)?.user()).await?;
        Ok(())
    }
}

register!(cleaner: Routers);
register!(scenario: CreateRouter);
