//! The typed builder: a benchmark in code gives the same plan as a task file.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use rally_core::erased::AnyScenario;
use rally_core::{
    Context, Env, Hook, Iteration, Journal, Registry, Report, Reporter, Result, Runner, Scenario, Sla,
    Trigger,
};
use rally_engine::plan::{Draft, Plan};
use rally_engine::{Engine, RunError, Stopper};
use tokio_util::sync::CancellationToken;

/// One scenario, and how it is run: contexts, runner and SLAs in typed values.
///
/// Without a runner it runs once. No iteration may fail, unless the SLA `failure_rate` is given. A scenario's own
/// contexts (in OpenStack: users and cleanup) come with it; one that is given here takes the place of the one of the
/// same name.
#[must_use = "a workload does nothing until it is run"]
pub struct Workload {
    draft: Draft,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a builder takes its parts; `&Constant { .. }` would be noise"
)]
impl Workload {
    /// A workload of this scenario.
    pub fn new<S: Scenario>(scenario: S) -> Self {
        Self { draft: Draft::new(&scenario) }
    }

    /// A workload of a closure: no struct and no registration. It gets the platform's usual contexts.
    pub fn from_fn<F, Fut>(name: impl Into<Cow<'static, str>>, scenario: F) -> Self
    where
        F: Fn(Iteration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result> + Send + 'static,
    {
        Self { draft: Draft::given(AnyScenario::from_fn(name, scenario)) }
    }

    /// With one more context.
    pub fn context<C: Context>(mut self, context: C) -> Self {
        self.draft = self.draft.context(&context);
        self
    }

    /// With this runner.
    pub fn runner<R: Runner>(mut self, runner: R) -> Self {
        self.draft = self.draft.runner(&runner);
        self
    }

    /// With one more scenario in the same load: each iteration runs one of them, by their weights. The first one has
    /// the weight 1 unless [`weight`](Self::weight) says otherwise.
    pub fn mix<S: Scenario>(mut self, scenario: S, weight: u64) -> Self {
        self.draft = self.draft.mix(&scenario, weight);
        self
    }

    /// With a closure as one more scenario in the same load.
    pub fn mix_fn<F, Fut>(mut self, name: impl Into<Cow<'static, str>>, scenario: F, weight: u64) -> Self
    where
        F: Fn(Iteration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result> + Send + 'static,
    {
        self.draft = self.draft.mix_given(AnyScenario::from_fn(name, scenario), weight);
        self
    }

    /// With this weight of the first scenario in a mix.
    pub fn weight(mut self, weight: u64) -> Self {
        self.draft = self.draft.weight(weight);
        self
    }

    /// Without the SLA `failure_rate` that is there by default: iterations may fail.
    pub fn without_default_sla(mut self) -> Self {
        self.draft = self.draft.without_default_sla();
        self
    }

    /// With one more SLA; it stands beside the default, which allows no failure, unless it is `failure_rate` itself.
    pub fn sla<S: Sla>(mut self, sla: S) -> Self {
        self.draft = self.draft.sla(&sla);
        self
    }

    /// With one more hook, taken when the trigger says so.
    pub fn hook<H: Hook, T: Trigger>(mut self, action: H, trigger: T) -> Self {
        self.draft = self.draft.hook(&action, &trigger);
        self
    }

    /// What it is for, for the report.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.draft = self.draft.description(description);
        self
    }

    /// Runs it alone, to its end.
    pub async fn run(self, env: &Env) -> Result<Report, RunError> {
        Run::new().workload(self).run(env).await
    }

    /// Runs it alone, until its end or until the token is cancelled; cleanup happens in both cases.
    pub async fn run_until(self, env: &Env, stop: CancellationToken) -> Result<Report, RunError> {
        Run::new().workload(self).run_until(env, stop).await
    }
}

/// Several workloads, one after the other, in one report.
#[must_use = "a run does nothing until it is run"]
#[derive(Default)]
pub struct Run {
    title: Option<String>,
    drafts: Vec<Draft>,
    registry: Option<Registry>,
    settings: Vec<Setting>,
    stopper: Stopper,
}

type Setting = Box<dyn FnOnce(Engine) -> Engine + Send>;

impl Run {
    /// A run of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more workload.
    pub fn workload(mut self, workload: Workload) -> Self {
        self.drafts.push(workload.draft);
        self
    }

    /// What people call it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// A label for the report, such as the commit under test.
    pub fn label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.set(|engine| engine.label(name, value))
    }

    /// One more reader of the events; the closure makes one for each workload.
    pub fn reporter(self, reader: impl Fn() -> Box<dyn Reporter> + Send + Sync + 'static) -> Self {
        self.set(|engine| engine.reporter(move |_| reader()))
    }

    /// Where creations are written down, so that another process can clean up; without it, in memory.
    pub fn journal(self, journal: Journal) -> Self {
        self.set(|engine| engine.journal(journal))
    }

    /// End the run as soon as an SLA is broken.
    pub fn abort_on_sla_failure(self) -> Self {
        self.set(|engine| engine.abort_on_sla_failure(true))
    }

    /// How long iterations may go on after a stop before they are interrupted; 30 s unless said otherwise.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.stopper = self.stopper.grace(grace);
        self
    }

    /// What makes this run's random choices differ from another's; 0 unless said otherwise.
    pub fn seed(self, seed: u64) -> Self {
        self.set(move |engine| engine.seed(seed))
    }

    /// The plugins to choose from instead of all that are linked.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    fn set(mut self, setting: impl FnOnce(Engine) -> Engine + Send + 'static) -> Self {
        self.settings.push(Box::new(setting));
        self
    }

    /// Runs everything to its end.
    ///
    /// An error means that nothing was created; whatever happened later is in the report.
    pub async fn run(self, env: &Env) -> Result<Report, RunError> {
        self.run_until(env, CancellationToken::new()).await
    }

    /// Runs until the end or until the token is cancelled; cleanup happens in both cases.
    pub async fn run_until(self, env: &Env, stop: CancellationToken) -> Result<Report, RunError> {
        let registry = self.registry.map_or_else(Registry::linked, Ok)?;
        let title = self.title.unwrap_or_else(|| "Run in code".into());
        let plan = Plan::from_drafts(title, self.drafts, &registry)?;
        let stopper = self.stopper;
        let engine = Engine::new(registry).env(env.clone()).stopper(stopper.clone()).tool(crate::TOOL);
        let engine = self.settings.into_iter().fold(engine, |engine, set| set(engine));
        let stopping = async {
            stop.cancelled().await;
            stopper.interrupt();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            report = engine.run(&plan) => report,
            () = stopping => Err(RunError::Stopped),
        }
    }
}
