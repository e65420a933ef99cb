//! From names to plugins: everything that a task or a program states is found and checked, and all problems are kept.

use futures::FutureExt;
use rally_core::{Journal, Kind, Phase, PluginNotFound, Problem, ProblemKind, Registration, Registry, World};
use serde_json::Value;
use uuid::Uuid;

use super::draft::{Draft, DraftPart, DraftScenario};
use super::{HookPart, Mix, Origin, Part, Plan, ScenarioPart, SubtaskInfo, WeightedPart, Workload};
use crate::preflight;
use crate::problems::Problems;
use crate::schema::{Schemas, called};
use crate::task::places::Lines;
use crate::task::words::{index, key, listed};
use crate::task::{DEFAULT_SLA, MAX_WEIGHT, Named, Task, TaskHook, TaskScenario, TaskWorkload, Weighted};

/// A plan in the making.
pub(super) struct Builder<'a> {
    pub(super) registry: &'a Registry,
    schemas: Schemas,
    pub(super) problems: Problems,
    /// What the checks of the phase before any platform are shown.
    nowhere: World,
}

/// A part before its checks.
pub(super) struct Asked<'a> {
    pub(super) registration: Registration,
    pub(super) name: &'a str,
    pub(super) config: &'a Value,
    pub(super) at: String,
    pub(super) origin: Origin,
}

impl<'a> Builder<'a> {
    pub(super) fn new(registry: &'a Registry) -> Self {
        let nowhere = World::new(Uuid::nil(), registry.clone(), Journal::in_memory());
        Self { registry, schemas: Schemas::default(), problems: Problems::default(), nowhere }
    }

    pub(super) fn task(mut self, task: &Task) -> Result<Plan, Vec<Problem>> {
        let mut plan = Plan {
            title: task.title.clone(),
            description: task.description.clone(),
            tags: task.tags.clone(),
            subtasks: Vec::new(),
            workloads: Vec::new(),
            lines: task.lines.clone(),
        };
        for (number, subtask) in task.subtasks.iter().enumerate() {
            plan.subtasks.push(SubtaskInfo {
                title: subtask.title.clone(),
                description: subtask.description.clone(),
                tags: subtask.tags.clone(),
                run_in_parallel: subtask.run_in_parallel,
            });
            for workload in &subtask.workloads {
                if self.problems.is_full() {
                    break;
                }
                let before = self.problems.len();
                // A short subtask and its workload are one thing to the reader.
                let short = if workload.at == subtask.at { subtask.description.clone() } else { None };
                let workload = self.workload(number, workload, short);
                plan.workloads.extend(self.checked(workload, before));
            }
        }
        self.end(plan)
    }

    pub(super) fn drafts(mut self, title: String, drafts: Vec<Draft>) -> Result<Plan, Vec<Problem>> {
        let mut plan = Plan {
            title,
            description: None,
            tags: Vec::new(),
            subtasks: Vec::new(),
            workloads: Vec::new(),
            lines: Lines::default(),
        };
        for (number, draft) in drafts.into_iter().enumerate() {
            let names: Vec<&str> = draft.scenarios.iter().map(|(scenario, _)| scenario.name()).collect();
            plan.subtasks.push(SubtaskInfo {
                title: names.join(BETWEEN),
                description: None,
                tags: Vec::new(),
                run_in_parallel: false,
            });
            let before = self.problems.len();
            let workload = self.draft(number, draft);
            plan.workloads.extend(self.checked(workload, before));
        }
        self.end(plan)
    }

    fn end(self, plan: Plan) -> Result<Plan, Vec<Problem>> {
        if self.problems.is_empty() {
            return Ok(plan);
        }
        let mut problems = self.problems.into_vec();
        plan.lines.add_to(&mut problems);
        Err(problems)
    }

    /// The workload, after the plugins' own checks when nothing else is wrong with it.
    fn checked(&mut self, workload: Option<Workload>, problems_before: usize) -> Option<Workload> {
        let workload = workload?;
        if self.problems.len() > problems_before {
            return Some(workload);
        }
        match preflight::workload(&workload, Phase::Syntax, &self.nowhere).now_or_never() {
            Some(problems) => problems.into_iter().for_each(|problem| self.put(problem)),
            // Nothing of this phase has anything to wait for.
            None => self.put(Problem::argument(
                &workload.at,
                "a plugin of this workload waits for something in a check of its syntax; its author should make it a \
                 semantic check",
            )),
        }
        Some(workload)
    }

