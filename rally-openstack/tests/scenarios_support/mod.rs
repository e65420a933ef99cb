//! The least that it takes to run a scenario with its contexts: no task file, no runner, no report.

#![expect(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use rally_core::action::{Action, Purpose, Request};
use rally_core::erased::{AnyContext, AnyScenario};
use rally_core::registry::Parsed;
use rally_core::{
    Cleaned, Event, IterationResult, Journal, Kind, LoadBuilder, Problem, Registry, Result, WorkloadSpec,
    World,
};
use rally_openstack::client::HttpOptions;
use rally_openstack::cloud::Account;
use rally_openstack::config::CloudConfig;
use rally_openstack::platform::OpenStack;
use serde_json::{Value, json};
use uuid::Uuid;

/// A world on a cloud, with what contexts have put into it.
pub(crate) struct Stand {
    pub(crate) world: World,
    contexts: Vec<Box<dyn AnyContext>>,
}

/// What became of a run.
pub(crate) struct Run {
    pub(crate) results: Vec<Arc<IterationResult>>,
    pub(crate) cleaned: Cleaned,
    pub(crate) facts: BTreeMap<String, String>,
}

impl Stand {
    /// An empty world on this cloud.
    pub(crate) async fn on(config: &CloudConfig) -> Result<Self> {
        Self::with(config, Uuid::new_v4(), Journal::in_memory()).await
    }

    /// The world of this workload, which may have been begun by another process.
    pub(crate) async fn with(config: &CloudConfig, owner: Uuid, journal: Journal) -> Result<Self> {
        let mut world = World::new(owner, Registry::linked()?, journal);
        world.insert(OpenStack::connect(config.clone(), &HttpOptions::default()).await?)?;
        Ok(Self { world, contexts: Vec::new() })
    }

    /// The administrator.
    pub(crate) fn admin(&self) -> Account {
        Account::admin(&self.world).unwrap()
    }

    /// Sets up contexts in their order; what was begun is kept for the cleanup, also when it fails.
    pub(crate) async fn set_up(&mut self, contexts: &Value) -> Result {
        let registry = self.world.registry().clone();
        let mut parsed = Vec::new();
        for (name, config) in contexts.as_object().into_iter().flatten() {
            match registry.find(Kind::Context, name)?.parse(config.clone())? {
                Parsed::Context(context) => parsed.push(context),
                _ => unreachable!("a context was asked for"),
            }
        }
        parsed.sort_by_key(|context| context.order());
        for context in parsed {
            self.world.set_writer(context.meta().full_name());
            self.contexts.push(context);
            self.contexts.last().unwrap().setup(&mut self.world).await?;
        }
        Ok(())
    }

    /// Sets up the contexts that come with a scenario; those given take the place of those of the same name.
    pub(crate) async fn companions(&mut self, scenario: &str, given: &Value) -> Result {
        let meta = *self.world.registry().find(Kind::Scenario, scenario)?.meta();
        let mut all = json!({});
        for (name, config) in meta.contexts {
            all[*name] = serde_json::from_str(config)?;
        }
        for (name, config) in given.as_object().into_iter().flatten() {
            all[name] = config.clone();
        }
        self.set_up(&all).await
    }

    /// Cleans up in reverse.
    pub(crate) async fn clean_up(self) -> (Cleaned, World) {
        let cleaned = clean(&self.contexts, &self.world).await;
        (cleaned, self.world)
    }

    /// What the scenario's own checks say.
    pub(crate) async fn check(&self, scenario: &str, args: Value) -> Vec<Problem> {
        let meta = *self.world.registry().find(Kind::Scenario, scenario).unwrap().meta();
        let workload = WorkloadSpec::new("workload", scenario, args);
        let mut problems = Vec::new();
        for validator in meta.validators {
            problems.extend(validator.check(&workload, &self.world).await);
        }
        problems
    }

    /// What a specification of a resource means.
    pub(crate) async fn look_up(&self, resource_type: &str, spec: Value) -> Result<Value> {
        match self.world.registry().find(Kind::ResourceType, resource_type)?.parse(Value::Null)? {
            Parsed::ResourceType(found) => (found.resolve)(spec, &self.world).await,
            _ => unreachable!("a resource type was asked for"),
        }
    }

