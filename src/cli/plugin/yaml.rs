//! A value as people write it in a task file: blocks outside, short lists and mappings in one line.

use serde_json::{Map, Value};

/// The longest list or mapping that stands in one line.
const LINE: usize = 70;

/// The value as YAML, ended by a line break.
pub(super) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    put(value, 0, &mut text);
    text
}

fn put(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => put_mapping(map, indent, text),
        Value::Array(items) if !items.is_empty() => put_list(items, indent, text),
        other => put!(text, "{}{}\n", " ".repeat(indent), flow(other)),
    }
}

fn put_mapping(map: &Map<String, Value>, indent: usize, text: &mut String) {
    for (key, value) in map {
        put!(text, "{}{}:", " ".repeat(indent), scalar(key));
        if is_short(value) {
            put!(text, " {}\n", flow(value));
        } else {
            text.push('\n');
            put(value, indent + 2, text);
        }
    }
}

fn put_list(items: &[Value], indent: usize, text: &mut String) {
    for item in items {
        let mut inner = String::new();
        put(item, indent + 2, &mut inner);
        // The dash takes the place of the first line's own indentation.
        let first = inner.trim_start_matches(' ');
        put!(text, "{}- {first}", " ".repeat(indent));
    }
}

/// Whether a value stands behind its key: it is not nested, or is nested once and leaves room.
fn is_short(value: &Value) -> bool {
    let leaf = |value: &Value| match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    };
    let flat = match value {
        Value::Object(map) => map.values().all(leaf),
        Value::Array(items) => items.iter().all(leaf),
        _ => return true,
    };
    flat && flow(value).len() <= LINE
}

/// The value in one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => scalar(text),
        number @ Value::Number(_) => super::schema::plain(number),
        other => other.to_string(),
    }
}

/// A text without quotes, where every reader of YAML takes it for a text.
fn scalar(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = text.chars().all(|c| c.is_alphanumeric() || "_-./@ ".contains(c));
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
    );
    if begins && plain && !word && !text.ends_with(' ') {
        return text.to_owned();
    }
    // What JSON quotes is quoted YAML.
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let task = json!({
            "version": 2,
            "title": "a, b: c",
            "subtasks": [{
                "title": "yes",
                "scenario": {"Dummy.dummy": {"sleep": 1.0, "none": null, "deep": [[1, {"a": []}], {"b": {"c": {"d": "1"}}}]}},
                "hooks": [{"action": {"sys_call": "echo \"x\""}, "trigger": {"event": {"at": [1, 2]}}}],
            }],
        });
        let text = to_yaml(&task);
        assert_eq!(rally_engine::task::Task::parse(&text).unwrap().to_v2(), {
            let mut task = task;
            // YAML as Rally reads it makes no difference between 1.0 and 1.
            task["subtasks"][0]["scenario"]["Dummy.dummy"]["sleep"] = json!(1);
            task
        });
    }

    #[test]
    fn what_is_short_stands_in_one_line() {
        assert_eq!(
            to_yaml(&json!({"a": {"b": {"name": "cirros"}}, "c": {}})),
            "a:\n  b: {name: cirros}\nc: {}\n"
        );
        assert_eq!(to_yaml(&json!([{"a": 1}, {"b": [["x"], 2]}])), "- a: 1\n- b:\n    - - x\n    - 2\n");
    }
}
