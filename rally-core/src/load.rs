//! The load runs one iteration at a time, on demand: it owns timing, timeout, panic, abort and the result.

use std::borrow::Cow;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::action::Recorder;
use crate::erased::AnyScenario;
use crate::event::Event;
use crate::failure::Failure;
use crate::iteration::{Iteration, mix_seed};
use crate::report::{IterationResult, Outcome};
use crate::world::World;

/// What a runner gets: it says when an iteration starts, the load does the rest. A clone is the same load.
#[derive(Clone)]
pub struct Load {
    inner: Arc<Inner>,
}

struct Inner {
    mix: Vec<(AnyScenario, u64)>,
    weights: u64,
    world: Arc<World>,
    seed: u64,
    stop: CancellationToken,
    abort: CancellationToken,
    sink: Sink,
    epoch: Instant,
    epoch_wall: Timestamp,
}

/// Where events go.
enum Sink {
    /// To a reader elsewhere. Bounded: a slow reader stretches the gaps between iterations, never a duration.
    Channel(mpsc::Sender<Event>),
    /// Into memory, for tests.
    Memory(Mutex<Vec<Event>>),
}

/// Builds a [`Load`]. For engines and tests.
#[must_use]
pub struct LoadBuilder {
    mix: Vec<(AnyScenario, u64)>,
    world: Arc<World>,
    seed: u64,
    stop: CancellationToken,
    abort: CancellationToken,
    events: Option<mpsc::Sender<Event>>,
}

impl LoadBuilder {
    /// A load of this scenario in this world.
    pub fn new(scenario: AnyScenario, world: Arc<World>) -> Self {
        let abort = CancellationToken::new();
        let stop = abort.child_token();
        Self { mix: vec![(scenario, 1)], world, seed: 0, stop, abort, events: None }
    }

    /// One more scenario; the first has weight 1, and each iteration runs one of them by its weight.
    pub fn mix(mut self, scenario: AnyScenario, weight: u64) -> Self {
        self.mix.push((scenario, weight));
        self
    }

    /// Gives the scenario that was named last another weight.
    pub fn weight(mut self, weight: u64) -> Self {
        if let Some((_, last)) = self.mix.last_mut() {
            *last = weight;
        }
        self
    }

    /// What makes this run's random choices differ from another's.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// `stop`: start no more iterations. `abort`: interrupt those that run. A stop should be a child of an abort.
    pub fn tokens(mut self, stop: CancellationToken, abort: CancellationToken) -> Self {
        (self.stop, self.abort) = (stop, abort);
        self
    }

    /// Where events go; without it they stay in memory.
    pub fn events(mut self, events: mpsc::Sender<Event>) -> Self {
        self.events = Some(events);
        self
    }

    /// The load; its clock starts now.
    pub fn build(self) -> Load {
        Load {
            inner: Arc::new(Inner {
                weights: self.mix.iter().map(|(_, weight)| weight).sum::<u64>().max(1),
                mix: self.mix,
                world: self.world,
                seed: self.seed,
                stop: self.stop,
                abort: self.abort,
                sink: self.events.map_or_else(|| Sink::Memory(Mutex::default()), Sink::Channel),
                epoch: Instant::now(),
                epoch_wall: Timestamp::now(),
            }),
        }
    }
}

impl Load {
    /// Runs iteration `number` (counted from 1), interrupts it after `timeout`, and reports what became of it.
    ///
    /// The future owns what it needs: spawn it, so that all processors are used.
    pub fn iterate(
        &self,
        number: u64,
        timeout: Option<Duration>,
    ) -> impl Future<Output = ()> + Send + 'static {
        Arc::clone(&self.inner).iterate(number, None, timeout)
    }

    /// The same for an iteration that a timetable wants at `due`: the time of the plan is recorded beside that of
    /// the start, so that a late start cannot hide.
    pub fn iterate_at(
        &self,
        number: u64,
        due: Instant,
        timeout: Option<Duration>,
    ) -> impl Future<Output = ()> + Send + 'static {
        Arc::clone(&self.inner).iterate(number, Some(due), timeout)
    }

    /// Reports an iteration that was planned for `due` and is not started.
    pub async fn dropped(&self, number: u64, due: Instant) {
        let inner = &self.inner;
        let mut result = IterationResult::new(number, Outcome::Dropped);
        result.scenario = inner.choose(number);
        result.due = Some(inner.since(due));
        result.started = inner.since(Instant::now());
        inner.sink.send(Event::Finished(Arc::new(result))).await;
    }

    /// Whether no more iterations may start.
    pub fn is_stopped(&self) -> bool {
        self.inner.stop.is_cancelled()
    }

    /// Waits until no more iterations may start.
    pub async fn stopped(&self) {
        self.inner.stop.cancelled().await;
    }

    /// When the load began: a timetable counts from here.
    pub fn epoch(&self) -> Instant {
        self.inner.epoch
    }

    /// When the load began, by the wall clock.
    pub fn epoch_wall(&self) -> Timestamp {
        self.inner.epoch_wall
    }

    /// What makes this run's random choices differ from another's.
    pub fn seed(&self) -> u64 {
        self.inner.seed
    }

    /// The events so far, of a load that keeps them in memory.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "read by the module `testing` only"))]
    pub(crate) fn recorded(&self) -> Vec<Event> {
        match &self.inner.sink {
            Sink::Memory(events) => events.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Sink::Channel(_) => Vec::new(),
        }
    }
}

