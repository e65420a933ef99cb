//! The one consumer of events: a thread on which figures, SLAs, hooks and reporters see everything in one order.

use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use rally_core::erased::AnySla;
use rally_core::report::Counts;
use rally_core::{Event, IterationResult, Outcome, Output, Reporter, Stop};
use tokio::sync::{mpsc, oneshot};

use super::hooks::Hooks;
use super::stopper::Stopper;
use crate::stats::{Failures, Rows, Series};

/// How many events may wait. More would only hide that a reader is too slow.
const QUEUE: usize = 1024;

/// How many events are taken at a time.
const BATCH: usize = 256;

/// How many outputs are kept; a report is not the place for a chart per iteration of a million.
const OUTPUTS: usize = 1_000;

/// A start that is later than this after its due time counts as late. The timer's own grid is 1 ms.
const LATE: Duration = Duration::from_millis(10);

/// Reads the events of one workload.
pub(crate) struct Collector {
    pub(crate) slas: Vec<Box<dyn AnySla>>,
    pub(crate) reporters: Vec<Box<dyn Reporter>>,
    pub(crate) hooks: Hooks,
    pub(crate) stopper: Stopper,
    pub(crate) abort_on_sla: bool,
    seen: Seen,
}

/// What the events amounted to.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) counts: Counts,
    pub(crate) rows: Rows,
    pub(crate) failures: Failures,
    pub(crate) lag: Series,
    pub(crate) latency: Series,
    pub(crate) outputs: Vec<(u64, Output)>,
    /// When the first iteration started and the last one ended, since the load began.
    pub(crate) span: Option<(Duration, Duration)>,
}

/// What a collector leaves when the last event has been read.
pub(crate) struct Collected {
    pub(crate) seen: Seen,
    pub(crate) slas: Vec<Box<dyn AnySla>>,
    pub(crate) reporters: Vec<Box<dyn Reporter>>,
    pub(crate) hooks: Hooks,
}

impl Collector {
    pub(crate) fn new(
        slas: Vec<Box<dyn AnySla>>,
        reporters: Vec<Box<dyn Reporter>>,
        hooks: Hooks,
        stopper: Stopper,
        abort_on_sla: bool,
    ) -> Self {
        Self { slas, reporters, hooks, stopper, abort_on_sla, seen: Seen::default() }
    }

    /// Starts the thread. It ends when every sender is gone; the receiver gets nothing if a reader panicked.
    pub(crate) fn start(self) -> std::io::Result<(mpsc::Sender<Event>, oneshot::Receiver<Collected>)> {
        let (to, events) = mpsc::channel(QUEUE);
        let (done, collected) = oneshot::channel();
        thread::Builder::new().name("rally-collector".into()).spawn(move || {
            // The other side is gone when the run was dropped: then nobody wants the figures.
            let _nobody = done.send(self.read(events));
        })?;
        Ok((to, collected))
    }

    fn read(mut self, mut events: mpsc::Receiver<Event>) -> Collected {
        let mut batch = Vec::with_capacity(BATCH);
        while events.blocking_recv_many(&mut batch, BATCH) > 0 {
            for event in batch.drain(..) {
                self.event(&event);
            }
        }
        Collected { seen: self.seen, slas: self.slas, reporters: self.reporters, hooks: self.hooks }
    }

    fn event(&mut self, event: &Event) {
        if let Event::Finished(result) = event {
            self.seen.iteration(result);
            self.slas.iter_mut().for_each(|sla| sla.observe(result));
            if self.abort_on_sla && !self.stopper.is_stopped() {
                self.judge();
            }
        }
        self.hooks.event(event);
        for reporter in &mut self.reporters {
            if let ControlFlow::Break(stop) = reporter.event(event) {
                self.stopper.stop(stop);
            }
        }
    }

    fn judge(&self) {
        let broken = self.slas.iter().find_map(|sla| {
            let verdict = sla.verdict();
            (!verdict.passed).then(|| format!("{}: {}", sla.meta().name, verdict.detail))
        });
        if let Some(detail) = broken {
            self.stopper.stop(Stop::Sla(detail));
        }
    }
}

impl Seen {
    fn iteration(&mut self, result: &IterationResult) {
        let counts = &mut self.counts;
        match result.outcome {
            Outcome::Failed => counts.failed += 1,
            Outcome::TimedOut => counts.timed_out += 1,
            Outcome::Aborted => counts.aborted += 1,
            Outcome::Dropped => counts.dropped += 1,
            // `Outcome` may grow; what is none of the above ended without an error.
            _ => counts.passed += 1,
        }
        self.rows.push(result);
        if let Some(failure) = &result.failure {
            self.failures.push(result.number, failure);
        }
        let room = OUTPUTS - self.outputs.len();
        self.outputs.extend(result.outputs.iter().take(room).map(|output| (result.number, output.clone())));
        if result.outcome == Outcome::Dropped {
            return;
        }
        if let (Some(lag), Some(due)) = (result.lag(), result.due) {
            self.counts.late += u64::from(lag > LATE);
            self.lag.push(lag);
            if result.passed() {
                self.latency.push((result.started + result.elapsed).saturating_sub(due));
            }
        }
        let end = result.started + result.duration();
        let (first, last) = self.span.get_or_insert((result.started, end));
        *first = result.started.min(*first);
        *last = end.max(*last);
    }
}
