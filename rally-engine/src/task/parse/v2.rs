//! Format 2: a task with its subtasks, in their long and their short form.

use serde_json::Value;

use super::super::places::Lines;
use super::super::words::described;
use super::super::{
    MAX_SHORT_TITLE, MAX_TITLE, MAX_WEIGHT, Named, Subtask, Task, TaskHook, TaskScenario, TaskWorkload,
    Weighted,
};
use super::{Mapping, Reader, Section};

const ARGUMENTS: &str = "the arguments of a scenario are a mapping";

/// Format 1 in format 2.
const NOT_IN_V2: &[(&str, &str)] =
    &[("args", "format 2 writes the arguments below the name: `scenario: {Name: {…}}`")];
/// What belongs to a workload rather than to its subtask.
const NOT_IN_LONG: &[(&str, &str)] = &[
    ("scenario", "each workload has its own"),
    ("mix", "each workload has its own"),
    ("contexts", "each workload has its own"),
    ("runner", "each workload has its own"),
    ("sla", "each workload has its own"),
    ("hooks", "each workload has its own"),
];

impl Reader {
    pub(super) fn task_v2(&mut self, map: Mapping) -> Task {
        const KEYS: &[&str] = &["version", "title", "description", "tags", "subtasks"];
        let mut section =
            Section { map, at: String::new(), what: "a task of format 2", keys: KEYS, elsewhere: &[] };
        section.take("version");
        let title = self.required_text(&mut section, "title", MAX_TITLE);
        let description = self.text(&mut section, "description", None);
        let tags = self.tags(&mut section);
        let subtasks = self.required(&mut section, "subtasks");
        self.unknown_keys(&section);
        let subtasks = self.list(subtasks, "`subtasks` is a list", Self::subtask);
        Task {
            title: title.unwrap_or_default(),
            description,
            tags,
            subtasks,
            warnings: Vec::new(),
            lines: Lines::default(),
        }
    }

    fn subtask(&mut self, value: Value, at: String) -> Option<Subtask> {
        const LONG: &[&str] = &["title", "description", "group", "tags", "run_in_parallel", "workloads"];
        const SHORT: &[&str] = &[
            "title",
            "description",
            "group",
            "tags",
            "scenario",
            "mix",
            "contexts",
            "runner",
            "sla",
            "hooks",
        ];
        let long = value.get("workloads").is_some();
        let mut section = if long {
            self.section(value, &at, "a subtask with `workloads`", LONG)?
        } else {
            self.section(value, &at, "a subtask", SHORT)?
        };
        let title = self.required_text(&mut section, "title", if long { MAX_TITLE } else { MAX_SHORT_TITLE });
        let description = self.text(&mut section, "description", None);
        let group = self.text(&mut section, "group", None);
        let tags = self.tags(&mut section);
        let mut run_in_parallel = false;
        let workloads = if long {
            if let Some((value, at)) = section.take("run_in_parallel") {
                match value {
                    Value::Bool(value) => run_in_parallel = value,
                    other => self.wrong(at, format!("expected true or false, not {}", described(&other))),
                }
            }
            let workloads = section.take("workloads");
            section.elsewhere = NOT_IN_LONG;
            self.unknown_keys(&section);
            self.workloads(workloads)
        } else {
            self.workload_v2(section, 0).into_iter().collect()
        };
        Some(Subtask {
            at,
            title: title.unwrap_or_default(),
            description,
            group,
            tags,
            run_in_parallel,
            workloads,
        })
    }

    fn workloads(&mut self, value: Option<(Value, String)>) -> Vec<TaskWorkload> {
        const KEYS: &[&str] = &["description", "scenario", "mix", "contexts", "runner", "sla", "hooks"];
        if let Some((Value::Array(items), at)) = &value
            && items.is_empty()
        {
            self.wrong(at, "a subtask needs at least one workload");
        }
        let mut position = 0;
        self.list(value, "`workloads` is a list", |reader, value, at| {
            let mut section = reader.section(value, &at, "a workload", KEYS)?;
            let description = reader.text(&mut section, "description", None);
            let workload = reader.workload_v2(section, position);
            position += 1;
            workload.map(|workload| TaskWorkload { description, ..workload })
        })
    }