impl Inner {
    async fn iterate(self: Arc<Self>, number: u64, due: Option<Instant>, timeout: Option<Duration>) {
        // Before the clock starts: a reader that is behind delays the start and no duration.
        self.sink.send(Event::Started { number }).await;
        tracing::info!(target: "rally::iteration", iteration = number, "ITER: {number} START");
        let chosen = self.choose(number);
        let recorder = Recorder::new();
        let it = Iteration::new(
            number,
            mix_seed(self.seed, number),
            Arc::clone(&self.world),
            Arc::clone(&recorder),
        );
        let ended = self.run(&self.mix[chosen].0, it, Arc::clone(&recorder), timeout).await;
        let elapsed = recorder.started().elapsed();

        let (outcome, failure) = match ended {
            Ended::Itself(Ok(())) => (Outcome::Passed, None),
            Ended::Itself(Err(failure)) => (Outcome::Failed, Some(failure)),
            Ended::Timeout(limit) => {
                let message = format!("interrupted after its timeout of {} s", limit.as_secs_f64());
                (Outcome::TimedOut, Some(Failure::new("Timeout", message)))
            }
            Ended::Abort => {
                (Outcome::Aborted, Some(Failure::new("Aborted", "interrupted by the end of the run")))
            }
        };
        match &failure {
            None => tracing::info!(target: "rally::iteration", iteration = number, "ITER: {number} END: OK"),
            Some(failure) => tracing::info!(
                target: "rally::iteration", iteration = number,
                "ITER: {number} END: Error {}: {failure}", failure.kind
            ),
        }
        let left = recorder.finish();
        let result = IterationResult {
            number,
            scenario: chosen,
            outcome,
            due: due.map(|due| self.since(due)),
            started: self.since(recorder.started()),
            elapsed,
            idle: left.idle.min(elapsed),
            failure,
            actions: left.actions,
            requests: left.requests,
            outputs: left.outputs,
        };
        self.sink.send(Event::Finished(Arc::new(result))).await;
    }

    /// Runs the scenario until it ends, panics, takes too long or the run is aborted. In the last two cases its
    /// future is dropped here, which closes the actions that are open.
    async fn run(
        &self,
        scenario: &AnyScenario,
        it: Iteration,
        recorder: Arc<Recorder>,
        timeout: Option<Duration>,
    ) -> Ended {
        let body = recorder.scope(AssertUnwindSafe(scenario.run(&it)).catch_unwind());
        let limited = async {
            match timeout {
                None => Ended::from(body.await),
                Some(limit) => {
                    tokio::time::timeout(limit, body).await.map_or(Ended::Timeout(limit), Ended::from)
                }
            }
        };
        tokio::select! {
            biased;
            ended = limited => ended,
            () = self.abort.cancelled() => Ended::Abort,
        }
    }

    /// Which scenario iteration `number` runs: a function of the number and the seed alone.
    fn choose(&self, number: u64) -> usize {
        if self.mix.len() == 1 {
            return 0;
        }
        // Another stream than the one that iterations draw from.
        let mut ticket = mix_seed(!self.seed, number) % self.weights;
        self.mix
            .iter()
            .position(|(_, weight)| {
                let hit = ticket < *weight;
                ticket = ticket.saturating_sub(*weight);
                hit
            })
            .unwrap_or(0)
    }

    fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.epoch)
    }
}

impl Sink {
    async fn send(&self, event: Event) {
        match self {
            // A reader that is gone wants no more events; the runner learns of the end by its token.
            Self::Channel(to) => drop(to.send(event).await),
            Self::Memory(events) => events.lock().unwrap_or_else(PoisonError::into_inner).push(event),
        }
    }
}

enum Ended {
    Itself(crate::Result),
    Timeout(Duration),
    Abort,
}

impl From<Result<crate::Result, Box<dyn std::any::Any + Send>>> for Ended {
    fn from(result: Result<crate::Result, Box<dyn std::any::Any + Send>>) -> Self {
        Self::Itself(result.unwrap_or_else(|panic| Err(Failure::new("Panic", panic_message(&*panic)))))
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> Cow<'static, str> {
    if let Some(text) = panic.downcast_ref::<&'static str>() {
        Cow::Borrowed(text)
    } else if let Some(text) = panic.downcast_ref::<String>() {
        Cow::Owned(text.clone())
    } else {
        Cow::Borrowed("the scenario panicked without a message")
    }
}
