//! Hypervisors, services, zones and aggregates are what an administrator sees of the two compute hosts.

use serde_json::{Value, json};

use super::store::{HOSTS, Server};
use super::{body, require};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, object, route, text};
use crate::state::{State, micros};

/// Cores, MiB of memory and GiB of disk of each host.
const CAPACITY: (i64, i64, i64) = (1000, 800_000, 600_000);
const AGGREGATE: &str = "/v2.1/os-aggregates/{aggregate_id}";

pub(super) fn routes() -> Vec<Route> {
    let hypervisors = |rule: &str| format!("os_compute_api:os-hypervisors:{rule}");
    let aggregates = |rule: &str| format!("os_compute_api:os-aggregates:{rule}");
    vec![
        route("GET", "/v2.1/os-hypervisors", hypervisors_brief).admin(hypervisors("list")),
        route("GET", "/v2.1/os-hypervisors/detail", hypervisors_full).admin(hypervisors("list-detail")),
        route("GET", "/v2.1/os-hypervisors/statistics", statistics).admin(hypervisors("statistics")),
        route("GET", "/v2.1/os-hypervisors/{hypervisor_id}", hypervisor).admin(hypervisors("show")),
        route("GET", "/v2.1/os-hypervisors/{hypervisor_id}/uptime", uptime).admin(hypervisors("uptime")),
        route("GET", "/v2.1/os-hypervisors/{pattern}/search", search).admin(hypervisors("search")),
        route("GET", "/v2.1/os-hypervisors/{pattern}/servers", servers_on).admin(hypervisors("servers")),
        route("GET", "/v2.1/os-services", services).admin("os_compute_api:os-services:list"),
        route("GET", "/v2.1/os-availability-zone", zone_list),
        route("GET", "/v2.1/os-availability-zone/detail", zone_detail)
            .admin("os_compute_api:os-availability-zone:detail"),
        route("GET", "/v2.1/os-simple-tenant-usage", usage)
            .admin("os_compute_api:os-simple-tenant-usage:list"),
        route("GET", "/v2.1/os-aggregates", list).admin(aggregates("index")),
        route("POST", "/v2.1/os-aggregates", create).admin(aggregates("create")),
        route("GET", AGGREGATE, show).admin(aggregates("show")),
        route("PUT", AGGREGATE, update).admin(aggregates("update")),
        route("DELETE", AGGREGATE, delete).admin(aggregates("delete")),
        route("POST", format!("{AGGREGATE}/action"), act).admin(aggregates("add_host")),
    ]
}

/// An id for a host: a number at first, a UUID since 2.53.
fn host_id(call: &Call, index: usize) -> Value {
    if call.micro >= 53 {
        json!(format!("beb0996b-6b76-4629-bc11-{:012x}", index + 1))
    } else {
        json!(index + 1)
    }
}

fn brief(call: &Call, index: usize) -> Object {
    object!({"id": host_id(call, index), "hypervisor_hostname": HOSTS[index], "state": "up", "status": "enabled"})
}

/// What the servers on a host take: number, cores, MiB and GiB.
fn load(state: &State, index: usize) -> (i64, i64, i64, i64) {
    let here = state.nova.servers.iter().filter(|server| server.is_placed() && server.host == index);
    here.fold((0, 0, 0, 0), |(count, cores, ram, disk), Server { flavor, .. }| {
        (count + 1, cores + flavor.vcpus, ram + flavor.ram, disk + flavor.disk)
    })
}

/// The numbers of some hosts together.
fn numbers(state: &State, hosts: impl Iterator<Item = usize>) -> Object {
    let (mut cores, mut memory, mut disk, mut used) = (0, 0, 0, (0, 0, 0, 0));
    for host in hosts {
        let load = load(state, host);
        cores += CAPACITY.0;
        memory += CAPACITY.1;
        disk += CAPACITY.2;
        // The hypervisor keeps half a GiB for itself.
        used = (used.0 + load.0, used.1 + load.1, used.2 + load.2 + 512, used.3 + load.3);
    }
    object!({
        "vcpus": cores, "memory_mb": memory, "local_gb": disk, "vcpus_used": used.1, "memory_mb_used": used.2,
        "local_gb_used": used.3, "free_ram_mb": memory - used.2, "free_disk_gb": disk - used.3, "current_workload": 0,
        "running_vms": used.0, "disk_available_least": 0,
    })
}

const UPTIME: &str = " 12:00:00 up 1 day,  1:00,  0 users,  load average: 0.10, 0.10, 0.10";

