//! Images are made empty, shown to those who may see them and deleted by those who own them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{body, build, find, own};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, Service, route, text};
use crate::state::State;

const IMAGE: &str = "/v2/images/{image_id}";
const MEMBER: &str = "/v2/images/{image_id}/members/{member_id}";

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("POST", "/v2/images", create),
        route("GET", IMAGE, show),
        route("DELETE", IMAGE, delete),
        route("PUT", format!("{IMAGE}/tags/{{tag}}"), tag),
        route("DELETE", format!("{IMAGE}/tags/{{tag}}"), untag),
        route("GET", format!("{IMAGE}/members"), members),
        route("POST", format!("{IMAGE}/members"), add_member),
        route("PUT", MEMBER, set_member),
        route("DELETE", MEMBER, remove_member),
    ]
}

const VISIBILITIES: [&str; 4] = ["community", "public", "private", "shared"];
const DISKS: [&str; 11] = ["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"];
const CONTAINERS: [&str; 8] = ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"];
pub(super) const READ_ONLY: [&str; 13] = [
    "status",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "size",
    "virtual_size",
    "created_at",
    "updated_at",
    "self",
    "file",
    "schema",
    "direct_url",
    "locations",
];

/// What Glance's schema says of one attribute.
pub(super) fn fits(key: &str, value: &Value) -> Result<(), Problem> {
    let one_of = |words: &[&str]| value.as_str().is_some_and(|word| words.contains(&word));
    let fits = match key {
        "name" => value.is_null() || value.as_str().is_some_and(|name| name.len() <= 255),
        "visibility" => one_of(&VISIBILITIES),
        "disk_format" => value.is_null() || one_of(&DISKS),
        "container_format" => value.is_null() || one_of(&CONTAINERS),
        "min_ram" | "min_disk" => value.as_i64().is_some_and(|number| number >= 0),
        "protected" | "os_hidden" => value.is_boolean(),
        "tags" => value.is_array(),
        "id" => value.as_str().is_some_and(|id| uuid::Uuid::parse_str(id).is_ok()),
        // Properties of one's own are texts.
        _ => value.is_string() || value.is_null(),
    };
    if fits {
        return Ok(());
    }
    let quoted = if let Value::String(text) = value { format!("'{text}'") } else { value.to_string() };
    let why = if value.is_string() {
        "is not one of the values allowed"
    } else {
        "is not of type 'null', 'string'"
    };
    Err(Problem::bad_request(format!(
        "Provided object does not match schema 'image': {quoted} {why} for '{key}'"
    )))
}

fn create(state: &mut State, call: &Call) -> Answer {
    let body = body(call)?;
    for (key, value) in &body {
        if READ_ONLY.contains(&key.as_str()) {
            return Err(Problem::forbidden(format!("Attribute '{key}' is read-only.")));
        }
        fits(key, value)?;
    }
    if text(&body, "visibility") == "public" && !call.actor.is_admin() {
        return Err(Problem::forbidden("You are not authorized to complete publicize_image action."));
    }
    let id = text(&body, "id").to_owned();
    if state.glance.images.contains(&id) {
        return Err(Problem::conflict(format!("Image ID {id} already exists!")));
    }
    let row = build(state, call.actor.project(), body);
    let id = text(&row, "id").to_owned();
    state.glance.images.insert(&id, row.clone());
    let location = format!("{}/v2/images/{id}", state.endpoint(Service::Glance));
    let reply = Reply::json(201, &Value::Object(row)).header("location", &location);
    Ok(reply.header("openstack-image-import-methods", "glance-direct,web-download"))
}

fn show(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!(find(state, call)?)))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let id = call.id();
    find(state, call).map_err(|_| Problem::not_found(format!("Failed to find image {id} to delete")))?;
    let row = own(state, call)?;
    if row.get("protected") == Some(&Value::Bool(true)) {
        return Err(Problem::forbidden(format!("Image {id} is protected and cannot be deleted.")));
    }
    state.glance.images.remove(id);
    state.glance.data.remove(id);
    state.glance.members.remove(id);
    Ok(Reply::html(204, String::new()))
}

/// Adds a tag or takes it away.
fn set_tag(state: &mut State, call: &Call, add: bool) -> Answer {
    let tag = call.param(1);
    let row = own(state, call)?;
    let Some(Value::Array(tags)) = row.get_mut("tags") else { return Err(super::no_such(call.id())) };
    let before = tags.len();
    tags.retain(|known| known != tag);
    if !add && tags.len() == before {
        return Err(Problem::not_found(format!("Tag {tag} not found")));
    }
    tags.extend(add.then(|| json!(tag)));
    Ok(Reply::html(204, String::new()))
}

fn tag(state: &mut State, call: &Call) -> Answer {
    set_tag(state, call, true)
}

fn untag(state: &mut State, call: &Call) -> Answer {
    set_tag(state, call, false)
}

/// Only what is shared has members.
fn shared<'a>(
    state: &'a mut State,
    call: &Call,
    what: &str,
) -> Result<&'a mut BTreeMap<String, String>, Problem> {
    let row = find(state, call)?;
    if text(row, "visibility") != "shared" {
        let message =
            format!("Not allowed to {what} for image {}: Only shared images have members.", call.id());
        return Err(Problem::forbidden(message));
    }
    Ok(state.glance.members.entry(call.id().to_owned()).or_default())
}

fn member(state: &State, call: &Call, project: &str, status: &str) -> Value {
    let stamp = state.stamp();
    json!({"member_id": project, "image_id": call.id(), "status": status, "created_at": stamp, "updated_at": stamp,
        "schema": "/v2/schemas/member"})
}

fn members(state: &mut State, call: &Call) -> Answer {
    let members = shared(state, call, "list members")?.clone();
    let rows: Vec<_> = members.iter().map(|(project, status)| member(state, call, project, status)).collect();
    Ok(Reply::json(200, &json!({"members": rows, "schema": "/v2/schemas/members"})))
}

fn add_member(state: &mut State, call: &Call) -> Answer {
    let body: Object = body(call)?;
    own(state, call)?;
    let project = text(&body, "member").to_owned();
    let members = shared(state, call, "add member")?;
    if members.contains_key(&project) {
        let message = format!("Member {project} is duplicated for image {}", call.id());
        return Err(Problem::conflict(message));
    }
    members.insert(project.clone(), "pending".to_owned());
    Ok(Reply::json(200, &member(state, call, &project, "pending")))
}

fn set_member(state: &mut State, call: &Call) -> Answer {
    let status = text(&body(call)?, "status").to_owned();
    let project = call.param(1);
    let missing =
        Problem::not_found(format!("{project} not found in the member list of the image {}.", call.id()));
    let known = shared(state, call, "update member")?.get_mut(project).ok_or(missing)?;
    known.clone_from(&status);
    Ok(Reply::json(200, &member(state, call, project, &status)))
}

fn remove_member(state: &mut State, call: &Call) -> Answer {
    own(state, call)?;
    let project = call.param(1);
    let missing =
        Problem::not_found(format!("{project} not found in the member list of the image {}.", call.id()));
    shared(state, call, "delete member")?.remove(project).ok_or(missing)?;
    Ok(Reply::html(204, String::new()))
}
