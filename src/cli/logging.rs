//! Log lines look like those of the services that are measured: time, process, level, who, text.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::args::Talk;
use super::console::Console;

/// Installs the subscriber; plugins and engine only emit. Panics of plugins are failures of the report, so the hook
/// leaves of them a line for whoever debugs, and no stack trace.
pub(super) fn install(talk: Talk, console: &Console) {
    let (filter, wrong) = filter(talk);
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .event_format(Format { colour: console.colour() })
        .with_writer(console.clone())
        .finish();
    // Fails when a program that embeds this one has installed its own, which is then used.
    let _installed = tracing::subscriber::set_global_default(subscriber);
    if let Some(wrong) = wrong {
        tracing::warn!("RUST_LOG is not used: {wrong}");
    }
    std::panic::set_hook(Box::new(|panic| tracing::debug!(target: "rally::panic", "{panic}")));
}

/// `RUST_LOG`, or what the options say.
fn filter(talk: Talk) -> (EnvFilter, Option<String>) {
    let chosen = match talk {
        Talk { debug: true, .. } => "warn,rally=debug",
        Talk { verbose: true, .. } => "warn,rally=info",
        Talk { quiet: true, .. } => "error",
        _ => "warn",
    };
    let wrong = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) if !text.trim().is_empty() => match EnvFilter::try_new(&text) {
            Ok(filter) => return (filter, None),
            Err(error) => Some(error.to_string()),
        },
        _ => None,
    };
    (EnvFilter::new(chosen), wrong)
}

/// `2016-06-15 09:48:15.244 292 INFO rally.iteration [-] ITER: 1 START`.
struct Format {
    colour: bool,
}

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let meta = event.metadata();
        let now = jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S%.3f");
        let level = match *meta.level() {
            Level::WARN => "WARNING",
            ref other => other.as_str(),
        };
        let (on, off) = match *meta.level() {
            Level::ERROR if self.colour => ("\x1b[31m", "\x1b[0m"),
            Level::WARN if self.colour => ("\x1b[33m", "\x1b[0m"),
            _ => ("", ""),
        };
        let target = meta.target().replace("::", ".");
        let mut text = Text { numbered: meta.target() == "rally::iteration", ..Text::default() };
        event.record(&mut text);
        let (message, fields) = (text.message, text.fields);
        writeln!(to, "{now} {} {on}{level}{off} {target} [-] {message}{fields}", std::process::id())
    }
}

/// The message of an event, and its other fields after it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
    /// Whether the message says the iteration's number already.
    numbered: bool,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write;
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "iteration" if self.numbered => (),
            name => {
                // Writing to a string does not fail.
                let _ = write!(self.fields, " {name}={value:?}");
            }
        }
    }
}
