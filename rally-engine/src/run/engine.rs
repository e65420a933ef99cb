//! The engine runs a plan in an environment. It finds plugins by name only, and knows none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use rally_core::WorkloadReport;
use rally_core::registry::Parsed;
use rally_core::{
    DuplicatePlugin, Env, Failure, Journal, Kind, Phase, Problem, Registry, Report, Reporter, World,
};
use thiserror::Error;
use uuid::Uuid;

use super::stage::no_panic;
use super::stopper::Stopper;
use super::{together, workload};
use crate::plan::{Plan, ScenarioPart, Workload};
use crate::preflight::{check_resources, preflight};

type Reader = Box<dyn Fn(&Workload) -> Box<dyn Reporter> + Send + Sync>;

/// Runs a plan.
#[must_use]
pub struct Engine {
    pub(super) registry: Registry,
    pub(super) stopper: Stopper,
    pub(super) readers: Vec<Reader>,
    pub(super) abort_on_sla: bool,
    pub(super) seed: u64,
    pub(super) cleanup_limit: Option<Duration>,
    id: Uuid,
    env: Env,
    journal: Journal,
    labels: BTreeMap<String, String>,
    tool: String,
}

/// A run that did not begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The task asks for what is not there.
    #[error("{}", list(problems))]
    Invalid {
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// The cloud cannot be used: it does not answer, refuses the login, or lacks a service. The task may be right.
    #[error("environment `{env}` is not ready: {failure}")]
    Environment {
        /// How people call the environment.
        env: String,
        /// Why not.
        failure: Failure,
    },
    /// A workload needs a platform that the environment does not have.
    #[error("`{plugin}` needs a platform `{platform}`, and environment `{env}` has none: name a cloud")]
    NoPlatform {
        /// The scenario or context.
        plugin: String,
        /// What it needs.
        platform: String,
        /// How people call the environment.
        env: String,
    },
    /// Two plugins have one name.
    #[error(transparent)]
    Duplicate(#[from] DuplicatePlugin),
    /// The run was asked to end before it began.
    #[error("stopped before anything was started")]
    Stopped,
}

fn list(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl From<Vec<Problem>> for RunError {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid { problems }
    }
}

impl Engine {
    /// An engine that knows these plugins and measures nothing but this machine.
    pub fn new(registry: Registry) -> Self {
        Self {
            registry,
            stopper: Stopper::new(),
            readers: Vec::new(),
            abort_on_sla: false,
            seed: 0,
            cleanup_limit: None,
            id: Uuid::new_v4(),
            env: Env::none(),
            journal: Journal::in_memory(),
            labels: BTreeMap::new(),
            tool: concat!("rally-engine ", env!("CARGO_PKG_VERSION")).into(),
        }
    }

    /// What is measured.
    pub fn env(mut self, env: Env) -> Self {
        self.env = env;
        self
    }

    /// Where creations are written down; without it, in memory.
    pub fn journal(mut self, journal: Journal) -> Self {
        self.journal = journal;
        self
    }

    /// How the run can be asked to end.
    pub fn stopper(mut self, stopper: Stopper) -> Self {
        self.stopper = stopper;
        self
    }

    /// One more reader of every workload's events.
    pub fn reporter(
        mut self,
        reader: impl Fn(&Workload) -> Box<dyn Reporter> + Send + Sync + 'static,
    ) -> Self {
        self.readers.push(Box::new(reader));
        self
    }

    /// End the run as soon as an SLA is broken.
    pub fn abort_on_sla_failure(mut self, abort: bool) -> Self {
        self.abort_on_sla = abort;
        self
    }

    /// What makes this run's random choices differ from another's.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How long all cleanups of a workload may take together; without it, as long as they need.
    pub fn cleanup_limit(mut self, limit: Option<Duration>) -> Self {
        self.cleanup_limit = limit;
        self
    }

    /// A label for the report.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// The id of the run, for a program that tells it before the run; without it, a random one.
    pub fn id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// Name and version of the program, for the report.
    pub fn tool(mut self, tool: impl Into<String>) -> Self {
        self.tool = tool.into();
        self
    }

    /// Checks a plan without creating anything: the task's own text, the environment's specification, then what the
    /// cloud has.
    pub async fn validate(&self, plan: &Plan) -> Result<(), RunError> {
        self.prepare(plan).await.map(drop)
    }

    /// Checks a plan and runs it. An error means that nothing was created; whatever happens later is in the report.
    pub async fn run(&self, plan: &Plan) -> Result<Report, RunError> {
        let began = Instant::now();
        let mut report = Report::empty(self.id, &plan.title, &self.tool);
        report.description = plan.description.clone().unwrap_or_default();
        report.labels.clone_from(&self.labels);
        let (plan, base) = self.prepare(plan).await?;
        report.facts = base.facts().clone();
        for subtask in plan.workloads.chunk_by(|a, b| a.subtask == b.subtask) {
            report.workloads.extend(self.subtask(&plan, subtask, &base).await);
        }
        report.duration = began.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Runs the workloads of one subtask, one after the other or side by side.
    async fn subtask(&self, plan: &Plan, workloads: &[Workload], base: &Arc<World>) -> Vec<WorkloadReport> {
        let parallel = |first: &Workload| plan.subtasks.get(first.subtask).is_some_and(|s| s.run_in_parallel);
        if workloads.first().is_some_and(parallel) {
            let places = together::places(workloads.len()).into_iter().zip(workloads);
            return join_all(places.map(|(place, one)| workload::run(self, plan, one, base, Some(place))))
                .await;
        }
        let mut reports = Vec::new();
        for one in workloads {
            reports.push(workload::run(self, plan, one, base, None).await);
        }
        reports
    }

    /// Everything that can go wrong before something is created, cheapest first.
    async fn prepare(&self, plan: &Plan) -> Result<(Plan, Arc<World>), RunError> {
        let mut plan = plan.clone();
        let mut world = World::new(Uuid::new_v4(), self.registry.clone(), self.journal.clone());
        no_problems(preflight(&plan, Phase::Syntax, &world).await)?;
        self.complete(&mut plan)?;
        no_problems(preflight(&plan, Phase::Platform, &world).await)?;
        tokio::select! {
            biased;
            () = self.stopper.stopped() => return Err(RunError::Stopped),
            connected = self.connect(&mut world) => connected?,
        }
        let world = Arc::new(world);
        let mut problems = preflight(&plan, Phase::Semantic, &world).await;
        problems.extend(check_resources(&plan, &self.registry, &world).await);
        no_problems(problems)?;
        Ok((plan, world))
    }

    /// Gives closures the platform's contexts, and makes sure that every plugin's platform is there.
    fn complete(&self, plan: &mut Plan) -> Result<(), RunError> {
        let mut problems = Vec::new();
        let mut platforms = Vec::new();
        for (name, spec) in &self.env.platforms {
            let platform = self.platform(name, spec)?;
            platforms.push(platform.meta().platform);
            for workload in &mut plan.workloads {
                let scenarios = workload.scenario.each();
                if scenarios.iter().any(|(scenario, _)| matches!(scenario, ScenarioPart::Given(_))) {
                    problems.extend(
                        workload
                            .add_platform_contexts(&self.registry, platform.contexts())
                            .err()
                            .unwrap_or_default(),
                    );
                }
            }
        }
        no_problems(problems)?;
        for workload in &plan.workloads {
            for part in workload.scenario.parts().chain(&workload.contexts) {
                let meta = part.registration.meta();
                if meta.platform != "default" && !platforms.contains(&meta.platform) {
                    return Err(RunError::NoPlatform {
                        plugin: meta.name.into(),
                        platform: meta.platform.into(),
                        env: self.env.name.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    async fn connect(&self, world: &mut World) -> Result<(), RunError> {
        for (name, spec) in &self.env.platforms {
            let platform = self.platform(name, spec)?;
            world.set_writer(format!("platform `{name}`"));
            no_panic(platform.connect(world)).await.map_err(|failure| self.not_ready(failure))?;
        }
        Ok(())
    }

    fn platform(
        &self,
        name: &str,
        spec: &serde_json::Value,
    ) -> Result<Box<dyn rally_core::erased::AnyPlatform>, RunError> {
        let registration =
            self.registry.find(Kind::Platform, name).map_err(|error| self.not_ready(error.into()))?;
        match registration.parse(spec.clone()) {
            Ok(Parsed::Platform(platform)) => Ok(platform),
            Ok(_) => Err(self.not_ready(Failure::msg(format!("`{name}` is not a platform")))),
            Err(error) => Err(self
                .not_ready(Failure::from(error).context(format!("the specification of `{name}` is wrong")))),
        }
    }

    fn not_ready(&self, failure: Failure) -> RunError {
        RunError::Environment { env: self.env.name.clone(), failure }
    }
}

fn no_problems(problems: Vec<Problem>) -> Result<(), RunError> {
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}
