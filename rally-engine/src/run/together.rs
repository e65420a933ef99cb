//! Workloads that run side by side begin their loads at one moment, when the last of them is set up.

use tokio::sync::watch;

/// A workload's place among those that begin together. Dropped, it lets the others go: one that failed before its load
/// keeps nobody waiting.
pub(crate) struct Place {
    missing: watch::Sender<usize>,
}

/// Places for so many workloads.
pub(crate) fn places(count: usize) -> Vec<Place> {
    let (missing, _) = watch::channel(count);
    (0..count).map(|_| Place { missing: missing.clone() }).collect()
}

impl Place {
    /// Waits until every other place was taken or given up.
    pub(crate) async fn together(self) {
        let mut missing = self.missing.subscribe();
        drop(self);
        // The sender lives in the places that are still missing; when the last is gone, so is the reason to wait.
        let _all_gone = missing.wait_for(|missing| *missing == 0).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.missing.send_modify(|missing| *missing -= 1);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_begins_before_the_last_has_come_or_given_up() {
        let mut places = places(3);
        let (first, second, third) = (places.remove(0), places.remove(0), places.remove(0));
        let waiting = tokio::spawn(first.together());
        drop(second);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        third.together().await;
        waiting.await.unwrap();
    }
}
