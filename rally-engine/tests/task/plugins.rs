//! A small set of plugins, one of every kind that a task names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rally_core::{
    ByName, Cleaned, Context, Failure, Fired, Hook, Iteration, IterationResult, Load, Meta, Output, Phase,
    Problem, Registration, Registry, Resource, ResourceType, Result, Runner, Scenario, Sla, Trigger, Unit,
    Validator, Verdict, WorkloadSpec, World,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything below.
pub(crate) fn registry() -> Registry {
    let at = "test-plugins, tests/task/plugins.rs";
    [
        Registration::scenario::<Dummy>(at),
        Registration::scenario::<Boot>(at),
        Registration::scenario::<Shapes>(at),
        Registration::scenario::<Flattened>(at),
        Registration::scenario::<Orphan>(at),
        Registration::scenario::<Brings<1>>(at),
        Registration::scenario::<Brings<2>>(at),
        Registration::context::<Users>(at),
        Registration::context::<Network>(at),
        Registration::context::<Images>(at),
        Registration::context::<Cleanup>(at),
        Registration::context::<Quota<true>>(at),
        Registration::context::<Quota<false>>(at),
        Registration::runner::<Serial>(at),
        Registration::runner::<Constant>(at),
        Registration::sla::<FailureRate>(at),
        Registration::sla::<MaxSeconds>(at),
        Registration::trigger::<Event>(at),
        Registration::hook::<SysCall>(at),
        Registration::resource::<Image>(at),
        Registration::resource::<Flavor>(at),
    ]
    .into_iter()
    .fold(Registry::new(), |registry, plugin| registry.with(plugin).unwrap())
}

/// Do nothing, for a while.
///
/// More words that no summary shows.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Dummy {
    /// How long, in seconds.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub(crate) sleep: f64,
}

impl Scenario for Dummy {
    const META: Meta = Meta::new("Dummy.dummy");
    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

/// Boot a server.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Boot {
    pub(crate) image: Resource<Image>,
    pub(crate) flavor: Resource<Flavor>,
    #[serde(default)]
    pub(crate) force_delete: bool,
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 10))]
    pub(crate) count: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<Attach>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<Policy>,
}

fn one() -> u32 {
    1
}

/// How a server is attached.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Attach {
    Named(String),
    Several(Vec<String>),
    Sized { cidr: String, start: u8 },
}

/// Where servers go.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Policy {
    /// On one host.
    Affinity,
    /// On different hosts.
    AntiAffinity,
    /// On this host.
    Host { name: String },
}

/// A check that no type expresses.
struct NotForced;

#[async_trait]
impl Validator for NotForced {
    fn phase(&self) -> Phase {
        Phase::Syntax
    }
    async fn check(&self, workload: &WorkloadSpec, _world: &World) -> Vec<Problem> {
        if workload.args["count"] == 7 && workload.context("network").is_none() {
            return vec![Problem::argument(&workload.at, "seven servers need the context `network`")];
        }
        Vec::new()
    }
}

/// A check that asks the cloud.
struct Capacity;

#[async_trait]
impl Validator for Capacity {
    fn phase(&self) -> Phase {
        Phase::Semantic
    }
    async fn check(&self, workload: &WorkloadSpec, world: &World) -> Vec<Problem> {
        tokio::task::yield_now().await;
        let servers = workload.args["count"].as_u64().unwrap_or(1);
        match world.find::<Free>() {
            Some(free) if free.0 < servers => {
                vec![Problem::argument(&workload.at, format!("{servers} servers do not fit into {}", free.0))]
            }
            _ => Vec::new(),
        }
    }
}

/// How many servers the cloud has place for.
pub(crate) struct Free(pub(crate) u64);

