//! What is particular to each kind is what it is made of and what keeps it from being deleted.

use serde_json::{Value, json};

use super::crud::{self, Kind, finished, no_such, over};
use super::{Neutron, floatingips, ports, routers, security, sees_network, subnets};
use crate::http::{Actor, Call, Object, Problem, Route, object, text};
use crate::state::State;
use crate::table::Table;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(crud::routes::<Network>());
    routes.extend(crud::routes::<Subnet>());
    routes.extend(crud::routes::<Port>());
    routes.extend(crud::routes::<Router>());
    routes.extend(crud::routes::<FloatingIp>());
    routes.extend(crud::routes::<SecurityGroup>());
    routes
}

/// Writes the functions that only differ in the table.
macro_rules! kept_in {
    ($table:ident, $one:literal) => {
        const ONE: &'static str = $one;
        const MANY: &'static str = stringify!($table);

        fn table(neutron: &Neutron) -> &Table<Object> {
            &neutron.$table
        }
    };
}

/// Ids of the ports on a network or a subnet.
fn ports_on(state: &State, on: impl Fn(&Object) -> bool) -> Vec<&str> {
    state.neutron.ports.iter().filter(|port| on(port)).map(|port| text(port, "id")).collect()
}

pub(super) struct Network;

/// A network as it is made.
pub(super) fn network(state: &mut State, project: &str, body: Object) -> Object {
    let id = state.uuid();
    let row = object!({
        "id": id, "name": "", "tenant_id": project, "admin_state_up": true, "mtu": 1450, "status": "ACTIVE",
        "subnets": [], "shared": false, "availability_zone_hints": [], "availability_zones": [],
        "ipv4_address_scope": null, "ipv6_address_scope": null, "router:external": false, "description": "",
        "port_security_enabled": true, "qos_policy_id": null, "dns_domain": "", "l2_adjacency": true,
        "is_default": false,
    });
    let mut row = finished(state, project, row);
    row.extend(object!({
        "provider:network_type": "vxlan", "provider:physical_network": null,
        "provider:segmentation_id": state.nova.next_number(),
    }));
    over(row, body)
}

impl Kind for Network {
    kept_in!(networks, "network");

    fn store(state: &mut State, mut row: Object) {
        // The answer to a creation says of every network whether it is the default one; later only an external is asked.
        if row.get("router:external") == Some(&Value::Bool(false)) {
            row.remove("is_default");
        }
        state.neutron.networks.insert(text(&row, "id"), row.clone());
    }

    const MISSING: &'static str = "NetworkNotFound";
    const FIELDS: &'static [&'static str] = &[
        "mtu",
        "status",
        "subnets",
        "shared",
        "availability_zone_hints",
        "router:external",
        "port_security_enabled",
        "qos_policy_id",
        "dns_domain",
        "is_default",
        "ipv4_address_scope",
        "ipv6_address_scope",
        "vlan_transparent",
    ];
    const REQUIRED: &'static [&'static str] = &[];
    const ADMIN: &'static [(&'static str, Value)] = &[
        ("router:external", Value::Bool(false)),
        ("shared", Value::Bool(false)),
        ("is_default", Value::Bool(false)),
    ];
    const HIDDEN: &'static [&'static str] =
        &["provider:network_type", "provider:physical_network", "provider:segmentation_id"];

    fn missing(id: &str) -> String {
        format!("Network {id} could not be found.")
    }

    fn build(state: &mut State, _: &Call, project: &str, body: Object) -> Result<Object, Problem> {
        security::ensure_default(state, project);
        Ok(network(state, project, body))
    }

    fn sees(actor: &Actor, row: &Object) -> bool {
        sees_network(actor, row)
    }

    fn in_use(state: &State, _: &Call, row: &Object) -> Option<Problem> {
        let ports = ports_on(state, |port| port.get("network_id") == row.get("id"));
        (!ports.is_empty()).then(|| {
            let message = format!(
                "Unable to complete operation on network {}. There are one or more ports still in use on the network, \
                 id for these ports is: {}.",
                text(row, "id"),
                ports.join(",")
            );
            Problem::conflict(message).kind("NetworkInUse")
        })
    }

    fn remove(state: &mut State, id: &str) {
        let subnets = state.neutron.subnets.iter().filter(|row| text(row, "network_id") == id);
        for subnet in subnets.map(|row| text(row, "id").to_owned()).collect::<Vec<_>>() {
            subnets::remove(state, &subnet);
        }
        state.neutron.networks.remove(id);
    }
}

pub(super) struct Subnet;

impl Kind for Subnet {
    kept_in!(subnets, "subnet");

