//! Flavors are few, and everybody may read the public ones.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{bad_page, body, invalid, links, listed, require};
use crate::http::page::page;
use crate::http::{Answer, Call, Object, Problem, Reply, Route, route, text};
use crate::state::State;

/// One flavor.
#[derive(Clone, Debug)]
pub(crate) struct Flavor {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) ram: i64,
    pub(crate) disk: i64,
    pub(crate) vcpus: i64,
    pub(crate) ephemeral: i64,
    pub(crate) swap: i64,
    pub(crate) is_public: bool,
    pub(crate) description: Option<String>,
    pub(crate) extra_specs: Object,
    /// Projects that may use it though it is not public.
    pub(crate) access: Vec<String>,
}

/// Those that are there from the start: id, name, MiB, GiB and CPUs.
const FIRST: [(&str, &str, i64, i64, i64); 6] = [
    ("1", "m1.tiny", 512, 1, 1),
    ("2", "m1.small", 2048, 20, 1),
    ("3", "m1.medium", 4096, 40, 2),
    ("4", "m1.large", 8192, 80, 4),
    ("42", "m1.nano", 128, 1, 1),
    ("84", "m1.micro", 192, 1, 1),
];

pub(super) fn first() -> impl Iterator<Item = Flavor> {
    FIRST.into_iter().map(|(id, name, ram, disk, vcpus)| Flavor {
        id: id.to_owned(),
        name: name.to_owned(),
        ram,
        disk,
        vcpus,
        ephemeral: 0,
        swap: 0,
        is_public: true,
        description: None,
        extra_specs: Object::new(),
        access: Vec::new(),
    })
}

const SPECS: &str = "/v2.1/flavors/{flavor_id}/os-extra_specs";

pub(super) fn routes() -> Vec<Route> {
    let manage = |what: &str| format!("os_compute_api:os-flavor-manage:{what}");
    let extra = |what: &str| format!("os_compute_api:os-flavor-extra-specs:{what}");
    let access = |what: &str| format!("os_compute_api:os-flavor-access:{what}");
    vec![
        route("GET", "/v2.1/flavors", list),
        route("GET", "/v2.1/flavors/detail", list),
        route("POST", "/v2.1/flavors", create).admin(manage("create")),
        route("GET", "/v2.1/flavors/{flavor_id}", show),
        route("PUT", "/v2.1/flavors/{flavor_id}", update).admin(manage("update")),
        route("DELETE", "/v2.1/flavors/{flavor_id}", delete).admin(manage("delete")),
        route("GET", SPECS, specs),
        route("POST", SPECS, set_specs).admin(extra("create")),
        route("DELETE", format!("{SPECS}/{{key}}"), unset_spec).admin(extra("delete")),
        route("GET", "/v2.1/flavors/{flavor_id}/os-flavor-access", accesses).admin(access("index")),
        route("POST", "/v2.1/flavors/{flavor_id}/action", act).admin(access("add_tenant_access")),
    ]
}

/// The flavor with this id, if the caller may see it.
pub(super) fn find(state: &State, call: &Call, id: &str) -> Option<Arc<Flavor>> {
    state.nova.flavors.get(id).filter(|flavor| visible(call, flavor)).map(Arc::clone)
}

fn visible(call: &Call, flavor: &Flavor) -> bool {
    flavor.is_public
        || call.actor.is_admin()
        || flavor.access.iter().any(|project| project == call.actor.project())
}

fn get(state: &State, call: &Call) -> Result<Arc<Flavor>, Problem> {
    find(state, call, call.id())
        .ok_or_else(|| Problem::not_found(format!("Flavor {} could not be found.", call.id())))
}

/// Replaces a flavor: servers keep the one with which they were made.
fn change(state: &mut State, call: &Call, how: impl FnOnce(&mut Flavor)) -> Result<Arc<Flavor>, Problem> {
    let mut flavor = Flavor::clone(&*get(state, call)?);
    how(&mut flavor);
    let flavor = Arc::new(flavor);
    state.nova.flavors.insert(call.id(), Arc::clone(&flavor));
    Ok(flavor)
}

fn shown(state: &State, call: &Call, flavor: &Flavor, detailed: bool) -> Value {
    let links = links(state, &format!("flavors/{}", flavor.id));
    if !detailed {
        let mut row = json!({"id": flavor.id, "name": flavor.name, "links": links});
        if call.micro >= 55 {
            row["description"] = json!(flavor.description);
        }
        return row;
    }
    // Nova has shown "no swap" as an empty text since its beginning, and as a number since 2.75.
    let swap = if flavor.swap == 0 && call.micro < 75 { json!("") } else { json!(flavor.swap) };
    let mut row = json!({
        "id": flavor.id, "name": flavor.name, "ram": flavor.ram, "disk": flavor.disk, "swap": swap,
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral, "OS-FLV-DISABLED:disabled": false, "vcpus": flavor.vcpus,
        "os-flavor-access:is_public": flavor.is_public, "rxtx_factor": 1.0, "links": links,
    });
    if call.micro >= 55 {
        row["description"] = json!(flavor.description);
    }
    if call.micro >= 61 {
        row["extra_specs"] = json!(flavor.extra_specs);
    }
    row
}