    pub(super) fn put(&mut self, problem: Problem) {
        self.problems.put(problem);
    }

    fn workload(
        &mut self,
        subtask: usize,
        workload: &TaskWorkload,
        description: Option<String>,
    ) -> Option<Workload> {
        let scenario = self.scenario(&workload.scenario);
        let runner = self.named(Kind::Runner, &workload.runner);
        let given: Vec<Part> =
            workload.contexts.iter().filter_map(|c| self.named(Kind::Context, c)).collect();
        let contexts = self.contexts(&workload.at, scenario.as_ref(), given);
        let slas = workload.sla.iter().filter_map(|sla| self.named(Kind::Sla, sla)).collect();
        let hooks = workload.hooks.iter().filter_map(|hook| self.hook(hook)).collect();
        let (scenario, runner) = (scenario?, runner?);
        let description = workload.description.clone().or(description);
        Some(Workload {
            at: workload.at.clone(),
            subtask,
            position: workload.position,
            description: description.unwrap_or_else(|| self.summary(&scenario)),
            scenario,
            contexts,
            runner,
            slas,
            hooks,
        })
    }

    /// The scenarios of a workload; nothing when one of them is not there.
    fn scenario(&mut self, scenario: &TaskScenario) -> Option<ScenarioPart> {
        match scenario {
            TaskScenario::One(named) => self.named(Kind::Scenario, named).map(ScenarioPart::Named),
            TaskScenario::Mix(several) => {
                let parts: Vec<Option<WeightedPart>> = several
                    .iter()
                    .map(|Weighted { scenario, weight, .. }| {
                        let scenario = ScenarioPart::Named(self.named(Kind::Scenario, scenario)?);
                        Some(WeightedPart { scenario, weight: *weight })
                    })
                    .collect();
                parts.into_iter().collect::<Option<Vec<_>>>().map(mixed)
            }
        }
    }

    /// What a scenario says of itself.
    fn summary(&mut self, scenario: &ScenarioPart) -> String {
        match scenario {
            ScenarioPart::Named(part) => self.schemas.summary(part.registration),
            ScenarioPart::Given(_) => String::new(),
            ScenarioPart::Mix(mix) => {
                let each =
                    mix.scenarios.iter().map(|one| format!("{} × {}", one.weight, one.scenario.name()));
                format!("A mix of {}.", listed(&each.collect::<Vec<_>>(), "and"))
            }
        }
    }

    fn hook(&mut self, hook: &TaskHook) -> Option<HookPart> {
        let action = self.named(Kind::Hook, &hook.action);
        let trigger = self.named(Kind::Trigger, &hook.trigger);
        let (at, description) = (hook.at.clone(), hook.description.clone());
        Some(HookPart { at, description, action: action?, trigger: trigger? })
    }

    fn draft(&mut self, number: usize, draft: Draft) -> Option<Workload> {
        let at = index("workloads", number);
        let scenario = self.drafted(&at, &draft.scenarios);
        let runner = match &draft.runner {
            Some(part) => self.typed(part, &key(&at, "runner")),
            None => self.named(Kind::Runner, &Named::default_runner(&at)),
        };
        let given =
            draft.contexts.iter().filter_map(|part| self.typed(part, &key(&at, "contexts"))).collect();
        let contexts = self.contexts(&at, scenario.as_ref(), given);
        let mut slas: Vec<Part> =
            draft.slas.iter().filter_map(|part| self.typed(part, &key(&at, "sla"))).collect();
        if draft.default_sla && !draft.slas.iter().any(|sla| sla.registration.meta().name == DEFAULT_SLA) {
            slas.extend(self.named(Kind::Sla, &Named::default_sla(&at)));
        }
        let mut hooks = Vec::new();
        for (hook, (action, trigger)) in draft.hooks.iter().enumerate() {
            let at = index(&key(&at, "hooks"), hook);
            let action = self.typed(action, &key(&at, "action"));
            let trigger = self.typed(trigger, &key(&at, "trigger"));
            hooks.extend(action.zip(trigger).map(|(action, trigger)| HookPart {
                at,
                description: None,
                action,
                trigger,
            }));
        }
        let (scenario, runner) = (scenario?, runner?);
        let description = draft.description.unwrap_or_else(|| self.summary(&scenario));
        Some(Workload {
            at,
            subtask: number,
            position: 0,
            description,
            scenario,
            contexts,
            runner,
            slas,
            hooks,
        })
    }

