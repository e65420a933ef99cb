//! A service, a cleaner and a scenario of another crate use nothing but what is public here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod scenarios_support;

use rally_core::{Cleaner, Entry, Iteration, Meta, Result, Scenario, Scope, World, atomic, register};
use rally_openstack::client::CloudError;
use rally_openstack::cloud::{Account, Cloud};
use rally_openstack::config::CloudConfig;
use rally_sim::{Sim, SimOptions};
use scenarios_support::{names, run};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Routers, which this crate does not know.
struct Routers<'a>(&'a Account);

impl Routers<'_> {
    async fn create(&self) -> Result<Value, CloudError> {
        let name = self.0.name();
        let body = json!({"router": {"name": name}});
        let request = self.0.service("network")?.post("/routers", &[]).body(&body).member("router");
        atomic("routers.create", self.0.create("routers.router", &name, request)).await
    }
}

impl Cleaner for Routers<'static> {
    const KIND: &'static str = "routers.router";
    const ORDER: u32 = 314;

    async fn list(scope: &Scope, world: &World) -> Result<Vec<Entry>> {
        let api = Account::of_scope(scope, world)?.service("network")?;
        let routers = api.get("/routers", &[]).list("routers").await?;
        let text = |router: &Value, key: &str| router[key].as_str().unwrap_or_default().to_owned();
        let entry = |r: &Value| Entry::new(Self::KIND, text(r, "name"), text(r, "id"), scope.clone());
        Ok(routers.iter().map(entry).collect())
    }

    async fn delete(entry: &Entry, world: &World) -> Result {
        let api = Account::of_scope(&entry.scope, world)?.service("network")?;
        Ok(api.delete("/routers/{id}", &[entry.label()]).done().await?)
    }

    async fn is_gone(entry: &Entry, world: &World) -> Result<bool> {
        let api = Account::of_scope(&entry.scope, world)?.service("network")?;
        let found = api.get("/routers/{id}", &[entry.label()]).done().await;
        Ok(found.is_err_and(|error| error.is_not_found()))
    }
}

/// Create a router.
#[derive(Serialize, Deserialize, JsonSchema)]
struct CreateRouter {}

impl Scenario for CreateRouter {
    const META: Meta = Meta::new("Routers.create")
        .platform("openstack")
        .contexts(&[("users@openstack", r#"{"tenants": 2}"#), ("cleanup@openstack", r#"["routers"]"#)]);

    async fn run(&self, it: &Iteration) -> Result {
        Routers(Cloud::of(it)?.user()).create().await?;
        Ok(())
    }
}

register!(cleaner: Routers<'static>);
register!(scenario: CreateRouter);

#[tokio::test]
async fn a_service_of_another_crate_is_journaled_and_cleaned_up() {
    let sim = Sim::start(SimOptions::instant()).await.unwrap();
    let config = CloudConfig::from_vars(sim.openrc()).unwrap();
    let before = sim.inventory();
    let run = run(&config, "Routers.create", json!({}), &json!({}), 4).await.unwrap();
    assert!(run.results.iter().all(|result| result.passed() && names(&result.actions) == ["routers.create"]));
    assert_eq!(run.cleaned.kinds["routers.router"].deleted, 4);
    let left = sim.inventory().diff(&before);
    assert!(left.is_empty(), "{left}");
}
