//! `rally plugin …`: what a task file can name, and what it takes.

/// Adds to a text, as `write!` does.
macro_rules! put {
    ($to:expr, $($what:tt)+) => {{
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!($to, $($what)+);
    }};
}

mod docs;
mod example;
mod find;
mod page;
mod schema;
mod yaml;

use rally_core::{Kind, Registration, Registry};
use serde_json::{Value, json};

use self::find::Wanted;
use super::args::{Output, PluginDocs, PluginList, PluginShow};
use super::console::Console;
use super::error::Error;
use super::exit;

/// Lists plugins.
pub(super) fn list(args: &PluginList, console: &Console) -> Result<u8, Error> {
    let registry = linked()?;
    let wanted = Wanted {
        name: args.name.as_deref(),
        kind: args.which.kind(),
        platform: args.which.platform.as_deref(),
        hidden: args.all,
    };
    let found = wanted.split().all(&registry)?;
    console.data(&match args.output {
        Output::Text => table(&found),
        Output::Json => pretty(&found.into_iter().map(about).collect()),
    });
    Ok(exit::OK)
}

/// Shows one plugin.
pub(super) fn show(args: &PluginShow, console: &Console) -> Result<u8, Error> {
    let registry = linked()?;
    let wanted = Wanted {
        name: Some(args.name()),
        kind: args.which.kind(),
        platform: args.which.platform.as_deref(),
        hidden: false,
    };
    let plugin = wanted.split().one(&registry)?;
    console.data(&match args.output {
        Output::Text => page::text(plugin, &registry),
        Output::Json => pretty(&page::json(plugin, &registry)),
    });
    Ok(exit::OK)
}

/// Writes the pages of the reference.
pub(super) fn docs(args: &PluginDocs) -> Result<u8, Error> {
    docs::write(&args.folder, &linked()?)?;
    Ok(exit::OK)
}

fn linked() -> Result<Registry, Error> {
    Registry::linked().map_err(|error| Error::new(exit::ERROR, error.to_string()))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// What a list tells about a plugin.
fn about(plugin: &Registration) -> Value {
    let meta = plugin.meta();
    json!({
        "kind": find::option(plugin.kind()),
        "name": meta.name,
        "platform": meta.platform,
        "crate": plugin.krate(),
        "hidden": meta.hidden,
        "summary": summary(plugin),
    })
}

/// A line about the plugin.
fn summary(plugin: &Registration) -> String {
    match plugin.kind() {
        // They have no configuration, so there is nothing that a doc comment could come from.
        Kind::Cleaner => "Find and remove what runs left of this kind.".into(),
        _ => plugin.summary(),
    }
}

fn table(plugins: &[&Registration]) -> String {
    let head = ["Kind", "Name", "Platform", "What it is for"].map(str::to_owned);
    let row = |plugin: &&Registration| {
        let meta = plugin.meta();
        [find::option(plugin.kind()), meta.name.to_owned(), meta.platform.to_owned(), summary(plugin)]
    };
    let rows: Vec<[String; 4]> = [head].into_iter().chain(plugins.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [0, 1, 2, 3].map(width);
    let line = format!("+{}+\n", widths.map(|width| "-".repeat(width + 2)).join("+"));
    let mut text = line.clone();
    for (number, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(widths) {
            put!(text, "| {cell:width$} ");
        }
        text += "|\n";
        if number == 0 {
            text += &line;
        }
    }
    text + &line
}
