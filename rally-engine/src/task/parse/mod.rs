//! Both formats of a task file are read here, and every mistake of shape is said at once.

mod v1;
mod v2;

use rally_core::{Problem, ProblemKind, did_you_mean};
use serde_json::{Map, Value};

use super::words::{described, index, key, listed};
use super::{MAX_TITLE, NO_DEFAULT_SLA, Named, Task};
use crate::problems::Problems;

type Mapping = Map<String, Value>;

/// The task that this value states, as far as it can be read, and everything that is wrong with its shape.
pub(super) fn task(value: Value) -> (Option<Task>, Vec<Problem>) {
    let mut reader = Reader::default();
    let task = match value {
        Value::Object(map) if !map.is_empty() => reader.task(map),
        Value::Null | Value::Object(_) => {
            reader.wrong("", "the task is empty");
            None
        }
        other => {
            reader.wrong("", format!("a task is a mapping, not {}", described(&other)));
            None
        }
    };
    (task, reader.problems.into_vec())
}

/// What is wrong so far. A section that is wrong reads as nothing, so that the others are read as well.
#[derive(Default)]
struct Reader {
    problems: Problems,
}

/// A mapping that is being read: keys are taken out, and those that nobody takes are unknown.
struct Section {
    map: Mapping,
    at: String,
    /// What messages call it: `a workload`.
    what: &'static str,
    keys: &'static [&'static str],
    /// Keys that belong into another place, and what to say to those who write them here.
    elsewhere: &'static [(&'static str, &'static str)],
}

impl Section {
    /// The value of a key and its path.
    fn take(&mut self, name: &'static str) -> Option<(Value, String)> {
        self.map.shift_remove(name).map(|value| (value, key(&self.at, name)))
    }
}

impl Reader {
    fn wrong(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.problems.put(Problem::new(ProblemKind::Shape, at, what));
    }

    fn wrong_with_hint(&mut self, at: impl Into<String>, what: impl Into<String>, hint: Option<String>) {
        self.problems.put(Problem::new(ProblemKind::Shape, at, what).maybe_hint(hint));
    }

