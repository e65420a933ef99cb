//! The least that it takes to run a scenario with its contexts: no task file, no runner, no report.

#![allow(dead_code, reason = "each test binary uses a part of it")]

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
        let mut world = World::new(Uuid::new_v4(), Registry::linked()?, Journal::in_memory());
        world.insert(OpenStack::connect(config.clone(), &HttpOptions::default()).await?)?;
        Ok(Self { world, contexts: Vec::new() })
    }

    /// Sets up contexts in their order; what was begun is kept for the cleanup, also when it fails.
    pub(crate) async fn set_up(&mut self, contexts: &[(String, Value)]) -> Result {
        let registry = self.world.registry().clone();
        let mut parsed = Vec::new();
        for (name, config) in contexts {
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

    /// Cleans up in reverse.
    pub(crate) async fn clean_up(self) -> (Cleaned, World) {
        let world = Arc::new(self.world);
        let cleaned = clean(&self.contexts, &world).await;
        (cleaned, Arc::into_inner(world).unwrap())
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

    /// A scenario with its arguments looked up.
    pub(crate) async fn scenario(&self, name: &str, mut args: Value) -> Result<AnyScenario> {
        let registration = *self.world.registry().find(Kind::Scenario, name)?;
        let schema = registration.schema();
        for (argument, value) in args.as_object_mut().into_iter().flatten() {
            let Some(kind) = resource_type(&schema, argument) else { continue };
            let Parsed::ResourceType(found) =
                self.world.registry().find(Kind::ResourceType, &kind)?.parse(Value::Null)?
            else {
                unreachable!("a resource type was asked for")
            };
            *value = rally_core::resource::resolved((found.resolve)(value.clone(), &self.world).await?);
        }
        match registration.parse(args)? {
            Parsed::Scenario(scenario) => Ok(scenario),
            _ => unreachable!("a scenario was asked for"),
        }
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
    contexts: Value,
    times: u64,
) -> Result<Run> {
    let mut stand = Stand::on(config).await?;
    let all = companions(&stand.world, scenario, &contexts);
    match stand.set_up(&all).await {
        Ok(()) => stand.load(scenario, args, times, 2).await,
        Err(failure) => {
            let (cleaned, _) = stand.clean_up().await;
            assert!(cleaned.is_clean(), "{:?}", cleaned.left);
            Err(failure)
        }
    }
}

/// The contexts of a scenario: those that come with it, and those given.
pub(crate) fn companions(world: &World, scenario: &str, given: &Value) -> Vec<(String, Value)> {
    let meta = *world.registry().find(Kind::Scenario, scenario).unwrap().meta();
    let mut all: BTreeMap<String, Value> = meta
        .contexts
        .iter()
        .map(|(name, config)| ((*name).to_owned(), serde_json::from_str(config).unwrap()))
        .collect();
    all.extend(given.as_object().cloned().unwrap_or_default());
    all.into_iter().collect()
}

/// The image and the flavor that every cloud here has, and more arguments.
pub(crate) fn tiny(more: Value) -> Value {
    let mut args = json!({"image": {"name": "^cirros.*-disk$"}, "flavor": {"name": "m1.tiny"}});
    args.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
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

/// A line per iteration, for a person.
pub(crate) fn show(scenario: &str, run: &Run) {
    for result in &run.results {
        let (calls, polls) = summary(result);
        println!(
            "{scenario} #{}: {:?} in {:.2} s, {:?}: {} calls {calls:?} and {polls} polls{}",
            result.number,
            result.outcome,
            result.duration().as_secs_f64(),
            names(&result.actions),
            calls.len(),
            result.failure.as_ref().map(|failure| format!("; {failure}")).unwrap_or_default(),
        );
    }
    println!("{scenario} cleaned: {:?}", run.cleaned);
}
