//! What is written into a URL or a form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

/// A text as it stands, or names with their values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Fields {
    /// As it stands.
    Text(String),
    /// Each name with its value; a list gives the name several, and null leaves it out.
    Map(Map<String, Value>),
}

impl From<&str> for Fields {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// Each name with each of its values.
pub(super) fn pairs(map: &Map<String, Value>) -> impl Iterator<Item = (&str, String)> {
    map.iter().flat_map(|(name, value)| {
        let values = if let Value::Array(values) = value { values.iter().collect() } else { vec![value] };
        values.into_iter().filter(|value| !value.is_null()).map(|value| (name.as_str(), plain(value)))
    })
}

/// The body of a form.
pub(super) fn form(map: &Map<String, Value>) -> String {
    Serializer::new(String::new()).extend_pairs(pairs(map)).finish()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
