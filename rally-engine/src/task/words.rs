//! How values, shapes and paths are put into words, so that every message shows them in one way.

use serde_json::Value;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// The path of this key below a path; a key that is no plain word stands in brackets.
pub(crate) fn key(at: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.@".contains(c));
    match (at, plain) {
        ("", true) => name.to_owned(),
        (_, true) => format!("{at}.{name}"),
        (_, false) => format!("{at}[{name:?}]"),
    }
}

/// The path of this element of a list.
pub(crate) fn index(at: &str, index: usize) -> String {
    format!("{at}[{index}]")
}

/// Whether the value of this key is nobody's business.
pub(crate) fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.ends_with("password")
        || matches!(
            key.as_str(),
            "passwd"
                | "secret"
                | "token"
                | "auth_token"
                | "x-auth-token"
                | "auth"
                | "authorization"
                | "cookie"
                | "cookies"
                | "application_credential_secret"
                | "private_key"
        )
}

/// The same value with every secret masked.
pub(crate) fn masked(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let hide = is_secret(key) && !value.is_null();
                (key.clone(), if hide { MASK.into() } else { masked(value) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(masked).collect(),
        other => other.clone(),
    }
}

/// A value as a message shows it: JSON, shortened, without secrets.
pub(crate) fn shown(value: &Value) -> String {
    let json = masked(value).to_string();
    if json.chars().count() <= 60 {
        return format!("`{json}`");
    }
    format!("`{}…`", json.chars().take(57).collect::<String>())
}

/// `` the text `"abc"` ``, `` the list `[1,2]` ``, …: what is there instead of what was expected.
pub(crate) fn described(value: &Value) -> String {
    kind(value).map_or_else(|| NOTHING.into(), |kind| format!("the {kind} {}", shown(value)))
}

/// The same of a secret: what it is, but not its value.
pub(crate) fn concealed(value: &Value) -> String {
    kind(value).map_or_else(|| NOTHING.into(), |kind| format!("the {kind} `{MASK}`"))
}

const NOTHING: &str = "nothing (null)";

fn kind(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("boolean"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("text"),
        Value::Array(_) => Some("list"),
        Value::Object(_) => Some("mapping"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// ``, in `<the line>` ``, shortened; nothing when the line says nothing.
pub(crate) fn line_shown(text: &str, line: u32) -> String {
    let index = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
    let Some(source) = index.and_then(|index| text.lines().nth(index)).map(str::trim) else {
        return String::new();
    };
    let mut short: String = source.chars().take(80).collect();
    if short.is_empty() {
        return String::new();
    }
    if source.chars().count() > 80 {
        short.push('…');
    }
    format!(", in `{short}`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_read_like_code() {
        assert_eq!(key(&index(&key("", "Dummy.dummy"), 0), "args"), "Dummy.dummy[0].args");
        assert_eq!(key("tags", "a b"), r#"tags["a b"]"#);
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let value = json!({"users": [{"password": "p", "name": "n", "token": null}], "admin_password": 5, "tokens": 1});
        let expected = json!({"users": [{"password": "***", "name": "n", "token": null}], "admin_password": "***", "tokens": 1});
        assert_eq!(masked(&value), expected);
        assert!(!shown(&value).contains("\"p\""));
    }
}