    fn task(&mut self, mut map: Mapping) -> Option<Task> {
        let version = match map.get("version") {
            None => "1".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        match version.as_str() {
            // Without its version a file of format 2 would be read as scenarios called `title` and `subtasks`.
            "1" if map.get("subtasks").is_some_and(Value::is_array) => {
                self.wrong_with_hint(
                    "subtasks",
                    "this is format 2, which a task has to say",
                    Some("write `version: 2`".into()),
                );
                None
            }
            "1" => {
                map.shift_remove("version");
                Some(self.task_v1(map))
            }
            "2" => Some(self.task_v2(map)),
            _ => {
                self.wrong_with_hint(
                    "version",
                    format!("there is no format {version}"),
                    Some("write 1 or 2".into()),
                );
                None
            }
        }
    }

    /// `{Name: configuration}`. The configuration is of any shape, or has to be a mapping, as this sentence says.
    fn one_plugin(&mut self, value: Value, at: &str, mapping: Option<&str>) -> Option<Named> {
        let map = match value {
            Value::Object(map) => map,
            other => {
                let what = format!("expected one name with its configuration, not {}", described(&other));
                let hint = other.as_str().map(|name| format!("write `{{{name}: {{}}}}`"));
                self.wrong_with_hint(at, what, hint);
                return None;
            }
        };
        if map.len() > 1 {
            let names: Vec<String> = map.keys().map(|name| format!("`{name}`")).collect();
            let what = format!("expected one name, not {}: {}", map.len(), listed(&names, "and"));
            // The way of format 1.
            let hint =
                map.get("type").and_then(Value::as_str).map(|name| format!("write `{{{name}: {{…}}}}`"));
            self.wrong_with_hint(at, what, hint);
            return None;
        }
        let Some((name, config)) = map.into_iter().next() else {
            self.wrong(at, "expected one name with its configuration, not an empty mapping");
            return None;
        };
        let at = key(at, &name);
        let config = match mapping {
            Some(expected) => self.mapping_or_null(config, &at, expected),
            None => config,
        };
        Some(Named { name, name_at: at.clone(), config, at, given: true })
    }

    /// `{Name: configuration, …}`.
    fn plugins(&mut self, value: Option<(Value, String)>, expected: &str) -> Vec<Named> {
        let Some((value, at)) = value else { return Vec::new() };
        let Value::Object(map) = value else {
            self.wrong(at, format!("{expected}, not {}", described(&value)));
            return Vec::new();
        };
        map.into_iter()
            .map(|(name, config)| {
                let at = key(&at, &name);
                Named { name, name_at: at.clone(), config, at, given: true }
            })
            .collect()
    }

    /// The default stays unless its name is there, or the task says that it does not want it.
    fn sla(&mut self, section: &mut Section, workload: &str) -> Vec<Named> {
        let mut given = section.take("sla");
        let mut unwanted = false;
        if let Some((Value::Object(map), at)) = &mut given
            && let Some(value) = map.shift_remove(NO_DEFAULT_SLA)
        {
            match value {
                Value::Bool(value) => unwanted = value,
                other => self.wrong(
                    key(at, NO_DEFAULT_SLA),
                    format!("expected true or false, not {}", described(&other)),
                ),
            }
        }
        let mut slas = self.plugins(given, "SLAs are a mapping from names to configurations");
        if !unwanted && !slas.iter().any(Named::is_default_sla) {
            slas.push(Named::default_sla(workload));
        }
        slas
    }

    fn section(
        &mut self,
        value: Value,
        at: &str,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Option<Section> {
        match value {
            Value::Object(map) => Some(Section { map, at: at.into(), what, keys, elsewhere: &[] }),
            other => {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                let expected = format!("{what} is a mapping with {}", listed(&keys, "and"));
                self.wrong(at, format!("{expected}, not {}", described(&other)));
                None
            }
        }
    }

    fn unknown_keys(&mut self, section: &Section) {
        for name in section.map.keys() {
            let elsewhere =
                section.elsewhere.iter().find(|(key, _)| key == name).map(|(_, hint)| (*hint).to_owned());
            let near = || did_you_mean(name, section.keys.iter().copied());
            let hint = elsewhere.or_else(near).unwrap_or_else(|| {
                let keys: Vec<String> = section.keys.iter().map(|key| format!("`{key}`")).collect();
                format!("it has {}", listed(&keys, "and"))
            });
            let what = format!("{} has no key `{name}`", section.what);
            self.wrong_with_hint(key(&section.at, name), what, Some(hint));
        }
    }

    fn required(&mut self, section: &mut Section, name: &'static str) -> Option<(Value, String)> {
        let found = section.take(name);
        if found.is_none() {
            self.wrong(section.at.clone(), format!("{} needs `{name}`", section.what));
        }
        found
    }

    fn required_text(&mut self, section: &mut Section, name: &'static str, longest: usize) -> Option<String> {
        if !section.map.contains_key(name) {
            self.required(section, name);
            return None;
        }
        self.text(section, name, Some(longest))
    }

    fn text(&mut self, section: &mut Section, name: &'static str, longest: Option<usize>) -> Option<String> {
        let (value, at) = section.take(name)?;
        let Value::String(text) = value else {
            self.wrong(at, format!("expected a text, not {}", described(&value)));
            return None;
        };
        let length = text.chars().count();
        match longest {
            Some(longest) if length > longest => {
                self.wrong(
                    at,
                    format!("a {name} has at most {longest} characters, and this one has {length}"),
                );
                None
            }
            _ => Some(text),
        }
    }

    fn tags(&mut self, section: &mut Section) -> Vec<String> {
        self.list(section.take("tags"), "`tags` is a list of texts", |reader, value, at| match value {
            Value::String(tag) if tag.chars().count() <= MAX_TITLE => Some(tag),
            Value::String(tag) => {
                let length = tag.chars().count();
                reader.wrong(
                    at,
                    format!("a tag has at most {MAX_TITLE} characters, and this one has {length}"),
                );
                None
            }
            other => {
                reader.wrong(at, format!("a tag is a text, not {}", described(&other)));
                None
            }
        })
    }

    fn list<T>(
        &mut self,
        value: Option<(Value, String)>,
        expected: &str,
        mut item: impl FnMut(&mut Self, Value, String) -> Option<T>,
    ) -> Vec<T> {
        let Some((value, at)) = value else { return Vec::new() };
        let Value::Array(items) = value else {
            self.wrong(at, format!("{expected}, not {}", described(&value)));
            return Vec::new();
        };
        items.into_iter().enumerate().filter_map(|(i, value)| item(self, value, index(&at, i))).collect()
    }

    fn mapping_or_null(&mut self, config: Value, at: &str, expected: &str) -> Value {
        if config.is_object() || config.is_null() {
            return config;
        }
        self.wrong(at, format!("{expected}, not {}", described(&config)));
        Value::Null
    }
}
