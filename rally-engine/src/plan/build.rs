//! From names to plugins: everything that a task or a program states is found and checked, and all problems are kept.

use futures::FutureExt;
use rally_core::registry::Parsed;
use rally_core::{Journal, Kind, Phase, PluginNotFound, Problem, ProblemKind, Registration, Registry, World};
use serde_json::Value;
use uuid::Uuid;

use super::draft::{Draft, DraftPart, DraftScenario};
use super::{HookPart, Origin, Part, Plan, ScenarioPart, SubtaskInfo, Workload};
use crate::preflight;
use crate::schema::{Schemas, called};
use crate::task::words::{index, key};
use crate::task::{Named, Subtask, Task, TaskHook, TaskWorkload};

/// A plan in the making.
pub(super) struct Builder<'a> {
    registry: &'a Registry,
    schemas: Schemas,
    pub(super) problems: Vec<Problem>,
    /// What the checks of the phase before any platform are shown.
    nowhere: World,
}

/// A part before its checks.
struct Asked<'a> {
    registration: Registration,
    name: &'a str,
    config: &'a Value,
    at: String,
    origin: Origin,
}

impl<'a> Builder<'a> {
    pub(super) fn new(registry: &'a Registry) -> Self {
        let nowhere = World::new(Uuid::nil(), registry.clone(), Journal::in_memory());
        Self { registry, schemas: Schemas::default(), problems: Vec::new(), nowhere }
    }

    pub(super) fn task(mut self, task: &Task) -> Result<Plan, Vec<Problem>> {
        let mut plan = Plan {
            title: task.title.clone(),
            description: task.description.clone(),
            tags: task.tags.clone(),
            subtasks: Vec::new(),
            workloads: Vec::new(),
        };
        for (number, subtask) in task.subtasks.iter().enumerate() {
            let Subtask { title, description, tags, .. } = subtask.clone();
            plan.subtasks.push(SubtaskInfo { title, description, tags });
            for workload in &subtask.workloads {
                let before = self.problems.len();
                let mut workload = workload.clone();
                if workload.at == subtask.at && workload.description.is_none() {
                    // A short subtask and its workload are one thing to the reader.
                    workload.description.clone_from(&subtask.description);
                }
                let workload = self.workload(number, &workload);
                plan.workloads.extend(self.checked(workload, before));
            }
        }
        self.end(plan)
    }

    pub(super) fn drafts(mut self, title: String, drafts: Vec<Draft>) -> Result<Plan, Vec<Problem>> {
        let mut plan =
            Plan { title, description: None, tags: Vec::new(), subtasks: Vec::new(), workloads: Vec::new() };
        for (number, draft) in drafts.into_iter().enumerate() {
            let title = match &draft.scenario {
                DraftScenario::Named(part) => part.registration.meta().name.to_owned(),
                DraftScenario::Given(scenario) => scenario.name().to_owned(),
            };
            plan.subtasks.push(SubtaskInfo { title, description: None, tags: Vec::new() });
            let before = self.problems.len();
            let workload = self.draft(number, draft);
            plan.workloads.extend(self.checked(workload, before));
        }
        self.end(plan)
    }

    fn end(self, plan: Plan) -> Result<Plan, Vec<Problem>> {
        if self.problems.is_empty() { Ok(plan) } else { Err(self.problems) }
    }

    /// The workload, after the plugins' own checks when nothing else is wrong with it.
    fn checked(&mut self, workload: Option<Workload>, problems_before: usize) -> Option<Workload> {
        let workload = workload?;
        if self.problems.len() > problems_before {
            return Some(workload);
        }
        match preflight::workload(&workload, Phase::Syntax, &self.nowhere).now_or_never() {
            Some(problems) => self.problems.extend(problems),
            // Nothing of this phase has anything to wait for.
            None => self.problems.push(Problem::argument(
                &workload.at,
                "a plugin of this workload waits for something in a check of its syntax; its author should make it a \
                 semantic check",
            )),
        }
        Some(workload)
    }

    fn put(&mut self, problem: Problem) {
        // In format 1 several workloads may name one unknown scenario at one place.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn workload(&mut self, subtask: usize, workload: &TaskWorkload) -> Option<Workload> {
        let scenario = self.named(Kind::Scenario, &workload.scenario);
        let runner = self.named(Kind::Runner, &workload.runner);
        let given: Vec<Part> =
            workload.contexts.iter().filter_map(|c| self.named(Kind::Context, c)).collect();
        let contexts = self.contexts(&workload.at, scenario.as_ref(), given);
        let slas = workload.sla.iter().filter_map(|sla| self.named(Kind::Sla, sla)).collect();
        let hooks = workload.hooks.iter().filter_map(|hook| self.hook(hook)).collect();
        let (scenario, runner) = (scenario?, runner?);
        let description = workload.description.clone().unwrap_or_else(|| scenario.registration.summary());
        Some(Workload {
            at: workload.at.clone(),
            subtask,
            position: workload.position,
            description,
            scenario: ScenarioPart::Named(scenario),
            contexts,
            runner,
            slas,
            hooks,
        })
    }

