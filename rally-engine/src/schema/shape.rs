//! What a schema allows, in a few words: `an integer`, ``a mapping with `name` ``, `one of …`.

use serde_json::Value;

use crate::task::words::listed;

/// How many keys or choices a message names.
const MANY: usize = 12;

/// The schema behind a reference.
pub(crate) fn follow<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    // Schemas that refer to each other in a ring are no schemas; ten steps are more than any generator makes.
    for _ in 0..10 {
        match schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#')) {
            Some(pointer) => schema = root.pointer(pointer).unwrap_or(&Value::Null),
            None => break,
        }
    }
    schema
}

/// What fits the schema, in words; nothing when anything does.
pub(super) fn shape(schema: &Value, root: &Value) -> Option<String> {
    let schema = follow(schema, root);
    if let Some(only) = schema.get("const") {
        return Some(format!("`{}`", plain(only)));
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return Some(one_of(choices));
    }
    if let Some(choices) = only_constants(schema, root) {
        return Some(one_of(&choices));
    }
    if let Some(branches) = branches(schema) {
        let mut shapes: Vec<String> = Vec::new();
        for shape in
            branches.iter().filter(|branch| !is_null(branch)).filter_map(|branch| shape(branch, root))
        {
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        return (!shapes.is_empty()).then(|| listed(&shapes, "or"));
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let several = types.len() > 1;
    let words: Vec<String> = types
        .into_iter()
        .filter(|name| !several || *name != "null")
        .map(|name| match name {
            "object" => mapping(schema),
            "array" => list(schema, root),
            other => word(other).to_owned(),
        })
        .collect();
    Some(listed(&words, "or"))
}

fn word(name: &str) -> &'static str {
    match name {
        "null" => "nothing (null)",
        "boolean" => "true or false",
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        _ => "a mapping",
    }
}

fn mapping(schema: &Value) -> String {
    let quoted = |names: Vec<&str>, last: &str| {
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        format!("a mapping with {}", listed(&names, last))
    };
    let required = required(schema);
    if !required.is_empty() {
        return quoted(required, "and");
    }
    match schema.get("properties").and_then(Value::as_object) {
        Some(properties) if (1..=4).contains(&properties.len()) => {
            quoted(properties.keys().map(String::as_str).collect(), "or")
        }
        _ => "a mapping".into(),
    }
}

fn list(schema: &Value, root: &Value) -> String {
    let items = schema.get("items").map(|items| follow(items, root));
    match items.and_then(|items| items.get("type")).and_then(Value::as_str) {
        Some("string") => "a list of texts",
        Some("integer") => "a list of integers",
        Some("number") => "a list of numbers",
        Some("object") => "a list of mappings",
        Some("array") => "a list of lists",
        _ => "a list",
    }
    .into()
}

/// The keys that a mapping must have.
pub(super) fn required(schema: &Value) -> Vec<&str> {
    let keys = schema.get("required").and_then(Value::as_array);
    keys.map(|keys| keys.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// The alternatives of a schema.
pub(crate) fn branches(schema: &Value) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(keyword)).and_then(Value::as_array)
}

/// The constants among the alternatives of a schema.
pub(super) fn constants(schema: &Value, root: &Value) -> Vec<Value> {
    let branches = branches(schema).map_or(&[][..], Vec::as_slice).iter().map(|branch| follow(branch, root));
    branches.filter_map(constants_of).flatten().collect()
}

/// The constants that a schema allows, when it allows constants alone: an enum whose variants have docs.
pub(super) fn only_constants(schema: &Value, root: &Value) -> Option<Vec<Value>> {
    let branches =
        branches(schema)?.iter().map(|branch| follow(branch, root)).filter(|branch| !is_null(branch));
    let constants: Option<Vec<Vec<Value>>> = branches.map(constants_of).collect();
    constants.map(|constants| constants.concat()).filter(|constants| !constants.is_empty())
}

fn constants_of(branch: &Value) -> Option<Vec<Value>> {
    match branch.get("const") {
        Some(only) => Some(vec![only.clone()]),
        None => branch.get("enum").and_then(Value::as_array).cloned(),
    }
}

/// The keys that a mapping may have, with those of an enum that is flattened into it.
pub(super) fn names<'a>(schema: &'a Value, root: &'a Value) -> Vec<&'a str> {
    let parts =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|keyword| schema.get(keyword)?.as_array()).flatten();
    let mut names: Vec<&str> = Vec::new();
    for schema in [schema].into_iter().chain(parts.map(|part| follow(part, root))) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in properties.into_iter().flat_map(|properties| properties.keys()) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    names
}

pub(crate) fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
}

/// `` one of `a`, `b` and `c` ``, or `` `a` `` alone.
pub(super) fn one_of(choices: &[Value]) -> String {
    let choices: Vec<String> = choices
        .iter()
        .filter(|choice| !choice.is_null())
        .map(|choice| format!("`{}`", plain(choice)))
        .collect();
    match choices.len() {
        1 => listed(&choices, "and"),
        2 => listed(&choices, "or"),
        _ => format!("one of {}", few(choices)),
    }
}

/// The first dozen, and a hint that there are more.
pub(super) fn few(mut items: Vec<String>) -> String {
    if items.len() > MANY {
        items.truncate(MANY);
        return format!("{}, …", items.join(", "));
    }
    listed(&items, "and")
}

/// A constant as a task file writes it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `at least 1`, `between 0 and 100`, …; nothing when the schema sets no bounds.
pub(super) fn range(schema: &Value) -> Option<String> {
    let bound = |keyword: &str| schema.get(keyword).map(number);
    let low = bound("exclusiveMinimum").map(|low| format!("more than {low}"));
    let high = bound("exclusiveMaximum").map(|high| format!("less than {high}"));
    match (low, bound("minimum"), high, bound("maximum")) {
        (None, Some(low), None, Some(high)) => Some(format!("between {low} and {high}")),
        (low, least, high, most) => {
            let low = low.or_else(|| least.map(|low| format!("at least {low}")));
            let high = high.or_else(|| most.map(|high| format!("at most {high}")));
            let words: Vec<String> = low.into_iter().chain(high).collect();
            (!words.is_empty()).then(|| words.join(" and "))
        }
    }
}

/// A bound without the fraction that generators add: 100, not 100.0.
fn number(value: &Value) -> String {
    let text = value.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shapes_read_as_words() {
        let root = json!({"$defs": {"named": {"type": "object", "properties": {"id": {}, "name": {}}}}});
        for (schema, words) in [
            (json!({"type": ["integer", "null"]}), "an integer"),
            (
                json!({"anyOf": [{"$ref": "#/$defs/named"}, {"type": "null"}]}),
                "a mapping with `id` or `name`",
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
                "a text or a list of texts",
            ),
            (json!({"oneOf": [{"const": "a"}, {"const": "b"}, {"const": 3}]}), "one of `a`, `b` and `3`"),
            (json!({"type": "object", "required": ["x"]}), "a mapping with `x`"),
        ] {
            assert_eq!(shape(&schema, &root).as_deref(), Some(words));
        }
        assert_eq!(shape(&json!(true), &root), None);
        assert_eq!(range(&json!({"minimum": 0.0, "maximum": 100.0})).as_deref(), Some("between 0 and 100"));
        assert_eq!(range(&json!({"exclusiveMinimum": 0})).as_deref(), Some("more than 0"));
    }
}