    /// What a workload and a short subtask have in common.
    fn workload_v2(&mut self, mut section: Section, position: usize) -> Option<TaskWorkload> {
        let at = section.at.clone();
        let scenario = self.scenario(&mut section);
        let runner = match section.take("runner") {
            Some((value, at)) => {
                self.one_plugin(value, &at, Some("the configuration of a runner is a mapping"))
            }
            None => Some(Named::default_runner(&at)),
        };
        let contexts =
            self.plugins(section.take("contexts"), "contexts are a mapping from names to configurations");
        let sla = self.sla(&mut section, &at);
        let hooks = self.list(section.take("hooks"), "hooks are a list", Self::hook_v2);
        section.elsewhere = NOT_IN_V2;
        self.unknown_keys(&section);
        Some(TaskWorkload {
            at,
            position,
            description: None,
            scenario: scenario?,
            contexts,
            runner: runner?,
            sla,
            hooks,
        })
    }

    fn scenario(&mut self, section: &mut Section) -> Option<TaskScenario> {
        let Some((mix, at)) = section.take("mix") else {
            let (value, at) = self.required(section, "scenario")?;
            return self.one_plugin(value, &at, Some(ARGUMENTS)).map(TaskScenario::One);
        };
        if section.take("scenario").is_some() {
            self.wrong(at.as_str(), "a workload has `scenario` or `mix`, not both");
        }
        if mix.as_array().is_some_and(Vec::is_empty) {
            self.wrong(at.as_str(), "a mix needs at least one scenario");
        }
        let scenarios =
            self.list(Some((mix, at)), "`mix` is a list", |reader, value, at| reader.weighted(value, &at));
        Some(TaskScenario::Mix(scenarios))
    }

    /// `{scenario: {Name: arguments}, weight: 3}`
    fn weighted(&mut self, value: Value, at: &str) -> Option<Weighted> {
        let mut section = self.section(value, at, "a scenario of a mix", &["scenario", "weight"])?;
        let scenario = self.required(&mut section, "scenario");
        let scenario = scenario.and_then(|(value, at)| self.one_plugin(value, &at, Some(ARGUMENTS)));
        let weight = match section.take("weight") {
            None => Some(1),
            Some((value, at)) => {
                let weight = value.as_u64().filter(|weight| (1..=MAX_WEIGHT).contains(weight));
                if weight.is_none() {
                    let expected = format!("expected an integer between 1 and {MAX_WEIGHT}");
                    self.wrong(at, format!("{expected}, not {}", described(&value)));
                }
                weight
            }
        };
        self.unknown_keys(&section);
        Some(Weighted { scenario: scenario?, weight: weight? })
    }

    fn hook_v2(&mut self, value: Value, at: String) -> Option<TaskHook> {
        if value.get("name").is_some() {
            let hint = "write `{action: {Name: …}, trigger: {Name: …}}`";
            self.wrong_with_hint(at, "this is a hook of format 1 in a task of format 2", Some(hint.into()));
            return None;
        }
        let mut section = self.section(value, &at, "a hook", &["action", "trigger", "description"])?;
        let description = self.text(&mut section, "description", None);
        let action =
            self.required(&mut section, "action").and_then(|(value, at)| self.one_plugin(value, &at, None));
        let trigger = self.required(&mut section, "trigger").and_then(|(value, at)| {
            self.one_plugin(value, &at, Some("the configuration of a trigger is a mapping"))
        });
        self.unknown_keys(&section);
        Some(TaskHook { at, description, action: action?, trigger: trigger? })
    }
}
