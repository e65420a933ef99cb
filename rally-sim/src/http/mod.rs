//! A request becomes a plain value, a plain function answers it, and only this module knows that HTTP is in between.

pub(crate) mod call;
pub(crate) mod page;
pub(crate) mod problem;
pub(crate) mod reply;
pub(crate) mod route;
pub(crate) mod serve;
pub(crate) mod service;

pub(crate) use call::{Actor, Call};
pub(crate) use problem::Problem;
pub(crate) use reply::Reply;
pub(crate) use route::{Right, Route, route};
pub(crate) use service::Service;

/// What every handler gives.
pub(crate) type Answer = Result<Reply, Problem>;

/// A JSON object, in the order its keys were written.
pub(crate) type Object = serde_json::Map<String, serde_json::Value>;

/// Makes an [`Object`]: `object!({"id": id})`.
macro_rules! object {
    ($json:tt) => {
        match serde_json::json!($json) {
            serde_json::Value::Object(object) => object,
            _ => serde_json::Map::new(),
        }
    };
}
pub(crate) use object;

/// Whether a value is what a query asks for: texts are compared as they are, flags by what they mean.
pub(crate) fn is(value: &serde_json::Value, asked: &str) -> bool {
    use serde_json::Value;

    match value {
        Value::String(text) => text == asked,
        Value::Bool(flag) => *flag == call::is_yes(asked),
        Value::Null => asked.is_empty(),
        other => {
            let written = other.to_string();
            written == asked
        }
    }
}

/// The text under `key`; empty if there is none.
pub(crate) fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(serde_json::Value::as_str).unwrap_or_default()
}
