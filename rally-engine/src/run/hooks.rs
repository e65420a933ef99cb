//! Hooks run beside the load when their triggers fire; what they did is told in the report.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rally_core::erased::{AnyHook, AnyTrigger};
use rally_core::report::{HookReport, HookResult};
use rally_core::{Event, Failure, Fired, Stage, Unit, World};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The hooks of one workload. They fire from the start of the load to its end, and no longer.
pub(crate) struct Hooks {
    all: Vec<Hook>,
    world: Arc<OnceLock<Arc<World>>>,
    runtime: Handle,
    loading: bool,
}

struct Hook {
    action: Arc<dyn AnyHook>,
    trigger: Box<dyn AnyTrigger>,
    report: HookReport,
    running: Vec<JoinHandle<HookResult>>,
}

impl Hooks {
    /// No hooks yet; they will see the world that is put into the cell when it is complete.
    pub(crate) fn new(world: Arc<OnceLock<Arc<World>>>) -> Self {
        Self { all: Vec::new(), world, runtime: Handle::current(), loading: false }
    }

    pub(crate) fn add(&mut self, action: Box<dyn AnyHook>, trigger: Box<dyn AnyTrigger>, report: HookReport) {
        self.all.push(Hook { action: action.into(), trigger, report, running: Vec::new() });
    }

    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Entered { stage: Stage::Load { .. } } => {
                self.loading = true;
                self.fire(Unit::Time, 0);
            }
            Event::Left { stage: Stage::Load { .. }, .. } => self.loading = false,
            Event::Started { number } => self.fire(Unit::Iteration, *number),
            Event::Tick { second } => self.fire(Unit::Time, *second),
            _ => (),
        }
    }

    fn fire(&mut self, unit: Unit, at: u64) {
        let Some(world) = self.world.get().filter(|_| self.loading && !self.all.is_empty()) else { return };
        for hook in &mut self.all {
            if hook.trigger.unit() == unit && hook.trigger.fires(at) {
                let action = Arc::clone(&hook.action);
                let fired = Fired::new(unit, at, Arc::clone(world));
                hook.running.push(self.runtime.spawn(async move {
                    let began = Instant::now();
                    let result = action.run(fired).await;
                    HookResult::new(unit, at, began.elapsed().as_secs_f64(), result)
                }));
            }
        }
    }

    /// Waits for the hooks that still run.
    pub(crate) async fn finish(self) -> Vec<HookReport> {
        let mut reports = Vec::new();
        for mut hook in self.all {
            for run in hook.running {
                hook.report.results.push(run.await.unwrap_or_else(|error| {
                    let failure = Failure::new("Panic", error.to_string());
                    HookResult::new(hook.trigger.unit(), 0, 0.0, Err(failure))
                }));
            }
            reports.push(hook.report);
        }
        reports
    }
}
