//! YAML is read here and nowhere else in this crate, so that its library can be exchanged in one place.

use serde_json::Value;

/// Reads one YAML document. The error names the line, and quotes nothing: the text may hold secrets.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.without_snippet().to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_becomes_json() {
        assert_eq!(parse("a: {b: [1, x]}\nc: 'yes'").unwrap(), json!({"a": {"b": [1, "x"]}, "c": "yes"}));
        assert_eq!(parse(" \n").unwrap(), Value::Null);
    }

    #[test]
    fn an_error_names_the_line_and_no_secret() {
        let error = parse("auth:\n  password: hunter2\n  password: hunter2\n").unwrap_err();
        assert!(error.contains("line 3") && !error.contains("hunter2"), "{error}");
        let error = parse("auth:\n  password: \"hunter2\n").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
