//! Standard output and standard error are written here and nowhere else: data to the one, talk to the other.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use indicatif::{MultiProgress, ProgressBar};
use tracing_subscriber::fmt::MakeWriter;

use super::error::Error;

/// What goes where. A clone is the same console.
#[derive(Clone)]
pub(super) struct Console(Arc<Inner>);

struct Inner {
    /// On a terminal: the bars, which have to make room for every line.
    bars: Option<MultiProgress>,
    colour: bool,
    quiet: bool,
    /// Whether standard output belongs to a program that reads JSON.
    json: bool,
}

impl Console {
    /// The console of a run that is `quiet`, or whose standard output is `json` alone.
    pub(super) fn new(quiet: bool, json: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let bars = (terminal && !quiet).then(MultiProgress::new);
        Self(Arc::new(Inner { bars, colour: terminal && !plain, quiet, json }))
    }

    /// Whether colours may be used on standard error.
    pub(super) fn colour(&self) -> bool {
        self.0.colour
    }

    /// Data: to standard output, always.
    pub(super) fn data(&self, text: &str) {
        self.above_bars(|| write(&mut io::stdout().lock(), text));
    }

    /// What stands around the data for people, and what old scripts look for: to standard output, unless that is for
    /// JSON; then to standard error.
    pub(super) fn say(&self, text: &str) {
        match (self.0.quiet, self.0.json) {
            (true, _) => (),
            (false, true) => self.tell(text),
            (false, false) => self.data(text),
        }
    }

    /// How the run goes: to standard error, unless it is to be quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.0.quiet {
            self.tell(text);
        }
    }

    /// What has to be told in any case: to standard error.
    pub(super) fn tell(&self, text: &str) {
        self.above_bars(|| write(&mut io::stderr().lock(), text));
    }

    /// An error and all that belongs to it.
    pub(super) fn error(&self, error: &Error) {
        let (on, off) = if self.0.colour { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
        self.tell(&format!("{on}error:{off} {error}\n"));
    }

    /// What may be a mistake and is none for certain.
    pub(super) fn warn(&self, what: &str) {
        let (on, off) = if self.0.colour { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
        self.note(&format!("{on}warning:{off} {what}\n"));
    }

    /// A bar below all other lines, on a terminal.
    pub(super) fn bar(&self) -> Option<ProgressBar> {
        // Hidden until it has a style: its first drawing would be the library's own.
        self.0.bars.as_ref().map(|bars| bars.add(ProgressBar::new_spinner()))
    }

    fn above_bars(&self, write: impl FnOnce()) {
        match &self.0.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

/// A reader that has gone away (`rally … | head`) is no reason to fail: the run and its cleanup matter more.
fn write(to: &mut impl Write, text: &str) {
    let _gone = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

impl<'a> MakeWriter<'a> for Console {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        Log(self.clone())
    }
}

/// Where log lines go: each arrives whole.
pub(super) struct Log(Console);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.tell(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
