//! An example for every plugin that a task file can name: a whole task that runs.
//!
//! Its values come from the plugin's schema: the `examples` that its author gave, else what is required. What a schema
//! cannot know, such as numbers that make sense together, stands in [`USUAL`].

use rally_core::{Kind, Registration, Registry};
use serde_json::{Map, Value, json};

use super::schema::{self, Field, choices, fields, follow, resource, types};
use super::yaml::to_yaml;

/// Configurations that show what a plugin is for, as JSON.
const USUAL: &[(Kind, &str, &str)] = &[
    (Kind::Runner, "constant", r#"{"times": 4, "concurrency": 2}"#),
    (Kind::Runner, "constant_for_duration", r#"{"duration": 2, "concurrency": 2}"#),
    (Kind::Runner, "rps", r#"{"times": 4, "rps": 2}"#),
    (Kind::Runner, "serial", r#"{"times": 4}"#),
    (Kind::Sla, "failure_rate", r#"{"max": 0}"#),
    (Kind::Sla, "max_avg_duration_per_atomic", r#"{"foo": 1}"#),
    (Kind::Sla, "outliers", r#"{"max": 1}"#),
    (Kind::Sla, "performance_degradation", r#"{"max_degradation": 100}"#),
    (Kind::Context, "users", r#"{"tenants": 2, "users_per_tenant": 2}"#),
];

/// What every cloud is supposed to have; the simulated one does.
const RESOURCES: &[(&str, &str)] =
    &[("glance_image", r#"{"name": "cirros"}"#), ("nova_flavor", r#"{"name": "m1.tiny"}"#)];

/// So many seconds does an example sleep: it should end soon.
const SLEEP: f64 = 0.01;

/// The scenario around the example of another plugin.
const AROUND: &str = "Dummy.dummy";

/// A task in format 2, as YAML; nothing for plugins that a task file does not name.
pub(super) fn example(plugin: &Registration, registry: &Registry) -> Option<String> {
    let meta = plugin.meta();
    if meta.hidden {
        return None;
    }
    let config = config(plugin);
    let named = |config: Value| json!({ meta.name: config });
    let around = || named_scenario(registry, meta.platform);
    let mut workload = Map::new();
    match plugin.kind() {
        Kind::Scenario => {
            workload.insert("scenario".into(), named(config));
            workload.insert("runner".into(), usual(registry, Kind::Runner, "constant")?);
            workload.insert("sla".into(), usual(registry, Kind::Sla, "failure_rate")?);
        }
        Kind::Runner => {
            workload.insert("scenario".into(), around()?);
            workload.insert("runner".into(), named(config));
        }
        Kind::Context => {
            workload.insert("scenario".into(), around()?);
            workload.insert("contexts".into(), named(config));
        }
        Kind::Sla => {
            workload.insert("scenario".into(), around()?);
            workload.insert("runner".into(), usual(registry, Kind::Runner, "constant")?);
            workload.insert("sla".into(), named(config));
        }
        kind @ (Kind::Hook | Kind::Trigger) => {
            let (other, usual_one) = match kind {
                Kind::Hook => (Kind::Trigger, "event"),
                _ => (Kind::Hook, "sys_call"),
            };
            let other = registry.find(other, usual_one).ok()?;
            let other = json!({ other.meta().name: self::config(other) });
            let (action, trigger) =
                if kind == Kind::Hook { (named(config), other) } else { (other, named(config)) };
            workload.insert("scenario".into(), around()?);
            workload.insert("runner".into(), usual(registry, Kind::Runner, "constant")?);
            workload.insert("hooks".into(), json!([{"action": action, "trigger": trigger}]));
        }
        _ => return None,
    }
    let scenario =
        workload.get("scenario").and_then(Value::as_object).and_then(|scenario| scenario.keys().next());
    let mut subtask = Map::from_iter([("title".to_owned(), json!(scenario))]);
    subtask.append(&mut workload);
    let task = json!({"version": 2, "title": format!("An example of {}", meta.name), "subtasks": [subtask]});
    Some(to_yaml(&task))
}

/// A configuration of the plugin that is valid as far as its schema tells.
pub(super) fn config(plugin: &Registration) -> Value {
    let meta = plugin.meta();
    let schema = plugin.schema();
    let given = schema.pointer("/examples/0").cloned();
    let usual = || {
        let found = USUAL.iter().find(|(kind, name, _)| *kind == plugin.kind() && *name == meta.name);
        found.and_then(|(_, _, json)| serde_json::from_str(json).ok())
    };
    given.or_else(usual).unwrap_or_else(|| Maker { root: &schema }.value(&schema, meta.name))
}

fn usual(registry: &Registry, kind: Kind, name: &str) -> Option<Value> {
    registry.find(kind, name).ok().map(|plugin| json!({ name: config(plugin) }))
}

/// A scenario of this platform that needs no argument.
fn named_scenario(registry: &Registry, platform: &str) -> Option<Value> {
    let easy = |plugin: &&Registration| {
        let schema = plugin.schema();
        plugin.meta().platform == platform && !fields(&schema, &schema).iter().any(|field| field.required)
    };
    let dummy = registry.find(Kind::Scenario, AROUND).ok().filter(|_| platform == "default");
    let scenario = dummy.or_else(|| registry.of_kind(Kind::Scenario).find(easy))?;
    Some(json!({ scenario.meta().name: config(scenario) }))
}

struct Maker<'a> {
    root: &'a Value,
}

impl Maker<'_> {
    fn value(&self, outer: &Value, name: &str) -> Value {
        let schema = follow(outer, self.root);
        if let Some(example) = outer.pointer("/examples/0").or_else(|| schema.pointer("/examples/0")) {
            return example.clone();
        }
        if let Some(resource) = resource(outer, self.root) {
            let known = RESOURCES.iter().find(|(known, _)| *known == resource);
            if let Some(known) = known.and_then(|(_, json)| serde_json::from_str(json).ok()) {
                return known;
            }
        }
        if let Some(default) = outer.get("default").filter(|default| !default.is_null()) {
            return default.clone();
        }
        if let Some(choice) = choices(schema, self.root).and_then(|choices| choices.into_iter().next()) {
            return choice;
        }
        match types(schema).first().copied() {
            Some("object") => self.mapping(schema),
            Some("array") => schema.get("items").map_or(json!([]), |items| json!([self.value(items, name)])),
            Some("integer" | "number") => number(schema),
            Some("boolean") => json!(false),
            Some("string") => json!(name),
            _ => match schema::branches(schema, self.root).first() {
                Some(branch) => self.value(branch, name),
                None => json!({}),
            },
        }
    }

    /// What is required, as much as has to be there, and no long sleep.
    fn mapping(&self, schema: &Value) -> Value {
        let least = schema.get("minProperties").and_then(Value::as_u64).unwrap_or(0);
        let fields = fields(schema, self.root);
        let mut map = Map::new();
        for Field { name, schema: field, required } in &fields {
            let sleeps = name.starts_with("sleep") && types(follow(field, self.root)) == ["number"];
            if sleeps {
                map.insert((*name).to_owned(), json!(SLEEP));
            } else if *required {
                map.insert((*name).to_owned(), self.value(field, name));
            }
        }
        for Field { name, schema: field, .. } in &fields {
            if map.len() as u64 >= least {
                break;
            }
            if !map.contains_key(*name) {
                map.insert((*name).to_owned(), self.value(field, name));
            }
        }
        if fields.is_empty() && least > 0 {
            let values = schema.get("additionalProperties").unwrap_or(&Value::Null);
            map.insert("name".into(), self.value(values, "value"));
        }
        Value::Object(map)
    }
}

/// One, or what is nearest to it.
fn number(schema: &Value) -> Value {
    let bound = |keyword: &str| schema.get(keyword).cloned();
    let one = json!(1);
    let beyond = |bound: &Value, too_small: bool| match (bound.as_f64(), too_small) {
        (Some(bound), true) => bound > 1.0,
        (Some(bound), false) => bound < 1.0,
        (None, _) => false,
    };
    let least = bound("minimum").filter(|least| beyond(least, true));
    least.or_else(|| bound("maximum").filter(|most| beyond(most, false))).unwrap_or(one)
}
