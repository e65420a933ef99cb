//! How a run goes, while it goes: a bar on a terminal, a line every few seconds elsewhere.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use rally_core::{Event, Outcome, Reporter, Stage, Stop};
use rally_engine::plan::Workload;

use super::console::Console;

/// How many seconds lie between two lines where there is no bar.
const EVERY: u64 = 5;

/// The same while nothing is counted: such lines say only that it still goes on.
const STILL: Duration = Duration::from_secs(15);

/// Makes a [`Progress`] for each workload of a run.
pub(super) struct Progresses {
    console: Console,
    workloads: usize,
    begun: Arc<AtomicUsize>,
}

impl Progresses {
    /// Of a run with this many workloads.
    pub(super) fn new(console: &Console, workloads: usize) -> Self {
        Self { console: console.clone(), workloads, begun: Arc::default() }
    }

    /// Of the next workload.
    pub(super) fn of(&self, workload: &Workload) -> Box<dyn Reporter> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        self.console.note(&format!("[{number}/{}] {}\n", self.workloads, workload.scenario.name()));
        Box::new(Progress { console: self.console.clone(), bar: None, still: None, load: Load::new(None) })
    }
}

/// How one workload goes.
struct Progress {
    console: Console,
    bar: Option<ProgressBar>,
    still: Option<Still>,
    load: Load,
}

impl Reporter for Progress {
    fn event(&mut self, event: &Event) -> ControlFlow<Stop> {
        match event {
            Event::Entered { stage } => self.entered(stage),
            Event::Left { stage, took, failure } => {
                self.end_bar();
                let how = match failure {
                    None => self.done(stage, *took),
                    Some(failure) => format!("FAILED after {:.1} s: {failure}", took.as_secs_f64()),
                };
                self.console.note(&format!("  {}: {how}\n", name(stage)));
            }
            Event::Started { .. } => self.load.started += 1,
            Event::Finished(result) => {
                self.load.finished(result.outcome);
                self.show();
            }
            Event::Tick { second } => {
                if self.bar.is_some() {
                    self.show();
                } else if second % EVERY == 0 {
                    self.console.note(&format!("  load: {}\n", self.load.text(&format!(" in {second} s"))));
                }
            }
            _ => (),
        }
        ControlFlow::Continue(())
    }
}

impl Progress {
    fn entered(&mut self, stage: &Stage) {
        self.end_bar();
        if let Stage::Load { planned } = stage {
            self.load = Load::new(*planned);
        }
        let doing = match stage {
            Stage::Load { .. } => None,
            Stage::Cleanup(_) => Some("cleaning up"),
            _ => Some("setting up"),
        };
        let Some(bar) = self.console.bar() else {
            let console = self.console.clone();
            let name = name(stage);
            self.still = doing.map(|doing| {
                Still::every(STILL, move |seconds| {
                    console.note(&format!("  {name}: {doing} for {seconds} s\n"));
                })
            });
            return;
        };
        let template = match stage {
            Stage::Load { planned: Some(planned) } => {
                bar.set_length(*planned);
                "  {prefix}: [{bar:24}] {msg}, {elapsed}"
            }
            Stage::Load { planned: None } => "  {prefix}: {spinner} {msg}, {elapsed}",
            _ => "  {prefix}: {spinner} {msg} for {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name(stage));
        bar.set_message(doing.map_or_else(|| self.load.text(""), str::to_owned));
        bar.enable_steady_tick(Duration::from_millis(200));
        self.bar = Some(bar);
    }

    fn show(&self) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.load.done());
            bar.set_message(self.load.text(""));
        }
    }

    fn end_bar(&mut self) {
        self.still = None;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn done(&self, stage: &Stage, took: Duration) -> String {
        let seconds = took.as_secs_f64();
        match stage {
            Stage::Load { .. } => self.load.text(&format!(" in {seconds:.1} s")),
            Stage::Cleanup(_) => format!("cleaned up in {seconds:.1} s"),
            _ => format!("set up in {seconds:.1} s"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end_bar();
    }
}

fn name(stage: &Stage) -> String {
    match stage {
        Stage::Setup(name) | Stage::Cleanup(name) => name.to_string(),
        _ => "load".into(),
    }
}

/// Says every so often that something goes on, until it is dropped. A thread of its own, since readers of events are
/// called outside of any runtime.
struct Still(#[expect(dead_code, reason = "its drop ends the thread")] mpsc::Sender<()>);

impl Still {
    fn every(time: Duration, say: impl Fn(u64) + Send + 'static) -> Self {
        let (until, dropped) = mpsc::channel();
        let began = Instant::now();
        std::thread::spawn(move || {
            while dropped.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                say(began.elapsed().as_secs());
            }
        });
        Self(until)
    }
}

/// The load in numbers.
struct Load {
    planned: Option<u64>,
    began: Instant,
    started: u64,
    ended: u64,
    dropped: u64,
    interrupted: u64,
    errors: u64,
}

impl Load {
    fn new(planned: Option<u64>) -> Self {
        Self { planned, began: Instant::now(), started: 0, ended: 0, dropped: 0, interrupted: 0, errors: 0 }
    }

    fn finished(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Dropped => self.dropped += 1,
            Outcome::Passed => self.ended += 1,
            Outcome::Aborted => {
                self.ended += 1;
                self.interrupted += 1;
            }
            _ => {
                self.ended += 1;
                self.errors += 1;
            }
        }
    }

    fn done(&self) -> u64 {
        self.ended + self.dropped
    }

    /// `4/10 done in 5 s, 2 in flight, no errors, 0.8/s`; the time is the caller's words.
    fn text(&self, time: &str) -> String {
        let planned = self.planned.map(|planned| format!("/{planned}")).unwrap_or_default();
        let mut parts = vec![format!("{}{planned} done{time}", self.done())];
        let running = self.started.saturating_sub(self.ended);
        for (count, what) in
            [(running, "in flight"), (self.dropped, "dropped"), (self.interrupted, "interrupted")]
        {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        parts.push(match self.errors {
            0 => "no errors".into(),
            1 => "1 error".into(),
            n => format!("{n} errors"),
        });
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate of more than 2^53 iterations needs no exact digits"
        )]
        let rate = self.ended as f64 / self.began.elapsed().as_secs_f64().max(1e-6);
        // Before the first end there is nothing to say.
        if self.ended > 0 {
            parts.push(format!("{rate:.1}/s"));
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_still_goes_on_is_said_until_it_ends() {
        let (say, said) = mpsc::channel();
        let still = Still::every(Duration::from_millis(1), move |seconds| {
            let _ended = say.send(seconds);
        });
        assert_eq!((said.recv(), said.recv()), (Ok(0), Ok(0)));
        drop(still);
        // The thread has ended when nobody can say anything any more.
        while said.recv().is_ok() {}
    }

    #[test]
    fn the_load_is_said_in_one_line() {
        let mut load = Load::new(Some(10));
        assert_eq!(load.text(""), "0/10 done, no errors");
        load.started = 3;
        load.finished(Outcome::Failed);
        load.finished(Outcome::Dropped);
        assert!(
            load.text("").starts_with("2/10 done, 2 in flight, 1 dropped, 1 error, "),
            "{}",
            load.text("")
        );
    }
}
