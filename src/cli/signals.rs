//! Ctrl-C asks three times: stop starting, interrupt what runs, go without cleanup. SIGTERM has the ten seconds that a
//! container gives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rally_core::{Journal, Stop};
use rally_engine::Stopper;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::console::Console;
use super::error::Error;
use super::exit;

/// After SIGTERM: until iterations are interrupted, and until the program ends whatever is left.
const TERM_GRACE: Duration = Duration::from_secs(3);
const TERM_LIMIT: Duration = Duration::from_secs(8);

/// The names of all that any run creates; see [`rally_core::Names`].
const NAMES: &str = "^[sc]_rally_[A-Za-z0-9]{8}_[A-Za-z0-9]{8}";

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
        let watcher = Watcher { stopper, grace, journal, console, asked: Arc::clone(&asked) };
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
    journal: Journal,
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
            TERM_GRACE.as_secs(),
            TERM_LIMIT.as_secs()
        ));
        sleep_until(began + TERM_GRACE).await;
        self.stopper.abort();
        sleep_until(began + TERM_LIMIT).await;
        self.tell_what_is_left();
        exit::TERMINATED
    }

    /// How a person finds what a run without cleanup has left.
    fn tell_what_is_left(&self) {
        let left = match self.journal.len() {
            0 => "Ended without cleanup; nothing that was created is known to be left.\n".to_owned(),
            n => format!(
                "Ended without cleanup: {n} of the things that were created are not known to be gone.\n"
            ),
        };
        let journal = match self.journal.path() {
            Some(path) => format!("What they are stands in {}.\n", path.display()),
            None => String::new(),
        };
        self.console
            .tell(&format!("\n{left}{journal}Whatever rally creates has a name that matches {NAMES}\n"));
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
