//! A port has addresses of its network, and belongs to a device or to none.

use serde_json::{Value, json};

use super::crud::{finished, over};
use super::{security, subnets};
use crate::http::{Object, Problem, object, text};
use crate::state::State;

/// A new port on a network that exists.
pub(super) fn build(state: &mut State, project: &str, mut body: Object) -> Result<Object, Problem> {
    let network = text(&body, "network_id").to_owned();
    let fixed_ips = match body.remove("fixed_ips") {
        Some(Value::Array(asked)) => asked_addresses(state, &network, &asked)?,
        _ => one_address_each(state, &network)?,
    };
    let groups = match body.remove("security_groups") {
        Some(Value::Array(groups)) => groups,
        _ if text(&body, "device_owner").starts_with("network:") => Vec::new(),
        _ => vec![json!(security::ensure_default(state, project))],
    };
    let (id, mac) = (state.uuid(), mac(state));
    let secured = body.get("port_security_enabled").and_then(Value::as_bool).unwrap_or(!groups.is_empty());
    let row = object!({
        "id": id, "name": "", "network_id": network, "tenant_id": project, "mac_address": mac, "admin_state_up": true,
        "status": "DOWN", "device_id": "", "device_owner": "", "fixed_ips": fixed_ips, "allowed_address_pairs": [],
        "extra_dhcp_opts": [], "security_groups": groups, "description": "", "binding:vnic_type": "normal",
        "binding:profile": {}, "binding:host_id": "", "binding:vif_type": "unbound", "binding:vif_details": {},
        "port_security_enabled": secured, "qos_policy_id": null, "qos_network_policy_id": null, "dns_name": "",
        "dns_assignment": dns(&fixed_ips, ""), "dns_domain": "", "resource_request": null, "ip_allocation": "immediate",
    });
    Ok(over(finished(state, project, row), body))
}

/// Changes a port; other addresses are taken and the old ones given back when it is kept.
pub(super) fn change(state: &mut State, row: &mut Object, mut body: Object) -> Result<(), Problem> {
    if let Some(Value::Array(asked)) = body.get("fixed_ips") {
        let network = text(row, "network_id").to_owned();
        let had = row.get("fixed_ips").and_then(Value::as_array).cloned().unwrap_or_default();
        let (kept, new): (Vec<Value>, Vec<Value>) = asked.iter().cloned().partition(|ip| had.contains(ip));
        let new = asked_addresses(state, &network, &new)?;
        let all: Vec<Value> = kept.into_iter().chain(new).collect();
        body.insert("dns_assignment".to_owned(), dns(&all, text(row, "dns_name")));
        body.insert("fixed_ips".to_owned(), all.into());
    }
    row.extend(body);
    Ok(())
}

fn mac(state: &mut State) -> String {
    let digits = state.hex_id();
    format!("fa:16:3e:{}:{}:{}", &digits[..2], &digits[2..4], &digits[4..6])
}

fn dns(fixed_ips: &[Value], name: &str) -> Value {
    let row = |ip: &Value| {
        let address = ip["ip_address"].as_str().unwrap_or_default();
        let host = if name.is_empty() {
            format!("host-{}", address.replace(['.', ':'], "-"))
        } else {
            name.to_owned()
        };
        json!({"ip_address": address, "fqdn": format!("{host}.cloud.test."), "hostname": host})
    };
    fixed_ips.iter().map(row).collect()
}

/// Subnets of a network: id and version.
fn subnets_of<'a>(state: &'a State, network: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
    let of_network = state.neutron.subnets.iter().filter(move |row| text(row, "network_id") == network);
    of_network.map(|row| (text(row, "id"), row.get("ip_version").and_then(Value::as_u64).unwrap_or(4)))
}

fn exhausted(network: &str) -> Problem {
    let message = format!("No more IP addresses available on network {network}.");
    Problem::conflict(message).kind("IpAddressGenerationFailure")
}

/// One address for each version that the network has.
fn one_address_each(state: &State, network: &str) -> Result<Vec<Value>, Problem> {
    let mut addresses = Vec::new();
    for version in [4, 6] {
        let mut of_version = subnets_of(state, network).filter(|(_, is)| *is == version).peekable();
        if of_version.peek().is_none() {
            continue;
        }
        let free = of_version.find_map(|(subnet, _)| Some((subnet, subnets::free_address(state, subnet)?)));
        let (subnet, address) = free.ok_or_else(|| exhausted(network))?;
        addresses.push(json!({"subnet_id": subnet, "ip_address": address}));
    }
    Ok(addresses)
}

