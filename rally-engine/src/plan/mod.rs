//! A plan is where file and code meet: every name is a plugin, and every configuration has passed its checks.

mod build;
mod contexts;
mod draft;

use std::collections::HashSet;
use std::fmt;

use rally_core::erased::AnyScenario;
use rally_core::registry::Parsed;
use rally_core::{Problem, Registration, Registry, WorkloadSpec};
use serde_json::{Map, Value, json};

use self::build::Builder;
pub use self::draft::Draft;
use crate::schema::called;
use crate::task::places::Lines;
use crate::task::words::masked;
use crate::task::{DEFAULT_SLA, MAX_SHORT_TITLE, NO_DEFAULT_SLA, Task};

/// Where plugins that a program gives as values are registered.
pub(crate) const IN_CODE: &str = "in code";

/// One plugin with its configuration and the path it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Part {
    /// The plugin.
    pub registration: Registration,
    /// The name as it was written; for plugins given in code, as the plugin calls itself.
    pub name: String,
    /// Its configuration. Null only for a plugin whose schema takes null.
    pub config: Value,
    /// The path of the configuration.
    pub at: String,
    /// Who asked for it.
    pub origin: Origin,
}

/// Who asked for a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The task file, or the program.
    Given,
    /// Nobody; it is the default of every workload.
    Default,
    /// The scenario.
    Scenario,
    /// The platform.
    Platform,
}

/// What a workload runs.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one per workload, and a box would burden all who match on it"
)]
#[derive(Clone, Debug)]
pub enum ScenarioPart {
    /// A plugin with its arguments.
    Named(Part),
    /// A closure; it has no arguments.
    Given(AnyScenario),
    /// Several, of which each iteration runs one.
    Mix(Mix),
}

/// Several scenarios in one load: each iteration runs one of them, by their weights.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mix {
    /// The names of the scenarios, with ` + ` between them.
    pub name: String,
    /// The scenarios, in order; a workload's results name them by their number here.
    pub scenarios: Vec<WeightedPart>,
}

/// A scenario of a mix.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WeightedPart {
    /// The scenario; never a mix itself.
    pub scenario: ScenarioPart,
    /// Its share of the iterations, compared with the other weights; at least 1.
    pub weight: u64,
}

/// An action, and when it is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HookPart {
    /// Its path.
    pub at: String,
    /// What it is for.
    pub description: Option<String>,
    /// What is done.
    pub action: Part,
    /// When it is done.
    pub trigger: Part,
}

/// One workload, ready to be run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Workload {
    /// Its path.
    pub at: String,
    /// The number of its subtask in [`Plan::subtasks`].
    pub subtask: usize,
    /// Its number in its subtask, from 0.
    pub position: usize,
    /// What it is for; the scenario's own summary where nobody said.
    pub description: String,
    /// What is measured.
    pub scenario: ScenarioPart,
    /// What must exist before, in order of setup.
    pub contexts: Vec<Part>,
    /// When iterations start.
    pub runner: Part,
    /// What is good enough.
    pub slas: Vec<Part>,
    /// What happens in the middle of the load.
    pub hooks: Vec<HookPart>,
}

/// Workloads that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubtaskInfo {
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Whether the workloads run side by side, rather than one after the other.
    pub run_in_parallel: bool,
}

/// What will be run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// The subtasks, in order.
    pub subtasks: Vec<SubtaskInfo>,
    /// The workloads of all subtasks, in order.
    pub workloads: Vec<Workload>,
    /// The lines of the task's text.
    pub(crate) lines: Lines,
}

impl Part {
    /// The plugin with its configuration.
    ///
    /// A [`Problem`] when the plugin's type refuses what its schema allows.
    pub fn parse(&self) -> Result<Parsed, Problem> {
        self.parse_with(self.config.clone())
    }

    /// The plugin with another configuration, such as the one in which resources have been looked up.
    ///
    /// A [`Problem`] when the plugin's type refuses it.
    pub fn parse_with(&self, config: Value) -> Result<Parsed, Problem> {
        self.registration.parse(config).map_err(|error| {
            Problem::argument(&self.at, format!("{} does not take this: {error}", called(self.registration)))
        })
    }

    fn entry(&self) -> (String, Value) {
        (self.name.clone(), masked(&self.config))
    }

    fn to_v2(&self) -> Value {
        Value::Object(Map::from_iter([self.entry()]))
    }

    fn spec(&self) -> (String, Value) {
        (self.registration.meta().full_name(), self.config.clone())
    }
}

impl ScenarioPart {
    /// The scenario's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(part) => part.registration.meta().name,
            Self::Given(scenario) => scenario.name(),
            Self::Mix(mix) => &mix.name,
        }
    }

    /// Each scenario with its weight, in order; of a single one the weight is 1.
    pub fn each(&self) -> Vec<(&Self, u64)> {
        match self {
            Self::Mix(mix) => mix.scenarios.iter().map(|one| (&one.scenario, one.weight)).collect(),
            one => vec![(one, 1)],
        }
    }

    /// The plugins among the scenarios; a closure is none.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.each().into_iter().filter_map(|(scenario, _)| match scenario {
            Self::Named(part) => Some(part),
            Self::Given(_) | Self::Mix(_) => None,
        })
    }

    fn to_v2(&self) -> Value {
        match self {
            Self::Named(part) => part.to_v2(),
            other => json!({other.name(): {}}),
        }
    }
}

