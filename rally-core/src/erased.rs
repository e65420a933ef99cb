//! Plugins without their types, as the registry hands them to an engine. Plugin authors do not need this module.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::cleaner::{Cleaned, Entry, Scope};
use crate::hook::{Fired, Unit};
use crate::iteration::Iteration;
use crate::load::Load;
use crate::meta::Meta;
use crate::output::Output;
use crate::plugin::{
    Cleaner, Context, Exporter, Hook, Platform, ResourceType, Runner, Scenario, Sla, Trigger,
};
use crate::report::{Artifacts, IterationResult, Report, Verdict, WorkloadReport};
use crate::world::World;
use crate::{Failure, Result};

/// A scenario of any type, or a closure.
#[derive(Clone)]
pub struct AnyScenario {
    name: Cow<'static, str>,
    run: Arc<dyn DynScenario>,
}

#[async_trait]
trait DynScenario: Send + Sync {
    async fn run(&self, it: &Iteration) -> Result;
}

#[async_trait]
impl<S: Scenario> DynScenario for S {
    async fn run(&self, it: &Iteration) -> Result {
        Scenario::run(self, it).await
    }
}

struct FromFn<F>(F);

#[async_trait]
impl<F, Fut> DynScenario for FromFn<F>
where
    F: Fn(Iteration) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result> + Send,
{
    async fn run(&self, it: &Iteration) -> Result {
        (self.0)(it.clone()).await
    }
}

impl AnyScenario {
    /// A scenario that has a type.
    pub fn new<S: Scenario>(scenario: S) -> Self {
        Self { name: Cow::Borrowed(S::META.name), run: Arc::new(scenario) }
    }