/// The addresses that a client asked for: a certain one, or any of a certain subnet.
fn asked_addresses(state: &mut State, network: &str, asked: &[Value]) -> Result<Vec<Value>, Problem> {
    let mut addresses = Vec::new();
    for ip in asked {
        let field = |key: &str| ip.get(key).and_then(Value::as_str).unwrap_or_default();
        let subnet = match field("subnet_id") {
            "" => subnets_of(state, network).next().map(|(id, _)| id.to_owned()).unwrap_or_default(),
            id => id.to_owned(),
        };
        let known = state.neutron.subnets.get(&subnet).is_some_and(|row| text(row, "network_id") == network);
        if !known {
            let message = format!("Subnet {subnet} could not be found.");
            return Err(Problem::not_found(message).kind("SubnetNotFound"));
        }
        let address = match field("ip_address") {
            "" => subnets::free_address(state, &subnet).ok_or_else(|| exhausted(network))?,
            address => address.to_owned(),
        };
        let number = subnets::number(&address).ok_or_else(|| {
            Problem::bad_request(format!(
                "Invalid input for fixed_ips. Reason: '{address}' is not a valid IP address."
            ))
            .kind("HTTPBadRequest")
        })?;
        // Taken at once, so that two addresses of one request differ.
        if !state.neutron.take(&subnet, number) {
            let message = format!("IP address {address} already allocated in subnet {subnet}");
            return Err(Problem::conflict(message).kind("IpAddressAlreadyAllocated"));
        }
        addresses.push(json!({"subnet_id": subnet, "ip_address": address}));
    }
    Ok(addresses)
}

/// Makes a port for a server; its id. None if the network has no address left.
pub(crate) fn plug(state: &mut State, network: &str, project: &str, groups: &[String]) -> Option<String> {
    security::ensure_default(state, project);
    let ids: Vec<Value> = groups
        .iter()
        .filter_map(|name| super::security_group(state, project, name))
        .map(|row| json!(text(row, "id")))
        .collect();
    let row = build(state, project, object!({"network_id": network, "security_groups": ids})).ok()?;
    let id = text(&row, "id").to_owned();
    state.neutron.put_port(row);
    state.neutron.mark_made_for_server(&id);
    Some(id)
}

/// Gives a port to a device.
pub(crate) fn bind(state: &mut State, port: &str, binding: Object) {
    let Some(mut row) = state.neutron.port(port).cloned() else { return };
    row.extend(binding);
    let ips = row.get("fixed_ips").and_then(Value::as_array).cloned().unwrap_or_default();
    let names = dns(&ips, text(&row, "dns_name"));
    row.insert("dns_assignment".to_owned(), names);
    super::crud::touch(state, &mut row);
    state.neutron.put_port(row);
}

/// Ports of a server or a router.
pub(crate) fn ports_of<'a>(state: &'a State, device: &str) -> impl Iterator<Item = &'a Object> {
    state.neutron.ids_of(device).filter_map(|id| state.neutron.port(id))
}

pub(crate) fn has_ports(state: &State, device: &str) -> bool {
    state.neutron.ids_of(device).next().is_some()
}

/// One address of a server.
pub(crate) struct Address {
    /// Name of the network.
    pub(crate) network: String,
    pub(crate) ip: String,
    pub(crate) mac: String,
    /// `fixed` or `floating`.
    pub(crate) kind: &'static str,
}

/// The addresses of a server, the floating ones after those they lead to.
pub(crate) fn addresses(state: &State, device: &str) -> Vec<Address> {
    let mut all = Vec::new();
    for port in ports_of(state, device) {
        let network =
            state.neutron.networks.get(text(port, "network_id")).map_or("", |row| text(row, "name"));
        let mut add = |address: &str, kind: &'static str| {
            let (network, mac) = (network.to_owned(), text(port, "mac_address").to_owned());
            all.push(Address { network, ip: address.to_owned(), mac, kind });
        };
        for ip in port.get("fixed_ips").and_then(Value::as_array).into_iter().flatten() {
            add(ip["ip_address"].as_str().unwrap_or_default(), "fixed");
        }
        let leads_here = |row: &&Object| text(row, "port_id") == text(port, "id");
        for floating in state.neutron.floatingips.iter().filter(leads_here) {
            add(text(floating, "floating_ip_address"), "floating");
        }
    }
    all
}
