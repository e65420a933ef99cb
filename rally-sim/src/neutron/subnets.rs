//! A subnet is a range of addresses of which each is given once.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::crud::{finished, over};
use crate::http::{Object, Problem, object, text};
use crate::state::State;

/// A range in the notation `10.0.0.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cidr {
    first: u128,
    last: u128,
    is_v4: bool,
}

/// An address as a number.
pub(super) fn number(address: &str) -> Option<u128> {
    Some(match address.parse().ok()? {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    })
}

/// A number as an address.
fn address(number: u128, is_v4: bool) -> String {
    match u32::try_from(number) {
        Ok(number) if is_v4 => IpAddr::from(number.to_be_bytes()).to_string(),
        _ => IpAddr::from(number.to_be_bytes()).to_string(),
    }
}

impl Cidr {
    fn parse(text: &str) -> Option<Self> {
        let (start, length) = text.split_once('/')?;
        let is_v4 = start.parse::<IpAddr>().ok()?.is_ipv4();
        let bits: u32 = if is_v4 { 32 } else { 128 };
        let free = bits.checked_sub(length.parse().ok()?)?;
        let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
        let first = number(start)? & !mask;
        Some(Self { first, last: first | mask, is_v4 })
    }

    fn overlaps(self, other: Self) -> bool {
        self.is_v4 == other.is_v4 && self.first <= other.last && other.first <= self.last
    }
}

fn invalid(message: &str) -> Problem {
    Problem::bad_request(format!("Invalid input for operation: {message}")).kind("InvalidInput")
}

/// A new subnet on a network that exists.
pub(super) fn build(state: &mut State, project: &str, mut body: Object) -> Result<Object, Problem> {
    let given = text(&body, "cidr").to_owned();
    if given.is_empty() {
        let message = "Bad subnets request: a subnetpool must be specified in the absence of a cidr.";
        return Err(Problem::bad_request(message).kind("BadRequest"));
    }
    let cidr = Cidr::parse(&given).ok_or_else(|| invalid(&format!("{given} is not in a CIDR format.")))?;
    let network = text(&body, "network_id").to_owned();
    let clashes = |row: &Object| {
        text(row, "network_id") == network
            && Cidr::parse(text(row, "cidr")).is_some_and(|other| other.overlaps(cidr))
    };
    if state.neutron.subnets.iter().any(clashes) {
        let message = format!(
            "Requested subnet with cidr: {given} for network: {network} overlaps with another subnet."
        );
        return Err(invalid(&message));
    }
    // The ends of a range of version 4 are the network itself and everybody on it.
    let (first, last) = if cidr.is_v4 && cidr.last - cidr.first > 1 {
        (cidr.first + 1, cidr.last - 1)
    } else {
        (cidr.first + u128::from(cidr.last > cidr.first), cidr.last)
    };
    let gateway = match body.remove("gateway_ip") {
        None => json!(address(first, cidr.is_v4)),
        Some(gateway) => gateway,
    };
    let start = if gateway.as_str().and_then(number) == Some(first) { first + 1 } else { first };
    let pools = body
        .remove("allocation_pools")
        .filter(|pools| pools.as_array().is_some_and(|pools| !pools.is_empty()));
    let pools = pools
        .unwrap_or_else(|| json!([{"start": address(start, cidr.is_v4), "end": address(last, cidr.is_v4)}]));
    let id = state.uuid();
    let row = object!({
        "id": id, "name": "", "tenant_id": project, "network_id": network, "ip_version": if cidr.is_v4 { 4 } else { 6 },
        "subnetpool_id": null, "enable_dhcp": true, "ipv6_ra_mode": null, "ipv6_address_mode": null,
        "gateway_ip": gateway, "cidr": given, "allocation_pools": pools, "host_routes": [], "dns_nameservers": [],
        "description": "", "service_types": [],
    });
    let mut row = over(finished(state, project, row), body);
    row.insert("revision_number".to_owned(), json!(0));
    Ok(row)
}

/// Keeps a subnet; its network names it.
pub(super) fn store(state: &mut State, mut row: Object) {
    // The answer to a creation does not have it yet.
    row.entry("segment_id").or_insert(Value::Null);
    let id = text(&row, "id").to_owned();
    if let Some(Value::Array(subnets)) = state
        .neutron
        .networks
        .get_mut(text(&row, "network_id"))
        .and_then(|network| network.get_mut("subnets"))
        && !subnets.contains(&json!(id))
    {
        subnets.push(json!(id));
    }
    state.neutron.subnets.insert(&id, row);
}

pub(super) fn remove(state: &mut State, id: &str) {
    let Some(row) = state.neutron.subnets.remove(id) else { return };
    state.neutron.forget_subnet(id);
    if let Some(Value::Array(subnets)) = state
        .neutron
        .networks
        .get_mut(text(&row, "network_id"))
        .and_then(|network| network.get_mut("subnets"))
    {
        subnets.retain(|known| known != id);
    }
}

/// A free address of a subnet.
pub(super) fn free_address(state: &State, subnet: &str) -> Option<String> {
    let row = state.neutron.subnets.get(subnet)?;
    let is_v4 = row.get("ip_version").and_then(Value::as_u64) == Some(4);
    let pools = row.get("allocation_pools").and_then(Value::as_array)?;
    let range =
        |pool: &Value| Some((number(pool.get("start")?.as_str()?)?, number(pool.get("end")?.as_str()?)?));
    let mut free = pools.iter().filter_map(range).filter_map(|range| state.neutron.first_free(subnet, range));
    free.next().map(|number| address(number, is_v4))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

    use super::*;

    #[test]
    fn a_range_has_two_ends() {
        let range = Cidr::parse("10.2.3.4/24").unwrap();
        assert_eq!(
            (address(range.first, true), address(range.last, true)),
            ("10.2.3.0".to_owned(), "10.2.3.255".to_owned())
        );
        assert!(range.overlaps(Cidr::parse("10.2.0.0/16").unwrap()));
        assert!(!range.overlaps(Cidr::parse("10.3.0.0/16").unwrap()));
        assert_eq!(address(Cidr::parse("fd00::/64").unwrap().first, false), "fd00::");
        assert_eq!(Cidr::parse("0.0.0.0/0").unwrap().last, u128::from(u32::MAX));
        assert_eq!([Cidr::parse("zz"), Cidr::parse("10.0.0.0/33"), Cidr::parse("10.0.0/8")], [None; 3]);
    }
}
