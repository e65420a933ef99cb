//! A task is what a file says, each part with its path in that file, and nothing of it looked up yet.

mod habits;
mod parse;
pub(crate) mod places;
pub(crate) mod words;
pub mod yaml;

use std::path::Path;

use rally_core::Problem;
use serde_json::{Map, Value, json};

use self::places::Lines;
use self::yaml::Document;
use crate::template::{self, Args, Rendered};

/// The longest title of a task and the longest tag, in characters.
pub(crate) const MAX_TITLE: usize = 255;
/// The longest title of a short subtask, in characters.
pub(crate) const MAX_SHORT_TITLE: usize = 128;
/// The SLA that every workload has by default: no iteration may fail.
pub(crate) const DEFAULT_SLA: &str = "failure_rate";
/// What a section `sla` says to be rid of it.
pub(crate) const NO_DEFAULT_SLA: &str = "no_default_sla";

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
    /// What is allowed and may surprise: numbers of YAML 1.1, arguments of the template that it does not use.
    pub warnings: Vec<Problem>,
    /// The lines of its text.
    pub(crate) lines: Lines,
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
    /// Whether the workloads run side by side, rather than one after the other.
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
    pub scenario: TaskScenario,
    /// What must exist before, in the order of the file.
    pub contexts: Vec<Named>,
    /// When iterations start; `serial` where the file says nothing.
    pub runner: Named,
    /// What is good enough. No failure at all, unless the file names `failure_rate` or says `no_default_sla: true`.
    pub sla: Vec<Named>,
    /// What happens in the middle of the load.
    pub hooks: Vec<TaskHook>,
}

/// What a workload measures.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskScenario {
    /// One scenario.
    One(Named),
    /// Several: each iteration runs one of them, by their weights.
    Mix(Vec<Weighted>),
}

/// A scenario of a mix.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Weighted {
    /// The scenario.
    pub scenario: Named,
    /// Its share of the iterations, compared with the other weights: from 1 to [`MAX_WEIGHT`].
    pub weight: u64,
}

/// The greatest weight of a scenario in a mix.
pub const MAX_WEIGHT: u64 = 1_000_000;

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
    /// The task of a file: its text is rendered as a template with these arguments, and then parsed. `folder` is where
    /// the template may include other files from.
    ///
    /// Otherwise everything that is wrong, as [`template::render`] and [`Task::parse`] say it. Who wants to show the
    /// rendered text calls the two one after the other.
    ///
    /// ```
    /// use rally_engine::task::Task;
    /// use rally_engine::template::Args;
    ///
    /// let text = "Dummy.dummy: [{args: {sleep: {{ sleep }}}}]";
    /// let task = Task::load(text, None, &Args::parse("sleep=1,slep=2")?)?;
    /// assert_eq!(task.warnings[0].what, "the template does not use the argument `slep`");
    /// # Ok::<_, Vec<rally_core::Problem>>(())
    /// ```
    pub fn load(text: &str, folder: Option<&Path>, args: &Args) -> Result<Self, Vec<Problem>> {
        let Rendered { text, warnings, .. } = template::render(text, folder, args)?;
        let mut task = Self::parse(&text)?;
        task.warnings.splice(0..0, warnings);
        Ok(task)
    }

    /// The task that a text states, in format 1 or 2, as YAML or JSON. Otherwise every problem of its shape, or of the
    /// text when that cannot be read.
    ///
    /// ```
    /// let task = rally_engine::task::Task::parse("Dummy.dummy: [{args: {sleep: 1}}]").unwrap();
    /// assert_eq!(task.subtasks[0].workloads[0].at, "Dummy.dummy[0]");
    /// let problems = rally_engine::task::Task::parse("Dummy.dummy: [{arg: {sleep: 1}}]").unwrap_err();
    /// assert_eq!(
    ///     problems[0].to_string(),
    ///     "line 1, Dummy.dummy[0].arg: a workload has no key `arg` (did you mean `args`?)"
    /// );
    /// ```
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        match Self::parse_partly(text) {
            (Some(task), problems) if problems.is_empty() => Ok(task),
            (_, problems) => Err(problems),
        }
    }

    /// What can be read of a task, and everything that is wrong with the rest.
    pub(crate) fn parse_partly(text: &str) -> (Option<Self>, Vec<Problem>) {
        let Document { value, place, warnings } = match yaml::read(text) {
            Ok(document) => document,
            Err(problems) => return (None, problems),
        };
        let lines = Lines::new(place);
        let (task, mut problems) = parse::task(value);
        lines.add_to(&mut problems);
        (task.map(|task| Self { warnings, lines, ..task }), problems)
    }

    /// The line of the text where this path is, or the last step towards it that is there.
    pub fn line_of(&self, path: &str) -> Option<u32> {
        self.lines.of(path)
    }

    /// The same task in format 2. Nothing is masked: what it gives can be parsed and run again.
    pub fn to_v2(&self) -> Value {
        let mut task = Map::new();
        task.insert("version".into(), 2.into());
        task.insert("title".into(), self.title.clone().into());
        about(&mut task, self.description.as_ref(), &self.tags);
        // Format 1 may name a scenario without any workload.
        let subtasks = self.subtasks.iter().filter(|subtask| !subtask.workloads.is_empty());
        task.insert("subtasks".into(), subtasks.map(Subtask::to_v2).collect());
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
        match &self.scenario {
            TaskScenario::One(scenario) => map.insert("scenario".into(), scenario.to_v2()),
            TaskScenario::Mix(scenarios) => {
                let each = scenarios.iter().map(
                    |Weighted { scenario, weight }| json!({"scenario": scenario.to_v2(), "weight": weight}),
                );
                map.insert("mix".into(), each.collect())
            }
        };
        let given =
            |parts: &[Named]| parts.iter().filter(|part| part.given).map(Named::entry).collect::<Map<_, _>>();
        if !self.contexts.is_empty() {
            map.insert("contexts".into(), given(&self.contexts).into());
        }
        if self.runner.given {
            map.insert("runner".into(), self.runner.to_v2());
        }
        let mut sla = given(&self.sla);
        if !self.sla.iter().any(Named::is_default_sla) {
            sla.insert(NO_DEFAULT_SLA.into(), true.into());
        }
        if !sla.is_empty() {
            map.insert("sla".into(), sla.into());
        }
        if !self.hooks.is_empty() {
            map.insert("hooks".into(), self.hooks.iter().map(TaskHook::to_v2).collect());
        }
    }
}

impl TaskScenario {
    /// The scenarios, in order.
    pub fn each(&self) -> impl Iterator<Item = &Named> {
        let (one, several) = match self {
            Self::One(one) => (Some(one), &[][..]),
            Self::Mix(several) => (None, several.as_slice()),
        };
        one.into_iter().chain(several.iter().map(|weighted| &weighted.scenario))
    }
}

impl Named {
    /// One iteration after the other; without a number that is one iteration.
    pub(crate) fn default_runner(workload: &str) -> Self {
        Self::default_part("serial", json!({}), words::key(workload, "runner"))
    }

    /// No iteration may fail.
    pub(crate) fn default_sla(workload: &str) -> Self {
        Self::default_part(DEFAULT_SLA, json!({"max": 0}), words::key(workload, "sla"))
    }

    /// Whether this takes the place of the SLA that is there by default.
    fn is_default_sla(&self) -> bool {
        self.name.split('@').next() == Some(DEFAULT_SLA)
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
