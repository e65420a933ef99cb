//! A server is where it was, what is being done to it and when that will be over; nothing runs in between.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::flavors::{self, Flavor};
use super::keypairs::{Group, Keypair};
use crate::http::{Object, object, text};
use crate::inventory::Inventory;
use crate::state::{State, seconds};
use crate::table::Table;

/// The two hypervisors.
pub(crate) const HOSTS: [&str; 2] = ["compute-1", "compute-2"];

/// Where a server is between two tasks: Nova's `vm_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vm {
    Building,
    Active,
    Stopped,
    Paused,
    Suspended,
    Rescued,
    ShelvedOffloaded,
    Resized,
    Error,
}

impl Vm {
    pub(crate) const ALL: [Self; 9] = [
        Self::Building,
        Self::Active,
        Self::Stopped,
        Self::Paused,
        Self::Suspended,
        Self::Rescued,
        Self::ShelvedOffloaded,
        Self::Resized,
        Self::Error,
    ];

    /// Nova's name, the status that shows when nothing is being done, and the power state.
    fn facts(self) -> (&'static str, &'static str, u8) {
        match self {
            Self::Building => ("building", "BUILD", 0),
            Self::Active => ("active", "ACTIVE", 1),
            Self::Stopped => ("stopped", "SHUTOFF", 4),
            Self::Paused => ("paused", "PAUSED", 3),
            Self::Suspended => ("suspended", "SUSPENDED", 4),
            Self::Rescued => ("rescued", "RESCUE", 1),
            Self::ShelvedOffloaded => ("shelved_offloaded", "SHELVED_OFFLOADED", 4),
            Self::Resized => ("resized", "VERIFY_RESIZE", 1),
            Self::Error => ("error", "ERROR", 0),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.facts().0
    }

    pub(crate) fn power(self) -> u8 {
        self.facts().2
    }
}

/// A task that Nova does not tell of: the confirmation of a resize.
pub(crate) const UNNAMED: &str = "";

/// How a task ends.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// In another state, or the same.
    Vm(Vm),
    /// Resized: on the other host and of this flavor.
    Moved(Vm, Arc<Flavor>),
    /// Live-migrated.
    Host,
    /// No host was found.
    NoHost,
    /// The snapshot is complete: this image becomes active.
    Image(String),
    /// Deleted.
    Gone,
}

/// What is being done to a server.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Nova's `task_state`.
    pub(crate) name: &'static str,
    pub(crate) since: Instant,
    pub(crate) due: Instant,
    pub(crate) end: End,
    serial: u64,
}

/// One server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) project: String,
    pub(crate) user: String,
    /// None if it boots from a volume.
    pub(crate) image: Option<String>,
    pub(crate) flavor: Arc<Flavor>,
    /// What it was before a resize that is not confirmed.
    pub(crate) old_flavor: Option<Arc<Flavor>>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) launched: Option<Timestamp>,
    /// Index of its hypervisor.
    pub(crate) host: usize,
    pub(crate) vm: Vm,
    pub(crate) task: Option<Task>,
    pub(crate) locked: bool,
    pub(crate) fault: Option<Object>,
    pub(crate) metadata: Object,
    pub(crate) key_name: Option<String>,
    pub(crate) config_drive: bool,
    pub(crate) description: Option<String>,
    pub(crate) zone: String,
    pub(crate) security_groups: Vec<String>,
    pub(crate) group: Option<String>,
    pub(crate) tags: Vec<String>,
}

impl Server {
    /// The status that a client reads.
    pub(crate) fn status(&self) -> &'static str {
        let task = self.task.as_ref().map_or("", |task| task.name);
        match (self.vm, task) {
            (Vm::Active, "rebooting") => "REBOOT",
            (_, "rebooting_hard") => "HARD_REBOOT",
            (Vm::Active, "migrating") => "MIGRATING",
            (Vm::Active | Vm::Stopped, "resize_prep") => "RESIZE",
            (Vm::Resized, "resize_reverting") => "REVERT_RESIZE",
            (_, "rebuilding") => "REBUILD",
            (vm, _) => vm.facts().1,
        }
    }

    /// Nova's `task_state`: a boot goes through three.
    pub(crate) fn task_state(&self, now: Instant) -> Option<&'static str> {
        let task = self.task.as_ref()?;
        if task.name != "spawning" {
            return Some(task.name).filter(|name| *name != UNNAMED);
        }
        let (passed, whole) = (now.saturating_duration_since(task.since), task.due - task.since);
        Some(match () {
            () if passed * 4 < whole => "scheduling",
            () if passed * 2 < whole => "networking",
            () => "spawning",
        })
    }

    /// Whether a hypervisor has taken it.
    pub(crate) fn is_placed(&self) -> bool {
        !matches!(self.vm, Vm::Building | Vm::ShelvedOffloaded) && self.fault.is_none()
    }

    pub(crate) fn is_deleting(&self) -> bool {
        self.task.as_ref().is_some_and(|task| matches!(task.end, End::Gone))
    }
}

