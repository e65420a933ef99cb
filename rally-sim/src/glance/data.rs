//! Data comes once and makes an image active; its digests are real, for clients check them.

use axum::body::Bytes;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha2::Sha512;

use super::{find, own};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, route, text};
use crate::state::State;

const FILE: &str = "/v2/images/{image_id}/file";

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("PUT", FILE, upload),
        route("GET", FILE, download),
        route("PUT", "/v2/images/{image_id}/stage", stage),
        route("POST", "/v2/images/{image_id}/import", import),
        route("POST", "/v2/images/{image_id}/actions/deactivate", deactivate).admin("deactivate"),
        route("POST", "/v2/images/{image_id}/actions/reactivate", reactivate).admin("reactivate"),
    ]
}

/// A digest in hexadecimal digits.
fn hex<D: Digest>(data: &[u8]) -> String {
    use std::fmt::Write;

    D::digest(data).iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a qcow2 file says of its size when it is in use.
fn virtual_size(row: &Object, data: &[u8]) -> usize {
    let of_qcow2 = || {
        let size: [u8; 8] = data.get(24..32)?.try_into().ok()?;
        usize::try_from(u64::from_be_bytes(size)).ok().filter(|_| data.starts_with(b"QFI\xfb"))
    };
    if text(row, "disk_format") == "qcow2" { of_qcow2().unwrap_or(data.len()) } else { data.len() }
}

/// Keeps the data of an image and makes it active.
pub(super) fn store(state: &mut State, id: &str, data: Bytes) {
    let stamp = state.stamp();
    let Some(row) = state.glance.images.get_mut(id) else { return };
    let virtual_size = virtual_size(row, &data);
    for (key, value) in [
        ("size", json!(data.len())),
        ("virtual_size", json!(virtual_size)),
        ("status", json!("active")),
        ("checksum", json!(hex::<Md5>(&data))),
        ("os_hash_algo", json!("sha512")),
        ("os_hash_value", json!(hex::<Sha512>(&data))),
        ("updated_at", json!(stamp)),
        ("stores", json!("file")),
    ] {
        row.insert(key.to_owned(), value);
    }
    state.glance.data.insert(id.to_owned(), data);
}

/// Whether an image waits for its data.
fn queued(row: &Object, to: &str) -> Result<(), Problem> {
    let status = text(row, "status");
    if ["container_format", "disk_format"].iter().any(|key| row.get(*key).is_none_or(Value::is_null)) {
        return Err(Problem::bad_request(
            "Properties disk_format, container_format must be set prior to saving data.",
        ));
    }
    if status == "queued" || status == "uploading" {
        return Ok(());
    }
    Err(Problem::conflict(format!("Image status transition from {status} to {to} is not allowed")))
}

/// Data must come as such.
fn octets(call: &Call) -> Result<(), Problem> {
    let kind = call.header("content-type").unwrap_or_default();
    if kind == "application/octet-stream" {
        return Ok(());
    }
    Err(Problem::new(415, format!("The request media type {kind} is not supported by this server.\n")))
}

fn upload(state: &mut State, call: &Call) -> Answer {
    octets(call)?;
    queued(own(state, call)?, "saving")?;
    store(state, call.id(), call.body.clone());
    Ok(Reply::html(204, String::new()))
}

fn download(state: &mut State, call: &Call) -> Answer {
    let row = find(state, call)?;
    if text(row, "status") == "deactivated" && !call.actor.is_admin() {
        let message = "The requested image has been deactivated. Image data download is forbidden.";
        return Err(Problem::forbidden(message));
    }
    let Some(data) = state.glance.data.get(call.id()) else { return Ok(Reply::empty(204)) };
    let reply = Reply::bytes(200, "application/octet-stream", data.clone());
    Ok(reply.header("content-md5", text(row, "checksum")))
}

fn stage(state: &mut State, call: &Call) -> Answer {
    octets(call)?;
    let row = own(state, call)?;
    queued(row, "uploading")?;
    row.insert("status".to_owned(), json!("uploading"));
    row.insert("size".to_owned(), json!(call.body.len()));
    state.glance.data.insert(call.id().to_owned(), call.body.clone());
    Ok(Reply::html(204, String::new()))
}

/// What was staged becomes the image; what would come from elsewhere is empty, for nothing is fetched.
fn import(state: &mut State, call: &Call) -> Answer {
    let body = super::body(call)?;
    let row = own(state, call)?;
    let method = body.get("method").and_then(|method| method.get("name")).and_then(Value::as_str);
    let wanted = match method {
        Some("glance-direct") => "uploading",
        Some("web-download") => "queued",
        _ => return Err(Problem::bad_request("Unknown import method name.")),
    };
    if text(row, "status") != wanted {
        let method = method.unwrap_or_default();
        let message = format!("Image needs to be in '{wanted}' state to use '{method}' method");
        return Err(Problem::conflict(message));
    }
    let data = state.glance.data.remove(call.id()).unwrap_or_default();
    store(state, call.id(), data);
    Ok(Reply::html(202, String::new()))
}

/// Switches between two statuses.
fn switch(state: &mut State, call: &Call, from: &str, to: &str) -> Answer {
    let row = own(state, call)?;
    let status = text(row, "status").to_owned();
    if status != from && status != to {
        return Err(Problem::forbidden(format!("Not allowed to {to} image in status '{status}'")));
    }
    row.insert("status".to_owned(), json!(to));
    if to == "active" {
        row.insert("stores".to_owned(), json!("file"));
    } else {
        row.remove("stores");
    }
    Ok(Reply::html(204, String::new()))
}

fn deactivate(state: &mut State, call: &Call) -> Answer {
    switch(state, call, "active", "deactivated")
}

fn reactivate(state: &mut State, call: &Call) -> Answer {
    switch(state, call, "deactivated", "active")
}
