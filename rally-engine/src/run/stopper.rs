//! Two tokens stop everything: `stop` starts no more, `abort` interrupts what runs; the first reason wins.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rally_core::Stop;
use tokio_util::sync::CancellationToken;

/// How a run is asked to end. A clone asks the same run.
///
/// Nothing here hears signals: a program calls [`interrupt`](Self::interrupt) when it gets one.
#[derive(Clone, Debug)]
pub struct Stopper {
    stop: CancellationToken,
    abort: CancellationToken,
    reason: Arc<Mutex<Option<Stop>>>,
    grace: Duration,
}

impl Default for Stopper {
    fn default() -> Self {
        Self::new()
    }
}

impl Stopper {
    /// A run that nobody has asked to end; after a stop, iterations have 30 s to finish.
    pub fn new() -> Self {
        let abort = CancellationToken::new();
        let stop = abort.child_token();
        Self { stop, abort, reason: Arc::default(), grace: Duration::from_secs(30) }
    }

    /// How long iterations may go on after a stop before they are interrupted.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// First time: no more iterations start, those that run may finish within the grace. Second time: they are
    /// interrupted. Cleanup happens in both cases.
    pub fn interrupt(&self) {
        if self.stop.is_cancelled() {
            self.abort();
        } else {
            self.stop(Stop::Requested);
        }
    }

    /// No more iterations start, for this reason.
    pub fn stop(&self, reason: Stop) {
        self.remember(reason);
        self.stop.cancel();
    }

    /// Iterations that run are interrupted at their next await.
    pub fn abort(&self) {
        self.remember(Stop::Aborted);
        self.abort.cancel();
    }

    /// Why the run was asked to end, if it was.
    pub fn reason(&self) -> Option<Stop> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether no more iterations may start.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until no more iterations may start.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Waits until iterations are interrupted.
    pub async fn aborted(&self) {
        self.abort.cancelled().await;
    }

    /// Waits until a stop and its grace are over, then interrupts.
    pub(crate) async fn abort_after_grace(&self) {
        self.stop.cancelled().await;
        tokio::select! {
            () = self.abort.cancelled() => (),
            () = tokio::time::sleep(self.grace) => self.abort.cancel(),
        }
    }

    pub(crate) fn tokens(&self) -> (CancellationToken, CancellationToken) {
        (self.stop.clone(), self.abort.clone())
    }

    fn remember(&self, reason: Stop) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_wins_and_the_second_interrupt_aborts() {
        let stopper = Stopper::new();
        stopper.stop(Stop::Sla("failure_rate".into()));
        stopper.interrupt();
        assert!(stopper.abort.is_cancelled());
        assert_eq!(stopper.reason(), Some(Stop::Sla("failure_rate".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn the_grace_ends_in_an_abort() {
        let stopper = Stopper::new().grace(Duration::from_secs(3));
        stopper.interrupt();
        assert!(!stopper.abort.is_cancelled());
        stopper.abort_after_grace().await;
        assert!(stopper.abort.is_cancelled());
        assert_eq!(stopper.reason(), Some(Stop::Requested));
    }
}
