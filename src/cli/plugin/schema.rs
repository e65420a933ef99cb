//! What a plugin takes, read from its JSON Schema and put into the words of a help.

use rally_core::resource::RESOURCE_KEY;
use serde_json::{Map, Value, json};

/// Deeper than any plugin nests, and the end of schemas that hold themselves.
const DEEPEST: usize = 5;

/// One argument of a plugin, or one key of an argument that is a mapping.
#[derive(Debug, PartialEq)]
pub(super) struct Argument {
    /// `image`, `nics[].port-id`, `rps.start`.
    pub(super) path: String,
    /// Whether it has to be given, as far as what holds it is given.
    pub(super) required: bool,
    /// `number`, `list of texts`, `one of random, round_robin`.
    pub(super) kind: String,
    /// `at least 1`.
    pub(super) bounds: Option<String>,
    pub(super) default: Option<Value>,
    /// The whole doc comment of the field.
    pub(super) help: String,
}

/// How a path calls the configuration of a plugin that is no mapping.
pub(super) const ITSELF: &str = "(the value itself)";

/// How a path calls keys that have no fixed name, beside such that have one and alone.
const OTHER: &str = "(any other name)";
const ANY: &str = "(any name)";

impl Argument {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.path,
            "required": self.required,
            "type": self.kind,
            "bounds": self.bounds,
            "default": self.default,
            "help": self.help,
        })
    }

    /// `required`, `default 0.1` or `optional`.
    pub(super) fn presence(&self) -> String {
        match (&self.default, self.required) {
            (_, true) => "required".into(),
            (Some(default), _) => format!("default {}", plain(default)),
            (None, _) => "optional".into(),
        }
    }

    /// The type with its bounds.
    pub(super) fn kind_and_bounds(&self) -> String {
        let bounds = self.bounds.iter().map(String::as_str);
        [self.kind.as_str()].into_iter().chain(bounds).collect::<Vec<_>>().join(", ")
    }
}

/// A value as a task file has it in a line of text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        // Generators write 1.0 for what people write as 1.
        other => {
            let text = other.to_string();
            if other.is_number() { text.trim_end_matches(".0").to_owned() } else { text }
        }
    }
}

/// All arguments, each followed by the keys within it.
pub(super) fn arguments(schema: &Value) -> Vec<Argument> {
    let reader = Reader { root: schema };
    let mut found = Vec::new();
    let fields = reader.fields(schema);
    if fields.is_empty() && !reader.is_mapping(schema) {
        // Its help is the plugin's own.
        let itself = Argument { help: String::new(), ..reader.argument(ITSELF, true, schema) };
        if itself.kind != "anything" {
            found.push(itself);
        }
        reader.put_within("", schema, 0, &mut found);
        return found;
    }
    reader.put_fields("", schema, 0, &mut found);
    found
}

/// The schema behind a reference.
pub(super) fn follow<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEEPEST {
        match schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#')) {
            Some(pointer) => schema = root.pointer(pointer).unwrap_or(&Value::Null),
            None => break,
        }
    }
    schema
}

/// The alternatives of a schema that are more than null.
pub(super) fn branches<'a>(schema: &'a Value, root: &'a Value) -> Vec<&'a Value> {
    let all = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(keyword)?.as_array());
    let real = all.into_iter().flatten().map(|branch| follow(branch, root));
    real.filter(|branch| branch.get("type").is_none_or(|name| name != "null")).collect()
}

/// The values that a schema allows, when it names them all.
pub(super) fn choices(schema: &Value, root: &Value) -> Option<Vec<Value>> {
    if let Some(only) = schema.get("const") {
        return Some(vec![only.clone()]);
    }
    if let Some(several) = schema.get("enum").and_then(Value::as_array) {
        return Some(several.iter().filter(|choice| !choice.is_null()).cloned().collect());
    }
    let branches = branches(schema, root);
    let several: Option<Vec<_>> = branches.iter().map(|branch| choices(branch, root)).collect();
    several.map(|several| several.concat()).filter(|several| !several.is_empty())
}

/// The types that a schema names, without null.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    let names = match schema.get("type") {
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(one) => one.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    names.into_iter().filter(|name| *name != "null").collect()
}

/// The name of the resource type that an argument names something of.
pub(super) fn resource<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a str> {
    let here = follow(schema, root);
    let named = |schema: &'a Value| schema.get(RESOURCE_KEY).and_then(Value::as_str);
    named(here).or_else(|| branches(here, root).into_iter().find_map(named))
}

/// A field of a mapping.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) schema: &'a Value,
    pub(super) required: bool,
}

/// The fields of a mapping, with those of enums that are flattened into it.
pub(super) fn fields<'a>(schema: &'a Value, root: &'a Value) -> Vec<Field<'a>> {
    Reader { root }.fields(schema)
}

struct Reader<'a> {
    root: &'a Value,
}

