//! How a server looks depends on who asks and with which microversion.

use serde_json::{Value, json};

use super::flavors::Flavor;
use super::store::{HOSTS, Server};
use super::{bookmark, links};
use crate::http::{Call, Object, object};
use crate::neutron;
use crate::state::{State, micros, seconds};

/// Id, name and links: a line of the short list.
pub(super) fn brief(state: &State, server: &Server) -> Value {
    let links = links(state, &format!("servers/{}", server.id));
    json!({"id": server.id, "name": server.name, "links": links})
}

/// What every long form of a server has.
pub(super) fn basic(state: &State, call: &Call, server: &Server) -> Object {
    let image = server
        .image
        .as_ref()
        .map_or_else(|| json!(""), |id| json!({"id": id, "links": bookmark(state, &format!("images/{id}"))}));
    let mut view = object!({
        "id": server.id, "name": server.name, "status": server.status(), "tenant_id": server.project,
        "user_id": server.user, "metadata": server.metadata, "hostId": host_id(server), "image": image,
        "flavor": flavor(state, call, &server.flavor), "created": seconds(server.created),
        "updated": seconds(server.updated), "addresses": addresses(state, server, true), "accessIPv4": "",
        "accessIPv6": "", "links": links(state, &format!("servers/{}", server.id)), "OS-DCF:diskConfig": "MANUAL",
    });
    match &server.fault {
        Some(fault) => view.insert("fault".to_owned(), json!(fault)),
        None => view.insert("progress".to_owned(), json!(0)),
    };
    view
}

/// All of it.
pub(super) fn full(state: &State, call: &Call, server: &Server) -> Object {
    let mut view = basic(state, call, server);
    let zone = if server.is_placed() { server.zone.as_str() } else { "" };
    view.extend(object!({
        "OS-EXT-AZ:availability_zone": zone,
        "config_drive": if server.config_drive { "True" } else { "" }, "key_name": server.key_name,
        "OS-SRV-USG:launched_at": server.launched.map(micros), "OS-SRV-USG:terminated_at": null,
    }));
    if neutron::has_ports(state, &server.id) {
        let groups: Vec<_> = server.security_groups.iter().map(|name| json!({"name": name})).collect();
        view.insert("security_groups".to_owned(), groups.into());
    }
    if call.actor.is_admin() {
        let host = server.is_placed().then(|| HOSTS[server.host]);
        view.extend(object!({
            "OS-EXT-SRV-ATTR:host": host, "OS-EXT-SRV-ATTR:instance_name": format!("instance-{:08x}", server.number),
            "OS-EXT-SRV-ATTR:hypervisor_hostname": host,
        }));
        if call.micro >= 3 {
            view.extend(object!({
                "OS-EXT-SRV-ATTR:reservation_id": format!("r-{:08x}", server.number), "OS-EXT-SRV-ATTR:launch_index": 0,
                "OS-EXT-SRV-ATTR:kernel_id": "", "OS-EXT-SRV-ATTR:ramdisk_id": "",
                "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda", "OS-EXT-SRV-ATTR:user_data": null,
            }));
        }
    }
    view.extend(object!({
        "OS-EXT-STS:task_state": server.task_state(state.now), "OS-EXT-STS:vm_state": server.vm.name(),
        "OS-EXT-STS:power_state": server.vm.power(), "os-extended-volumes:volumes_attached": [],
    }));
    newer(call, server, &mut view);
    view
}

/// What microversions have added.
fn newer(call: &Call, server: &Server, view: &mut Object) {
    let groups: Vec<_> = server.group.iter().collect();
    let added: [(u16, &str, Value); 8] = [
        (9, "locked", json!(server.locked)),
        (73, "locked_reason", Value::Null),
        (19, "description", json!(server.description)),
        (26, "tags", json!(server.tags)),
        (63, "trusted_image_certificates", Value::Null),
        (90, "OS-EXT-SRV-ATTR:hostname", json!(server.name)),
        (71, "server_groups", json!(groups)),
        (16, "host_status", json!("UP")),
    ];
    for (since, key, value) in added {
        let of_admin = key == "host_status" && !call.actor.is_admin();
        if call.micro >= since && !of_admin {
            view.insert(key.to_owned(), value);
        }
    }
    if call.micro >= 19 && server.description.is_none() {
        view.insert("description".to_owned(), json!(server.name));
    }
}

/// Names the hypervisor to nobody, but tells whether two servers of a project share one.
fn host_id(server: &Server) -> String {
    if !server.is_placed() {
        return String::new();
    }
    let seed =
        server.project.bytes().fold(HOSTS[server.host].len() as u64 + server.host as u64, |sum, byte| {
            sum.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(byte))
        });
    format!("{seed:016x}").repeat(4)[..56].to_owned()
}

fn flavor(state: &State, call: &Call, flavor: &Flavor) -> Value {
    if call.micro < 47 {
        return json!({"id": flavor.id, "links": bookmark(state, &format!("flavors/{}", flavor.id))});
    }
    json!({
        "vcpus": flavor.vcpus, "ram": flavor.ram, "disk": flavor.disk, "ephemeral": flavor.ephemeral,
        "swap": flavor.swap, "original_name": flavor.name, "extra_specs": flavor.extra_specs,
    })
}

/// The addresses of a server, by the names of its networks.
pub(super) fn addresses(state: &State, server: &Server, long: bool) -> Value {
    let mut networks = Object::new();
    let early = ["scheduling", "networking"];
    if server.task_state(state.now).is_some_and(|task| early.contains(&task)) {
        return networks.into();
    }
    for neutron::Address { network, ip, mac, kind } in neutron::addresses(state, &server.id) {
        let version = if ip.contains(':') { 6 } else { 4 };
        let mut row = json!({"version": version, "addr": ip});
        if long {
            row["OS-EXT-IPS:type"] = json!(kind);
            row["OS-EXT-IPS-MAC:mac_addr"] = json!(mac);
        }
        if let Value::Array(rows) = networks.entry(network).or_insert_with(|| json!([])) {
            rows.push(row);
        }
    }
    networks.into()
}