fn full(state: &State, call: &Call, index: usize) -> Object {
    let mut row = brief(call, index);
    let service = if call.micro >= 53 {
        json!(format!("9615ba6e-6c4f-4cc9-8d69-{:012x}", index + 4))
    } else {
        json!(index + 4)
    };
    row.extend(object!({
        "hypervisor_type": "fake", "hypervisor_version": 1000, "host_ip": "127.0.0.1",
        "service": {"id": service, "host": HOSTS[index], "disabled_reason": null},
    }));
    if call.micro >= 88 {
        row.insert("uptime".to_owned(), json!(UPTIME));
        return row;
    }
    row.extend(numbers(state, std::iter::once(index)));
    let cpu = json!({"arch": "x86_64", "model": "Nehalem", "vendor": "Intel", "features": ["pge", "clflush"],
        "topology": {"cores": 1, "threads": 1, "sockets": 4}});
    // A text of JSON until 2.28, JSON since.
    row.insert("cpu_info".to_owned(), if call.micro >= 28 { cpu } else { json!(cpu.to_string()) });
    row
}

fn hypervisors_brief(_: &mut State, call: &Call) -> Answer {
    let rows: Vec<_> = (0..HOSTS.len()).map(|index| brief(call, index)).collect();
    Ok(Reply::json(200, &json!({"hypervisors": rows})))
}

fn hypervisors_full(state: &mut State, call: &Call) -> Answer {
    let rows: Vec<_> = (0..HOSTS.len()).map(|index| full(state, call, index)).collect();
    Ok(Reply::json(200, &json!({"hypervisors": rows})))
}

fn statistics(state: &mut State, _: &Call) -> Answer {
    let mut all = object!({"count": HOSTS.len()});
    all.extend(numbers(state, 0..HOSTS.len()));
    Ok(Reply::json(200, &json!({"hypervisor_statistics": all})))
}

fn host_of(call: &Call) -> Result<usize, Problem> {
    let asked = call.id();
    let same = |index: &usize| {
        host_id(call, *index).as_str().map_or_else(|| (index + 1).to_string() == asked, |id| id == asked)
    };
    let found = (0..HOSTS.len()).find(same);
    found.ok_or_else(|| Problem::not_found(format!("Hypervisor with ID '{asked}' could not be found.")))
}

fn hypervisor(state: &mut State, call: &Call) -> Answer {
    let row = full(state, call, host_of(call)?);
    Ok(Reply::json(200, &json!({"hypervisor": row})))
}

fn uptime(_: &mut State, call: &Call) -> Answer {
    let mut row = brief(call, host_of(call)?);
    row.insert("uptime".to_owned(), json!(UPTIME));
    Ok(Reply::json(200, &json!({"hypervisor": row})))
}

fn matching(call: &Call) -> Result<Vec<usize>, Problem> {
    let found: Vec<_> = (0..HOSTS.len()).filter(|index| HOSTS[*index].contains(call.id())).collect();
    if found.is_empty() {
        return Err(Problem::not_found(format!("No hypervisor matching '{}' could be found.", call.id())));
    }
    Ok(found)
}

fn search(_: &mut State, call: &Call) -> Answer {
    let rows: Vec<_> = matching(call)?.into_iter().map(|index| brief(call, index)).collect();
    Ok(Reply::json(200, &json!({"hypervisors": rows})))
}

fn servers_on(state: &mut State, call: &Call) -> Answer {
    let row = |index: usize| {
        let mut row = brief(call, index);
        let here = state.nova.servers.iter().filter(|server| server.is_placed() && server.host == index);
        let servers: Vec<_> = here.map(|server| json!({"uuid": server.id, "name": server.name})).collect();
        row.insert("servers".to_owned(), servers.into());
        row
    };
    let rows: Vec<_> = matching(call)?.into_iter().map(row).collect();
    Ok(Reply::json(200, &json!({"hypervisors": rows})))
}

fn services(state: &mut State, call: &Call) -> Answer {
    let stamp = micros(state.calendar(state.now));
    let rows = [
        ("nova-conductor", "controller", 1, "internal"),
        ("nova-scheduler", "controller", 2, "internal"),
        ("nova-compute", HOSTS[0], 4, "nova"),
        ("nova-compute", HOSTS[1], 5, "nova"),
    ];
    let wanted = |row: &&(&str, &str, u64, &str)| {
        call.asked("binary").is_none_or(|binary| binary == row.0)
            && call.asked("host").is_none_or(|host| host == row.1)
    };
    let shown = |(binary, host, id, zone): &(&str, &str, u64, &str)| {
        let id =
            if call.micro >= 53 { json!(format!("9615ba6e-6c4f-4cc9-8d69-{id:012x}")) } else { json!(id) };
        let mut row = json!({"binary": binary, "host": host, "id": id, "zone": zone, "status": "enabled", "state": "up",
            "updated_at": stamp, "disabled_reason": null});
        if call.micro >= 11 {
            row["forced_down"] = json!(false);
        }
        row
    };
    let rows: Vec<_> = rows.iter().filter(wanted).map(shown).collect();
    Ok(Reply::json(200, &json!({"services": rows})))
}

