//! A configuration is judged as a whole: one error names every field that is wrong.

use std::fmt;

use rally_core::{Problem, ProblemKind};

/// Everything that is wrong with a cloud's configuration. No value of a secret is quoted in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    /// Where it came from: a file, `OS_* variables`, an environment's spec.
    pub source: String,
    /// Each field and what is wrong with it; never empty.
    pub problems: Vec<Problem>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "use the configuration of {}", self.source)?;
        for (n, problem) in self.problems.iter().enumerate() {
            write!(f, "{} {problem}", if n == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.push(Problem::new(ProblemKind::Shape, at, what));
    }

    /// Notes that a field is missing, unless it is there and wrong.
    pub(super) fn missing(&mut self, at: String) {
        if !self.0.iter().any(|problem| problem.at == at) {
            self.add(at, "is missing");
        }
    }

    pub(super) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// The value, unless there were problems on the way to it.
    pub(super) fn or<T>(self, source: impl Into<String>, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(ConfigError { source: source.into(), problems: self.0 }),
        }
    }
}
