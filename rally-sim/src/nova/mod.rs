//! Nova boots servers and keeps the quotas, the flavors and the keys that go with them.

mod actions;
mod admin;
mod boot;
mod flavors;
mod keypairs;
mod quotas;
mod servers;
mod store;
pub(crate) mod version;
mod view;

use serde_json::{Value, json};

pub(crate) use store::{Nova, settle};

use crate::http::page::{BadPage, query_from};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, Service, route};
use crate::state::State;

const NO_JSON: &str = "Malformed request body";

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        route("GET", "/", version::all).open(),
        route("GET", "/v2.1", version::this).open(),
        route("GET", "/v2.1/", version::this).open(),
        route("GET", "/v2.1/extensions", extensions),
    ];
    routes.extend(servers::routes());
    routes.extend(boot::routes());
    routes.extend(actions::routes());
    routes.extend(flavors::routes());
    routes.extend(keypairs::routes());
    routes.extend(quotas::routes());
    routes.extend(admin::routes());
    routes
}

/// The addresses of a thing: with the version and without.
fn links(state: &State, path: &str) -> Value {
    let endpoint = state.endpoint(Service::Nova);
    json!([
        {"rel": "self", "href": format!("{endpoint}/v2.1/{path}")},
        {"rel": "bookmark", "href": format!("{endpoint}/{path}")},
    ])
}

/// The other form: the address without the version alone.
fn bookmark(state: &State, path: &str) -> Value {
    json!([{"rel": "bookmark", "href": format!("{}/{path}", state.endpoint(Service::Nova))}])
}

/// A list, with the address of the next page if there is one.
fn listed(state: &State, call: &Call, key: &str, rows: &[Value], next: Option<String>) -> Reply {
    let mut body = json!({key: rows});
    if let Some(marker) = next {
        let href = format!("{}{}?{}", state.endpoint(Service::Nova), call.path, query_from(call, &marker));
        body[format!("{key}_links")] = json!([{"rel": "next", "href": href}]);
    }
    Reply::json(200, &body)
}

fn bad_page(bad: BadPage) -> Problem {
    Problem::bad_request(match bad {
        BadPage::Marker(marker) => format!("marker [{marker}] not found"),
        BadPage::Limit(limit) => {
            format!(
                "Invalid input for query parameters limit. Value: {limit}. '{limit}' does not match '^[0-9]*$'"
            )
        }
    })
}

/// The object under `key`, without which the request makes no sense.
fn body(call: &Call, key: &str) -> Result<Object, Problem> {
    call.wrapped(key, NO_JSON)?.ok_or_else(|| Problem::bad_request(format!("'{key}' is a required property")))
}

/// What Nova says of a value it does not like.
fn invalid(field: &str, value: &Value, why: &str) -> Problem {
    Problem::bad_request(format!(
        "Invalid input for field/attribute {field}. Value: {}. {why}",
        python(value)
    ))
}

/// A field that must be there.
fn require<'a>(object: &'a Object, of: &str, key: &str) -> Result<&'a Value, Problem> {
    object.get(key).ok_or_else(|| {
        invalid(of, &Value::Object(object.clone()), &format!("'{key}' is a required property"))
    })
}

/// A value as Python prints it: Nova quotes what it got in this form.
fn python(value: &Value) -> String {
    fn inner(value: &Value) -> String {
        match value {
            Value::String(text) => format!("'{text}'"),
            other => python(other),
        }
    }
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(inner).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let pairs = object.iter().map(|(key, value)| format!("'{key}': {}", inner(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Extensions were given up long ago; clients that still ask get a short list.
fn extensions(_: &mut State, _: &Call) -> Answer {
    let names = ["os-keypairs", "os-server-groups", "os-quota-sets", "os-hypervisors", "os-aggregates"];
    let rows: Vec<_> = names
        .iter()
        .map(|name| {
            json!({"alias": name, "description": "", "links": [], "name": name,
                "namespace": "http://docs.openstack.org/compute/ext/fake_xml", "updated": "2014-12-03T00:00:00Z"})
        })
        .collect();
    Ok(Reply::json(200, &json!({"extensions": rows})))
}
