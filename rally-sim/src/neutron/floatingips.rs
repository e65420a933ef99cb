//! A floating IP is an address of an external network that leads to a port.

use serde_json::{Value, json};

use super::crud::{self, finished, over};
use super::kinds::{Network, Port};
use super::{ports, routers, subnets};
use crate::http::{Call, Object, Problem, object, text};
use crate::state::State;

pub(super) fn build(
    state: &mut State,
    call: &Call,
    project: &str,
    mut body: Object,
) -> Result<Object, Problem> {
    let network = text(&body, "floating_network_id").to_owned();
    let external = crud::find::<Network>(state, &call.actor, &network)?;
    if external.get("router:external") != Some(&Value::Bool(true)) {
        let message = format!("Bad floatingip request: Network {network} is not a valid external network.");
        return Err(Problem::bad_request(message).kind("BadRequest"));
    }
    let subnet = external
        .get("subnets")
        .and_then(|subnets| subnets.get(0))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let address = subnets::free_address(state, subnet).ok_or_else(|| {
        let message = format!("No more IP addresses available on network {network}.");
        Problem::conflict(message).kind("ExternalIpAddressExhausted")
    })?;
    let subnet = subnet.to_owned();
    let port = body.remove("port_id");
    body.remove("floating_ip_address");
    body.remove("subnet_id");
    let row = object!({
        "id": state.uuid(), "tenant_id": project, "floating_ip_address": address, "floating_network_id": network,
        "router_id": null, "port_id": null, "fixed_ip_address": null, "status": "DOWN", "description": "",
        "qos_policy_id": null, "port_details": null, "dns_domain": "", "dns_name": "", "port_forwardings": [],
    });
    let mut row = over(finished(state, project, row), body);
    row.insert("revision_number".to_owned(), json!(0));
    if let Some(port) = port {
        attach(state, call, &mut row, &port)?;
    }
    if let Some(number) = subnets::number(&address) {
        state.neutron.take(&subnet, number);
    }
    Ok(row)
}

/// Leads an address to a port, or to none.
pub(super) fn attach(state: &State, call: &Call, row: &mut Object, port: &Value) -> Result<(), Problem> {
    let Some(id) = port.as_str().filter(|id| !id.is_empty()) else {
        detach(row);
        return Ok(());
    };
    let port = crud::find::<Port>(state, &call.actor, id)?;
    let ip = port.get("fixed_ips").and_then(|ips| ips.get(0)).cloned().unwrap_or_default();
    let router = routers::towards(
        state,
        ip["subnet_id"].as_str().unwrap_or_default(),
        text(row, "floating_network_id"),
    );
    let router = router.ok_or_else(|| {
        let message = format!(
            "External network {} is not reachable from subnet {}.  Therefore, cannot associate Port {id} with a \
             Floating IP.",
            text(row, "floating_network_id"),
            ip["subnet_id"].as_str().unwrap_or_default(),
        );
        Problem::not_found(message).kind("ExternalGatewayForFloatingIPNotFound")
    })?;
    let details: Object =
        ["name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner"]
            .iter()
            .map(|key| ((*key).to_owned(), port[*key].clone()))
            .collect();
    row.extend(object!({
        "router_id": router, "port_id": id, "fixed_ip_address": ip["ip_address"], "port_details": details,
    }));
    Ok(())
}

/// An address leads nowhere.
pub(super) fn detach(row: &mut Object) {
    for key in ["router_id", "port_id", "fixed_ip_address", "port_details"] {
        row.insert(key.to_owned(), Value::Null);
    }
}

pub(super) fn remove(state: &mut State, id: &str) {
    let Some(row) = state.neutron.floatingips.remove(id) else { return };
    let network = state.neutron.networks.get(text(&row, "floating_network_id"));
    let subnets =
        network.and_then(|row| row.get("subnets")).and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(number) = subnets::number(text(&row, "floating_ip_address")) {
        for subnet in subnets.iter().filter_map(Value::as_str) {
            state.neutron.free(subnet, number);
        }
    }
}

/// An address of a network for a router's gateway; the port that has it.
pub(super) fn gateway_port(state: &mut State, router: &str, network: &str) -> Result<Object, Problem> {
    let body =
        object!({"network_id": network, "device_id": router, "device_owner": "network:router_gateway"});
    ports::build(state, "", body)
}
