//! Glance keeps images, with their data, and words its errors in HTML.

mod data;
mod images;
mod list;
mod patch;
mod schema;

use std::collections::{BTreeMap, HashMap};

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::http::{Actor, Answer, Call, Object, Problem, Reply, Route, Service, object, route, text};
use crate::inventory::Inventory;
use crate::state::State;
use crate::table::Table;

/// What Glance knows.
#[derive(Default)]
pub(crate) struct Glance {
    images: Table<Object>,
    data: HashMap<String, Bytes>,
    /// For each shared image the projects that may see it, and whether they accepted.
    members: HashMap<String, BTreeMap<String, String>>,
}

impl Glance {
    /// The things that exist, for the inventory.
    pub(crate) fn list(&self, inventory: &mut Inventory) {
        for row in self.images.iter() {
            inventory.add("glance.image", text(row, "id"), text(row, "name"));
        }
    }
}

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        route("GET", "/", versions).open(),
        route("GET", "/versions", versions).open(),
        route("GET", "/v2", to_v2).open(),
    ];
    routes.extend(list::routes());
    routes.extend(schema::routes());
    routes.extend(images::routes());
    routes.extend(data::routes());
    routes.extend(patch::routes());
    routes
}

fn versions(state: &mut State, call: &Call) -> Answer {
    let href = format!("{}/v2/", state.endpoint(Service::Glance));
    let version = |minor: u8| {
        let status = if minor == 16 { "CURRENT" } else { "SUPPORTED" };
        json!({"id": format!("v2.{minor}"), "status": status, "links": [{"rel": "self", "href": href}]})
    };
    let versions: Vec<_> = (0..=16).rev().map(version).collect();
    Ok(Reply::json(if call.path == "/" { 300 } else { 200 }, &json!({"versions": versions})))
}

fn to_v2(state: &mut State, _: &Call) -> Answer {
    Ok(Reply::empty(302).header("location", &format!("{}/v2/", state.endpoint(Service::Glance))))
}

fn no_such(id: &str) -> Problem {
    Problem::not_found(format!("No image found with ID {id}"))
}

/// Whether this actor may see an image.
fn sees(state: &State, actor: &Actor, row: &Object) -> bool {
    let is_member = || {
        state.glance.members.get(text(row, "id")).is_some_and(|members| members.contains_key(actor.project()))
    };
    actor.sees(text(row, "owner"))
        || match text(row, "visibility") {
            "public" | "community" => true,
            "shared" => is_member(),
            _ => false,
        }
}

/// An image, if this actor may see it.
pub(crate) fn visible<'a>(state: &'a State, actor: &Actor, id: &str) -> Option<&'a Object> {
    state.glance.images.get(id).filter(|row| sees(state, actor, row))
}

/// The image that a path names.
fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Object, Problem> {
    visible(state, &call.actor, call.id()).ok_or_else(|| no_such(call.id()))
}

/// The same, if the caller may change it.
fn own<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Object, Problem> {
    let row = find(state, call)?;
    if !call.actor.sees(text(row, "owner")) {
        return Err(Problem::forbidden("You do not own this image"));
    }
    state.glance.images.get_mut(call.id()).ok_or_else(|| no_such(call.id()))
}

/// A new image: what the client sent is put over what every image has.
fn build(state: &mut State, owner: &str, sent: Object) -> Object {
    let id = match text(&sent, "id") {
        "" => state.uuid(),
        id => id.to_owned(),
    };
    let stamp = state.stamp();
    let mut row = object!({
        "name": null, "disk_format": null, "container_format": null, "visibility": "shared", "size": null,
        "virtual_size": null, "status": "queued", "checksum": null, "protected": false, "min_ram": 0, "min_disk": 0,
        "owner": owner, "os_hidden": false, "os_hash_algo": null, "os_hash_value": null, "id": id,
        "created_at": stamp, "updated_at": stamp, "tags": [], "self": format!("/v2/images/{id}"),
        "file": format!("/v2/images/{id}/file"), "schema": "/v2/schemas/image",
    });
    row.extend(sent);
    row
}

/// Begins an image of a server; its id.
pub(crate) fn snapshot(state: &mut State, sent: Object) -> String {
    let owner = text(&sent, "owner").to_owned();
    let row = build(state, &owner, sent);
    let id = text(&row, "id").to_owned();
    state.glance.images.insert(&id, row);
    id
}

/// The data of a snapshot is there.
pub(crate) fn complete(state: &mut State, id: &str) {
    data::store(state, id, Bytes::from_static(&[0; 4096]));
}

/// The images that are there from the start.
pub(crate) fn seed(state: &mut State) {
    let admin = state.keystone.projects.iter().find(|row| text(row, "name") == "admin");
    let admin = admin.map(|row| text(row, "id").to_owned()).unwrap_or_default();
    for name in ["cirros", "cirros-0.6.2-x86_64-disk"] {
        let sent = object!({"name": name, "disk_format": "qcow2", "container_format": "bare", "visibility": "public",
            "owner": admin});
        let id = snapshot(state, sent);
        // The start of a qcow2 file of 1 MiB that holds nothing.
        let mut data = vec![0; 4096];
        data[..8].copy_from_slice(b"QFI\xfb\0\0\0\x03");
        data[24..32].copy_from_slice(&1_048_576_u64.to_be_bytes());
        data::store(state, &id, data.into());
    }
}

/// The object that a body is.
fn body(call: &Call) -> Result<Object, Problem> {
    match call.json("Malformed JSON in request body.")? {
        Value::Object(object) => Ok(object),
        _ => Err(Problem::bad_request("Malformed JSON in request body.")),
    }
}
