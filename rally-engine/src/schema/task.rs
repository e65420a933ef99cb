//! The schema of a whole task file, for editors that complete and check it.

use rally_core::{Kind, Registration, Registry};
use serde_json::{Map, Value, json};

use super::draft;
use crate::task::{MAX_SHORT_TITLE, MAX_TITLE, MAX_WEIGHT, NO_DEFAULT_SLA};

/// The JSON Schema (draft 2020-12) of a task file with the plugins of this registry, in format 1 or 2.
///
/// It says what [`Task::parse`](crate::task::Task::parse) and the plugins' schemas say, so that an editor completes names
/// and arguments and marks mistakes. What it cannot say are the checks that plugins make in code. Plugins have their
/// short names in completions, and may be written with their platforms; hidden plugins are left out.
pub fn task_schema(registry: &Registry) -> Value {
    let mut defs = Defs { registry, map: Map::new() };
    let scenario = defs.one_of_kind(Kind::Scenario, 1);
    let runner = defs.one_of_kind(Kind::Runner, 1);
    let action = defs.one_of_kind(Kind::Hook, 1);
    let trigger = defs.one_of_kind(Kind::Trigger, 1);
    let contexts = defs.one_of_kind(Kind::Context, usize::MAX);
    let mut sla = defs.one_of_kind(Kind::Sla, usize::MAX);
    sla["properties"][NO_DEFAULT_SLA] = json!({
        "type": "boolean",
        "description": "Whether iterations may fail where `failure_rate` says nothing.",
    });
    let (runner_v1, scenarios_v1) = (defs.runner_v1(), defs.scenarios_v1());
    let hook_v1 = defs.hook_v1();
    let text = json!({"type": "string"});
    let tags = json!({"type": "array", "items": {"type": "string", "maxLength": MAX_TITLE}});
    let part = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    let list = |name: &str| json!({"type": "array", "items": part(name)});
    let workload = [
        ("scenario", part("scenario")),
        ("mix", json!({"type": "array", "items": part("weighted"), "minItems": 1})),
        ("contexts", part("contexts")),
        ("runner", part("runner")),
        ("sla", part("sla")),
        ("hooks", list("hook")),
        ("description", text.clone()),
    ];
    let about = [("title", json!({"type": "string", "maxLength": MAX_TITLE})), ("tags", tags)];
    let group = [("group", text.clone())];
    let short_title = [("title", json!({"type": "string", "maxLength": MAX_SHORT_TITLE}))];
    let either = json!([{"required": ["scenario"]}, {"required": ["mix"]}]);

    let mut workload_v2 = closed(&[&workload], &[]);
    workload_v2["oneOf"] = either.clone();
    let mut short = closed(&[&about, &group, &workload, &short_title], &["title"]);
    short["oneOf"] = either;
    let long = [
        ("workloads", json!({"type": "array", "items": part("workload"), "minItems": 1})),
        ("run_in_parallel", json!({"type": "boolean"})),
        ("description", text.clone()),
    ];
    let long = closed(&[&about, &group, &long], &["title", "workloads"]);
    let v2 = [
        ("version", json!({"enum": [2, "2"]})),
        ("description", text.clone()),
        ("subtasks", list("subtask")),
    ];
    let weighted = [
        ("scenario", part("scenario")),
        ("weight", json!({"type": "integer", "minimum": 1, "maximum": MAX_WEIGHT})),
    ];
    let hook = [("action", part("action")), ("trigger", part("trigger")), ("description", text.clone())];
    let workload_v1 = [
        ("args", json!({"type": ["object", "null"]})),
        ("runner", part("runner_v1")),
        ("context", part("contexts")),
        ("sla", part("sla")),
        ("hooks", list("hook_v1")),
        ("description", text),
    ];
    for (name, schema) in [
        ("scenario", scenario),
        ("runner", runner),
        ("action", action),
        ("trigger", trigger),
        ("contexts", contexts),
        ("sla", sla),
        ("runner_v1", runner_v1),
        ("hook_v1", hook_v1),
        ("weighted", closed(&[&weighted], &["scenario"])),
        ("hook", closed(&[&hook], &["action", "trigger"])),
        ("workload", workload_v2),
        ("workload_v1", closed(&[&workload_v1], &[])),
        ("short_subtask", short),
        ("long_subtask", long),
        (
            "subtask",
            json!({"if": {"required": ["workloads"]}, "then": part("long_subtask"), "else": part("short_subtask")}),
        ),
        ("format_1", scenarios_v1),
        ("format_2", closed(&[&about, &v2], &["version", "title", "subtasks"])),
    ] {
        defs.map.insert(name.into(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A task of Rally",
        "type": "object",
        "minProperties": 1,
        // What says no version is format 1, unless it looks like format 2: then its version is what it lacks.
        "if": {"anyOf": [
            {"properties": {"version": {"enum": [2, "2"]}}, "required": ["version"]},
            {"properties": {"subtasks": {"type": "array"}}, "required": ["subtasks"]},
        ]},
        "then": part("format_2"),
        "else": part("format_1"),
        "$defs": defs.map,
    })
}

/// A mapping with these keys and no others; of two of one name the later one counts.
fn closed(keys: &[&[(&str, Value)]], required: &[&str]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().copied().flatten().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The definitions of a schema in the making.
struct Defs<'a> {
    registry: &'a Registry,
    map: Map<String, Value>,
}

/// A name by which a task may call a plugin.
struct Name {
    name: String,
    /// Whether an editor should offer it.
    offered: bool,
}

impl Defs<'_> {
    fn plugins(&self, kind: Kind) -> Vec<Registration> {
        self.registry.of_kind(kind).filter(|plugin| !plugin.meta().hidden).copied().collect()
    }

    /// The names of a plugin: the full one, and the short one where that means this plugin.
    fn names(&self, plugin: Registration) -> Vec<Name> {
        let meta = plugin.meta();
        let found = self.registry.find(plugin.kind(), meta.name);
        let short = found.is_ok_and(|found| found.meta().platform == meta.platform);
        let full = Name { name: meta.full_name(), offered: !short };
        if short { vec![Name { name: meta.name.into(), offered: true }, full] } else { vec![full] }
    }

    /// A reference to a plugin's schema; it is defined with the first one.
    fn plugin(&mut self, plugin: Registration) -> Value {
        let name = format!("{} {}", plugin.kind(), plugin.meta().full_name());
        let at = format!("#/$defs/{}", in_pointer(&name));
        if !self.map.contains_key(&name) {
            let mut schema = plugin.schema();
            if let Value::Object(map) = &mut schema {
                map.remove("$schema");
            }
            move_references(&mut schema, &at);
            self.map.insert(name, schema);
        }
        json!({"$ref": at})
    }

    /// The schema of a plugin's configuration in a task, where null stands for an empty mapping, and whether it may be
    /// left out.
    fn configuration(&mut self, plugin: Registration) -> (Value, bool) {
        let reference = self.plugin(plugin);
        let optional = draft::new(&plugin.schema()).is_ok_and(|schema| schema.is_valid(&json!({})));
        if optional { (json!({"anyOf": [reference, {"type": "null"}]}), true) } else { (reference, false) }
    }

    /// A mapping from names of plugins of this kind to their configurations.
    fn one_of_kind(&mut self, kind: Kind, most: usize) -> Value {
        let (mut offered, mut others) = (Map::new(), Map::new());
        for plugin in self.plugins(kind) {
            let (configuration, _) = self.configuration(plugin);
            for Name { name, offered: is_offered } in self.names(plugin) {
                if is_offered {
                    offered.insert(name, configuration.clone());
                } else {
                    others.insert(exactly(&name), configuration.clone());
                }
            }
        }
        let mut schema = json!({"type": "object", "properties": offered, "additionalProperties": false});
        if !others.is_empty() {
            schema["patternProperties"] = others.into();
        }
        if most == 1 {
            schema["minProperties"] = 1.into();
            schema["maxProperties"] = 1.into();
        }
        schema
    }

    /// `{type: constant, times: 10}`
    fn runner_v1(&mut self) -> Value {
        let (mut names, mut cases) = (Vec::new(), Vec::new());
        for plugin in self.plugins(Kind::Runner) {
            self.plugin(plugin);
            let known = format!("{} {}", plugin.kind(), plugin.meta().full_name());
            let mut schema = self.map.get(&known).cloned().unwrap_or_default();
            let called: Vec<String> = self.names(plugin).into_iter().map(|name| name.name).collect();
            if !schema["properties"].is_object() {
                schema["properties"] = json!({});
            }
            schema["properties"]["type"] = json!({"enum": called});
            cases.push(case("type", &called, &schema));
            names.extend(called);
        }
        json!({"type": "object", "properties": {"type": {"enum": names}}, "required": ["type"], "allOf": cases})
    }

    /// `{name: …, args: …}`, of a hook and its trigger.
    fn hook_v1(&mut self) -> Value {
        let action = self.name_and_args(Kind::Hook);
        let mut hook = closed(
            &[&[
                ("name", action["properties"]["name"].clone()),
                ("args", json!(true)),
                ("trigger", self.name_and_args(Kind::Trigger)),
                ("description", json!({"type": "string"})),
            ]],
            &["name", "args", "trigger"],
        );
        hook["allOf"] = action["allOf"].clone();
        hook
    }

    fn name_and_args(&mut self, kind: Kind) -> Value {
        let (mut names, mut cases) = (Vec::new(), Vec::new());
        for plugin in self.plugins(kind) {
            let (configuration, _) = self.configuration(plugin);
            let called: Vec<String> = self.names(plugin).into_iter().map(|name| name.name).collect();
            cases.push(case("name", &called, &json!({"properties": {"args": configuration}})));
            names.extend(called);
        }
        let mut schema =
            closed(&[&[("name", json!({"enum": names})), ("args", json!(true))]], &["name", "args"]);
        schema["allOf"] = cases.into();
        schema
    }

    /// Scenarios with their workloads.
    fn scenarios_v1(&mut self) -> Value {
        let mut schema = self.one_of_kind(Kind::Scenario, usize::MAX);
        for key in ["properties", "patternProperties"] {
            for (_, configuration) in schema[key].as_object_mut().into_iter().flatten() {
                let needed = configuration.get("anyOf").is_none();
                let mut workload =
                    json!({"$ref": "#/$defs/workload_v1", "properties": {"args": configuration.take()}});
                if needed {
                    workload["required"] = json!(["args"]);
                }
                *configuration = json!({"type": "array", "items": workload});
            }
        }
        schema["properties"]["version"] = json!({"enum": [1, "1"]});
        schema
    }
}

/// What holds when a key has one of these values.
fn case(key: &str, values: &[String], then: &Value) -> Value {
    json!({"if": {"properties": {key: {"enum": values}}, "required": [key]}, "then": then})
}

/// The pattern of a name that fits nothing else.
fn exactly(name: &str) -> String {
    let mut pattern = String::from("^");
    for c in name.chars() {
        if !c.is_alphanumeric() && !"_@-".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('$');
    pattern
}

/// A name as a step of a pointer in a URI.
fn in_pointer(name: &str) -> String {
    let escaped = name.replace('~', "~0").replace('/', "~1");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~@-".contains(&byte);
    let step = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    escaped.bytes().map(step).collect()
}

/// Makes references within a schema lead to where it stands now.
fn move_references(schema: &mut Value, to: &str) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(target) if key == "$ref" => {
                        if let Some(pointer) = target.strip_prefix('#') {
                            *target = format!("{to}{pointer}");
                        }
                    }
                    // Data, however much it looks like a schema.
                    _ if matches!(key.as_str(), "default" | "const" | "enum" | "examples") => (),
                    value => move_references(value, to),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_references(item, to)),
        _ => (),
    }
}
