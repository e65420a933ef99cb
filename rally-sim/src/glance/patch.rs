//! An image is changed by a JSON patch, and nothing changes unless all of it can.

use serde_json::{Value, json};

use super::images::{READ_ONLY, fits};
use super::own;
use crate::http::{Answer, Call, Object, Problem, Reply, Route, route, text};
use crate::state::State;

const KINDS: [&str; 2] =
    ["application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch"];
/// What every image has, which can be replaced and not removed.
const BASE: [&str; 10] = [
    "name",
    "disk_format",
    "container_format",
    "visibility",
    "protected",
    "min_ram",
    "min_disk",
    "owner",
    "os_hidden",
    "tags",
];

pub(super) fn routes() -> Vec<Route> {
    vec![route("PATCH", "/v2/images/{image_id}", change)]
}

fn change(state: &mut State, call: &Call) -> Answer {
    let kind = call.header("content-type").unwrap_or_default();
    if !KINDS.contains(&kind) {
        return Err(Problem::new(
            415,
            format!("The request media type {kind} is not supported by this server.\n"),
        ));
    }
    let patch = call.json("Malformed JSON in request body.")?;
    let Value::Array(steps) = patch else {
        return Err(Problem::bad_request("Request body must be a JSON array of operation objects."));
    };
    let stamp = state.stamp();
    let mut row = own(state, call)?.clone();
    for step in &steps {
        apply(call, &mut row, step)?;
    }
    row.insert("updated_at".to_owned(), json!(stamp));
    state.glance.images.insert(call.id(), row.clone());
    Ok(Reply::json(200, &Value::Object(row)))
}

fn apply(call: &Call, row: &mut Object, step: &Value) -> Result<(), Problem> {
    let field = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
    // Inside a path, a slash is written ~1 and a tilde ~0.
    let key = field("path").trim_start_matches('/').replace("~1", "/").replace("~0", "~");
    if READ_ONLY.contains(&key.as_str()) || key == "id" {
        return Err(Problem::forbidden(format!("Attribute '{key}' is read-only.")));
    }
    let missing = || {
        Problem::conflict(format!(
            "There was a conflict when trying to complete your request.\n\nProperty {key} does not exist."
        ))
    };
    match field("op") {
        "add" | "replace" => {
            let value = step.get("value").cloned().unwrap_or_default();
            fits(&key, &value)?;
            if field("op") == "replace" && !row.contains_key(&key) {
                return Err(missing());
            }
            if key == "visibility" && value == "public" && !call.actor.is_admin() {
                return Err(Problem::forbidden("You are not authorized to complete publicize_image action."));
            }
            if key == "owner" && !call.actor.is_admin() && value != text(row, "owner") {
                return Err(Problem::forbidden("You are not permitted to modify 'owner' on this image."));
            }
            row.insert(key, value);
            Ok(())
        }
        "remove" if BASE.contains(&key.as_str()) => {
            Err(Problem::forbidden(format!("Property {key} may not be removed.")))
        }
        "remove" => row.remove(&key).map(|_| ()).ok_or_else(missing),
        _ => Err(Problem::bad_request(
            "Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\".",
        )),
    }
}