/// What Nova knows.
pub(crate) struct Nova {
    pub(crate) servers: Table<Server>,
    pub(crate) flavors: Table<Arc<Flavor>>,
    /// By user and name.
    pub(crate) keypairs: BTreeMap<(String, String), Keypair>,
    pub(crate) groups: Table<Group>,
    pub(crate) aggregates: Table<Object>,
    pub(crate) quotas: HashMap<String, BTreeMap<&'static str, i64>>,
    /// The ends of tasks, soonest first; a task that was replaced has another serial.
    due: BinaryHeap<Reverse<(Instant, u64, String)>>,
    serial: u64,
}

impl Nova {
    pub(crate) fn new() -> Self {
        let mut nova = Self {
            servers: Table::default(),
            flavors: Table::default(),
            keypairs: BTreeMap::new(),
            groups: Table::default(),
            aggregates: Table::default(),
            quotas: HashMap::new(),
            due: BinaryHeap::new(),
            serial: 0,
        };
        for flavor in flavors::first() {
            nova.flavors.insert(&flavor.id.clone(), Arc::new(flavor));
        }
        nova
    }

    /// A number that was not given before.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Something begins; what was going on before will not end.
    pub(crate) fn begin(&mut self, id: &str, name: &'static str, now: Instant, takes: Duration, end: End) {
        let serial = self.next_number();
        let due = now + takes;
        if let Some(server) = self.servers.get_mut(id) {
            server.task = Some(Task { name, since: now, due, end, serial });
            self.due.push(Reverse((due, serial, id.to_owned())));
        }
    }

    /// The things that exist, for the inventory.
    pub(crate) fn list(&self, inventory: &mut Inventory) {
        for server in self.servers.iter() {
            inventory.add("nova.server", &server.id, &server.name);
        }
        for flavor in self.flavors.iter() {
            inventory.add("nova.flavor", &flavor.id, &flavor.name);
        }
        for (user, name) in self.keypairs.keys() {
            inventory.add("nova.keypair", &format!("{user}/{name}"), name);
        }
        for group in self.groups.iter() {
            inventory.add("nova.server_group", &group.id, &group.name);
        }
        for row in self.aggregates.iter() {
            let id = row.get("id").map(ToString::to_string).unwrap_or_default();
            inventory.add("nova.aggregate", &id, text(row, "name"));
        }
        for project in self.quotas.keys() {
            inventory.add("nova.quota_set", project, "");
        }
    }
}

/// Ends the tasks that are due.
pub(crate) fn settle(state: &mut State) {
    while let Some(Reverse((due, _, _))) = state.nova.due.peek()
        && *due <= state.now
        && let Some(Reverse((due, serial, id))) = state.nova.due.pop()
    {
        let when = state.calendar(due);
        let Some(server) = state.nova.servers.get_mut(&id) else { continue };
        if server.task.as_ref().is_none_or(|task| task.serial != serial) {
            continue;
        }
        let Some(task) = server.task.take() else { continue };
        server.updated = when;
        match task.end {
            End::Vm(vm) => become_vm(server, vm, when),
            End::Moved(vm, flavor) => {
                server.host = (server.host + 1) % HOSTS.len();
                server.old_flavor = (vm == Vm::Resized).then(|| Arc::clone(&server.flavor));
                server.flavor = flavor;
                become_vm(server, vm, when);
            }
            End::Host => server.host = (server.host + 1) % HOSTS.len(),
            End::NoHost => {
                server.vm = Vm::Error;
                server.fault = Some(object!({
                    "code": 500, "created": seconds(when),
                    "message": "No valid host was found. There are not enough hosts available.",
                }));
            }
            End::Image(image) => crate::glance::complete(state, &image),
            End::Gone => gone(state, &id),
        }
    }
}

fn become_vm(server: &mut Server, vm: Vm, when: Timestamp) {
    if vm == Vm::Active && server.launched.is_none() {
        server.launched = Some(when);
    }
    server.vm = vm;
    if vm != Vm::Error {
        server.fault = None;
    }
}

/// A server goes, and its ports with it.
fn gone(state: &mut State, id: &str) {
    state.nova.servers.remove(id);
    for group in state.nova.groups.iter_mut() {
        group.members.retain(|member| member != id);
    }
    state.neutron.forget_device(id);
}