impl<'a> Reader<'a> {
    fn fields(&self, schema: &'a Value) -> Vec<Field<'a>> {
        let mut found: Vec<Field<'a>> = Vec::new();
        let schema = follow(schema, self.root);
        let all = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let certain = [schema].into_iter().chain(all.map(|part| follow(part, self.root)));
        let certain = certain.map(|part| (part, true));
        // Of alternatives one is enough, so none of their keys has to be there.
        let perhaps = branches(schema, self.root).into_iter().map(|part| (part, false));
        for (part, certain) in certain.chain(perhaps) {
            let required: Vec<&str> = strings(part.get("required"));
            for (name, schema) in mapping(part.get("properties")) {
                if !found.iter().any(|field| field.name == name) {
                    let required = certain && required.contains(&name.as_str());
                    found.push(Field { name, schema, required });
                }
            }
        }
        found
    }

    fn is_mapping(&self, schema: &'a Value) -> bool {
        types(follow(schema, self.root)) == ["object"]
    }

    fn argument(&self, path: impl Into<String>, required: bool, schema: &'a Value) -> Argument {
        let inner = follow(schema, self.root);
        let either = |keyword: &str| schema.get(keyword).or_else(|| inner.get(keyword));
        // Without a doc comment of the field that of its type has to do.
        let help = either("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let default = schema.get("default").filter(|default| !default.is_null()).cloned();
        // What an empty mapping stands for is told by the defaults within it.
        let default = default.filter(|default| default.as_object().is_none_or(Map::is_empty));
        Argument {
            path: path.into(),
            required,
            kind: self.kind(schema),
            bounds: bounds(inner),
            default,
            help,
        }
    }

    fn put_fields(&self, at: &str, schema: &'a Value, depth: usize, found: &mut Vec<Argument>) {
        let fields = self.fields(schema);
        let any = if fields.is_empty() { ANY } else { OTHER };
        for Field { name, schema, required } in fields {
            let path = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            found.push(self.argument(&path, required, schema));
            self.put_within(&path, schema, depth, found);
        }
        if let Some(more) = more(follow(schema, self.root)) {
            let path = if at.is_empty() { any.to_owned() } else { format!("{at}.{any}") };
            found.push(self.argument(&path, false, more));
            self.put_within(&path, more, depth, found);
        }
    }

    /// The keys of what is a mapping or holds mappings.
    fn put_within(&self, at: &str, schema: &'a Value, depth: usize, found: &mut Vec<Argument>) {
        // Resource types have a help of their own.
        if depth >= DEEPEST || resource(schema, self.root).is_some() {
            return;
        }
        let schema = follow(schema, self.root);
        if schema.get("properties").or_else(|| schema.get("allOf")).is_some() {
            self.put_fields(at, schema, depth + 1, found);
        } else if let Some(items) = schema.get("items") {
            self.put_within(&format!("{at}[]"), items, depth + 1, found);
        } else if let Some(values) = more(schema) {
            self.put_within(&format!("{at}.*"), values, depth + 1, found);
        } else {
            for branch in branches(schema, self.root) {
                self.put_within(at, branch, depth + 1, found);
            }
        }
    }

    /// What fits the schema, in words.
    fn kind(&self, schema: &'a Value) -> String {
        if let Some(name) = resource(schema, self.root) {
            let schema = follow(schema, self.root);
            let spec = branches(schema, self.root).first().copied().unwrap_or(schema);
            let keys: Vec<&str> = self.fields(spec).iter().map(|field| field.name).collect();
            return format!("{name}: {{{}}}", keys.join("|"));
        }
        let schema = follow(schema, self.root);
        if let Some(choices) = choices(schema, self.root) {
            let choices: Vec<String> = choices.iter().map(plain).collect();
            return match choices.as_slice() {
                [one] => one.clone(),
                several => format!("one of {}", several.join(", ")),
            };
        }
        let branches = branches(schema, self.root);
        if !branches.is_empty() && types(schema).is_empty() {
            let mut kinds: Vec<String> = Vec::new();
            for kind in branches.into_iter().map(|branch| self.kind_of_branch(branch)) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            return kinds.join(" or ");
        }
        let kinds: Vec<String> = types(schema).into_iter().map(|name| self.word(name, schema)).collect();
        if kinds.is_empty() { "anything".into() } else { kinds.join(" or ") }
    }

    /// A mapping among alternatives is known by the keys that it must have.
    fn kind_of_branch(&self, branch: &'a Value) -> String {
        let keys = strings(branch.get("required"));
        if self.is_mapping(branch) && !keys.is_empty() {
            return format!("{{{}}}", keys.join(", "));
        }
        self.kind(branch)
    }

    fn word(&self, name: &str, schema: &'a Value) -> String {
        match name {
            "boolean" => "true or false".into(),
            "string" => "text".into(),
            "array" => match schema.get("items").map(|items| self.kind(items)) {
                Some(kind) if kind != "anything" => format!("list of {}", many(&kind)),
                _ => "list".into(),
            },
            "object" if self.fields(schema).is_empty() => {
                match more(schema).map(|values| self.kind(values)) {
                    Some(kind) if kind != "anything" => format!("mapping of names to {}", many(&kind)),
                    _ => "mapping".into(),
                }
            }
            "object" => "mapping".into(),
            other => other.to_owned(),
        }
    }
}

fn many(kind: &str) -> String {
    match kind {
        "text" | "integer" | "number" | "mapping" => format!("{kind}s"),
        "true or false" => "true and false".into(),
        other => match other.strip_prefix("list of ") {
            Some(items) => format!("lists of {items}"),
            None => format!("({other})"),
        },
    }
}

/// What keys without a fixed name may hold, where a mapping takes such keys.
fn more(schema: &Value) -> Option<&Value> {
    let more = schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"))?;
    (more != &Value::Bool(false)).then_some(more)
}

/// `at least 1`, `from 0 to 100`, …
fn bounds(schema: &Value) -> Option<String> {
    let bound = |keyword: &str| schema.get(keyword).map(plain);
    let number =
        match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum"), bound("exclusiveMaximum")) {
            (Some(least), Some(most), ..) => vec![format!("from {least} to {most}")],
            (least, most, above, below) => {
                let parts =
                    [("at least", least), ("more than", above), ("at most", most), ("less than", below)];
                parts.into_iter().filter_map(|(word, bound)| Some(format!("{word} {}", bound?))).collect()
            }
        };
    let sizes = [
        ("minItems", "maxItems", "of them"),
        ("minProperties", "maxProperties", "of them"),
        ("minLength", "maxLength", "characters"),
    ];
    let sizes = sizes.iter().filter_map(|(least, most, what)| match (bound(least), bound(most)) {
        (Some(least), Some(most)) if least == most => Some(format!("exactly {least} {what}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most} {what}")),
        (Some(least), None) if least == "1" => Some("not empty".to_owned()),
        (Some(least), None) => Some(format!("at least {least} {what}")),
        (None, Some(most)) => Some(format!("at most {most} {what}")),
        (None, None) => None,
    });
    let pattern = bound("pattern").map(|pattern| format!("matching {pattern}"));
    let parts: Vec<String> = number.into_iter().chain(sizes).chain(pattern).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn strings(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn mapping(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(schema: &Value) -> Vec<String> {
        let line = |argument: &Argument| {
            format!("{}: {}; {}", argument.path, argument.kind_and_bounds(), argument.presence())
        };
        arguments(schema).iter().map(line).collect()
    }

    #[test]
    fn arguments_are_told_with_all_that_is_within_them() {
        let schema = json!({
            "type": "object",
            "required": ["image", "rate"],
            "additionalProperties": true,
            "properties": {
                "image": {"type": "object", "properties": {"id": {}, "name": {}}, "x-rally-resource": "glance_image"},
                "flavor": {"anyOf": [{"$ref": "#/$defs/flavor"}, {"type": "null"}]},
                "rate": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"$ref": "#/$defs/ramp"}]},
                "how": {"oneOf": [{"const": "random"}, {"const": "robin"}], "default": "random"},
                "disks": {"type": ["array", "null"], "items": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1, "maximum": 9}}}},
                "meta": {"type": "object", "additionalProperties": {"type": "string"}},
                "sleep": {"type": "number", "minimum": 0.0, "default": 0.1},
            },
            "$defs": {
                "flavor": {"type": "object", "properties": {"id": {}}, "x-rally-resource": "nova_flavor"},
                "ramp": {"type": "object", "required": ["start"], "properties": {"start": {"type": "number"}, "step": {"type": "number", "default": 1.0}}},
            },
        });
        assert_eq!(
            told(&schema),
            [
                "image: glance_image: {id|name}; required",
                "flavor: nova_flavor: {id}; optional",
                "rate: number or {start}; required",
                "rate.start: number; required",
                "rate.step: number; default 1",
                "how: one of random, robin; default random",
                "disks: list of mappings; optional",
                "disks[].size: integer, from 1 to 9; optional",
                "meta: mapping of names to texts; optional",
                "sleep: number, at least 0; default 0.1",
                "(any other name): anything; optional",
            ]
        );
    }

    #[test]
    fn a_configuration_need_not_be_a_mapping() {
        assert_eq!(
            told(&json!({"type": "number", "exclusiveMinimum": 0})),
            ["(the value itself): number, more than 0; required"]
        );
        assert_eq!(
            told(&json!({"type": "object", "additionalProperties": {"type": "number"}, "minProperties": 1})),
            ["(any name): number; optional"]
        );
        assert!(told(&json!({})).is_empty());
        assert!(told(&json!({"type": "object", "additionalProperties": false})).is_empty());
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let schema = json!({
            "type": "object",
            "properties": {"inner": {"$ref": "#"}},
        });
        assert!(told(&schema).len() <= DEEPEST + 1);
    }
}
