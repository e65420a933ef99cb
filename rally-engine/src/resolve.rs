//! Arguments that name something in the cloud are looked up here, once, before the load.

use std::collections::{HashMap, HashSet};

use rally_core::registry::Parsed;
use rally_core::resource::{RESOURCE_KEY, resolved};
use rally_core::{Kind, Problem, ProblemKind, Registry, World};
use serde_json::{Value, json};

use crate::plan::Part;
use crate::schema::shape::{branches, follow, is_null};
use crate::task::words::{index, key, shown};

/// The configuration of a part with every resource looked up, and a [`Problem`] for each one that is not there.
///
/// Equal specifications are looked up once. What cannot be found stays as it is.
pub async fn resolve(part: &Part, registry: &Registry, world: &World) -> (Value, Vec<Problem>) {
    resolve_except(part, &[], registry, world).await
}

/// Like [`resolve`], but resources of these types are left alone: a context creates them.
pub(crate) async fn resolve_except(
    part: &Part,
    created: &[&str],
    registry: &Registry,
    world: &World,
) -> (Value, Vec<Problem>) {
    let schema = part.registration.schema();
    let mut walk = Walk { root: &schema, found: Vec::new(), seen: HashSet::new() };
    walk.enter(&schema, &part.config, &Place::default(), 0);
    let mut config = part.config.clone();
    let mut problems = Vec::new();
    let mut known: HashMap<(String, String), Result<Value, String>> = HashMap::new();
    for (kind, place) in walk.found.into_iter().filter(|(kind, _)| !created.contains(&kind.as_str())) {
        let Some(spec) = config.pointer_mut(&place.pointer()) else { continue };
        let question = (kind.clone(), spec.to_string());
        let answer = if let Some(answer) = known.get(&question) {
            answer.clone()
        } else {
            let answer = look_up(&kind, spec.clone(), registry, world).await;
            known.insert(question, answer.clone());
            answer
        };
        match answer {
            Ok(value) => *spec = resolved(value),
            Err(why) => {
                let what = format!("{} is no {kind}: {why}", shown(spec));
                problems.push(Problem::new(ProblemKind::Resource, place.path(&part.at), what));
            }
        }
    }
    (config, problems)
}

async fn look_up(kind: &str, spec: Value, registry: &Registry, world: &World) -> Result<Value, String> {
    let registration = registry.find(Kind::ResourceType, kind).map_err(|error| error.to_string())?;
    match registration.parse(Value::Null) {
        Ok(Parsed::ResourceType(resource)) => {
            (resource.resolve)(spec, world).await.map_err(|failure| failure.to_string())
        }
        Ok(_) => Err(format!("`{kind}` is not a resource type")),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether this argument has been looked up already.
pub(crate) fn is_resolved(value: &Value) -> bool {
    let (Value::Object(map), Value::Object(mark)) = (value, resolved(Value::Null)) else { return false };
    map.len() == 1 && map.keys().eq(mark.keys())
}

/// Where a value stands in a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Place(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    fn step(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    fn pointer(&self) -> String {
        self.0.iter().fold(String::new(), |pointer, step| match step {
            Step::Key(key) => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => format!("{pointer}/{index}"),
        })
    }

    fn path(&self, at: &str) -> String {
        self.0.iter().fold(at.to_owned(), |path, step| match step {
            Step::Key(name) => key(&path, name),
            Step::Index(number) => index(&path, *number),
        })
    }
}

/// Schemas that lead back to themselves without a step into the value end here.
const MAX_DEPTH: usize = 100;

/// Goes through a schema and a value side by side.
struct Walk<'a> {
    root: &'a Value,
    /// The type of each resource and its place.
    found: Vec<(String, Place)>,
    /// The same, to find them by.
    seen: HashSet<(String, Place)>,
}

impl Walk<'_> {
    fn enter(&mut self, schema: &Value, value: &Value, place: &Place, depth: usize) {
        if depth > MAX_DEPTH || value.is_null() || is_resolved(value) {
            return;
        }
        if let Some(kind) = schema.get(RESOURCE_KEY).and_then(Value::as_str) {
            let found = (kind.to_owned(), place.clone());
            if self.seen.insert(found.clone()) {
                self.found.push(found);
            }
            return;
        }
        let depth = depth + 1;
        if schema.get("$ref").is_some() {
            self.enter(follow(schema, self.root), value, place, depth);
        }
        for all in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.enter(all, value, place, depth);
        }
        for branch in self.fitting(schema, value) {
            self.enter(branch, value, place, depth);
        }
        match value {
            Value::Array(items) => {
                let first =
                    schema.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let rest = schema.get("items");
                for (number, item) in items.iter().enumerate() {
                    if let Some(schema) = first.get(number).or(rest) {
                        self.enter(schema, item, &place.index(number), depth);
                    }
                }
            }
            Value::Object(map) => {
                let named = schema.get("properties").and_then(Value::as_object);
                let patterns = schema.get("patternProperties").and_then(Value::as_object);
                // A map with numbers for keys is one pattern; its keys have been checked against it before.
                let pattern = patterns.and_then(|patterns| patterns.values().next());
                let others = ["additionalProperties", "unevaluatedProperties"];
                let other = pattern.or_else(|| others.iter().find_map(|keyword| schema.get(keyword)));
                for (name, value) in map {
                    if let Some(schema) = named.and_then(|named| named.get(name)).or(other) {
                        self.enter(schema, value, &place.key(name), depth);
                    }
                }
            }
            _ => (),
        }
    }

    /// The alternatives that the value may be: the only one, or those whose schema it fits.
    fn fitting<'s>(&self, schema: &'s Value, value: &Value) -> Vec<&'s Value> {
        let Some(branches) = branches(schema) else { return Vec::new() };
        let real: Vec<&Value> = branches.iter().filter(|branch| !is_null(branch)).collect();
        if real.len() == 1 {
            return real;
        }
        let definitions = self.root.get("$defs").cloned().unwrap_or_else(|| json!({}));
        let fits = |branch: &&Value| {
            let alone = json!({"$defs": definitions, "allOf": [branch]});
            jsonschema::draft202012::new(&alone).is_ok_and(|validator| validator.is_valid(value))
        };
        real.into_iter().filter(fits).collect()
    }
}
