//! Contexts are set up in order and cleaned up in exact reverse, also the one whose setup failed half-way.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use rally_core::cleaner::Cleaned;
use rally_core::erased::AnyContext;
use rally_core::report::ContextReport;
use rally_core::{Event, Failure, Result, Stage, World};
use tokio::sync::mpsc;

use super::stopper::Stopper;

/// The contexts of one workload.
pub(crate) struct Contexts {
    all: Vec<Box<dyn AnyContext>>,
    /// What was visited, in the order of setup.
    reports: Vec<ContextReport>,
    events: mpsc::Sender<Event>,
}

impl Contexts {
    pub(crate) fn new(all: Vec<Box<dyn AnyContext>>, events: mpsc::Sender<Event>) -> Self {
        Self { all, reports: Vec::new(), events }
    }

    /// Sets up one after the other until one fails or the run is stopped. A stop lets a setup under way finish
    /// within the grace; an abort interrupts it.
    pub(crate) async fn setup(&mut self, world: &mut World, stopper: &Stopper) -> Result {
        for context in &self.all {
            if stopper.is_stopped() {
                break;
            }
            let name = context.meta().full_name();
            let stage = Stage::Setup(name.as_str().into());
            tracing::info!(target: "rally::context", "Enter context: `{}`", context.meta().name);
            send(&self.events, Event::Entered { stage: stage.clone() }).await;
            world.set_writer(format!("context `{name}`"));
            let began = Instant::now();
            let result = tokio::select! {
                biased;
                result = no_panic(context.setup(world)) => result,
                () = stopper.abort_after_grace() => Err(Failure::new("Aborted", "interrupted by the end of the run")),
            };
            let took = began.elapsed();
            let failure =
                result.err().map(|failure| failure.context(format!("context `{name}` could not be set up")));
            let left = Event::Left { stage, took, failure: failure.clone().map(Arc::new) };
            send(&self.events, left).await;
            self.reports.push(ContextReport::new(name, took.as_secs_f64(), failure.clone()));
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Cleans up all that was visited, last first. What fails or takes longer than the limit is recorded and stops
    /// nothing.
    pub(crate) async fn cleanup(mut self, world: &World, limit: Option<Duration>) -> Vec<ContextReport> {
        let deadline = limit.map(|limit| tokio::time::Instant::now() + limit);
        for (context, report) in self.all.iter().zip(&mut self.reports).rev() {
            let stage = Stage::Cleanup(report.name.as_str().into());
            send(&self.events, Event::Entered { stage: stage.clone() }).await;
            let began = Instant::now();
            let cleaning = no_panic(async { Ok(context.cleanup(world).await) });
            let cleaned = match deadline {
                None => cleaning.await,
                Some(deadline) => tokio::time::timeout_at(deadline, cleaning).await.unwrap_or_else(|_| {
                    Err(Failure::new("Timeout", "cut off by the time limit for cleanup"))
                }),
            };
            let took = began.elapsed();
            let failure = match cleaned {
                Ok(cleaned) => {
                    report.cleaned = cleaned;
                    None
                }
                Err(failure) => {
                    tracing::warn!(context = report.name, %failure, "cleanup did not end well");
                    Some(Arc::new(failure))
                }
            };
            report.cleanup = took.as_secs_f64();
            tracing::info!(target: "rally::context", "Exit context: `{}`", context.meta().name);
            send(&self.events, Event::Left { stage, took, failure }).await;
        }
        self.reports
    }
}

/// What all cleanups did together; what the journal still holds and nobody mentions is left behind as well.
pub(crate) fn all_cleaned(reports: &[ContextReport], world: &World) -> Cleaned {
    let mut cleaned = Cleaned::nothing();
    for report in reports {
        cleaned.merge(report.cleaned.clone());
    }
    for entry in world.journal().open(world.owner()) {
        let known = |label: &str| cleaned.left.iter().any(|left| left.entry.label() == label);
        if !known(entry.label()) {
            cleaned.failed(entry, "is not known to be gone");
        }
    }
    cleaned
}

pub(crate) async fn send(events: &mpsc::Sender<Event>, event: Event) {
    // The collector ends early only by a panic, which is told when its figures are asked for.
    drop(events.send(event).await);
}

/// A plugin that panics has failed; the run has not.
pub(crate) async fn no_panic<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&'static str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Failure::new("Panic", text.unwrap_or_else(|| "panicked without a message".into())))
    })
}
