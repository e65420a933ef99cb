//! `rally task schema`.

use rally_core::Registry;
use rally_engine::task_schema;

use super::input::in_words;
use crate::cli::args::TaskSchema;
use crate::cli::console::Console;
use crate::cli::error::Error;
use crate::cli::exit;

/// Writes down what a task file may hold.
pub(in crate::cli) fn schema(args: &TaskSchema, console: &Console) -> Result<u8, Error> {
    let registry = Registry::linked().map_err(|error| Error::new(exit::ERROR, error.to_string()))?;
    let text = format!("{:#}\n", task_schema(&registry));
    match &args.out {
        None => console.data(&text),
        Some(path) => std::fs::write(path, text).map_err(|error| {
            let what = format!("the schema {} cannot be written: {}", path.display(), in_words(&error));
            Error::new(exit::ERROR, what)
        })?,
    }
    Ok(exit::OK)
}
