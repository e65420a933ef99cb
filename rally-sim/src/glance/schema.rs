//! Old clients read the schema of an image before they show one.

use serde_json::{Value, json};

use crate::http::{Answer, Call, Reply, Route, route};
use crate::state::State;

/// The attributes: name, JSON type and whether a client may set it.
const ATTRIBUTES: [(&str, &str, bool); 25] = [
    ("id", "string", true),
    ("name", "string", true),
    ("status", "string", false),
    ("visibility", "string", true),
    ("protected", "boolean", true),
    ("os_hidden", "boolean", true),
    ("checksum", "string", false),
    ("os_hash_algo", "string", false),
    ("os_hash_value", "string", false),
    ("owner", "string", true),
    ("size", "integer", false),
    ("virtual_size", "integer", false),
    ("container_format", "string", true),
    ("disk_format", "string", true),
    ("created_at", "string", false),
    ("updated_at", "string", false),
    ("tags", "array", true),
    ("direct_url", "string", false),
    ("min_ram", "integer", true),
    ("min_disk", "integer", true),
    ("self", "string", false),
    ("file", "string", false),
    ("stores", "string", false),
    ("locations", "array", true),
    ("schema", "string", false),
];
/// Properties of one's own that have a meaning to other services.
const KNOWN: [&str; 9] = [
    "architecture",
    "cinder_encryption_key_deletion_policy",
    "cinder_encryption_key_id",
    "description",
    "instance_uuid",
    "kernel_id",
    "os_distro",
    "os_version",
    "ramdisk_id",
];
const MAY_BE_NULL: [&str; 9] = [
    "name",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "owner",
    "size",
    "virtual_size",
    "container_format",
    "disk_format",
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v2/schemas/image", image),
        route("GET", "/v2/schemas/images", images),
        route("GET", "/v2/info/import", import_info),
        route("GET", "/v2/info/stores", stores),
    ]
}

fn schema() -> Value {
    let mut properties = json!({});
    for (name, kind, writable) in ATTRIBUTES {
        let kind = if MAY_BE_NULL.contains(&name) { json!(["null", kind]) } else { json!(kind) };
        let mut property = json!({"type": kind, "description": name});
        if !writable {
            property["readOnly"] = json!(true);
        }
        if name == "tags" {
            property["items"] = json!({"type": "string", "maxLength": 255});
        }
        properties[name] = property;
    }
    for name in KNOWN {
        properties[name] = json!({"type": "string", "description": name, "is_base": false});
    }
    let links = json!([
        {"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ]);
    json!({"name": "image", "properties": properties, "additionalProperties": {"type": "string"}, "links": links})
}

fn image(_: &mut State, _: &Call) -> Answer {
    Ok(Reply::json(200, &schema()))
}

fn images(_: &mut State, _: &Call) -> Answer {
    let text = json!({"type": "string"});
    let properties =
        json!({"images": {"type": "array", "items": schema()}, "first": text, "next": text, "schema": text});
    let links = json!([
        {"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ]);
    Ok(Reply::json(200, &json!({"name": "images", "properties": properties, "links": links})))
}

fn import_info(_: &mut State, _: &Call) -> Answer {
    let methods = json!({"description": "Import methods available.", "type": "array",
        "value": ["glance-direct", "web-download"]});
    Ok(Reply::json(200, &json!({"import-methods": methods})))
}

fn stores(_: &mut State, _: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"stores": [{"id": "file", "default": "true"}]})))
}