    /// A scenario that is a closure.
    pub fn from_fn<F, Fut>(name: impl Into<Cow<'static, str>>, run: F) -> Self
    where
        F: Fn(Iteration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result> + Send + 'static,
    {
        Self { name: name.into(), run: Arc::new(FromFn(run)) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn run(&self, it: &Iteration) -> Result {
        self.run.run(it).await
    }
}

impl std::fmt::Debug for AnyScenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AnyScenario").field(&self.name).finish()
    }
}

/// [`Context`] without its type.
#[async_trait]
pub trait AnyContext: Send + Sync {
    /// Its name and checks.
    fn meta(&self) -> Meta;
    /// Lower is set up earlier.
    fn order(&self) -> u32;
    /// See [`Context::setup`].
    async fn setup(&self, world: &mut World) -> Result;
    /// See [`Context::cleanup`].
    async fn cleanup(&self, world: &World) -> Cleaned;
}

#[async_trait]
impl<C: Context> AnyContext for C {
    fn meta(&self) -> Meta {
        C::META
    }
    fn order(&self) -> u32 {
        C::ORDER
    }
    async fn setup(&self, world: &mut World) -> Result {
        Context::setup(self, world).await
    }
    async fn cleanup(&self, world: &World) -> Cleaned {
        Context::cleanup(self, world).await
    }
}

/// [`Runner`] without its type.
#[async_trait]
pub trait AnyRunner: Send + Sync {
    /// See [`Runner::planned`].
    fn planned(&self) -> Option<u64>;
    /// See [`Runner::run`].
    async fn run(&self, load: &Load) -> Result;
}

#[async_trait]
impl<R: Runner> AnyRunner for R {
    fn planned(&self) -> Option<u64> {
        Runner::planned(self)
    }
    async fn run(&self, load: &Load) -> Result {
        Runner::run(self, load).await
    }
}

/// [`Sla`] without its type.
pub trait AnySla: Send + Sync {
    /// Its name.
    fn meta(&self) -> Meta;
    /// See [`Sla::observe`].
    fn observe(&mut self, result: &IterationResult);
    /// See [`Sla::finish`].
    fn finish(&mut self, report: &WorkloadReport);
    /// See [`Sla::verdict`].
    fn verdict(&self) -> Verdict;
}

impl<S: Sla> AnySla for S {
    fn meta(&self) -> Meta {
        S::META
    }
    fn observe(&mut self, result: &IterationResult) {
        Sla::observe(self, result);
    }
    fn finish(&mut self, report: &WorkloadReport) {
        Sla::finish(self, report);
    }
    fn verdict(&self) -> Verdict {
        Sla::verdict(self)
    }
}

/// [`Trigger`] without its type.
pub trait AnyTrigger: Send + Sync {
    /// See [`Trigger::unit`].
    fn unit(&self) -> Unit;
    /// See [`Trigger::fires`].
    fn fires(&self, at: u64) -> bool;
}

impl<T: Trigger> AnyTrigger for T {
    fn unit(&self) -> Unit {
        Trigger::unit(self)
    }
    fn fires(&self, at: u64) -> bool {
        Trigger::fires(self, at)
    }
}

/// [`Hook`] without its type.
#[async_trait]
pub trait AnyHook: Send + Sync {
    /// See [`Hook::run`].
    async fn run(&self, fired: Fired) -> Result<Vec<Output>>;
}

#[async_trait]
impl<H: Hook> AnyHook for H {
    async fn run(&self, fired: Fired) -> Result<Vec<Output>> {
        Hook::run(self, fired).await
    }
}

/// [`Platform`] without its type.
#[async_trait]
pub trait AnyPlatform: Send + Sync {
    /// Its name.
    fn meta(&self) -> Meta;
    /// See [`Platform::CONTEXTS`].
    fn contexts(&self) -> &'static [(&'static str, &'static str)];
    /// See [`Platform::connect`].
    async fn connect(&self, world: &mut World) -> Result;
}

#[async_trait]
impl<P: Platform> AnyPlatform for P {
    fn meta(&self) -> Meta {
        P::META
    }
    fn contexts(&self) -> &'static [(&'static str, &'static str)] {
        P::CONTEXTS
    }
    async fn connect(&self, world: &mut World) -> Result {
        Platform::connect(self, world).await
    }
}

/// [`Exporter`] without its type.
#[async_trait]
pub trait AnyExporter: Send + Sync {
    /// See [`Exporter::export`].
    async fn export(&self, reports: &[Report]) -> Result<Artifacts>;
}

#[async_trait]
impl<E: Exporter> AnyExporter for E {
    async fn export(&self, reports: &[Report]) -> Result<Artifacts> {
        Exporter::export(self, reports).await
    }
}

type Listing = for<'a> fn(&'a Scope, &'a World) -> BoxFuture<'a, Result<Vec<Entry>>>;
type Deletion = for<'a> fn(&'a Entry, &'a World) -> BoxFuture<'a, Result>;
type Absence = for<'a> fn(&'a Entry, &'a World) -> BoxFuture<'a, Result<bool>>;

/// [`Cleaner`] without its type.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AnyCleaner {
    /// See [`Cleaner::KIND`].
    pub kind: &'static str,
    /// See [`Cleaner::ORDER`].
    pub order: u32,
    /// See [`Cleaner::list`].
    pub list: Listing,
    /// See [`Cleaner::delete`].
    pub delete: Deletion,
    /// See [`Cleaner::is_gone`].
    pub is_gone: Absence,
}

impl AnyCleaner {
    pub(crate) const fn new<C: Cleaner>() -> Self {
        Self {
            kind: C::KIND,
            order: C::ORDER,
            list: |scope, world| Box::pin(C::list(scope, world)),
            delete: |entry, world| Box::pin(C::delete(entry, world)),
            is_gone: |entry, world| Box::pin(C::is_gone(entry, world)),
        }
    }
}

type Lookup = for<'a> fn(Value, &'a World) -> BoxFuture<'a, Result<Value>>;

/// [`ResourceType`] without its type.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AnyResourceType {
    /// See [`ResourceType::NAME`].
    pub name: &'static str,
    /// See [`ResourceType::resolve`]; takes the specification and gives the value, both as JSON.
    pub resolve: Lookup,
}

impl AnyResourceType {
    pub(crate) const fn new<R: ResourceType>() -> Self {
        Self {
            name: R::NAME,
            resolve: |spec, world| {
                Box::pin(async move {
                    let spec = serde_json::from_value::<R::Spec>(spec).map_err(Failure::from)?;
                    let value = R::resolve(spec, world).await?;
                    serde_json::to_value(value).map_err(Failure::from)
                })
            },
        }
    }
}