    const MISSING: &'static str = "SubnetNotFound";
    const FIELDS: &'static [&'static str] = &[
        "network_id",
        "ip_version",
        "subnetpool_id",
        "prefixlen",
        "enable_dhcp",
        "ipv6_ra_mode",
        "ipv6_address_mode",
        "gateway_ip",
        "cidr",
        "allocation_pools",
        "host_routes",
        "dns_nameservers",
        "service_types",
        "segment_id",
        "shared",
    ];
    const REQUIRED: &'static [&'static str] = &["network_id", "ip_version"];
    const ADMIN: &'static [(&'static str, Value)] = &[];
    const HIDDEN: &'static [&'static str] = &[];

    fn missing(id: &str) -> String {
        format!("Subnet {id} could not be found.")
    }

    fn build(state: &mut State, call: &Call, project: &str, body: Object) -> Result<Object, Problem> {
        let network = text(&body, "network_id");
        crud::find::<Network>(state, &call.actor, network).map_err(|_| no_such::<Network>(network))?;
        subnets::build(state, project, body)
    }

    fn store(state: &mut State, row: Object) {
        subnets::store(state, row);
    }

    fn remove(state: &mut State, id: &str) {
        subnets::remove(state, id);
    }

    fn in_use(state: &State, _: &Call, row: &Object) -> Option<Problem> {
        let on = |port: &Object| {
            let ips = port.get("fixed_ips").and_then(Value::as_array).into_iter().flatten();
            ips.into_iter().any(|ip| ip.get("subnet_id") == row.get("id"))
        };
        (!ports_on(state, on).is_empty()).then(|| {
            let id = text(row, "id");
            let message = format!(
                "Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet."
            );
            Problem::conflict(message).kind("SubnetInUse")
        })
    }
}

pub(super) struct Port;

impl Kind for Port {
    kept_in!(ports, "port");

    const MISSING: &'static str = "PortNotFound";
    const FIELDS: &'static [&'static str] = &[
        "network_id",
        "mac_address",
        "status",
        "device_id",
        "device_owner",
        "fixed_ips",
        "security_groups",
        "allowed_address_pairs",
        "extra_dhcp_opts",
        "binding:vnic_type",
        "port_security_enabled",
        "qos_policy_id",
        "qos_network_policy_id",
        "dns_name",
        "dns_domain",
        "ip_allocation",
        "numa_affinity_policy",
        "device_profile",
    ];
    const REQUIRED: &'static [&'static str] = &["network_id"];
    const ADMIN: &'static [(&'static str, Value)] = &[];
    const HIDDEN: &'static [&'static str] = &[
        "binding:host_id",
        "binding:profile",
        "binding:vif_type",
        "binding:vif_details",
        "resource_request",
    ];

    fn missing(id: &str) -> String {
        format!("Port {id} could not be found.")
    }

    fn build(state: &mut State, call: &Call, project: &str, body: Object) -> Result<Object, Problem> {
        let network = text(&body, "network_id");
        crud::find::<Network>(state, &call.actor, network)?;
        ports::build(state, project, body)
    }

    fn change(state: &mut State, _: &Call, row: &mut Object, body: Object) -> Result<(), Problem> {
        ports::change(state, row, body)
    }

    fn store(state: &mut State, row: Object) {
        state.neutron.put_port(row);
    }

    fn remove(state: &mut State, id: &str) {
        state.neutron.drop_port(id);
    }

    fn in_use(_: &State, _: &Call, row: &Object) -> Option<Problem> {
        let owner = text(row, "device_owner");
        ["network:router_interface", "network:router_gateway", "network:floatingip"].contains(&owner).then(
            || {
                let id = text(row, "id");
                let message = format!(
                    "Port {id} cannot be deleted directly via the port API: has device owner {owner}."
                );
                Problem::conflict(message).kind("ServicePortInUse")
            },
        )
    }
}

pub(super) struct Router;

impl Kind for Router {
    kept_in!(routers, "router");

