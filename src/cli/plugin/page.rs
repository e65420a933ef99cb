//! The help of one plugin: for a terminal, for a program, and as a part of a page.

use rally_core::{Kind, Registration, Registry};
use serde_json::{Value, json};

use super::example::example;
use super::schema::{Argument, arguments};
use super::{about, find, yaml};

/// How wide a line of a terminal may be.
const WIDTH: usize = 100;

/// The whole help, as a terminal shows it.
pub(super) fn text(plugin: &Registration, registry: &Registry) -> String {
    let mut text = format!("{}\n{}\n", plugin.meta().name, origin(plugin, ""));
    let help = help(plugin);
    if !help.is_empty() {
        put!(text, "\n{help}\n");
    }
    let arguments = arguments(&plugin.schema());
    if !arguments.is_empty() {
        put!(text, "\n{}:\n", arguments_are(plugin.kind()));
        for argument in &arguments {
            put!(text, "  {}: {}; {}\n", argument.path, argument.kind_and_bounds(), argument.presence());
            for paragraph in argument.help.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
                text += &wrapped(paragraph, 6);
            }
        }
    }
    let contexts = contexts(plugin);
    if !contexts.is_empty() {
        text += "\nContexts that come with it:\n";
        for (name, config) in contexts {
            put!(text, "  {name}: {}\n", yaml::flow(&config));
        }
    }
    if let Some(example) = example(plugin, registry) {
        text += "\nExample:\n";
        for line in example.lines() {
            put!(text, "  {line}\n");
        }
    }
    text
}

/// The same for a program, with the whole schema.
pub(super) fn json(plugin: &Registration, registry: &Registry) -> Value {
    let mut json = about(plugin);
    let schema = plugin.schema();
    let contexts: Value =
        contexts(plugin).into_iter().map(|(name, config)| json!({"name": name, "config": config})).collect();
    json["help"] = help(plugin).into();
    json["arguments"] = arguments(&schema).iter().map(Argument::to_json).collect();
    json["contexts"] = contexts;
    json["schema"] = schema;
    json["example"] = example(plugin, registry).into();
    json
}

/// The same as a section of a page in Markdown.
pub(super) fn markdown(plugin: &Registration, registry: &Registry) -> String {
    let mut text = format!("## {}\n\n{}\n", plugin.meta().name, origin(plugin, "`"));
    let help = help(plugin);
    if !help.is_empty() {
        put!(text, "\n{help}\n");
    }
    let arguments = arguments(&plugin.schema());
    if !arguments.is_empty() {
        text += "\n| argument | type | needed | meaning |\n| --- | --- | --- | --- |\n";
        for argument in &arguments {
            let kind = cell(&argument.kind_and_bounds());
            let (presence, help) = (cell(&argument.presence()), cell(&argument.help));
            put!(text, "| `{}` | {kind} | {presence} | {help} |\n", argument.path);
        }
    }
    let contexts: Vec<String> = contexts(plugin)
        .into_iter()
        .map(|(name, config)| format!("`{name}: {}`", yaml::flow(&config)))
        .collect();
    if !contexts.is_empty() {
        put!(text, "\nComes with {}.\n", contexts.join(" and "));
    }
    if let Some(example) = example(plugin, registry) {
        put!(text, "\n```yaml\n{example}```\n");
    }
    text
}

/// ``scenario on the platform `openstack`, from the crate `rally-openstack` ``.
fn origin(plugin: &Registration, quote: &str) -> String {
    let meta = plugin.meta();
    let platform = match (plugin.kind(), meta.platform) {
        // These belong to no platform by their registration, whatever they ask.
        (Kind::ResourceType | Kind::Cleaner, _) => String::new(),
        (Kind::Platform, name) => format!(" {quote}{}@{name}{quote}", meta.name),
        (_, "default") => " that needs no platform".to_owned(),
        (_, name) => format!(" of the platform {quote}{name}{quote}"),
    };
    let hidden = if meta.hidden { "; a task file cannot name it, only other plugins can" } else { "" };
    let kind = plugin.kind().to_string();
    let kind: String =
        kind.chars().take(1).flat_map(char::to_uppercase).chain(kind.chars().skip(1)).collect();
    format!("{kind}{platform}, from the crate {quote}{}{quote}{hidden}.", plugin.krate())
}

fn arguments_are(kind: Kind) -> &'static str {
    match kind {
        Kind::Scenario => "Arguments",
        Kind::ResourceType => "How a task names one",
        _ => "Configuration",
    }
}

/// The doc comment of its struct, whole.
fn help(plugin: &Registration) -> String {
    let schema = plugin.schema();
    schema.get("description").and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

fn contexts(plugin: &Registration) -> Vec<(&'static str, Value)> {
    let parsed = |json: &str| serde_json::from_str(json).unwrap_or(Value::Null);
    plugin.meta().contexts.iter().map(|(name, json)| (*name, parsed(json))).collect()
}

/// A text as the cell of a table: in one line, and without the mark that ends a cell.
pub(super) fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// A paragraph in lines that a terminal has room for.
fn wrapped(paragraph: &str, indent: usize) -> String {
    let mut text = String::new();
    let mut line = " ".repeat(indent);
    for word in paragraph.split_whitespace() {
        if line.len() > indent && line.chars().count() + 1 + word.chars().count() > WIDTH {
            put!(text, "{line}\n");
            line = " ".repeat(indent);
        }
        if line.len() > indent {
            line.push(' ');
        }
        line += word;
    }
    text + &line + "\n"
}

/// What a page calls a kind.
pub(super) fn kinds(kind: Kind) -> &'static str {
    match kind {
        Kind::Scenario => "Scenarios",
        Kind::Context => "Contexts",
        Kind::Runner => "Runners",
        Kind::Sla => "SLAs",
        Kind::Trigger => "Triggers",
        Kind::Hook => "Hooks",
        Kind::ResourceType => "Resource types",
        Kind::Platform => "Platforms",
        Kind::Cleaner => "Cleaners",
        Kind::Exporter => "Exporters",
        _ => "Others",
    }
}

/// Where the help of a plugin stands: a page for each group of scenarios, and one for each other kind.
pub(super) fn place(plugin: &Registration) -> String {
    match plugin.kind() {
        Kind::Scenario => {
            let name = plugin.meta().name;
            let group = name.split_once('.').map_or(name, |(group, _)| group);
            format!("scenarios/{group}.md")
        }
        kind => format!("{}s.md", find::option(kind)),
    }
}
