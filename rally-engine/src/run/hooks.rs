//! Hooks run beside the load when their triggers fire; what they did is told in the report.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rally_core::erased::{AnyHook, AnyTrigger};
use rally_core::report::{HookReport, HookResult};
use rally_core::{Event, Failure, Fired, Stage, Unit, World};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::stopper::Stopper;

/// The hooks of one workload. They fire from the start of the load to its end, and no longer.
pub(crate) struct Hooks {
    all: Vec<Hook>,
    world: Arc<OnceLock<Arc<World>>>,
    runtime: Handle,
    loading: bool,
    /// The last second that was told; a tick that was lost in a full queue is made up for by the next.
    second: u64,
}

struct Hook {
    action: Arc<dyn AnyHook>,
    trigger: Box<dyn AnyTrigger>,
    report: HookReport,
    /// What runs, or has run, with the iteration or second that triggered it.
    running: Vec<(u64, JoinHandle<HookResult>)>,
}

impl Drop for Hook {
    /// A run that is dropped takes its hooks along.
    fn drop(&mut self) {
        for (_, run) in &self.running {
            run.abort();
        }
    }
}

impl Hooks {
    /// No hooks yet; they will see the world that is put into the cell when it is complete.
    pub(crate) fn new(world: Arc<OnceLock<Arc<World>>>) -> Self {
        Self { all: Vec::new(), world, runtime: Handle::current(), loading: false, second: 0 }
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
            Event::Tick { second } => {
                for second in self.second + 1..=*second {
                    self.fire(Unit::Time, second);
                }
                self.second = self.second.max(*second);
            }
            _ => (),
        }
    }

    fn fire(&mut self, unit: Unit, at: u64) {
        let Some(world) = self.world.get().filter(|_| self.loading && !self.all.is_empty()) else { return };
        for hook in &mut self.all {
            if hook.trigger.unit() == unit && hook.trigger.fires(at) {
                let action = Arc::clone(&hook.action);
                let fired = Fired::new(unit, at, Arc::clone(world));
                let run = self.runtime.spawn(async move {
                    let began = Instant::now();
                    let result = action.run(fired).await;
                    HookResult::new(unit, at, began.elapsed().as_secs_f64(), result)
                });
                hook.running.push((at, run));
            }
        }
    }

    /// Waits for the hooks that still run, until the run is aborted.
    pub(crate) async fn finish(self, stopper: &Stopper) -> Vec<HookReport> {
        let mut reports = Vec::new();
        for mut hook in self.all {
            let unit = hook.trigger.unit();
            for (at, mut run) in std::mem::take(&mut hook.running) {
                let result = tokio::select! {
                    biased;
                    ended = &mut run => ended.unwrap_or_else(|error| {
                        HookResult::new(unit, at, 0.0, Err(Failure::new("Panic", error.to_string())))
                    }),
                    () = stopper.aborted() => {
                        run.abort();
                        let failure = Failure::new("Aborted", "interrupted by the end of the run");
                        HookResult::new(unit, at, 0.0, Err(failure))
                    }
                };
                hook.report.results.push(result);
            }
            let report =
                HookReport::new(&*hook.report.action, &*hook.report.trigger, &*hook.report.description);
            reports.push(std::mem::replace(&mut hook.report, report));
        }
        reports
    }
}
