//! Plugins for tests: every kind, as small as can be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rally_core::{
    Cleaned, Context, Failure, Fired, Hook, IterationResult, Load, Meta, Output, Platform, Registration,
    Registry, Result, Runner, Sla, Trigger, Unit, Verdict,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

/// All of them.
pub(crate) fn registry() -> Registry {
    [
        Registration::runner::<Parallel>("tests, 1"),
        Registration::runner::<Serial>("tests, 2"),
        Registration::sla::<FailureRate>("tests, 3"),
        Registration::platform::<TestPlatform>("tests, 4"),
    ]
    .into_iter()
    .try_fold(Registry::new(), Registry::with)
    .unwrap()
}

/// Lines that plugins wrote, shared by a number since configurations are data.
static LOGS: Mutex<Vec<Vec<String>>> = Mutex::new(Vec::new());
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// One test's lines.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Log(usize);

impl Default for Log {
    fn default() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut logs = LOGS.lock().unwrap_or_else(PoisonError::into_inner);
        let size = logs.len().max(number + 1);
        logs.resize(size, Vec::new());
        Self(number)
    }
}

impl Log {
    pub(crate) fn write(self, line: String) {
        LOGS.lock().unwrap_or_else(PoisonError::into_inner)[self.0].push(line);
    }

    pub(crate) fn lines(self) -> Vec<String> {
        LOGS.lock().unwrap_or_else(PoisonError::into_inner)[self.0].clone()
    }
}

/// Write a line at setup and at cleanup.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Mark<const N: u32> {
    pub(crate) log: Log,
    pub(crate) fail: bool,
    pub(crate) panic: bool,
}

impl<const N: u32> Mark<N> {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, fail: false, panic: false }
    }
}

impl<const N: u32> Context for Mark<N> {
    const META: Meta = Meta::new(match N {
        1 => "mark_1",
        2 => "mark_2",
        _ => "mark_3",
    });
    const ORDER: u32 = N;

    async fn setup(&self, _world: &mut rally_core::World) -> Result {
        self.log.write(format!("setup {N}"));
        assert!(!self.panic, "told to panic");
        if self.fail { Err(Failure::msg("told to fail")) } else { Ok(()) }
    }

    async fn cleanup(&self, _world: &rally_core::World) -> Cleaned {
        self.log.write(format!("cleanup {N}"));
        Cleaned::nothing()
    }
}

/// Run so many iterations, so many at once.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Parallel {
    pub(crate) times: u64,
    pub(crate) at_once: usize,
}

impl Runner for Parallel {
    const META: Meta = Meta::new("parallel");

    fn planned(&self) -> Option<u64> {
        Some(self.times)
    }

    async fn run(&self, load: &Load) -> Result {
        let mut running = JoinSet::new();
        for number in 1..=self.times {
            while running.len() >= self.at_once {
                running.join_next().await;
            }
            if load.is_stopped() {
                break;
            }
            running.spawn(load.iterate(number, None));
        }
        running.join_all().await;
        Ok(())
    }
}

/// Run one iteration.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Serial {}

impl Runner for Serial {
    const META: Meta = Meta::new("serial");

    fn planned(&self) -> Option<u64> {
        Some(1)
    }

    async fn run(&self, load: &Load) -> Result {
        load.iterate(1, None).await;
        Ok(())
    }
}

/// Allow no failure.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct FailureRate {
    pub(crate) max: f64,
    #[serde(skip)]
    failed: u64,
}

impl Sla for FailureRate {
    const META: Meta = Meta::new("failure_rate");

    fn observe(&mut self, result: &IterationResult) {
        self.failed += u64::from(!result.passed());
    }

    fn verdict(&self) -> Verdict {
        Verdict::new(self.failed == 0, format!("{} failed", self.failed))
    }
}

/// Allow so many failures.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct MaxFailures {
    pub(crate) max: u64,
    #[serde(skip)]
    pub(crate) seen: u64,
}

impl Sla for MaxFailures {
    const META: Meta = Meta::new("max_failures");

    fn observe(&mut self, result: &IterationResult) {
        self.seen += u64::from(!result.passed());
    }

    fn verdict(&self) -> Verdict {
        Verdict::new(self.seen <= self.max, format!("{} of at most {} failed", self.seen, self.max))
    }
}

/// Fire at every so-manieth iteration.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Every {
    pub(crate) step: u64,
}

impl Trigger for Every {
    const META: Meta = Meta::new("every");

    fn unit(&self) -> Unit {
        Unit::Iteration
    }

    fn fires(&self, at: u64) -> bool {
        at.is_multiple_of(self.step)
    }
}

/// Write a line.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct MarkEach {
    log: Log,
}

impl MarkEach {
    pub(crate) fn new(log: Log) -> Self {
        Self { log }
    }
}

impl Hook for MarkEach {
    const META: Meta = Meta::new("mark_each");

    async fn run(&self, fired: Fired) -> Result<Vec<Output>> {
        self.log.write(format!("hook {}", fired.at));
        Ok(Vec::new())
    }
}

/// What the test platform puts into the world.
pub(crate) struct World(pub(crate) u32);

/// A platform that is there, or not.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestPlatform {
    down: bool,
}

impl Platform for TestPlatform {
    const META: Meta = Meta::new("test_platform").platform("test");

    async fn connect(&self, world: &mut rally_core::World) -> Result {
        if self.down {
            return Err(Failure::msg("no answer"));
        }
        world.insert(World(42))?;
        world.fact("test", "version 1");
        Ok(())
    }
}
