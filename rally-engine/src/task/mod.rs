//! A task is what a file says, each part with its path in that file, and nothing of it looked up yet.

mod parse;
pub(crate) mod words;
pub mod yaml;

use rally_core::Problem;
use serde_json::{Map, Value, json};

/// A task: what is to be measured, in order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Task {
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Labels by which runs are found again.
    pub tags: Vec<String>,
    /// Its parts.
    pub subtasks: Vec<Subtask>,
}

/// Workloads that belong together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Subtask {
    /// Its path in the file: `subtasks[1]`, in format 1 `Dummy.dummy`.
    pub at: String,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// A label that old files carry; nothing depends on it.
    pub group: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Accepted because old files carry it; workloads run one after the other.
    pub run_in_parallel: bool,
    /// What is run, in order.
    pub workloads: Vec<TaskWorkload>,
}

/// One scenario with everything around it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskWorkload {
    /// Its path in the file: `subtasks[1].workloads[0]`, in a short subtask `subtasks[1]`, in format 1
    /// `Dummy.dummy[0]`.
    pub at: String,
    /// Its number in its subtask, from 0.
    pub position: usize,
    /// What it is for. A short subtask keeps its description to itself.
    pub description: Option<String>,
    /// What is measured.
    pub scenario: Named,
    /// What must exist before, in the order of the file.
    pub contexts: Vec<Named>,
    /// When iterations start; `serial` where the file says nothing.
    pub runner: Named,
    /// What is good enough; no failure at all where the file says nothing.
    pub sla: Vec<Named>,
    /// What happens in the middle of the load.
    pub hooks: Vec<TaskHook>,
}

/// The name of a plugin and its configuration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Named {
    /// The plugin's name as the file writes it.
    pub name: String,
    /// The path of the name.
    pub name_at: String,
    /// Its configuration; null when the file gives none.
    pub config: Value,
    /// The path of the configuration.
    pub at: String,
    /// Whether the file says so, rather than this being a default.
    pub given: bool,
}

/// An action, and when it is taken.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskHook {
    /// Its path in the file.
    pub at: String,
    /// What it is for.
    pub description: Option<String>,
    /// What is done.
    pub action: Named,
    /// When it is done.
    pub trigger: Named,
}

impl Task {
    /// The task that a text states, in format 1 or 2, as YAML or JSON. Otherwise every problem of its shape, or of the
    /// text when that cannot be read.
    ///
    /// ```
    /// let task = rally_engine::task::Task::parse("Dummy.dummy: [{args: {sleep: 1}}]").unwrap();
    /// assert_eq!(task.subtasks[0].workloads[0].scenario.at, "Dummy.dummy[0].args");
    /// let problems = rally_engine::task::Task::parse("Dummy.dummy: [{arg: {sleep: 1}}]").unwrap_err();
    /// assert_eq!(
    ///     problems[0].to_string(),
    ///     "Dummy.dummy[0].arg: a workload has no key `arg` (did you mean `args`?)"
    /// );
    /// ```
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        parse::task(yaml::from_str(text)?)
    }

    /// The same task in format 2. Nothing is masked: what it gives can be parsed and run again.
    pub fn to_v2(&self) -> Value {
        let mut task = Map::new();
        task.insert("version".into(), 2.into());
        task.insert("title".into(), self.title.clone().into());
        about(&mut task, self.description.as_ref(), &self.tags);
        task.insert("subtasks".into(), self.subtasks.iter().map(Subtask::to_v2).collect());
        Value::Object(task)
    }
}

/// Adds the description and the tags, where there are any.
fn about(map: &mut Map<String, Value>, description: Option<&String>, tags: &[String]) {
    if let Some(description) = description {
        map.insert("description".into(), description.clone().into());
    }
    if !tags.is_empty() {
        map.insert("tags".into(), tags.into());
    }
}

impl Subtask {
    fn to_v2(&self) -> Value {
        let mut subtask = Map::new();
        subtask.insert("title".into(), self.title.clone().into());
        about(&mut subtask, self.description.as_ref(), &self.tags);
        if let Some(group) = &self.group {
            subtask.insert("group".into(), group.clone().into());
        }
        match self.workloads.as_slice() {
            // The short form has one place for two descriptions, and none for `run_in_parallel`.
            [one]
                if one.description.is_none()
                    && (one.at == self.at || self.description.is_none())
                    && !self.run_in_parallel =>
            {
                one.to_v2(&mut subtask);
            }
            several => {
                if self.run_in_parallel {
                    subtask.insert("run_in_parallel".into(), true.into());
                }
                let workloads = several.iter().map(|workload| {
                    let mut map = Map::new();
                    about(&mut map, workload.description.as_ref(), &[]);
                    workload.to_v2(&mut map);
                    Value::Object(map)
                });
                subtask.insert("workloads".into(), workloads.collect());
            }
        }
        Value::Object(subtask)
    }
}

impl TaskWorkload {
    /// Adds what was given; the defaults need not be said.
    fn to_v2(&self, map: &mut Map<String, Value>) {
        map.insert("scenario".into(), self.scenario.to_v2());
        let given =
            |parts: &[Named]| parts.iter().filter(|part| part.given).map(Named::entry).collect::<Map<_, _>>();
        if !self.contexts.is_empty() {
            map.insert("contexts".into(), given(&self.contexts).into());
        }
        if self.runner.given {
            map.insert("runner".into(), self.runner.to_v2());
        }
        if self.sla.iter().all(|sla| sla.given) {
            map.insert("sla".into(), given(&self.sla).into());
        }
        if !self.hooks.is_empty() {
            map.insert("hooks".into(), self.hooks.iter().map(TaskHook::to_v2).collect());
        }
    }
}

impl Named {
    /// One iteration after the other; without a number that is one iteration.
    pub(crate) fn default_runner(workload: &str) -> Self {
        Self::default_part("serial", json!({}), words::key(workload, "runner"))
    }

    /// No iteration may fail.
    pub(crate) fn default_sla(workload: &str) -> Self {
        Self::default_part("failure_rate", json!({"max": 0}), words::key(workload, "sla"))
    }

    fn default_part(name: &str, config: Value, at: String) -> Self {
        Self { name: name.into(), name_at: at.clone(), config, at, given: false }
    }

    fn entry(&self) -> (String, Value) {
        (self.name.clone(), self.config.clone())
    }

    fn to_v2(&self) -> Value {
        let config = if self.config.is_null() { json!({}) } else { self.config.clone() };
        Value::Object(Map::from_iter([(self.name.clone(), config)]))
    }
}

impl TaskHook {
    fn to_v2(&self) -> Value {
        let mut map = Map::new();
        about(&mut map, self.description.as_ref(), &[]);
        map.insert("action".into(), Value::Object(Map::from_iter([self.action.entry()])));
        map.insert("trigger".into(), Value::Object(Map::from_iter([self.trigger.entry()])));
        Value::Object(map)
    }
}
