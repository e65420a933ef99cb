//! A router has a port on each of its subnets and perhaps one that leads outside.

use serde_json::{Value, json};

use super::crud::{self, disallowed, touch};
use super::kinds::{Network, Port, Router, Subnet};
use super::{floatingips, ports};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, object, route, text};
use crate::state::State;

const INTERFACE: &str = "network:router_interface";

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("PUT", "/v2.0/routers/{router_id}/add_router_interface", add),
        route("PUT", "/v2.0/routers/{router_id}/remove_router_interface", remove),
    ]
}

/// The ports of a router on its subnets.
pub(super) fn interfaces<'a>(state: &'a State, router: &str) -> impl Iterator<Item = &'a Object> {
    ports::ports_of(state, router).filter(|port| text(port, "device_owner") == INTERFACE)
}

fn on_subnet(port: &Object, subnet: &str) -> bool {
    let ips = port.get("fixed_ips").and_then(Value::as_array).into_iter().flatten();
    ips.into_iter().any(|ip| ip.get("subnet_id").is_some_and(|is| is == subnet))
}

/// The router between a subnet and an external network.
pub(super) fn towards(state: &State, subnet: &str, network: &str) -> Option<String> {
    let leads_there = |row: &&Object| row["external_gateway_info"]["network_id"] == network;
    let mut routers = state.neutron.routers.iter().filter(leads_there).map(|row| text(row, "id"));
    routers.find(|id| interfaces(state, id).any(|port| on_subnet(port, subnet))).map(str::to_owned)
}

fn bad(message: &str) -> Problem {
    Problem::bad_request(format!("Bad router request: {message}")).kind("BadRequest")
}

/// What both answers say.
fn shown(router: &Object, port: &Object) -> Reply {
    let subnet = &port["fixed_ips"][0]["subnet_id"];
    Reply::json(
        200,
        &json!({"id": router["id"], "tenant_id": router["tenant_id"], "port_id": port["id"],
            "network_id": port["network_id"], "subnet_id": subnet, "subnet_ids": [subnet]}),
    )
}

fn body(call: &Call) -> Result<Object, Problem> {
    match call.json("Body contains invalid data")? {
        Value::Object(body) => Ok(body),
        _ => Err(bad("Either subnet_id or port_id must be specified.")),
    }
}

fn own(state: &State, call: &Call) -> Result<Object, Problem> {
    let router = crud::find::<Router>(state, &call.actor, call.id())?;
    if call.actor.sees(text(router, "project_id")) {
        Ok(router.clone())
    } else {
        Err(disallowed("rule:update_router"))
    }
}

fn add(state: &mut State, call: &Call) -> Answer {
    let (router, body) = (own(state, call)?, body(call)?);
    let port = match (text(&body, "port_id"), text(&body, "subnet_id")) {
        ("", "") => return Err(bad("Either subnet_id or port_id must be specified.")),
        ("", subnet) => {
            let row = crud::find::<Subnet>(state, &call.actor, subnet)?;
            if interfaces(state, call.id()).any(|port| on_subnet(port, subnet)) {
                return Err(bad(&format!("Router already has a port on subnet {subnet}.")));
            }
            let gateway = row.get("gateway_ip").cloned().unwrap_or_default();
            if gateway.is_null() {
                return Err(bad("Subnet for router interface must have a gateway IP"));
            }
            let sent = object!({
                "network_id": row["network_id"], "device_id": call.id(), "device_owner": INTERFACE,
                "fixed_ips": [{"subnet_id": subnet, "ip_address": gateway}], "port_security_enabled": false,
            });
            ports::build(state, text(&router, "project_id"), sent)?
        }
        (port, _) => {
            let mut row = crud::find::<Port>(state, &call.actor, port)?.clone();
            if !text(&row, "device_id").is_empty() {
                let message = format!(
                    "Unable to complete operation on port {port} for network {}. Port already has an attached device {}.",
                    text(&row, "network_id"),
                    text(&row, "device_id")
                );
                return Err(Problem::conflict(message).kind("PortInUse"));
            }
            row.extend(object!({"device_id": call.id(), "device_owner": INTERFACE}));
            row
        }
    };
    state.neutron.put_port(port.clone());
    Ok(shown(&router, &port))
}

fn remove(state: &mut State, call: &Call) -> Answer {
    let (router, body) = (own(state, call)?, body(call)?);
    let (port, subnet) = (text(&body, "port_id"), text(&body, "subnet_id"));
    let found = interfaces(state, call.id()).find(|row| {
        (port.is_empty() || text(row, "id") == port) && (subnet.is_empty() || on_subnet(row, subnet))
    });
    let Some(found) = found.cloned() else {
        let id = call.id();
        return Err(if subnet.is_empty() {
            let message = format!("Router {id} does not have an interface with id {port}");
            Problem::not_found(message).kind("RouterInterfaceNotFound")
        } else {
            let message = format!("Router {id} has no interface on subnet {subnet}");
            Problem::not_found(message).kind("RouterInterfaceNotFoundForSubnet")
        });
    };
    state.neutron.drop_port(text(&found, "id"));
    Ok(shown(&router, &found))
}

/// Leads a router outside, or not any more.
pub(super) fn set_gateway(
    state: &mut State,
    call: &Call,
    row: &mut Object,
    gateway: &Value,
) -> Result<(), Problem> {
    let router = text(row, "id").to_owned();
    let network = gateway.get("network_id").and_then(Value::as_str);
    if let Some(network) = network {
        let external = crud::find::<Network>(state, &call.actor, network)?;
        if external.get("router:external") != Some(&Value::Bool(true)) {
            return Err(bad(&format!("Network {network} is not an external network")));
        }
    }
    drop_gateway(state, &router);
    let info = match network {
        None => Value::Null,
        Some(network) => {
            let port = floatingips::gateway_port(state, &router, network)?;
            let info = json!({"network_id": network, "external_fixed_ips": port["fixed_ips"],
                "enable_snat": gateway.get("enable_snat").and_then(Value::as_bool).unwrap_or(true)});
            state.neutron.put_port(port);
            info
        }
    };
    row.insert("external_gateway_info".to_owned(), info);
    touch(state, row);
    Ok(())
}

pub(super) fn drop_gateway(state: &mut State, router: &str) {
    let gateways = ports::ports_of(state, router).filter(|port| text(port, "device_owner") != INTERFACE);
    for id in gateways.map(|port| text(port, "id").to_owned()).collect::<Vec<_>>() {
        state.neutron.drop_port(&id);
    }
}