    fn hook(&mut self, hook: &TaskHook) -> Option<HookPart> {
        let action = self.named(Kind::Hook, &hook.action);
        let trigger = self.named(Kind::Trigger, &hook.trigger);
        let (at, description) = (hook.at.clone(), hook.description.clone());
        Some(HookPart { at, description, action: action?, trigger: trigger? })
    }

    fn draft(&mut self, number: usize, draft: Draft) -> Option<Workload> {
        let at = index("workloads", number);
        let scenario = match &draft.scenario {
            DraftScenario::Named(part) => self.typed(part, &key(&at, "scenario")).map(ScenarioPart::Named),
            DraftScenario::Given(scenario) => Some(ScenarioPart::Given(scenario.clone())),
        };
        let runner = match &draft.runner {
            Some(part) => self.typed(part, &key(&at, "runner")),
            None => self.named(Kind::Runner, &Named::default_runner(&at)),
        };
        let given =
            draft.contexts.iter().filter_map(|part| self.typed(part, &key(&at, "contexts"))).collect();
        let brought = match &scenario {
            Some(ScenarioPart::Named(part)) => Some(part.clone()),
            _ => None,
        };
        let contexts = self.contexts(&at, brought.as_ref(), given);
        let slas = if draft.slas.is_empty() {
            self.named(Kind::Sla, &Named::default_sla(&at)).into_iter().collect()
        } else {
            draft.slas.iter().filter_map(|part| self.typed(part, &key(&at, "sla"))).collect()
        };
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
        let summary = || brought.map(|part| part.registration.summary()).unwrap_or_default();
        let description = draft.description.unwrap_or_else(summary);
        let (scenario, runner) = (scenario?, runner?);
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
    fn part(&mut self, asked: &Asked<'_>) -> Part {
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

    /// What the scenario brings and what was asked for, in order of setup.
    fn contexts(&mut self, at: &str, scenario: Option<&Part>, given: Vec<Part>) -> Vec<Part> {
        let brought = scenario.map_or(&[][..], |part| part.registration.meta().contexts);
        let mut contexts = self.brought(at, brought, Origin::Scenario, &given);
        for part in given {
            let name = part.registration.meta().full_name();
            let there = contexts.iter().find(|other: &&Part| other.registration.meta().full_name() == name);
            match there {
                None => contexts.push(part),
                Some(other) => {
                    let said = if other.name == part.name {
                        format!("context `{}` is there twice", part.name)
                    } else {
                        format!("context `{}` is `{}` again", part.name, other.name)
                    };
                    self.put(Problem::argument(
                        &part.at,
                        format!("{said}; a workload has each context only once"),
                    ));
                }
            }
        }
        sort(&mut contexts);
        contexts
    }

    /// The contexts that a scenario or a platform brings, except those that are there already.
    pub(super) fn brought(
        &mut self,
        at: &str,
        contexts: &[(&str, &str)],
        origin: Origin,
        there: &[Part],
    ) -> Vec<Part> {
        let mut parts = Vec::new();
        for (name, json) in contexts {
            let at = key(&key(at, "contexts"), name);
            let registration = match self.registry.find(Kind::Context, name) {
                Ok(registration) => *registration,
                Err(error) => {
                    let mut problem = not_found(&error, &at);
                    problem.what = format!("{}, which {origin} brings", problem.what);
                    self.put(problem);
                    continue;
                }
            };
            let full_name = registration.meta().full_name();
            if there.iter().any(|part| part.registration.meta().full_name() == full_name) {
                continue;
            }
            match serde_json::from_str(json) {
                Ok(config) => {
                    parts.push(self.part(&Asked { registration, name, config: &config, at, origin }));
                }
                Err(error) => {
                    let what = format!(
                        "{origin} brings {} with a configuration that is no JSON: {error}",
                        called(registration)
                    );
                    self.put(Problem::argument(at, what));
                }
            }
        }
        parts
    }
}

/// Sorts by order of setup; contexts of one order stay as they are.
pub(super) fn sort(contexts: &mut [Part]) {
    contexts.sort_by_cached_key(|part| match part.parse() {
        Ok(Parsed::Context(context)) => context.order(),
        // It has been reported already.
        _ => u32::MAX,
    });
}

fn not_found(error: &PluginNotFound, at: &str) -> Problem {
    let (what, hint) = match error {
        PluginNotFound::Unknown { kind, name, hint, linked } => (
            format!("there is no {kind} `{name}`"),
            hint.clone().unwrap_or_else(|| format!("linked: {linked}")),
        ),
        other => return Problem::new(ProblemKind::UnknownPlugin, at, other.to_string()),
    };
    Problem::new(ProblemKind::UnknownPlugin, at, what).hint(hint)
}