impl Scenario for Boot {
    const META: Meta = Meta::new("Servers.boot")
        .platform("openstack")
        .contexts(&[("cleanup@openstack", r#"["nova"]"#), ("users@openstack", "{}")])
        .validators(&[&NotForced, &Capacity]);
    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

/// Resources in every place where one can stand.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Shapes {
    pub(crate) plain: Resource<Image>,
    #[serde(default)]
    pub(crate) optional: Option<Resource<Image>>,
    #[serde(default)]
    pub(crate) many: Vec<Resource<Image>>,
    #[serde(default)]
    pub(crate) nested: Option<Nested>,
    #[serde(default)]
    pub(crate) by_name: BTreeMap<String, Resource<Flavor>>,
    #[serde(default)]
    pub(crate) by_number: BTreeMap<u32, Resource<Flavor>>,
    #[serde(default)]
    pub(crate) disk: Option<Disk>,
    #[serde(default)]
    pub(crate) tagged: Option<Tagged>,
    #[serde(default)]
    pub(crate) pair: Option<(Resource<Image>, u32)>,
    #[serde(flatten)]
    pub(crate) flat: Flat,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Nested {
    pub(crate) image: Resource<Image>,
    pub(crate) deeper: Option<Box<Nested>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Disk {
    /// No disk.
    None,
    Image(Resource<Image>),
    Sized {
        image: Resource<Image>,
        size: u32,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Tagged {
    Image { from: Resource<Image> },
    Flavor { from: Resource<Flavor> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Flat {
    #[serde(default)]
    pub(crate) extra: Option<Resource<Flavor>>,
}

impl Scenario for Shapes {
    const META: Meta = Meta::new("Test.shapes");
    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

/// A choice among keys, beside a key of its own.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Flattened {
    pub(crate) size: u32,
    #[serde(flatten)]
    pub(crate) source: Source,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    FromImage(Resource<Image>),
    FromFlavor(Resource<Flavor>),
}

impl Scenario for Flattened {
    const META: Meta = Meta::new("Test.flattened");
    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

/// Bring a context that nobody has.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Orphan {}

impl Scenario for Orphan {
    const META: Meta = Meta::new("Test.orphan").contexts(&[("clusters@kubernetes", "{}"), ("network", "{")]);
    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

/// Bring what others bring as well.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Brings<const N: u32> {}

impl<const N: u32> Scenario for Brings<N> {
    const META: Meta = match N {
        1 => Meta::new("Volumes.create").contexts(&[
            ("cleanup@openstack", r#"["cinder", "nova"]"#),
            ("users@openstack", r#"{"tenants": 2}"#),
        ]),
        _ => Meta::new("Volumes.rival").contexts(&[("users@openstack", r#"{"tenants": 3}"#)]),
    };
    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

macro_rules! contexts {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* } = $order:literal, $meta:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Default, Serialize, Deserialize, JsonSchema)]
        pub(crate) struct $name { $(#[serde(default)] pub(crate) $field: $type),* }

        impl Context for $name {
            const META: Meta = $meta;
            const ORDER: u32 = $order;
            async fn setup(&self, _world: &mut World) -> Result {
                Ok(())
            }
            async fn cleanup(&self, _world: &World) -> Cleaned {
                Cleaned::nothing()
            }
        }
    )+ };
}

contexts! {
    /// Temporary users.
    Users { tenants: Option<u32>, users_per_tenant: Option<u32> } = 100, Meta::new("users").platform("openstack");
    /// Networks.
    Network { networks_per_tenant: u32 } = 350, Meta::new("network").platform("openstack");
    /// Images.
    Images { image_name: String } = 410, Meta::new("images").platform("openstack").provides(&["image"]);
}

/// Quotas, of two platforms.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Quota<const KUBERNETES: bool> {}

impl<const KUBERNETES: bool> Context for Quota<KUBERNETES> {
    const META: Meta = Meta::new("quota").platform(if KUBERNETES { "kubernetes" } else { "openstack" });
    const ORDER: u32 = 120;
    async fn setup(&self, _world: &mut World) -> Result {
        Ok(())
    }
}

/// Take everything away again.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Cleanup(Vec<String>);

impl Context for Cleanup {
    const META: Meta = Meta::new("cleanup").platform("openstack").hidden();
    const ORDER: u32 = 999;
    async fn setup(&self, _world: &mut World) -> Result {
        Ok(())
    }
}

/// One after the other.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Serial {
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub(crate) times: u32,
}

/// Several at a time.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Constant {
    #[schemars(range(min = 1))]
    pub(crate) times: u32,
    #[schemars(range(min = 1))]
    pub(crate) concurrency: u32,
}

impl Runner for Serial {
    const META: Meta = Meta::new("serial");
    async fn run(&self, _load: &Load) -> Result {
        Ok(())
    }
}

impl Runner for Constant {
    const META: Meta = Meta::new("constant");
    async fn run(&self, _load: &Load) -> Result {
        Ok(())
    }
}

/// A range of failures.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct FailureRate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub(crate) min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub(crate) max: Option<f64>,
}

/// The longest iteration, in seconds.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct MaxSeconds(#[schemars(extend("exclusiveMinimum" = 0))] pub(crate) f64);

impl Sla for FailureRate {
    const META: Meta = Meta::new("failure_rate");
    fn observe(&mut self, _result: &IterationResult) {}
    fn verdict(&self) -> Verdict {
        unreachable!("no test runs a workload")
    }
}

impl Sla for MaxSeconds {
    const META: Meta = Meta::new("max_seconds_per_iteration");
    fn observe(&mut self, _result: &IterationResult) {}
    fn verdict(&self) -> Verdict {
        unreachable!("no test runs a workload")
    }
}

/// At these iterations or seconds.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Event {
    pub(crate) unit: At,
    #[schemars(length(min = 1))]
    pub(crate) at: Vec<u64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    /// When an iteration starts.
    Iteration,
    /// When a second has passed.
    Time,
}

impl Trigger for Event {
    const META: Meta = Meta::new("event");
    fn unit(&self) -> Unit {
        Unit::Iteration
    }
    fn fires(&self, at: u64) -> bool {
        self.at.contains(&at)
    }
}

/// Run a command.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct SysCall(pub(crate) String);

impl Hook for SysCall {
    const META: Meta = Meta::new("sys_call");
    async fn run(&self, _fired: Fired) -> Result<Vec<Output>> {
        Ok(Vec::new())
    }
}

/// How often something was looked up.
#[derive(Default)]
pub(crate) struct Asked(AtomicUsize);

impl Asked {
    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

async fn find(spec: ByName, world: &World, known: &[&str]) -> Result<String> {
    tokio::task::yield_now().await;
    if let Some(asked) = world.find::<Asked>() {
        asked.0.fetch_add(1, Ordering::Relaxed);
    }
    match spec.name.as_deref() {
        Some(name) if known.contains(&name) => Ok(format!("id-of-{name}")),
        _ => Err(Failure::msg(format!("nothing has this name (there are {})", known.join(", ")))),
    }
}

macro_rules! resources {
    ($($name:ident $text:literal $known:expr;)+) => { $(
        pub(crate) struct $name;

        impl ResourceType for $name {
            const NAME: &'static str = $text;
            type Spec = ByName;
            type Value = String;
            async fn resolve(spec: ByName, world: &World) -> Result<String> {
                find(spec, world, &$known).await
            }
        }
    )+ };
}

resources! {
    Image "image" ["cirros", "ubuntu"];
    Flavor "flavor" ["m1.tiny"];
}
