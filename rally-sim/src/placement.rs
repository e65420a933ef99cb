//! Placement shows its version document and nothing else: no client of the scenarios asks for more.

use serde_json::json;

use crate::http::{Answer, Call, Reply, Route, route};
use crate::state::State;

pub(crate) fn routes() -> Vec<Route> {
    vec![route("GET", "/", versions).open()]
}

fn versions(_: &mut State, _: &Call) -> Answer {
    let version = json!({
        "id": "v1.0", "max_version": "1.39", "min_version": "1.0", "status": "CURRENT",
        "links": [{"rel": "self", "href": ""}],
    });
    Ok(Reply::json(200, &json!({"versions": [version]})))
}
