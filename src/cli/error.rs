//! What ends the program early: one message, all its details, and the exit code.

use std::fmt;

use rally_core::Problem;

use super::exit;

/// Why the program does not do what it was asked to do.
#[derive(Debug)]
pub(super) struct Error {
    /// The exit code.
    pub(super) code: u8,
    what: String,
    details: Vec<String>,
}

impl Error {
    /// An error that is said in one line.
    pub(super) fn new(code: u8, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), details: Vec::new() }
    }

    /// Everything that is wrong with a task.
    pub(super) fn problems(task: &str, problems: &[Problem]) -> Self {
        let count = match problems.len() {
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        };
        let what = format!("{task} is not valid, {count}:");
        Self { code: exit::of_problems(problems), what, details: Vec::new() }.details(problems)
    }

    /// With one more line for each of these.
    pub(super) fn details<T: ToString>(mut self, details: impl IntoIterator<Item = T>) -> Self {
        self.details.extend(details.into_iter().map(|detail| detail.to_string()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for detail in &self.details {
            write!(f, "\n  {}", detail.replace('\n', "\n  "))?;
        }
        Ok(())
    }
}
