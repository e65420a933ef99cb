//! Ctrl-C asks three times: stop starting, interrupt what runs, go without cleanup. SIGTERM has the ten seconds that a
//! container gives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rally_core::{Journal, Names, Stop};
use rally_engine::Stopper;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::console::Console;
use super::error::Error;
use super::exit;

/// What happens when after SIGTERM.
#[derive(Clone, Copy)]
struct Term {
    /// Until iterations are interrupted.
    grace: Duration,
    /// Until the program ends, whatever is left.
    limit: Duration,
}

/// A container is killed ten seconds after its SIGTERM.
const TERM: Term = Term { grace: Duration::from_secs(3), limit: Duration::from_secs(8) };

/// Hears signals for one run.
pub(super) struct Signals {
    /// The exit code that the signals so far ask for; 0 when there was none.
    asked: Arc<AtomicU8>,
    ended: JoinHandle<u8>,
}

impl Signals {
    /// From now on signals are heard, and end the run by its stopper.
    pub(super) fn watch(
        stopper: Stopper,
        grace: Duration,
        journal: Journal,
        console: Console,
    ) -> Result<Self, Error> {
        let heard = Heard::new()
            .map_err(|error| Error::new(exit::ERROR, format!("signals cannot be heard: {error}")))?;
        let asked = Arc::new(AtomicU8::new(exit::OK));
        let strangers = journal.owners();
        let watcher =
            Watcher { stopper, grace, term: TERM, journal, strangers, console, asked: Arc::clone(&asked) };
        Ok(Self { asked, ended: tokio::spawn(watcher.watch(heard)) })
    }

    /// The exit code that the signals so far ask for, if there were any.
    pub(super) fn asked(&self) -> Option<u8> {
        Some(self.asked.load(Ordering::Relaxed)).filter(|code| *code != exit::OK)
    }

    /// Waits until the program has to end without cleanup; gives the exit code.
    pub(super) async fn end(&mut self) -> u8 {
        match (&mut self.ended).await {
            Ok(code) => code,
            // The watcher does not panic; if it did, the run goes on and ends by itself.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.ended.abort();
    }
}

struct Watcher {
    stopper: Stopper,
    grace: Duration,
    term: Term,
    journal: Journal,
    /// Whose things earlier runs have left open in the journal.
    strangers: Vec<Uuid>,
    console: Console,
    asked: Arc<AtomicU8>,
}

impl Watcher {
    async fn watch(self, mut heard: Heard) -> u8 {
        for time in 1_u32.. {
            match heard.next().await {
                Signal::Interrupt if time < 3 => self.interrupt(),
                Signal::Interrupt => break,
                Signal::Terminate => return self.terminate().await,
            }
        }
        self.tell_what_is_left();
        exit::INTERRUPTED
    }

    fn interrupt(&self) {
        self.asked.store(exit::INTERRUPTED, Ordering::Relaxed);
        let first = !self.stopper.is_stopped();
        self.stopper.interrupt();
        if first {
            self.console.tell(&format!(
                "\nStopping: no iteration starts any more; those that run have {} s to end, then all is cleaned up.\n\
                 Ctrl-C again interrupts them.\n",
                self.grace.as_secs_f64()
            ));
        } else {
            self.console.tell(
                "\nInterrupting what runs; cleanup follows. Ctrl-C once more ends the program without cleanup.\n",
            );
        }
    }

    async fn terminate(&self) -> u8 {
        let began = Instant::now();
        self.asked.store(exit::TERMINATED, Ordering::Relaxed);
        self.stopper.stop(Stop::Requested);
        self.console.tell(&format!(
            "\nStopping on SIGTERM: what runs has {} s to end, and cleanup until second {}.\n",
            self.term.grace.as_secs(),
            self.term.limit.as_secs()
        ));
        sleep_until(began + self.term.grace).await;
        self.stopper.abort();
        sleep_until(began + self.term.limit).await;
        self.tell_what_is_left();
        exit::TERMINATED
    }

    /// How a person finds what a run without cleanup has left.
    fn tell_what_is_left(&self) {
        let owners: Vec<Uuid> =
            self.journal.owners().into_iter().filter(|owner| !self.strangers.contains(owner)).collect();
        let left: usize = owners.iter().map(|owner| self.journal.open(*owner).len()).sum();
        if left == 0 {
            self.console.tell("\nEnded without cleanup; nothing that was created is known to be left.\n");
            return;
        }
        let journal = match self.journal.path() {
            Some(path) => format!("What they are stands in {}.\n", path.display()),
            None => String::new(),
        };
        let names: Vec<String> = owners.into_iter().map(|owner| Names::new(owner).pattern()).collect();
        self.console.tell(&format!(
            "\nEnded without cleanup: {left} of the things that were created are not known to be gone.\n{journal}\
             To find them, look for names that match:\n\t{}\n",
            names.join("\n\t")
        ));
    }
}

enum Signal {
    Interrupt,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no such signal"))]
    Terminate,
}

#[cfg(unix)]
struct Heard {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Heard {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }
}

#[cfg(not(unix))]
struct Heard;

#[cfg(not(unix))]
impl Heard {
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as where it can fail")]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_container_is_not_left_to_its_killer() {
        let stopper = Stopper::new();
        let watcher = Watcher {
            stopper: stopper.clone(),
            grace: Duration::ZERO,
            term: Term { grace: Duration::from_millis(1), limit: Duration::from_millis(2) },
            journal: Journal::in_memory(),
            strangers: Vec::new(),
            console: Console::new(true, false),
            asked: Arc::default(),
        };
        // Nothing that runs or is cleaned up ends by itself here, and the program ends all the same.
        assert_eq!(watcher.terminate().await, exit::TERMINATED);
        assert!(stopper.is_stopped());
        assert_eq!(watcher.asked.load(Ordering::Relaxed), exit::TERMINATED);
    }
}
