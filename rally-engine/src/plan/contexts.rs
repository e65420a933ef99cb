//! Which contexts a workload has: those that it asks for, and those that its scenarios and its platform bring.

use rally_core::registry::Parsed;
use rally_core::{Kind, Problem, Registration};
use serde_json::{Map, Value};

use super::build::{Asked, Builder, not_found};
use super::{Origin, Part, ScenarioPart};
use crate::schema::called;
use crate::task::words::key;

/// Contexts as plugins bring them: full names, and configurations as JSON text.
type Brought<'a> = &'a [(&'a str, &'a str)];

/// A context that is brought, perhaps by several scenarios.
struct Wanted<'a> {
    registration: Registration,
    name: &'a str,
    config: Value,
}

impl Builder<'_> {
    /// What the scenarios bring and what was asked for, in order of setup.
    pub(super) fn contexts(
        &mut self,
        at: &str,
        scenario: Option<&ScenarioPart>,
        given: Vec<Part>,
    ) -> Vec<Part> {
        let lists: Vec<Brought<'_>> =
            scenario.iter().flat_map(|s| s.parts()).map(|part| part.registration.meta().contexts).collect();
        let mut contexts = self.brought(at, &lists, Origin::Scenario, &given);
        for part in given {
            let name = part.registration.meta().full_name();
            let there = contexts.iter().find(|other: &&Part| other.registration.meta().full_name() == name);
            match there {
                None => contexts.push(part),
                Some(other) => {
                    let said = if other.name == part.name {
                        format!("context `{}` is there twice", part.name)
                    } else {
                        format!("context `{}` is `{}` again", part.name, other.name)
                    };
                    self.put(Problem::argument(
                        &part.at,
                        format!("{said}; a workload has each context only once"),
                    ));
                }
            }
        }
        sort(&mut contexts);
        contexts
    }

    /// The contexts that scenarios or a platform bring, except those that are there already. What several bring is
    /// brought once, with what all of them ask of it.
    pub(super) fn brought(
        &mut self,
        at: &str,
        lists: &[Brought<'_>],
        origin: Origin,
        there: &[Part],
    ) -> Vec<Part> {
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        for &(name, json) in lists.iter().copied().flatten() {
            let at = key(&key(at, "contexts"), name);
            let registration = match self.registry.find(Kind::Context, name) {
                Ok(registration) => *registration,
                Err(error) => {
                    let mut problem = not_found(&error, &at);
                    problem.what = format!("{}, which {origin} brings", problem.what);
                    self.put(problem);
                    continue;
                }
            };
            let full_name = registration.meta().full_name();
            if there.iter().any(|part| part.registration.meta().full_name() == full_name) {
                continue;
            }
            let config: Value = match serde_json::from_str(json) {
                Ok(config) => config,
                Err(error) => {
                    let what = format!(
                        "{origin} brings {} with a configuration that is no JSON: {error}",
                        called(registration)
                    );
                    self.put(Problem::argument(at, what));
                    continue;
                }
            };
            let same = |other: &&mut Wanted<'_>| other.registration.meta().full_name() == full_name;
            match wanted.iter_mut().find(same) {
                None => wanted.push(Wanted { registration, name, config }),
                Some(other) => {
                    if let Some(config) = both(&other.config, &config) {
                        other.config = config;
                        continue;
                    }
                    let what = format!(
                        "the scenarios of this mix bring {} as {} and as {config}",
                        called(registration),
                        other.config
                    );
                    let hint = format!("say in `contexts` what `{name}` shall be");
                    self.put(Problem::argument(at, what).hint(hint));
                }
            }
        }
        wanted
            .iter()
            .map(|Wanted { registration, name, config }| {
                let at = key(&key(at, "contexts"), name);
                self.part(&Asked { registration: *registration, name, config, at, origin })
            })
            .collect()
    }
}

/// One configuration that gives what both ask for, where there is one: lists hold the elements of both, mappings their
/// entries, and nothing stands for an empty mapping.
fn both(one: &Value, other: &Value) -> Option<Value> {
    match (one, other) {
        _ if one == other => Some(one.clone()),
        (Value::Null, rest @ Value::Object(_)) | (rest @ Value::Object(_), Value::Null) => Some(rest.clone()),
        (Value::Array(one), Value::Array(other)) => {
            let new = other.iter().filter(|element| !one.contains(element));
            Some(one.iter().chain(new).cloned().collect())
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut map: Map<String, Value> = one.clone();
            for (name, value) in other {
                let value = match one.get(name) {
                    Some(there) => both(there, value)?,
                    None => value.clone(),
                };
                map.insert(name.clone(), value);
            }
            Some(map.into())
        }
        _ => None,
    }
}

/// Sorts by order of setup; contexts of one order stay as they are.
pub(super) fn sort(contexts: &mut [Part]) {
    contexts.sort_by_cached_key(|part| match part.parse() {
        Ok(Parsed::Context(context)) => context.order(),
        // It has been reported already.
        _ => u32::MAX,
    });
}