    /// A scenario with its arguments looked up.
    pub(crate) async fn scenario(&self, name: &str, mut args: Value) -> Result<AnyScenario> {
        let registration = *self.world.registry().find(Kind::Scenario, name)?;
        let schema = registration.schema();
        for (argument, value) in args.as_object_mut().into_iter().flatten() {
            if let Some(kind) = resource_type(&schema, argument) {
                *value = rally_core::resource::resolved(self.look_up(&kind, value.clone()).await?);
            }
        }
        match registration.parse(args)? {
            Parsed::Scenario(scenario) => Ok(scenario),
            _ => unreachable!("a scenario was asked for"),
        }
    }

    /// Runs iterations of a scenario, then cleans up.
    pub(crate) async fn load(
        self,
        scenario: &str,
        args: Value,
        times: u64,
        concurrency: usize,
    ) -> Result<Run> {
        let scenario = self.scenario(scenario, args).await?;
        let world = Arc::new(self.world);
        let (send, mut receive) = tokio::sync::mpsc::channel(1000);
        let load = LoadBuilder::new(scenario, Arc::clone(&world)).seed(7).events(send).build();
        let iterations: Vec<_> = (1..=times).map(|number| load.iterate(number, None)).collect();
        futures::stream::iter(iterations).buffer_unordered(concurrency).collect::<Vec<()>>().await;
        drop(load);
        let mut results = Vec::new();
        while let Some(event) = receive.recv().await {
            if let Event::Finished(result) = event {
                results.push(result);
            }
        }
        results.sort_by_key(|result| result.number);
        let cleaned = clean(&self.contexts, &world).await;
        Ok(Run { results, cleaned, facts: world.facts().clone() })
    }
}

async fn clean(contexts: &[Box<dyn AnyContext>], world: &World) -> Cleaned {
    let mut cleaned = Cleaned::nothing();
    for context in contexts.iter().rev() {
        cleaned.merge(context.cleanup(world).await);
    }
    cleaned
}

/// The resource type of an argument, if it names a resource.
fn resource_type(schema: &Value, argument: &str) -> Option<String> {
    let property = &schema["properties"][argument];
    let place = property["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    let target = place.and_then(|place| schema.pointer(place)).unwrap_or(property);
    target[rally_core::resource::RESOURCE_KEY].as_str().map(str::to_owned)
}

/// Runs a scenario with the contexts that come with it; `contexts` take the place of those of the same name.
pub(crate) async fn run(
    config: &CloudConfig,
    scenario: &str,
    args: Value,
    contexts: &Value,
    times: u64,
) -> Result<Run> {
    let mut stand = Stand::on(config).await?;
    stand.companions(scenario, contexts).await?;
    stand.load(scenario, args, times, 2).await
}

/// The image and the flavor that every cloud here has, and more arguments.
pub(crate) fn tiny(more: &Value) -> Value {
    let mut args = json!({"image": {"name": "^cirros.*-disk$"}, "flavor": {"name": "m1.tiny"}});
    for (name, value) in more.as_object().into_iter().flatten() {
        args[name] = value.clone();
    }
    args
}

/// The names of actions, those inside others in parentheses.
pub(crate) fn names(actions: &[Action]) -> Vec<String> {
    let name = |action: &Action| match names(&action.children) {
        inner if inner.is_empty() => action.name.to_string(),
        inner => format!("{}({})", action.name, inner.join(", ")),
    };
    actions.iter().map(name).collect()
}

/// All requests of an iteration, wherever they are noted.
pub(crate) fn requests(result: &IterationResult) -> Vec<Request> {
    fn of(actions: &[Action], all: &mut Vec<Request>) {
        for action in actions {
            all.extend(action.requests.iter().cloned());
            of(&action.children, all);
        }
    }
    let mut all = result.requests.clone();
    of(&result.actions, &mut all);
    all
}

/// Requests that are no polls, as `METHOD route`, and how many polls there were.
pub(crate) fn summary(result: &IterationResult) -> (Vec<String>, usize) {
    let all = requests(result);
    let calls = all.iter().filter(|request| request.purpose != Purpose::Poll);
    let calls: Vec<String> = calls.map(|request| format!("{} {}", request.method, request.route)).collect();
    let polls = all.len() - calls.len();
    (calls, polls)
}
