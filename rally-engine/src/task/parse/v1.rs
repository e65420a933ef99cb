//! Format 1: scenarios with their workloads.

use serde_json::Value;

use super::super::places::Lines;
use super::super::words::{described, index, key};
use super::super::{Named, Subtask, Task, TaskHook, TaskScenario, TaskWorkload};
use super::{Mapping, Reader, Section};

/// The title of a task in format 1, which has no place for one.
const V1_TITLE: &str = "Task in format 1";
/// Format 2 in format 1.
const NOT_IN_V1: &[(&str, &str)] = &[
    ("contexts", "format 1 calls it `context`"),
    ("scenario", "format 1 names the scenario above the list of workloads, and its arguments `args`"),
    ("mix", "a mix of scenarios is written in format 2"),
];

impl Reader {
    pub(super) fn task_v1(&mut self, map: Mapping) -> Task {
        let mut subtasks = Vec::new();
        for (scenario, workloads) in map {
            let at = key("", &scenario);
            let Value::Array(workloads) = workloads else {
                let what =
                    format!("a scenario of format 1 has a list of workloads, not {}", described(&workloads));
                self.wrong(at, what);
                continue;
            };
            let workloads = workloads
                .into_iter()
                .enumerate()
                .filter_map(|(position, workload)| self.workload_v1(&scenario, &at, position, workload))
                .collect();
            subtasks.push(Subtask {
                at,
                title: scenario,
                description: None,
                group: None,
                tags: Vec::new(),
                run_in_parallel: false,
                workloads,
            });
        }
        Task {
            title: V1_TITLE.into(),
            description: None,
            tags: Vec::new(),
            subtasks,
            warnings: Vec::new(),
            lines: Lines::default(),
        }
    }

    fn workload_v1(
        &mut self,
        scenario: &str,
        scenario_at: &str,
        position: usize,
        value: Value,
    ) -> Option<TaskWorkload> {
        const KEYS: &[&str] = &["args", "runner", "context", "sla", "hooks", "description"];
        let at = index(scenario_at, position);
        let mut section = self.section(value, &at, "a workload", KEYS)?;
        let args = section.take("args");
        let (config, args_at) = args.unwrap_or_else(|| (Value::Null, key(&at, "args")));
        let config = self.mapping_or_null(config, &args_at, "the arguments of a scenario are a mapping");
        let description = self.text(&mut section, "description", None);
        let runner = match section.take("runner") {
            Some((value, at)) => self.runner_v1(value, &at),
            None => Some(Named::default_runner(&at)),
        };
        let contexts =
            self.plugins(section.take("context"), "contexts are a mapping from names to configurations");
        let sla = self.sla(&mut section, &at);
        let hooks = self.list(section.take("hooks"), "hooks are a list", Self::hook_v1);
        section.elsewhere = NOT_IN_V1;
        self.unknown_keys(&section);
        let scenario =
            Named { name: scenario.into(), name_at: scenario_at.into(), config, at: args_at, given: true };
        let scenario = TaskScenario::One(scenario);
        Some(TaskWorkload { at, position, description, scenario, contexts, runner: runner?, sla, hooks })
    }

    /// `{type: constant, times: 10}`: the other keys are the configuration.
    fn runner_v1(&mut self, value: Value, at: &str) -> Option<Named> {
        let Value::Object(mut config) = value else {
            self.wrong(
                at,
                format!("a runner of format 1 is a mapping with `type`, not {}", described(&value)),
            );
            return None;
        };
        let name_at = key(at, "type");
        match config.shift_remove("type") {
            Some(Value::String(name)) => {
                Some(Named { name, name_at, config: config.into(), at: at.into(), given: true })
            }
            Some(other) => {
                self.wrong(name_at, format!("the type of a runner is its name, not {}", described(&other)));
                None
            }
            None => {
                // The way of format 2.
                let named = config.iter().next().filter(|(_, config)| config.is_object());
                let hint = named.map(|(name, _)| format!("write `{{type: {name}, …}}`"));
                self.wrong_with_hint(at, "a runner of format 1 needs `type`, the name of the runner", hint);
                None
            }
        }
    }

    fn hook_v1(&mut self, value: Value, at: String) -> Option<TaskHook> {
        if value.get("action").is_some() {
            let hint = "write `{name: …, args: …, trigger: {name: …, args: …}}`";
            self.wrong_with_hint(at, "this is a hook of format 2 in a task of format 1", Some(hint.into()));
            return None;
        }
        let keys = &["name", "args", "trigger", "description"];
        let mut section = self.section(value, &at, "a hook of format 1", keys)?;
        let description = self.text(&mut section, "description", None);
        let trigger = self.required(&mut section, "trigger");
        let action = self.name_and_args(section);
        let (trigger, trigger_at) = trigger?;
        let section = self.section(trigger, &trigger_at, "the trigger of a hook", &["name", "args"])?;
        let trigger = self.name_and_args(section)?;
        Some(TaskHook { at, description, action: action?, trigger })
    }

    fn name_and_args(&mut self, mut section: Section) -> Option<Named> {
        let name = self.required(&mut section, "name");
        let args = self.required(&mut section, "args");
        self.unknown_keys(&section);
        let (name, name_at) = name?;
        let (config, config_at) = args?;
        let Value::String(name) = name else {
            self.wrong(name_at, format!("a name is a text, not {}", described(&name)));
            return None;
        };
        Some(Named { name, name_at, config, at: config_at, given: true })
    }
}
