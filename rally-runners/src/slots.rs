//! Slots: so many iterations at a time, a new one as soon as one of them ends.

use std::time::Duration;

use rally_core::{Load, Result};
use tokio::task::{JoinSet, coop};

/// Runs `slots` iterations at a time, as long as `next` gives numbers and the load is not stopped.
///
/// A slot is one task that runs its iterations one after the other, since a task for each iteration would cost more
/// than an empty iteration does. Every slot has a clone of `next`; what the clones share is behind an `Arc`.
pub(crate) async fn fill<F>(load: &Load, slots: u64, timeout: Option<Duration>, next: F) -> Result
where
    F: FnMut() -> Option<u64> + Clone + Send + 'static,
{
    let mut running = JoinSet::new();
    for _ in 0..slots {
        running.spawn(slot(load.clone(), timeout, next.clone()));
    }
    while let Some(ended) = running.join_next().await {
        ended?;
    }
    Ok(())
}

async fn slot(load: Load, timeout: Option<Duration>, mut next: impl FnMut() -> Option<u64>) {
    while !load.is_stopped() {
        let Some(number) = next() else { break };
        load.iterate(number, timeout).await;
        // Iterations that never wait would keep their processor from all other tasks.
        coop::consume_budget().await;
    }
}

/// A task file's timeout in seconds; 0 is none.
pub(crate) fn timeout(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_of_zero_is_none_and_an_endless_one_as_well() {
        assert_eq!(timeout(0.0), None);
        assert_eq!(timeout(1e300), None);
        assert_eq!(timeout(0.5), Some(Duration::from_millis(500)));
    }
}