impl Workload {
    /// Adds the contexts that a platform brings to a workload that is a closure, except those that it has already.
    ///
    /// The problems of these contexts; they are the platform's mistakes, not the user's.
    pub fn add_platform_contexts(
        &mut self,
        registry: &Registry,
        contexts: &[(&str, &str)],
    ) -> Result<(), Vec<Problem>> {
        let mut builder = Builder::new(registry);
        let parts = builder.brought(&self.at, &[contexts], Origin::Platform, &self.contexts);
        if !builder.problems.is_empty() {
            return Err(builder.problems.into_vec());
        }
        // Before those of the same order that the user gave, as with a scenario's own contexts.
        self.contexts.splice(0..0, parts);
        contexts::sort(&mut self.contexts);
        Ok(())
    }

    /// The workload as its validators see it: once for each scenario, in order.
    pub fn specs(&self) -> Vec<WorkloadSpec> {
        let spec = |scenario: &ScenarioPart| {
            let args = match scenario {
                ScenarioPart::Named(part) => part.config.clone(),
                _ => json!({}),
            };
            let mut spec = WorkloadSpec::new(&self.at, scenario.name(), args);
            if let ScenarioPart::Named(part) = scenario {
                spec.args_at.clone_from(&part.at);
            }
            spec.contexts = self.contexts.iter().map(Part::spec).collect();
            spec.runner = (self.runner.registration.meta().name.to_owned(), self.runner.config.clone());
            spec.runner_at.clone_from(&self.runner.at);
            spec
        };
        self.scenario.each().into_iter().map(|(scenario, _)| spec(scenario)).collect()
    }

    /// All its parts, in the order in which problems are told; a closure is none.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.scenario.parts().chain(self.parts_around())
    }

    /// All parts but the scenarios.
    pub(crate) fn parts_around(&self) -> impl Iterator<Item = &Part> {
        let hooks = self.hooks.iter().flat_map(|hook| [&hook.action, &hook.trigger]);
        [&self.runner].into_iter().chain(&self.contexts).chain(&self.slas).chain(hooks)
    }
}

impl Plan {
    /// The plan of a task: every name is found in the registry, every configuration fits its plugin's schema and type,
    /// and the plugins' own checks of [`Phase::Syntax`](rally_core::Phase::Syntax) have nothing to say.
    ///
    /// All problems of all workloads otherwise.
    pub fn build(task: &Task, registry: &Registry) -> Result<Self, Vec<Problem>> {
        Builder::new(registry).task(task)
    }

    /// The task of a rendered text and its plan. Otherwise all problems of both: those that [`Task::parse`] finds, and
    /// those that [`Plan::build`] finds in the workloads whose shape is right.
    pub fn parse(text: &str, registry: &Registry) -> Result<(Task, Self), Vec<Problem>> {
        let (task, mut problems) = Task::parse_partly(text);
        let Some(task) = task else { return Err(problems) };
        match Self::build(&task, registry) {
            Ok(plan) if problems.is_empty() => Ok((task, plan)),
            Ok(_) => Err(problems),
            Err(found) => {
                let places: HashSet<String> = problems.iter().map(|problem| problem.at.clone()).collect();
                // What could not be read is empty in the plan, and that is no further mistake.
                problems.extend(found.into_iter().filter(|problem| !places.contains(&problem.at)));
                // What is about no line at all comes last.
                problems.sort_by_key(|problem| problem.line.unwrap_or(u32::MAX));
                Err(problems)
            }
        }
    }

    /// The plan of workloads that a program states; each becomes a subtask. The checks and defaults are those of a
    /// file, so the registry needs the runner `serial` and the SLA `failure_rate` unless every draft does without them.
    ///
    /// All problems of all drafts otherwise; their paths begin with `workloads[0]`.
    pub fn from_drafts(
        title: impl Into<String>,
        drafts: Vec<Draft>,
        registry: &Registry,
    ) -> Result<Self, Vec<Problem>> {
        Builder::new(registry).drafts(title.into(), drafts)
    }

    /// A task in format 2 of this workload alone, with secrets masked: what a report shows as its configuration.
    ///
    /// It holds what the task says and the defaults, but no contexts that come with the scenario or the platform: what
    /// it gives is a task again.
    pub fn workload_v2(&self, workload: &Workload) -> Value {
        let map = |parts: &mut dyn Iterator<Item = &Part>| parts.map(Part::entry).collect::<Map<_, _>>();
        let mut contexts = workload.contexts.iter().filter(|part| part.origin == Origin::Given);
        let hooks = workload.hooks.iter().map(|hook| {
            let mut map = json!({"action": hook.action.to_v2(), "trigger": hook.trigger.to_v2()});
            if let Some(description) = &hook.description {
                map["description"] = description.clone().into();
            }
            map
        });
        let mut sla = map(&mut workload.slas.iter());
        if !workload.slas.iter().any(|sla| sla.registration.meta().name == DEFAULT_SLA) {
            sla.insert(NO_DEFAULT_SLA.into(), true.into());
        }
        let (key, scenario) = match &workload.scenario {
            ScenarioPart::Mix(mix) => {
                let each = mix
                    .scenarios
                    .iter()
                    .map(|one| json!({"scenario": one.scenario.to_v2(), "weight": one.weight}));
                ("mix", each.collect())
            }
            one => ("scenario", one.to_v2()),
        };
        json!({
            "version": 2,
            "title": "One workload of a task",
            "subtasks": [{
                "title": short_title(workload.scenario.name()),
                "description": workload.description,
                key: scenario,
                "contexts": map(&mut contexts),
                "runner": workload.runner.to_v2(),
                "hooks": hooks.collect::<Vec<_>>(),
                "sla": sla,
            }],
        })
    }
}

/// As much of a name as the title of a short subtask may have.
fn short_title(name: &str) -> String {
    name.chars().take(MAX_SHORT_TITLE).collect()
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "the task",
            Self::Default => "the defaults",
            Self::Scenario => "the scenario",
            Self::Platform => "the platform",
        })
    }
}
