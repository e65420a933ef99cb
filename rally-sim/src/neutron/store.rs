//! Ports are also found by the device that has them, and every address is given once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::http::{Object, text};
use crate::inventory::Inventory;
use crate::table::Table;

/// What Neutron knows.
#[derive(Default)]
pub(crate) struct Neutron {
    pub(crate) networks: Table<Object>,
    pub(crate) subnets: Table<Object>,
    pub(super) ports: Table<Object>,
    pub(crate) routers: Table<Object>,
    pub(crate) floatingips: Table<Object>,
    /// With their rules inside.
    pub(crate) security_groups: Table<Object>,
    pub(crate) quotas: HashMap<String, BTreeMap<&'static str, i64>>,
    /// Ports by the server or router that has them.
    by_device: HashMap<String, BTreeSet<String>>,
    /// Ports that were made for a server and go with it.
    made_for_server: HashSet<String>,
    /// For each subnet the addresses that are taken.
    taken: HashMap<String, BTreeSet<u128>>,
}

impl Neutron {
    pub(crate) fn port(&self, id: &str) -> Option<&Object> {
        self.ports.get(id)
    }

    /// Keeps a port, a new one or a changed one.
    pub(super) fn put_port(&mut self, row: Object) {
        let (id, device) = (text(&row, "id").to_owned(), text(&row, "device_id").to_owned());
        if let Some(old) = self.ports.get(&id) {
            let (old_device, old_addresses) = (text(old, "device_id").to_owned(), addresses(old));
            self.leave(&old_device, &id);
            self.give_back(&old_addresses);
        }
        for (subnet, address) in addresses(&row) {
            self.taken.entry(subnet).or_default().insert(address);
        }
        if !device.is_empty() {
            self.by_device.entry(device).or_default().insert(id.clone());
        }
        self.ports.insert(&id, row);
    }

    /// Removes a port; a floating IP on it loses it.
    pub(super) fn drop_port(&mut self, id: &str) -> Option<Object> {
        let row = self.ports.remove(id)?;
        self.leave(text(&row, "device_id"), id);
        self.give_back(&addresses(&row));
        self.made_for_server.remove(id);
        for floating in self.floatingips.iter_mut().filter(|floating| text(floating, "port_id") == id) {
            super::floatingips::detach(floating);
        }
        Some(row)
    }

    /// A port that goes with its server.
    pub(super) fn mark_made_for_server(&mut self, id: &str) {
        self.made_for_server.insert(id.to_owned());
    }

    pub(super) fn ids_of(&self, device: &str) -> impl Iterator<Item = &String> {
        self.by_device.get(device).into_iter().flatten()
    }

    /// A server is gone: its ports go, or are free if they were there before it.
    pub(crate) fn forget_device(&mut self, device: &str) {
        for port in self.ids_of(device).cloned().collect::<Vec<_>>() {
            self.unplug(&port);
        }
    }

    /// A port leaves its server.
    pub(crate) fn unplug(&mut self, port: &str) {
        if self.made_for_server.contains(port) {
            self.drop_port(port);
        } else if let Some(mut row) = self.ports.get(port).cloned() {
            for (key, value) in
                [("device_id", ""), ("device_owner", ""), ("binding:host_id", ""), ("status", "DOWN")]
            {
                row.insert(key.to_owned(), value.into());
            }
            self.put_port(row);
        }
    }

    fn leave(&mut self, device: &str, port: &str) {
        if let Some(ports) = self.by_device.get_mut(device) {
            ports.remove(port);
            if ports.is_empty() {
                self.by_device.remove(device);
            }
        }
    }

    fn give_back(&mut self, addresses: &[(String, u128)]) {
        for (subnet, address) in addresses {
            self.free(subnet, *address);
        }
    }

    pub(super) fn free(&mut self, subnet: &str, address: u128) {
        if let Some(taken) = self.taken.get_mut(subnet) {
            taken.remove(&address);
        }
    }

    pub(super) fn forget_subnet(&mut self, subnet: &str) {
        self.taken.remove(subnet);
    }

    pub(super) fn take(&mut self, subnet: &str, address: u128) -> bool {
        self.taken.entry(subnet.to_owned()).or_default().insert(address)
    }

    /// The first address of a range that is free: after the last one taken, or else in a gap.
    pub(super) fn first_free(&self, subnet: &str, (first, last): (u128, u128)) -> Option<u128> {
        let Some(taken) = self.taken.get(subnet) else { return Some(first) };
        match taken.range(first..=last).next_back() {
            None => Some(first),
            Some(highest) if *highest < last => Some(highest + 1),
            Some(_) => (first..=last).find(|address| !taken.contains(address)),
        }
    }

    /// The things that exist, for the inventory.
    pub(crate) fn list(&self, inventory: &mut Inventory) {
        for (kind, table) in [
            ("network", &self.networks),
            ("subnet", &self.subnets),
            ("port", &self.ports),
            ("router", &self.routers),
            ("floatingip", &self.floatingips),
            ("security_group", &self.security_groups),
        ] {
            for row in table.iter() {
                let name = if kind == "floatingip" { "floating_ip_address" } else { "name" };
                inventory.add(&format!("neutron.{kind}"), text(row, "id"), text(row, name));
            }
        }
        for project in self.quotas.keys() {
            inventory.add("neutron.quota", project, "");
        }
    }
}

/// The addresses of a port, with their subnets.
fn addresses(port: &Object) -> Vec<(String, u128)> {
    let fixed = port.get("fixed_ips").and_then(Value::as_array).into_iter().flatten();
    let pair = |ip: &Value| {
        let address = super::subnets::number(ip.get("ip_address")?.as_str()?)?;
        Some((ip.get("subnet_id")?.as_str()?.to_owned(), address))
    };
    fixed.filter_map(pair).collect()
}
