//! Both formats of a task file are read here, and every mistake of shape is said at once.

use rally_core::{Problem, ProblemKind, did_you_mean};
use serde_json::{Map, Value};

use super::words::{described, index, key, listed};
use super::{Named, Subtask, Task, TaskHook, TaskWorkload};

type Mapping = Map<String, Value>;

/// The title of a task in format 1, which has no place for one.
const V1_TITLE: &str = "Task in format 1";
/// The longest title of a task and the longest tag, in characters; of a short subtask, the longest title.
const MAX_TITLE: usize = 255;
const MAX_SHORT_TITLE: usize = 128;

/// The task that this value states, or everything that is wrong with its shape.
pub(super) fn task(value: Value) -> Result<Task, Vec<Problem>> {
    let mut reader = Reader::default();
    let task = match value {
        Value::Object(map) if !map.is_empty() => reader.task(map),
        Value::Null | Value::Object(_) => {
            reader.wrong("", "the task is empty");
            None
        }
        other => {
            reader.wrong("", format!("a task is a mapping, not {}", described(&other)));
            None
        }
    };
    match task {
        Some(task) if reader.problems.is_empty() => Ok(task),
        _ => Err(reader.problems),
    }
}

/// What is wrong so far. A section that is wrong reads as nothing, so that the others are read as well.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

/// A mapping that is being read: keys are taken out, and those that nobody takes are unknown.
struct Section {
    map: Mapping,
    at: String,
    /// What messages call it: `a workload`.
    what: &'static str,
    keys: &'static [&'static str],
    /// Keys that belong into another place, and what to say to those who write them here.
    elsewhere: &'static [(&'static str, &'static str)],
}

/// Format 1 in format 2.
const NOT_IN_V2: &[(&str, &str)] =
    &[("args", "format 2 writes the arguments below the name: `scenario: {Name: {…}}`")];
/// What belongs to a workload rather than to its subtask.
const NOT_IN_LONG: &[(&str, &str)] = &[
    ("scenario", "each workload has its own"),
    ("contexts", "each workload has its own"),
    ("runner", "each workload has its own"),
    ("sla", "each workload has its own"),
    ("hooks", "each workload has its own"),
];

impl Section {
    /// The value of a key and its path.
    fn take(&mut self, name: &'static str) -> Option<(Value, String)> {
        self.map.shift_remove(name).map(|value| (value, key(&self.at, name)))
    }
}

