//! The template crate, made to behave as task files expect.

use std::io::{self, Write};

use minijinja::value::{Rest, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value};

use super::files::Files;

/// The longest text that a template makes.
pub(super) const MAX_BYTES: usize = 10 * 1024 * 1024;
/// How much a template may do: an instruction costs one, and so do 64 bytes. A workload that is made in a loop takes
/// about twenty.
const FUEL: u64 = 600_000;
/// How deep includes and macros may call each other.
const MAX_CALLS: usize = 60;

/// An engine that finds other templates among these files.
pub(super) fn engine(files: Files) -> Environment<'static> {
    let mut engine = Environment::new();
    minijinja_contrib::add_to_environment(&mut engine);
    engine.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    // The crate would quote the values of included `*.yaml` files as JSON.
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_formatter(write);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(MAX_CALLS);
    // It shows everything, which nobody needs in a task.
    engine.remove_global("debug");
    // The crate's own takes a list.
    engine.add_function("cycler", |items: Rest<Value>| minijinja_contrib::globals::cycler(items.0));
    engine.add_function("min", |values: Rest<Value>| least(&values, false));
    engine.add_function("max", |values: Rest<Value>| least(&values, true));
    engine.add_function("ceil", |value: f64| whole(value.ceil()));
    engine.add_function("round", |value: f64| whole(value.round_ties_even()));
    engine.set_loader(move |name| match files.get(name) {
        Ok(text) => Ok(text.map(|text| text.to_string())),
        Err(why) => Err(Error::new(ErrorKind::BadInclude, why)),
    });
    engine
}

/// Renders a text; nothing of more than [`MAX_BYTES`].
pub(super) fn render(engine: &Environment<'_>, text: &str, args: Value) -> Result<String, Error> {
    let template = engine.template_from_named_str("", text)?;
    let mut output = Limited(Vec::new());
    template.render_captured_to(args, &mut output).map(drop)?;
    String::from_utf8(output.0).map_err(|error| Error::new(ErrorKind::WriteFailure, error.to_string()))
}

/// Bytes, up to a limit.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a value as YAML reads it again: containers as JSON, and `None` as null. Jinja2 would write them as Python.
fn write(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => output.write_str("null").map_err(Error::from),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            let mut json = Limited(Vec::new());
            if let Err(error) = serde_json::to_writer(&mut json, value) {
                let kind = if error.is_io() { ErrorKind::OutOfFuel } else { ErrorKind::BadSerialization };
                return Err(Error::new(kind, error.to_string()));
            }
            // Small values may hold one another many times over.
            state.consume_fuel(u64::try_from(json.0.len() / 4).unwrap_or(u64::MAX))?;
            output.write_str(&String::from_utf8_lossy(&json.0)).map_err(Error::from)
        }
        _ => minijinja::escape_formatter(output, state, value),
    }
}

fn whole(value: f64) -> Result<i64, Error> {
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is refused")]
    let number = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "compared to see whether it fits")]
    let fits = value.is_finite() && (number as f64 - value).abs() < 1.0;
    if fits {
        Ok(number)
    } else {
        Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{value:e} is no whole number that can be counted with"),
        ))
    }
}

/// The least or the greatest of several values, or of the elements of one.
fn least(values: &[Value], greatest: bool) -> Result<Value, Error> {
    let elements: Vec<Value> = match values {
        [one] => one.try_iter()?.collect(),
        several => several.to_vec(),
    };
    let best = if greatest { elements.into_iter().max() } else { elements.into_iter().min() };
    best.ok_or_else(|| Error::new(ErrorKind::MissingArgument, "there is nothing to compare"))
}
