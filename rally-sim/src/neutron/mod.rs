//! Neutron keeps networks, and the ports by which servers and routers come to them.

mod crud;
mod floatingips;
mod kinds;
mod ports;
mod quotas;
mod routers;
mod security;
mod store;
mod subnets;

use serde_json::json;

pub(crate) use ports::{Address, addresses, bind, has_ports, plug, ports_of};
pub(crate) use store::Neutron;

use crate::http::{Actor, Answer, Call, Object, Reply, Route, Service, object, route, text};
use crate::state::State;

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        route("GET", "/", versions).open(),
        route("GET", "/v2.0/", resources),
        route("GET", "/v2.0/extensions", extensions),
        route("GET", "/v2.0/extensions/{alias}", extension),
    ];
    routes.extend(EMPTY.map(|(many, _)| route("GET", format!("/v2.0/{many}"), nothing)));
    routes.extend(quotas::routes());
    routes.extend(security::routes());
    routes.extend(routers::routes());
    routes.extend(kinds::routes());
    routes
}

/// Kinds of which there are none here: the path, and the key of the list.
const EMPTY: [(&str, &str); 8] = [
    ("agents", "agents"),
    ("availability_zones", "availability_zones"),
    ("trunks", "trunks"),
    ("subnetpools", "subnetpools"),
    ("address-scopes", "address_scopes"),
    ("rbac-policies", "rbac_policies"),
    ("qos/policies", "policies"),
    ("service-providers", "service_providers"),
];

/// What a client looks for before it uses something.
const EXTENSIONS: [&str; 19] = [
    "agent",
    "binding",
    "dns-integration",
    "external-net",
    "ext-gw-mode",
    "extraroute",
    "net-mtu",
    "pagination",
    "port-security",
    "project-id",
    "provider",
    "quotas",
    "router",
    "security-group",
    "sorting",
    "standard-attr-description",
    "standard-attr-revisions",
    "standard-attr-timestamp",
    "subnet_allocation",
];

fn versions(state: &mut State, _: &Call) -> Answer {
    let href = format!("{}/v2.0/", state.endpoint(Service::Neutron));
    let version = json!({"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": href}]});
    Ok(Reply::json(200, &json!({"versions": [version]})))
}

fn resources(state: &mut State, _: &Call) -> Answer {
    let endpoint = state.endpoint(Service::Neutron);
    let row = |name: &str| {
        let href = format!("{endpoint}/v2.0/{name}s");
        json!({"name": name, "collection": format!("{name}s"), "links": [{"rel": "self", "href": href}]})
    };
    let rows = ["network", "subnet", "subnetpool", "port"].map(row);
    Ok(Reply::json(200, &json!({"resources": rows})))
}

fn extension_row(alias: &str) -> Object {
    object!({"name": alias, "alias": alias, "description": alias, "updated": "2013-02-03T10:00:00-00:00", "links": []})
}

fn extensions(_: &mut State, _: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"extensions": EXTENSIONS.map(extension_row)})))
}

fn extension(_: &mut State, call: &Call) -> Answer {
    if !EXTENSIONS.contains(&call.id()) {
        let message = format!("Extension with alias {} does not exist", call.id());
        return Err(crate::http::Problem::not_found(message).kind("HTTPNotFound"));
    }
    Ok(Reply::json(200, &json!({"extension": extension_row(call.id())})))
}

fn nothing(_: &mut State, call: &Call) -> Answer {
    let path = call.path.trim_start_matches("/v2.0/");
    let key = EMPTY.iter().find(|(many, _)| *many == path).map_or(path, |(_, key)| key);
    Ok(Reply::json(200, &json!({key: []})))
}

/// What exists before anybody comes.
pub(crate) fn seed(state: &mut State) {
    let admin = state.keystone.projects.iter().find(|row| text(row, "name") == "admin");
    let admin = admin.map(|row| text(row, "id").to_owned()).unwrap_or_default();
    for (name, cidr, external) in [("public", "172.24.0.0/16", true), ("private", "10.100.0.0/16", false)] {
        let mut network = kinds::network(state, &admin, object!({"name": name, "router:external": external}));
        if external {
            network.insert("is_default".to_owned(), json!(true));
            network.extend(
                object!({"mtu": 1500, "provider:network_type": "flat", "provider:physical_network": name,
                "provider:segmentation_id": null}),
            );
        } else {
            network.remove("is_default");
        }
        let id = text(&network, "id").to_owned();
        state.neutron.networks.insert(&id, network);
        let body = object!({"name": format!("{name}-subnet"), "network_id": id, "cidr": cidr, "ip_version": 4,
            "enable_dhcp": !external});
        // The two ranges are right and there is nothing yet with which they could clash.
        if let Ok(subnet) = subnets::build(state, &admin, body) {
            subnets::store(state, subnet);
        }
    }
}

/// Whether an actor sees a network.
fn sees_network(actor: &Actor, row: &Object) -> bool {
    actor.sees(text(row, "project_id"))
        || ["shared", "router:external"].iter().any(|key| row.get(*key).is_some_and(|value| value == true))
}

/// A network that this actor sees.
pub(crate) fn network<'a>(state: &'a State, actor: &Actor, id: &str) -> Option<&'a Object> {
    state.neutron.networks.get(id).filter(|row| sees_network(actor, row))
}

/// Networks of which a server may be on one without saying which: the project's own and the shared; an administrator
/// is also offered those that lead outside.
pub(crate) fn networks_for(state: &State, actor: &Actor) -> Vec<String> {
    let usable = |row: &&Object| {
        let is = |key: &str| row.get(key).is_some_and(|value| value == true);
        text(row, "project_id") == actor.project()
            || is("shared")
            || (is("router:external") && actor.is_admin())
    };
    state.neutron.networks.iter().filter(usable).map(|row| text(row, "id").to_owned()).collect()
}

/// A port that this actor sees.
pub(crate) fn port<'a>(state: &'a State, actor: &Actor, id: &str) -> Option<&'a Object> {
    state.neutron.port(id).filter(|row| actor.sees(text(row, "project_id")))
}

/// A project's security group, by name or id.
pub(crate) fn security_group<'a>(state: &'a State, project: &str, name: &str) -> Option<&'a Object> {
    let mut own = state.neutron.security_groups.iter().filter(|row| text(row, "project_id") == project);
    own.find(|row| text(row, "name") == name || text(row, "id") == name)
}