impl Reader {
    fn wrong(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem::new(ProblemKind::Shape, at, what));
    }

    fn wrong_with_hint(&mut self, at: impl Into<String>, what: impl Into<String>, hint: Option<String>) {
        self.problems.push(Problem::new(ProblemKind::Shape, at, what).maybe_hint(hint));
    }

    fn task(&mut self, mut map: Mapping) -> Option<Task> {
        let version = match map.get("version") {
            None => "1".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        match version.as_str() {
            // Without its version a file of format 2 would be read as scenarios called `title` and `subtasks`.
            "1" if map.get("subtasks").is_some_and(Value::is_array) => {
                self.wrong_with_hint(
                    "subtasks",
                    "this is format 2, which a task has to say",
                    Some("write `version: 2`".into()),
                );
                None
            }
            "1" => {
                map.shift_remove("version");
                Some(self.task_v1(map))
            }
            "2" => self.task_v2(map),
            _ => {
                self.wrong_with_hint(
                    "version",
                    format!("there is no format {version}"),
                    Some("write 1 or 2".into()),
                );
                None
            }
        }
    }

    fn task_v1(&mut self, map: Mapping) -> Task {
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
        Task { title: V1_TITLE.into(), description: None, tags: Vec::new(), subtasks }
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
        self.unknown_keys(&section);
        let scenario =
            Named { name: scenario.into(), name_at: scenario_at.into(), config, at: args_at, given: true };
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

    fn task_v2(&mut self, map: Mapping) -> Option<Task> {
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
        Some(Task { title: title?, description, tags, subtasks })
    }

    fn subtask(&mut self, value: Value, at: String) -> Option<Subtask> {
        const LONG: &[&str] = &["title", "description", "group", "tags", "run_in_parallel", "workloads"];
        const SHORT: &[&str] =
            &["title", "description", "group", "tags", "scenario", "contexts", "runner", "sla", "hooks"];
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
        Some(Subtask { at, title: title?, description, group, tags, run_in_parallel, workloads })
    }

    fn workloads(&mut self, value: Option<(Value, String)>) -> Vec<TaskWorkload> {
        const KEYS: &[&str] = &["description", "scenario", "contexts", "runner", "sla", "hooks"];
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
        let scenario = self.required(&mut section, "scenario");
        let scenario = scenario.and_then(|(value, at)| {
            self.one_plugin(value, &at, Some("the arguments of a scenario are a mapping"))
        });
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

    /// `{Name: configuration}`. The configuration is of any shape, or has to be a mapping, as this sentence says.
    fn one_plugin(&mut self, value: Value, at: &str, mapping: Option<&str>) -> Option<Named> {
        let map = match value {
            Value::Object(map) => map,
            other => {
                let what = format!("expected one name with its configuration, not {}", described(&other));
                let hint = other.as_str().map(|name| format!("write `{{{name}: {{}}}}`"));
                self.wrong_with_hint(at, what, hint);
                return None;
            }
        };
        if map.len() > 1 {
            let names: Vec<String> = map.keys().map(|name| format!("`{name}`")).collect();
            let what = format!("expected one name, not {}: {}", map.len(), listed(&names, "and"));
            // The way of format 1.
            let hint =
                map.get("type").and_then(Value::as_str).map(|name| format!("write `{{{name}: {{…}}}}`"));
            self.wrong_with_hint(at, what, hint);
            return None;
        }
        let Some((name, config)) = map.into_iter().next() else {
            self.wrong(at, "expected one name with its configuration, not an empty mapping");
            return None;
        };
        let at = key(at, &name);
        let config = match mapping {
            Some(expected) => self.mapping_or_null(config, &at, expected),
            None => config,
        };
        Some(Named { name, name_at: at.clone(), config, at, given: true })
    }

    /// `{Name: configuration, …}`.
    fn plugins(&mut self, value: Option<(Value, String)>, expected: &str) -> Vec<Named> {
        let Some((value, at)) = value else { return Vec::new() };
        let Value::Object(map) = value else {
            self.wrong(at, format!("{expected}, not {}", described(&value)));
            return Vec::new();
        };
        map.into_iter()
            .map(|(name, config)| {
                let at = key(&at, &name);
                Named { name, name_at: at.clone(), config, at, given: true }
            })
            .collect()
    }

    fn sla(&mut self, section: &mut Section, at: &str) -> Vec<Named> {
        match section.take("sla") {
            None => vec![Named::default_sla(at)],
            given => self.plugins(given, "SLAs are a mapping from names to configurations"),
        }
    }

    fn section(
        &mut self,
        value: Value,
        at: &str,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Option<Section> {
        match value {
            Value::Object(map) => Some(Section { map, at: at.into(), what, keys, elsewhere: &[] }),
            other => {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                let expected = format!("{what} is a mapping with {}", listed(&keys, "and"));
                self.wrong(at, format!("{expected}, not {}", described(&other)));
                None
            }
        }
    }

    fn unknown_keys(&mut self, section: &Section) {
        for name in section.map.keys() {
            let elsewhere =
                section.elsewhere.iter().find(|(key, _)| key == name).map(|(_, hint)| (*hint).to_owned());
            let near = || did_you_mean(name, section.keys.iter().copied());
            let hint = elsewhere.or_else(near).unwrap_or_else(|| {
                let keys: Vec<String> = section.keys.iter().map(|key| format!("`{key}`")).collect();
                format!("it has {}", listed(&keys, "and"))
            });
            let what = format!("{} has no key `{name}`", section.what);
            self.wrong_with_hint(key(&section.at, name), what, Some(hint));
        }
    }

    fn required(&mut self, section: &mut Section, name: &'static str) -> Option<(Value, String)> {
        let found = section.take(name);
        if found.is_none() {
            self.wrong(section.at.clone(), format!("{} needs `{name}`", section.what));
        }
        found
    }

    fn required_text(&mut self, section: &mut Section, name: &'static str, longest: usize) -> Option<String> {
        if !section.map.contains_key(name) {
            self.required(section, name);
            return None;
        }
        self.text(section, name, Some(longest))
    }

    fn text(&mut self, section: &mut Section, name: &'static str, longest: Option<usize>) -> Option<String> {
        let (value, at) = section.take(name)?;
        let Value::String(text) = value else {
            self.wrong(at, format!("expected a text, not {}", described(&value)));
            return None;
        };
        let length = text.chars().count();
        match longest {
            Some(longest) if length > longest => {
                self.wrong(
                    at,
                    format!("a {name} has at most {longest} characters, and this one has {length}"),
                );
                None
            }
            _ => Some(text),
        }
    }

    fn tags(&mut self, section: &mut Section) -> Vec<String> {
        self.list(section.take("tags"), "`tags` is a list of texts", |reader, value, at| match value {
            Value::String(tag) if tag.chars().count() <= MAX_TITLE => Some(tag),
            Value::String(tag) => {
                let length = tag.chars().count();
                reader.wrong(
                    at,
                    format!("a tag has at most {MAX_TITLE} characters, and this one has {length}"),
                );
                None
            }
            other => {
                reader.wrong(at, format!("a tag is a text, not {}", described(&other)));
                None
            }
        })
    }

    fn list<T>(
        &mut self,
        value: Option<(Value, String)>,
        expected: &str,
        mut item: impl FnMut(&mut Self, Value, String) -> Option<T>,
    ) -> Vec<T> {
        let Some((value, at)) = value else { return Vec::new() };
        let Value::Array(items) = value else {
            self.wrong(at, format!("{expected}, not {}", described(&value)));
            return Vec::new();
        };
        items.into_iter().enumerate().filter_map(|(i, value)| item(self, value, index(&at, i))).collect()
    }

    fn mapping_or_null(&mut self, config: Value, at: &str, expected: &str) -> Value {
        if config.is_object() || config.is_null() {
            return config;
        }
        self.wrong(at, format!("{expected}, not {}", described(&config)));
        Value::Null
    }
}
