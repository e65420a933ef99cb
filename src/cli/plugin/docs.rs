//! The pages of docs/reference/, in the words of `rally plugin show`.

use std::collections::BTreeMap;
use std::path::Path;

use rally_core::{Kind, Registration, Registry};

use super::page::{cell, kinds, markdown, place};
use super::summary;
use crate::cli::error::Error;
use crate::cli::exit;
use crate::cli::task::in_words;

const MADE: &str = "<!-- Made by `rally plugin docs`: change the doc comments of the plugins instead. -->\n";

/// Writes all pages into this folder.
pub(super) fn write(folder: &Path, registry: &Registry) -> Result<(), Error> {
    for (name, text) in pages(registry) {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| {
            let what = format!("the page {} cannot be written: {}", path.display(), in_words(&error));
            Error::new(exit::ERROR, what)
        })?;
    }
    Ok(())
}

/// Every page by its path in the folder.
fn pages(registry: &Registry) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for plugin in registry.iter() {
        let page = pages.entry(place(plugin)).or_insert_with(|| format!("{MADE}\n# {}\n", title(plugin)));
        page.push('\n');
        *page += &markdown(plugin, registry);
    }
    pages.insert("README.md".to_owned(), index(registry));
    pages
}

fn title(plugin: &Registration) -> &str {
    match plugin.kind() {
        Kind::Scenario => plugin.meta().name.split('.').next().unwrap_or_default(),
        kind => kinds(kind),
    }
}

fn index(registry: &Registry) -> String {
    let mut text = format!(
        "{MADE}\n# What a task file can name\n\nEverything that this build knows; `rally plugin list` and `rally plugin \
         show NAME` tell the same.\n"
    );
    let mut before = None;
    for plugin in registry.iter() {
        if before != Some(plugin.kind()) {
            put!(
                text,
                "\n## {}\n\n| name | platform | what it is for |\n| --- | --- | --- |\n",
                kinds(plugin.kind())
            );
            before = Some(plugin.kind());
        }
        let meta = plugin.meta();
        let link = format!("[{}]({}#{})", meta.name, place(plugin), anchor(meta.name));
        put!(text, "| {link} | {} | {} |\n", meta.platform, cell(&summary(plugin)));
    }
    text
}

/// The anchor that a heading gets: lower case, without dots.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || "_-".contains(*c)).collect()
}
