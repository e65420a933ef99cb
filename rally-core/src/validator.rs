//! A mistake in a task is a [`Problem`]: where it is, what it is, and the nearest thing that is right.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::registry::Kind;
use crate::world::World;

/// One mistake of the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The path to it in the task: `subtasks[1].workloads[0].runner.constant.times`.
    pub at: String,
    /// What is wrong: the value, and what was expected.
    pub what: String,
    /// What to write instead, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What kind of mistake it is.
    pub kind: ProblemKind,
    /// The line of the text, counted from 1, where [`at`](Self::at) is a path in a text whose lines are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The plugin that is not there, where that is the mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<MissingPlugin>,
}

/// A plugin that a task names and the program does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MissingPlugin {
    /// What kind of plugin it would be.
    pub kind: Kind,
    /// The name as the task writes it.
    pub name: String,
}

/// What kind of mistake a [`Problem`] is; a program turns it into an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text cannot be read: not YAML, or a key twice.
    Text,
    /// It can be read, but is not a task: a section is missing, unknown or of the wrong shape.
    Shape,
    /// A plugin of this name is not there.
    UnknownPlugin,
    /// What a plugin was given is not what it takes.
    Argument,
    /// It names something that the cloud does not have.
    Resource,
}

impl Problem {
    /// A problem of this kind at this path.
    pub fn new(kind: ProblemKind, at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into(), hint: None, kind, line: None, plugin: None }
    }

    /// An argument that is not what its plugin takes.
    pub fn argument(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(ProblemKind::Argument, at, what)
    }

    /// With what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what to write instead, if anything is near.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// In this line of the text.
    #[must_use]
    pub fn line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// About this plugin, which is not there.
    #[must_use]
    pub fn plugin(mut self, kind: Kind, name: impl Into<String>) -> Self {
        self.plugin = Some(MissingPlugin { kind, name: name.into() });
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.at.as_str()) {
            (None, "") => (),
            (None, at) => write!(f, "{at}: ")?,
            (Some(line), "") => write!(f, "line {line}: ")?,
            (Some(line), at) => write!(f, "line {line}, {at}: ")?,
        }
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// When a check can be made, and what it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Phase {
    /// From the task alone; no platform is asked.
    Syntax,
    /// From the environment's specification; no platform is asked.
    Platform,
    /// Asks the platform.
    Semantic,
}

/// A workload as its validators see it: every name found, every argument still as data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkloadSpec {
    /// The path of the workload in its task.
    pub at: String,
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's arguments.
    pub args: Value,
    /// The path of the arguments: `Dummy.dummy[0].args` in format 1, `subtasks[0].scenario.Dummy.dummy` in format 2.
    pub args_at: String,
    /// Full name and configuration of every context, in order of setup.
    pub contexts: Vec<(String, Value)>,
    /// Name and configuration of the runner.
    pub runner: (String, Value),
    /// The path of the runner's configuration: `….runner` in format 1, `….runner.constant` in format 2.
    pub runner_at: String,
}

impl WorkloadSpec {
    /// A workload of this scenario with these arguments, no contexts and the runner `serial`; its paths are those of a
    /// short subtask of format 2.
    pub fn new(at: impl Into<String>, scenario: impl Into<String>, args: Value) -> Self {
        let (at, scenario) = (at.into(), scenario.into());
        Self {
            args_at: format!("{at}.scenario.{scenario}"),
            runner_at: format!("{at}.runner.serial"),
            at,
            scenario,
            args,
            contexts: Vec::new(),
            runner: ("serial".into(), Value::Object(serde_json::Map::new())),
        }
    }

    /// The configuration of the context of this name, given with or without its platform.
    pub fn context(&self, name: &str) -> Option<&Value> {
        let same = |full: &str| full == name || full.split('@').next() == Some(name);
        self.contexts.iter().find(|(full, _)| same(full)).map(|(_, config)| config)
    }
}

/// A check that the types of the arguments cannot express.
///
/// ```
/// use rally_core::{Phase, Problem, Validator, WorkloadSpec, World};
///
/// /// At least one of two arguments is there.
/// struct OneOf(&'static str, &'static str);
///
/// #[async_trait::async_trait]
/// impl Validator for OneOf {
///     fn phase(&self) -> Phase {
///         Phase::Syntax
///     }
///     async fn check(&self, workload: &WorkloadSpec, _world: &World) -> Vec<Problem> {
///         let has = |name: &str| workload.args.get(name).is_some();
///         if has(self.0) || has(self.1) {
///             return Vec::new();
///         }
///         vec![Problem::argument(&workload.args_at, format!("give `{}` or `{}`", self.0, self.1))]
///     }
/// }
/// ```
#[async_trait]
pub trait Validator: Sync {
    /// When the check can be made.
    fn phase(&self) -> Phase;

    /// Everything that is wrong with the workload. In the phases before [`Phase::Semantic`] the world is empty.
    async fn check(&self, workload: &WorkloadSpec, world: &World) -> Vec<Problem>;
}
