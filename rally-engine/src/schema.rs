//! A configuration is measured against its plugin's schema here, and every mismatch becomes one sentence of ours.

pub(crate) mod shape;
mod task;
mod words;

use std::collections::HashMap;
use std::rc::Rc;

pub use self::task::task_schema;
use jsonschema::draft202012 as draft;
use jsonschema::{ValidationError, Validator};
use rally_core::{Kind, Problem, Registration};
use serde_json::{Map, Value};

use crate::problems::MOST;
use crate::task::words::{index, is_secret, key};

/// The schemas of a plan's plugins, each compiled once.
#[derive(Default)]
pub(crate) struct Schemas {
    compiled: HashMap<(Kind, String, &'static str), Rc<Compiled>>,
}

struct Compiled {
    schema: Value,
    summary: String,
    /// Or why it is no schema.
    validator: Result<Validator, String>,
}

impl Schemas {
    /// The configuration as the plugin will get it (null becomes an empty mapping unless the plugin takes null), and
    /// everything that is wrong with it.
    pub(crate) fn check(&mut self, plugin: Registration, config: &Value, at: &str) -> (Value, Vec<Problem>) {
        let compiled = self.compiled(plugin);
        let validator = match &compiled.validator {
            Ok(validator) => validator,
            Err(error) => {
                let what = format!("{} has a schema that is none: {error}", called(plugin));
                return (config.clone(), vec![Problem::argument(at, what)]);
            }
        };
        let empty = config.is_null() && !validator.is_valid(config);
        let config = if empty { Value::Object(Map::new()) } else { config.clone() };
        let checked = Checked { plugin, schema: &compiled.schema, at };
        let mut problems = Vec::new();
        for error in validator.iter_errors(&config) {
            checked.put(&error, &mut problems);
            if problems.len() >= MOST {
                break;
            }
        }
        (config, problems)
    }

    /// The first paragraph of a plugin's help.
    pub(crate) fn summary(&mut self, plugin: Registration) -> String {
        self.compiled(plugin).summary.clone()
    }

    fn compiled(&mut self, plugin: Registration) -> Rc<Compiled> {
        let compile = || {
            let schema = plugin.schema();
            let validator = draft::new(&schema).map_err(|error| error.to_string());
            Rc::new(Compiled { schema, summary: plugin.summary(), validator })
        };
        // Two plugins that are given in code may share their name.
        if plugin.at() == crate::plan::IN_CODE {
            return compile();
        }
        let name = (plugin.kind(), plugin.meta().full_name(), plugin.at());
        Rc::clone(self.compiled.entry(name).or_insert_with(compile))
    }
}

/// ``scenario `Dummy.dummy` ``.
pub(crate) fn called(plugin: Registration) -> String {
    format!("{} `{}`", plugin.kind(), plugin.meta().name)
}

/// What an error is about.
struct Checked<'a> {
    plugin: Registration,
    schema: &'a Value,
    at: &'a str,
}

impl Checked<'_> {
    /// The path in the task of what an error is about.
    fn path(&self, error: &ValidationError<'_>) -> String {
        use jsonschema::paths::LocationSegment::{Index, Property};
        error.instance_path().iter().fold(self.at.to_owned(), |at, segment| match segment {
            Property(name) => key(&at, &name),
            Index(number) => index(&at, number),
        })
    }

    /// The schema that holds the keyword which refused the value.
    fn schema_of(&self, error: &ValidationError<'_>) -> &Value {
        let pointer = error.schema_path().as_str();
        let parent = pointer.rfind('/').map_or("", |end| &pointer[..end]);
        self.schema.pointer(parent).unwrap_or(&Value::Null)
    }

    /// Whether the value that an error is about may not be shown.
    fn secret(error: &ValidationError<'_>) -> bool {
        use jsonschema::paths::LocationSegment::Property;
        error.instance_path().iter().any(|segment| matches!(segment, Property(name) if is_secret(&name)))
    }
}
