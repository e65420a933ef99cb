//! Where YAML 1.1, which people know from Rally, reads a word differently: a warning says what became of it.

use rally_core::{Problem, ProblemKind};
use serde_json::Value;

/// What to say of a plain word that became this value.
pub(super) fn warning(source: &str, value: &Value) -> Option<Problem> {
    let what = match value {
        Value::Number(number) if is_octal(source) => {
            let hint = format!("write `{number}`, or `'{source}'` if a text is meant");
            return Some(say(format!("`{source}` is an octal number, {number}")).hint(hint));
        }
        Value::String(_) => {
            let number = sexagesimal(source)?;
            format!("`{source}` is a text, and was the number {number} in YAML 1.1")
        }
        _ => return None,
    };
    Some(say(what).hint(format!("write `'{source}'` if a text is meant")))
}

fn say(what: String) -> Problem {
    Problem::new(ProblemKind::Text, "", what)
}

/// `0644`; `08` and `0.5` are none.
fn is_octal(source: &str) -> bool {
    let digits = source.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| matches!(b, b'0'..=b'7' | b'_'))
}

/// The value of `1:30` or `12:30:45.5` to the base of 60.
fn sexagesimal(source: &str) -> Option<f64> {
    let (sign, digits) = match source.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, source.strip_prefix('+').unwrap_or(source)),
    };
    let mut parts = digits.split(':');
    let first = parts.next().filter(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))?;
    let mut number: f64 = first.parse().ok()?;
    let mut several = false;
    for part in parts {
        let whole = part.split('.').next().unwrap_or_default();
        let number_like = part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let below_60 = matches!(whole.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        if !number_like || !below_60 {
            return None;
        }
        number = number.mul_add(60.0, part.parse::<f64>().ok()?);
        several = true;
    }
    several.then_some(sign * number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn octals_and_numbers_to_the_base_of_60_are_told_and_nothing_else_is() {
        let told = |source: &str, value: Value| warning(source, &value).map(|problem| problem.to_string());
        assert_eq!(
            told("0644", json!(420)).as_deref(),
            Some("`0644` is an octal number, 420 (write `420`, or `'0644'` if a text is meant)")
        );
        assert_eq!(
            told("1:30", json!("1:30")).as_deref(),
            Some("`1:30` is a text, and was the number 90 in YAML 1.1 (write `'1:30'` if a text is meant)")
        );
        assert!(told("12:30:45", json!("12:30:45")).is_some_and(|told| told.contains("45045")));
        for (source, value) in [
            ("'0644'", json!("0644")),
            ("0", json!(0)),
            ("0.5", json!(0.5)),
            ("10", json!(10)),
            ("'1:30'", json!("1:30")),
            ("1:75", json!("1:75")),
            ("a:30", json!("a:30")),
            ("12:", json!("12:")),
            ("fe80:1", json!("fe80:1")),
            ("10.0.0.1:80", json!("10.0.0.1:80")),
            ("", json!("")),
        ] {
            assert_eq!(told(source, value), None, "{source}");
        }
    }
}
