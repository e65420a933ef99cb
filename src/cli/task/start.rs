//! `rally task start`.

use std::fs::OpenOptions;
use std::path::Path;

use rally_core::{Failure, Journal, Names, Report};
use rally_engine::{Engine, RunError, Stopper};
use uuid::Uuid;

use super::boxed;
use super::input::{Input, in_words, without_number};
use crate::cli::args::{Output, Start};
use crate::cli::cloud;
use crate::cli::console::Console;
use crate::cli::error::Error;
use crate::cli::exit;
use crate::cli::progress::Progresses;
use crate::cli::signals::Signals;

/// Runs a task and shows what it measured.
pub(in crate::cli) async fn start(args: Start, console: &Console) -> Result<u8, Error> {
    let input = Input::read(&args.file, console)?;
    let cloud = cloud::choose(&args.cloud, &input.plan, None).await?;
    if let Some(path) = &args.report {
        can_be_written(path)?;
    }
    let journal = journal(args.journal.as_deref())?;
    let stopper = Stopper::new().grace(args.grace);
    let mut signals = Signals::watch(stopper.clone(), args.grace, journal.clone(), console.clone())?;
    let progresses = Progresses::new(console, input.plan.workloads.len());
    let id = Uuid::new_v4();
    let mut engine = Engine::new(input.registry)
        .id(id)
        .env(cloud.env.clone())
        .journal(journal.clone())
        .stopper(stopper)
        .reporter(move |workload| progresses.of(workload))
        .abort_on_sla_failure(args.abort_on_sla_failure)
        .tool(crate::TOOL);
    if !args.tag.is_empty() {
        engine = engine.label("tags", args.tag.join(","));
    }
    for (key, value) in &args.label {
        engine = engine.label(key, value);
    }

    console.tell(&format!("Cloud: {}\n", cloud.what));
    console.say(&boxed(&format!("Task {id}: started")));
    let ended = tokio::select! {
        biased;
        code = signals.end() => return Ok(code),
        ended = engine.run(&input.plan) => ended,
    };
    let report = match ended {
        Ok(report) => report,
        Err(RunError::Stopped) => {
            console.tell("Stopped before anything was started.\n");
            return Ok(signals.asked().unwrap_or(exit::INTERRUPTED));
        }
        Err(error) => return Err(refused(&input.name, error)),
    };
    let shown = show(&report, &args, console);
    let code = signals.asked().unwrap_or_else(|| exit::of_report(&report));
    match shown {
        // The run's own code says more than that its report was not written.
        Err(error) if code != exit::OK => {
            console.error(&error);
            Ok(code)
        }
        shown => shown.map(|()| code),
    }
}

/// Why a run did not begin.
pub(super) fn refused(task: &str, error: RunError) -> Error {
    match error {
        RunError::Invalid { problems } => Error::problems(task, &problems),
        RunError::Environment { failure, .. } => {
            Error::new(exit::NOT_READY, format!("the cloud cannot be used: {}", briefly(&failure)))
        }
        error @ RunError::NoPlatform { .. } => Error::new(exit::NOT_READY, error.to_string()),
        error => Error::new(exit::ERROR, error.to_string()),
    }
}

/// The failure without its chain, where its own words name the innermost cause already: what stands between the two
/// are the layers of an HTTP library, which help nobody.
fn briefly(failure: &Failure) -> String {
    let innermost = failure.chain.last().map(|cause| without_number(cause).to_lowercase());
    match innermost {
        Some(cause) if failure.message.to_lowercase().contains(&cause) => failure.message.clone(),
        _ => failure.to_string(),
    }
}

fn show(report: &Report, args: &Start, console: &Console) -> Result<(), Error> {
    console.say(&format!("\n{}\n", boxed(&format!("Task {}: finished", report.id))));
    let json = serde_json::to_string_pretty(report)
        .map_err(|error| Error::new(exit::ERROR, format!("the report cannot be written as JSON: {error}")))?;
    match args.output {
        Output::Text => console.data(&report.to_string()),
        Output::Json => {
            console.data(&format!("{json}\n"));
            // The reasons stand in the JSON too, but nobody reads it on the spot.
            for reason in report.why().lines() {
                console.tell(&format!("{reason}\n"));
            }
        }
    }
    let written = match &args.report {
        None => Ok(()),
        Some(path) => std::fs::write(path, json + "\n").map_err(|error| not_written(path, &error)),
    };
    console.say(&hints(report, args, written.is_ok()));
    written
}

/// What can be done now.
fn hints(report: &Report, args: &Start, written: bool) -> String {
    let mut hints = Vec::new();
    if !report.is_clean() {
        let left = report.workloads.iter().filter(|workload| !workload.cleaned.is_clean());
        let names: Vec<String> = left.map(|workload| Names::new(workload.id).pattern()).collect();
        hints.push(format!(
            "* To find what was left behind, look for names that match:\n\t{}",
            names.join("\n\t")
        ));
    }
    match &args.report {
        Some(path) if written => hints.push(format!("* All figures, as JSON:\n\t{}", path.display())),
        Some(_) => (),
        None => hints.push("* To keep all figures as JSON, add:\n\t--report report.json".into()),
    }
    if hints.is_empty() { String::new() } else { format!("\nHINTS:\n{}\n", hints.join("\n\n")) }
}

fn journal(path: Option<&Path>) -> Result<Journal, Error> {
    let Some(path) = path else { return Ok(Journal::in_memory()) };
    Journal::at(path).map_err(|error| {
        let failure = Failure::from(error);
        Error::new(exit::ERROR, failure.to_string())
    })
}

/// Asked before the run: a report of an hour shall not be lost to a folder that is not there.
fn can_be_written(path: &Path) -> Result<(), Error> {
    let existed = path.exists();
    OpenOptions::new().create(true).append(true).open(path).map_err(|error| not_written(path, &error))?;
    if !existed {
        // Nothing is left of the question if the run does not begin.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

fn not_written(path: &Path, error: &std::io::Error) -> Error {
    let what = format!("the report {} cannot be written: {}", path.display(), in_words(error));
    Error::new(exit::ERROR, what)
}