/// Names of the zones: `nova` and those of the aggregates.
pub(super) fn zones(state: &State) -> Vec<String> {
    let of_aggregates = state.nova.aggregates.iter().map(|row| text(row, "availability_zone").to_owned());
    let mut zones: Vec<String> =
        of_aggregates.filter(|zone| !zone.is_empty()).chain(["nova".to_owned()]).collect();
    zones.sort();
    zones.dedup();
    zones
}

fn zone_list(_: &mut State, _: &Call) -> Answer {
    let zone = json!({"zoneName": "nova", "zoneState": {"available": true}, "hosts": null});
    Ok(Reply::json(200, &json!({"availabilityZoneInfo": [zone]})))
}

fn zone_detail(state: &mut State, _: &Call) -> Answer {
    let alive = json!({"available": true, "active": true, "updated_at": micros(state.calendar(state.now))});
    let zone = |name: &str, hosts: Value| json!({"zoneName": name, "zoneState": {"available": true}, "hosts": hosts});
    let internal = json!({"controller": {"nova-conductor": alive, "nova-scheduler": alive}});
    let hosts: Object =
        HOSTS.iter().map(|host| ((*host).to_owned(), json!({"nova-compute": alive}))).collect();
    let zones = [zone("internal", internal), zone("nova", hosts.into())];
    Ok(Reply::json(200, &json!({"availabilityZoneInfo": zones})))
}

fn usage(_: &mut State, _: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"tenant_usages": []})))
}

fn list(state: &mut State, _: &Call) -> Answer {
    let rows: Vec<_> = state.nova.aggregates.iter().collect();
    Ok(Reply::json(200, &json!({"aggregates": rows})))
}

fn no_such(id: &str) -> Problem {
    Problem::not_found(format!("Aggregate {id} could not be found."))
}

fn show(state: &mut State, call: &Call) -> Answer {
    let row = state.nova.aggregates.get(call.id()).ok_or_else(|| no_such(call.id()))?;
    Ok(Reply::json(200, &json!({"aggregate": row})))
}

fn create(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "aggregate")?;
    let name = require(&body, "aggregate", "name")?.clone();
    if state.nova.aggregates.iter().any(|row| row["name"] == name) {
        return Err(Problem::conflict(format!("Aggregate {} already exists.", super::python(&name))));
    }
    let zone = body.get("availability_zone").cloned().unwrap_or_default();
    let id = state.nova.next_number();
    let created = micros(state.calendar(state.now));
    let metadata = if zone.is_null() { json!({}) } else { json!({"availability_zone": zone}) };
    let row = object!({
        "id": id, "name": name, "hosts": [], "metadata": metadata, "created_at": created, "updated_at": null,
        "deleted_at": null, "deleted": false, "availability_zone": zone,
    });
    // The answer to a creation leaves out what is empty.
    let shown: Object = row
        .iter()
        .filter(|(key, _)| !["hosts", "metadata"].contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    state.nova.aggregates.insert(&id.to_string(), row);
    Ok(Reply::json(200, &json!({"aggregate": shown})))
}

/// Changes an aggregate and shows it.
fn change(state: &mut State, call: &Call, how: impl FnOnce(&mut Object)) -> Answer {
    let stamp = micros(state.calendar(state.now));
    let row = state.nova.aggregates.get_mut(call.id()).ok_or_else(|| no_such(call.id()))?;
    how(row);
    row.insert("updated_at".to_owned(), json!(stamp));
    Ok(Reply::json(200, &json!({"aggregate": row})))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "aggregate")?;
    change(state, call, |row| {
        for key in ["name", "availability_zone"] {
            row.extend(body.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        row["metadata"]["availability_zone"] = row["availability_zone"].clone();
    })
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let row = state.nova.aggregates.get(call.id()).ok_or_else(|| no_such(call.id()))?;
    if row["hosts"].as_array().is_some_and(|hosts| !hosts.is_empty()) {
        let message = format!("Cannot remove host aggregate {}: Host aggregate is not empty.", call.id());
        return Err(Problem::bad_request(message));
    }
    state.nova.aggregates.remove(call.id());
    Ok(Reply::empty(200))
}

fn act(state: &mut State, call: &Call) -> Answer {
    let body = call.json(super::NO_JSON)?;
    if let Some(metadata) = body["set_metadata"]["metadata"].as_object() {
        return change(state, call, |row| {
            for (key, value) in metadata {
                row["metadata"][key] = value.clone();
            }
        });
    }
    let (add, host) = match (body["add_host"]["host"].as_str(), body["remove_host"]["host"].as_str()) {
        (Some(host), _) => (true, host),
        (None, Some(host)) => (false, host),
        (None, None) => return Err(Problem::bad_request(super::NO_JSON)),
    };
    if !HOSTS.contains(&host) {
        return Err(Problem::not_found(format!("Compute host {host} could not be found.")));
    }
    change(state, call, |row| {
        if let Some(hosts) = row["hosts"].as_array_mut() {
            hosts.retain(|known| known != host);
            hosts.extend(add.then(|| json!(host)));
        }
    })
}