    /// The scenarios of a draft; nothing when one of them cannot be had.
    fn drafted(&mut self, at: &str, scenarios: &[(DraftScenario, u64)]) -> Option<ScenarioPart> {
        let several = scenarios.len() > 1;
        let mut parts = Vec::new();
        for (number, (scenario, weight)) in scenarios.iter().enumerate() {
            let at = if several { index(&key(at, "mix"), number) } else { at.to_owned() };
            if !(1..=MAX_WEIGHT).contains(weight) {
                let what = format!("expected an integer between 1 and {MAX_WEIGHT}, not {weight}");
                self.put(Problem::argument(key(&at, "weight"), what));
            }
            let scenario = match scenario {
                DraftScenario::Named(part) => {
                    self.typed(part, &key(&at, "scenario")).map(ScenarioPart::Named)
                }
                DraftScenario::Given(scenario) => Some(ScenarioPart::Given(scenario.clone())),
            };
            parts.push(scenario.map(|scenario| WeightedPart { scenario, weight: *weight }));
        }
        let mut parts: Vec<WeightedPart> = parts.into_iter().collect::<Option<_>>()?;
        if several { Some(mixed(parts)) } else { parts.pop().map(|one| one.scenario) }
    }

    /// A plugin that a program gives as a value.
    fn typed(&mut self, part: &DraftPart, section: &str) -> Option<Part> {
        let registration = part.registration;
        let name = registration.meta().name;
        let at = key(section, name);
        match &part.config {
            Ok(config) => Some(self.part(&Asked { registration, name, config, at, origin: Origin::Given })),
            Err(error) => {
                self.put(Problem::argument(
                    at,
                    format!("{} cannot be written as JSON: {error}", called(registration)),
                ));
                None
            }
        }
    }

    /// A plugin that a file names, or a default.
    fn named(&mut self, kind: Kind, named: &Named) -> Option<Part> {
        let registration = match self.registry.find(kind, &named.name) {
            Ok(registration) => *registration,
            Err(error) => {
                self.put(not_found(&error, &named.name_at));
                return None;
            }
        };
        if registration.meta().hidden {
            let what = format!("{} comes with scenarios, and a task cannot ask for it", called(registration));
            self.put(Problem::new(ProblemKind::UnknownPlugin, &named.name_at, what).hint("leave it out"));
            return None;
        }
        let origin = if named.given { Origin::Given } else { Origin::Default };
        let (name, config, at) = (named.name.as_str(), &named.config, named.at.clone());
        Some(self.part(&Asked { registration, name, config, at, origin }))
    }

    /// A plugin with its configuration, measured against its schema and then, when that fits, against its type.
    pub(super) fn part(&mut self, asked: &Asked<'_>) -> Part {
        let (config, problems) = self.schemas.check(asked.registration, asked.config, &asked.at);
        let fits = problems.is_empty();
        for problem in problems {
            self.put(problem);
        }
        let part = Part {
            registration: asked.registration,
            name: asked.name.to_owned(),
            config,
            at: asked.at.clone(),
            origin: asked.origin,
        };
        if fits && let Err(problem) = part.parse() {
            self.put(problem);
        }
        part
    }
}

/// What stands between the names of the scenarios of a mix.
const BETWEEN: &str = " + ";

fn mixed(scenarios: Vec<WeightedPart>) -> ScenarioPart {
    let names: Vec<&str> = scenarios.iter().map(|one| one.scenario.name()).collect();
    ScenarioPart::Mix(Mix { name: names.join(BETWEEN), scenarios })
}

pub(super) fn not_found(error: &PluginNotFound, at: &str) -> Problem {
    match error {
        PluginNotFound::Unknown { kind, name, hint, linked } => {
            let what = format!("there is no {kind} `{name}`");
            let hint = hint.clone().unwrap_or_else(|| format!("linked: {linked}"));
            Problem::new(ProblemKind::UnknownPlugin, at, what).hint(hint).plugin(*kind, name)
        }
        other => Problem::new(ProblemKind::UnknownPlugin, at, other.to_string()),
    }
}