fn list(state: &mut State, call: &Call) -> Answer {
    let at_least = |key: &str| call.asked(key).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let (ram, disk) = (at_least("minRam"), at_least("minDisk"));
    // Only an administrator may ask for the hidden ones, with "None" for both kinds.
    let public = match call.asked("is_public") {
        Some(asked) if call.actor.is_admin() => {
            (!asked.eq_ignore_ascii_case("none")).then(|| crate::http::call::is_yes(asked))
        }
        _ => Some(true),
    };
    let wanted = |flavor: &&Arc<Flavor>| {
        let shown = match public {
            Some(public) => {
                flavor.is_public == public || (public && visible(call, flavor) && !call.actor.is_admin())
            }
            None => true,
        };
        shown && flavor.ram >= ram && flavor.disk >= disk
    };
    let flavors = state.nova.flavors.iter();
    let page =
        page(call, state.options.page_limit, flavors, |flavor| &flavor.id, wanted).map_err(bad_page)?;
    let detailed = call.path.ends_with("/detail");
    let rows: Vec<_> = page.rows.into_iter().map(|flavor| shown(state, call, flavor, detailed)).collect();
    Ok(listed(state, call, "flavors", &rows, page.next))
}

fn show(state: &mut State, call: &Call) -> Answer {
    let flavor = get(state, call)?;
    Ok(Reply::json(200, &json!({"flavor": shown(state, call, &flavor, true)})))
}

/// A number, or a text of digits: Nova takes both.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn create(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "flavor")?;
    let required = |key: &str| {
        let value = require(&body, "flavor", key)?;
        number(value).ok_or_else(|| invalid(key, value, "not an integer"))
    };
    let optional = |key: &str| body.get(key).and_then(number).unwrap_or(0);
    let name = require(&body, "flavor", "name")?.as_str().unwrap_or_default().to_owned();
    let (ram, disk, vcpus) = (required("ram")?, required("disk")?, required("vcpus")?);
    let id = match body.get("id").or_else(|| body.get("flavorid")) {
        None | Some(Value::Null) => state.uuid(),
        Some(Value::String(id)) => id.clone(),
        Some(other) => other.to_string(),
    };
    if state.nova.flavors.iter().any(|flavor| flavor.name == name) {
        return Err(Problem::conflict(format!("Flavor with name {name} already exists.")));
    }
    if state.nova.flavors.contains(&id) {
        return Err(Problem::conflict(format!("Flavor with ID {id} already exists.")));
    }
    let flavor = Flavor {
        id: id.clone(),
        name,
        ram,
        disk,
        vcpus,
        ephemeral: optional("OS-FLV-EXT-DATA:ephemeral"),
        swap: optional("swap"),
        is_public: body.get("os-flavor-access:is_public").and_then(Value::as_bool).unwrap_or(true),
        description: body.get("description").and_then(Value::as_str).map(str::to_owned),
        extra_specs: Object::new(),
        access: Vec::new(),
    };
    let row = shown(state, call, &flavor, true);
    state.nova.flavors.insert(&id, Arc::new(flavor));
    Ok(Reply::json(200, &json!({"flavor": row})))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "flavor")?;
    let description = body.get("description").and_then(Value::as_str).map(str::to_owned);
    let flavor = change(state, call, |flavor| flavor.description = description)?;
    Ok(Reply::json(200, &json!({"flavor": shown(state, call, &flavor, true)})))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    get(state, call)?;
    state.nova.flavors.remove(call.id());
    Ok(Reply::empty(202))
}

fn specs(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"extra_specs": get(state, call)?.extra_specs})))
}

fn set_specs(state: &mut State, call: &Call) -> Answer {
    let specs = body(call, "extra_specs")?;
    change(state, call, |flavor| flavor.extra_specs.extend(specs.clone()))?;
    Ok(Reply::json(200, &json!({"extra_specs": specs})))
}

fn unset_spec(state: &mut State, call: &Call) -> Answer {
    let mut found = None;
    change(state, call, |flavor| found = flavor.extra_specs.remove(call.param(1)))?;
    let missing = || {
        let message = format!("Flavor {} has no extra specs with key {}.", call.id(), call.param(1));
        Problem::not_found(message)
    };
    found.map(|_| Reply::empty(200)).ok_or_else(missing)
}

fn access_rows(flavor: &Flavor) -> Value {
    let rows = flavor.access.iter().map(|project| json!({"flavor_id": flavor.id, "tenant_id": project}));
    json!({"flavor_access": rows.collect::<Vec<_>>()})
}

fn accesses(state: &mut State, call: &Call) -> Answer {
    let flavor = get(state, call)?;
    if flavor.is_public {
        return Err(Problem::not_found("Access list not available for public flavors."));
    }
    Ok(Reply::json(200, &access_rows(&flavor)))
}

fn act(state: &mut State, call: &Call) -> Answer {
    let (add, body) = match (
        call.wrapped("addTenantAccess", super::NO_JSON)?,
        call.wrapped("removeTenantAccess", super::NO_JSON)?,
    ) {
        (Some(body), _) => (true, body),
        (None, Some(body)) => (false, body),
        (None, None) => return Err(Problem::bad_request(super::NO_JSON)),
    };
    let project = text(&body, "tenant").to_owned();
    let flavor = change(state, call, |flavor| {
        flavor.access.retain(|has| *has != project);
        flavor.access.extend(add.then_some(project));
    })?;
    Ok(Reply::json(200, &access_rows(&flavor)))
}
