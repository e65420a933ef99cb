//! Errors of the template crate as one sentence, with the line they are about.

use std::error::Error as _;

use minijinja::{Error, ErrorKind};
use rally_core::{Problem, ProblemKind};

use super::files::Files;
use crate::task::words::line_shown;

pub(super) fn problem(error: &Error, text: &str, files: &Files) -> Problem {
    let innermost = innermost(error);
    let file = innermost.name().unwrap_or_default();
    let line = innermost.line().and_then(|line| u32::try_from(line).ok()).filter(|line| *line > 0);
    let source = if file.is_empty() { Some(text.into()) } else { files.all().get(file).cloned() };
    let shown = source.zip(line).map(|(source, line)| line_shown(&source, line)).unwrap_or_default();
    let detail = innermost.detail().map_or_else(|| innermost.kind().to_string(), str::to_owned);
    let what = match innermost.kind() {
        ErrorKind::SyntaxError => format!("the template cannot be read: {detail}{shown}"),
        ErrorKind::OutOfFuel => {
            format!("the template runs on or makes too much, and was stopped{shown}")
        }
        ErrorKind::WriteFailure => "the template makes more than 10 MB of text".into(),
        ErrorKind::TemplateNotFound => format!("{detail} in the folder of the task{shown}"),
        _ => format!("the template cannot be rendered: {detail}{shown}"),
    };
    at(file, line, what)
}

/// A problem in this line of this file; the task itself has no name.
pub(super) fn at(file: &str, line: Option<u32>, what: String) -> Problem {
    match line {
        Some(line) if file.is_empty() => Problem::new(ProblemKind::Text, "", what).line(line),
        // A line is counted in the task, so that of another file is a part of its name.
        Some(line) => Problem::new(ProblemKind::Text, format!("{file}, line {line}"), what),
        None => Problem::new(ProblemKind::Text, file, what),
    }
}

/// The error that began it: an include wraps what its file says.
fn innermost(error: &Error) -> &Error {
    let mut inner = error;
    let mut source = error.source();
    while let Some(next) = source {
        if let Some(next) = next.downcast_ref::<Error>() {
            inner = next;
        }
        source = next.source();
    }
    inner
}
