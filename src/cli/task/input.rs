//! From a file to a plan, told the way people know it.

use std::io::Read;
use std::path::Path;

use rally_core::{Problem, Registry, did_you_mean};
use rally_engine::plan::Plan;
use rally_engine::task::Task;
use rally_engine::template::{Args, Rendered, render};

use super::boxed;
use crate::cli::args::TaskFile;
use crate::cli::console::Console;
use crate::cli::error::Error;
use crate::cli::exit;

/// A task that can be run, as far as its text tells.
pub(super) struct Input {
    /// How messages call it.
    pub(super) name: String,
    pub(super) registry: Registry,
    pub(super) plan: Plan,
}

impl Input {
    /// Reads the task of this file and shows it.
    pub(super) fn read(file: &TaskFile, console: &Console) -> Result<Self, Error> {
        let registry = Registry::linked().map_err(|error| Error::new(exit::ERROR, error.to_string()))?;
        console.say(&boxed("Preparing input task"));
        let (name, rendered) = rendered(file)?;
        console.say(&format!("\nTask is:\n{}\n\n", rendered.text.trim_end()));
        warn(&rendered.warnings, console);
        // The lines of problems are those of what has just been shown.
        let name = if rendered.is_template { format!("{name}, as rendered,") } else { name };
        let task = Task::parse(&rendered.text).map_err(|problems| Error::problems(&name, &problems))?;
        warn(&task.warnings, console);
        console.say("Task syntax is correct :)\n");
        let plan = Plan::build(&task, &registry).map_err(|problems| Error::problems(&name, &problems))?;
        Ok(Self { name, registry, plan })
    }
}

fn warn(warnings: &[Problem], console: &Console) {
    for warning in warnings {
        console.warn(&warning.to_string());
    }
}

/// The task's text with its arguments in place, and how messages call it.
fn rendered(file: &TaskFile) -> Result<(String, Rendered), Error> {
    let path = file.path();
    let stdin = |path: &Path| path == Path::new("-");
    if stdin(&path) && file.task_args_file.as_deref().is_some_and(stdin) {
        let what =
            "the task and its arguments cannot both come from standard input: name a file for one of them";
        return Err(Error::new(exit::USAGE, what));
    }
    let (name, text) = text(&path, "the task")?;
    let args = arguments(file)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let rendered =
        render(&text, Some(folder), &args).map_err(|problems| Error::problems(&name, &problems))?;
    Ok((name, rendered))
}

/// The arguments of the template: those of the file, and over them those of the command line.
fn arguments(file: &TaskFile) -> Result<Args, Error> {
    let of_file = match &file.task_args_file {
        Some(path) => {
            let (name, text) = text(path, "the file of arguments")?;
            Args::file(&text).map_err(|problems| Error::problems(&name, &problems))?
        }
        None => Args::new(),
    };
    let of_line = match &file.task_args {
        Some(text) => Args::parse(text).map_err(|problems| Error::problems("--task-args", &problems))?,
        None => Args::new(),
    };
    Ok(of_file.overridden_by(of_line))
}

fn text(path: &Path, what: &str) -> Result<(String, String), Error> {
    let mut bytes = Vec::new();
    let (name, read) = if path == Path::new("-") {
        ("standard input".to_owned(), std::io::stdin().lock().read_to_end(&mut bytes).map(drop))
    } else {
        (path.display().to_string(), std::fs::read(path).map(|read| bytes = read))
    };
    if let Err(error) = read {
        let hint = near(path).filter(|_| error.kind() == std::io::ErrorKind::NotFound);
        let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        let what = format!("{what} {name} cannot be read: {}{hint}", in_words(&error));
        return Err(Error::new(exit::TASK_FILE, what));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let what = format!("{what} {name} is no text: byte {at} is not UTF-8");
            Err(Error::new(exit::TASK_FILE, what))
        }
    }
}

/// The operating system's words without its number.
pub(in crate::cli) fn in_words(error: &std::io::Error) -> String {
    without_number(&error.to_string()).to_lowercase()
}

/// What the operating system says, without `(os error 2)`.
pub(super) fn without_number(text: &str) -> &str {
    text.split(" (os error").next().unwrap_or(text)
}

/// Files beside a missing one whose names are like its name.
fn near(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let files: Vec<String> = files.collect();
    did_you_mean(path.file_name()?.to_str()?, files.iter().map(String::as_str))
}