    const MISSING: &'static str = "RouterNotFound";
    const FIELDS: &'static [&'static str] = &[
        "status",
        "external_gateway_info",
        "availability_zone_hints",
        "availability_zones",
        "routes",
        "flavor_id",
    ];
    const REQUIRED: &'static [&'static str] = &[];
    const ADMIN: &'static [(&'static str, Value)] = &[];
    const HIDDEN: &'static [&'static str] = &["distributed", "ha"];

    fn missing(id: &str) -> String {
        format!("Router {id} could not be found")
    }

    fn build(state: &mut State, call: &Call, project: &str, mut body: Object) -> Result<Object, Problem> {
        let gateway = body.remove("external_gateway_info");
        let row = object!({
            "id": state.uuid(), "name": "", "tenant_id": project, "admin_state_up": true, "status": "ACTIVE",
            "external_gateway_info": null, "description": "", "availability_zones": [], "availability_zone_hints": [],
            "routes": [], "flavor_id": null,
        });
        let mut row = over(finished(state, project, row), body);
        if let Some(gateway) = gateway {
            routers::set_gateway(state, call, &mut row, &gateway)?;
        }
        Ok(row)
    }

    fn change(state: &mut State, call: &Call, row: &mut Object, mut body: Object) -> Result<(), Problem> {
        if let Some(gateway) = body.remove("external_gateway_info") {
            routers::set_gateway(state, call, row, &gateway)?;
        }
        row.extend(body);
        Ok(())
    }

    fn store(state: &mut State, row: Object) {
        state.neutron.routers.insert(text(&row, "id"), row.clone());
    }

    fn remove(state: &mut State, id: &str) {
        routers::drop_gateway(state, id);
        state.neutron.routers.remove(id);
    }

    fn in_use(state: &State, _: &Call, row: &Object) -> Option<Problem> {
        let ports: Vec<&str> =
            routers::interfaces(state, text(row, "id")).map(|port| text(port, "id")).collect();
        (!ports.is_empty()).then(|| {
            let message =
                format!("Router {} has ports still attached: {}", text(row, "id"), ports.join(", "));
            Problem::conflict(message).kind("RouterInUse")
        })
    }
}

pub(super) struct FloatingIp;

impl Kind for FloatingIp {
    kept_in!(floatingips, "floatingip");

    const MISSING: &'static str = "FloatingIPNotFound";
    const FIELDS: &'static [&'static str] = &[
        "floating_ip_address",
        "floating_network_id",
        "router_id",
        "port_id",
        "fixed_ip_address",
        "status",
        "qos_policy_id",
        "dns_domain",
        "dns_name",
        "subnet_id",
    ];
    const REQUIRED: &'static [&'static str] = &["floating_network_id"];
    const ADMIN: &'static [(&'static str, Value)] = &[("floating_ip_address", Value::Null)];
    const HIDDEN: &'static [&'static str] = &[];

    fn missing(id: &str) -> String {
        format!("Floating IP {id} could not be found")
    }

    fn build(state: &mut State, call: &Call, project: &str, body: Object) -> Result<Object, Problem> {
        floatingips::build(state, call, project, body)
    }

    fn change(state: &mut State, call: &Call, row: &mut Object, mut body: Object) -> Result<(), Problem> {
        if let Some(port) = body.remove("port_id") {
            floatingips::attach(state, call, row, &port)?;
        }
        row.extend(body);
        Ok(())
    }

    fn store(state: &mut State, row: Object) {
        state.neutron.floatingips.insert(text(&row, "id"), row.clone());
    }

    fn remove(state: &mut State, id: &str) {
        floatingips::remove(state, id);
    }
}

pub(super) struct SecurityGroup;

impl Kind for SecurityGroup {
    kept_in!(security_groups, "security_group");

    fn store(state: &mut State, row: Object) {
        state.neutron.security_groups.insert(text(&row, "id"), row.clone());
    }

    fn remove(state: &mut State, id: &str) {
        state.neutron.security_groups.remove(id);
    }

    const MISSING: &'static str = "SecurityGroupNotFound";
    const FIELDS: &'static [&'static str] = &["stateful", "shared", "security_group_rules"];
    const REQUIRED: &'static [&'static str] = &[];
    const ADMIN: &'static [(&'static str, Value)] = &[];
    const HIDDEN: &'static [&'static str] = &[];

    fn missing(id: &str) -> String {
        format!("Security group {id} does not exist")
    }

    fn prepare(state: &mut State, call: &Call) {
        let asked = call.asked("project_id").or(call.asked("tenant_id")).filter(|_| call.actor.is_admin());
        let project = asked.unwrap_or(call.actor.project()).to_owned();
        security::ensure_default(state, &project);
    }

    fn build(state: &mut State, _: &Call, project: &str, body: Object) -> Result<Object, Problem> {
        if text(&body, "name") == "default" {
            let message = "Default security group already exists.";
            return Err(Problem::conflict(message).kind("SecurityGroupDefaultAlreadyExists"));
        }
        Ok(over(security::group(state, project, "", false), body))
    }

    fn in_use(state: &State, call: &Call, row: &Object) -> Option<Problem> {
        let id = text(row, "id");
        let used = |port: &Object| {
            port["security_groups"].as_array().is_some_and(|groups| groups.contains(&json!(id)))
        };
        let kept = text(row, "name") == "default" && !call.actor.is_admin();
        (kept || !ports_on(state, used).is_empty())
            .then(|| Problem::conflict(format!("Security Group {id} in use.")).kind("SecurityGroupInUse"))
    }
}
