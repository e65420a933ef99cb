//! Servers are listed, shown, renamed and deleted; what belongs to another project does not exist.

use serde_json::{Value, json};

use super::store::{End, Server};
use super::{bad_page, body, listed, view};
use crate::http::page::page;
use crate::http::{Answer, Call, Problem, Reply, Route, object, route, text};
use crate::neutron;
use crate::state::{State, micros};

const ONE: &str = "/v2.1/servers/{server_id}";

pub(super) fn routes() -> Vec<Route> {
    let under = |rest: &str| format!("{ONE}/{rest}");
    vec![
        route("GET", "/v2.1/servers", list),
        route("GET", "/v2.1/servers/detail", list),
        route("GET", ONE, show),
        route("PUT", ONE, update),
        route("DELETE", ONE, delete),
        route("GET", under("ips"), ips),
        route("GET", under("metadata"), metadata),
        route("POST", under("metadata"), add_metadata),
        route("PUT", under("metadata"), set_metadata),
        route("DELETE", under("metadata/{key}"), unset_metadata),
        route("GET", under("os-interface"), interfaces),
        route("POST", under("os-interface"), attach_interface),
        route("DELETE", under("os-interface/{port_id}"), detach_interface),
        route("GET", under("os-volume_attachments"), volumes),
        route("GET", under("os-security-groups"), security_groups),
        route("GET", under("tags"), tags),
        route("GET", under("os-instance-actions"), instance_actions),
        route("GET", under("diagnostics"), diagnostics).admin("os_compute_api:os-server-diagnostics"),
    ]
}

fn no_such(id: &str) -> Problem {
    Problem::not_found(format!("Instance {id} could not be found."))
}

/// The server that a path names, if the caller may see it.
pub(super) fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Server, Problem> {
    let found = state.nova.servers.get(call.id()).filter(|server| call.actor.sees(&server.project));
    found.ok_or_else(|| no_such(call.id()))
}

pub(super) fn find_mut<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Server, Problem> {
    let found = state.nova.servers.get_mut(call.id()).filter(|server| call.actor.sees(&server.project));
    found.ok_or_else(|| no_such(call.id()))
}

/// Locked servers obey only administrators.
pub(super) fn unlocked(server: &Server, call: &Call) -> Result<(), Problem> {
    if server.locked && !call.actor.is_admin() {
        return Err(Problem::conflict(format!("Instance {} is locked", server.id)));
    }
    Ok(())
}

fn list(state: &mut State, call: &Call) -> Answer {
    let detailed = call.path.ends_with("/detail");
    let everywhere = call.asked_flag("all_tenants");
    if everywhere && !call.actor.is_admin() {
        let rule = if detailed { "detail" } else { "index" };
        let rule = format!("os_compute_api:servers:{rule}:get_all_tenants");
        return Err(Problem::forbidden(format!("Policy doesn't allow {rule} to be performed.")));
    }
    // Other projects are an administrator's business, and only on demand.
    let asked = call.asked("project_id").or(call.asked("tenant_id")).filter(|_| everywhere);
    let mine = |server: &&Server| match asked {
        Some(project) => server.project == project,
        None => everywhere || server.project == call.actor.project(),
    };
    let statuses: Vec<&str> = call.asked_all("status").collect();
    let is = |key: &str, value: &str| call.asked(key).is_none_or(|asked| asked == value);
    let wanted = |server: &&Server| {
        (statuses.is_empty() || statuses.iter().any(|status| status.eq_ignore_ascii_case(server.status())))
            // The name is a regular expression; those that clients send are plain or anchored.
            && call.asked("name").is_none_or(|name| name_fits(name, &server.name))
            && is("user_id", &server.user)
            && is("image", server.image.as_deref().unwrap_or_default())
            && is("flavor", &server.flavor.id)
            && is("uuid", &server.id)
            && (!call.asked_flag("deleted") || !call.actor.is_admin())
            && call.asked("host").is_none_or(|host| !call.actor.is_admin() || super::store::HOSTS[server.host] == host)
    };
    // Newest first.
    let servers = state.nova.servers.iter().rev().filter(mine);
    let page =
        page(call, state.options.page_limit, servers, |server| &server.id, wanted).map_err(bad_page)?;
    let rows = page.rows.into_iter().map(|server| {
        if detailed { Value::Object(view::full(state, call, server)) } else { view::brief(state, server) }
    });
    Ok(listed(state, call, "servers", &rows.collect::<Vec<_>>(), page.next))
}

fn name_fits(pattern: &str, name: &str) -> bool {
    let (start, pattern) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let (end, pattern) = pattern.strip_suffix('$').map_or((false, pattern), |rest| (true, rest));
    let pattern = pattern.trim_end_matches(".*").replace('\\', "");
    match (start, end) {
        (true, true) => name == pattern,
        (true, false) => name.starts_with(&pattern),
        (false, true) => name.ends_with(&pattern),
        (false, false) => name.contains(&pattern),
    }
}

fn show(state: &mut State, call: &Call) -> Answer {
    let server = find(state, call)?;
    Ok(Reply::json(200, &json!({"server": view::full(state, call, server)})))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "server")?;
    let now = state.calendar(state.now);
    let server = find_mut(state, call)?;
    if let Some(name) = body.get("name") {
        match name.as_str().filter(|name| !name.is_empty()) {
            Some(name) => name.clone_into(&mut server.name),
            None => return Err(super::invalid("name", name, "'' is too short")),
        }
    }
    if let Some(description) = body.get("description") {
        server.description = description.as_str().map(str::to_owned);
    }
    server.updated = now;
    let server = find(state, call)?;
    let view =
        if call.micro >= 75 { view::full(state, call, server) } else { view::basic(state, call, server) };
    Ok(Reply::json(200, &json!({"server": view})))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    unlocked(find(state, call)?, call)?;
    begin_delete(state, call.id());
    Ok(Reply::empty(204))
}

/// A second request changes nothing: the server is already on its way.
pub(super) fn begin_delete(state: &mut State, id: &str) {
    if state.nova.servers.get(id).is_some_and(|server| !server.is_deleting()) {
        let takes = state.options.delete.draw(&mut state.random);
        state.nova.begin(id, "deleting", state.now, takes, End::Gone);
    }
}

fn ips(state: &mut State, call: &Call) -> Answer {
    let server = find(state, call)?;
    Ok(Reply::json(200, &json!({"addresses": view::addresses(state, server, false)})))
}

fn metadata(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"metadata": find(state, call)?.metadata})))
}

fn add_metadata(state: &mut State, call: &Call) -> Answer {
    let added = body(call, "metadata")?;
    let server = find_mut(state, call)?;
    server.metadata.extend(added);
    Ok(Reply::json(200, &json!({"metadata": server.metadata})))
}

fn set_metadata(state: &mut State, call: &Call) -> Answer {
    let metadata = body(call, "metadata")?;
    find_mut(state, call)?.metadata.clone_from(&metadata);
    Ok(Reply::json(200, &json!({"metadata": metadata})))
}

fn unset_metadata(state: &mut State, call: &Call) -> Answer {
    let removed = find_mut(state, call)?.metadata.remove(call.param(1));
    removed.map(|_| Reply::empty(204)).ok_or_else(|| Problem::not_found("Metadata item was not found"))
}

/// A port as Nova shows it.
fn interface(port: &crate::http::Object) -> Value {
    json!({"net_id": port["network_id"], "port_id": port["id"], "mac_addr": port["mac_address"],
        "port_state": port["status"], "fixed_ips": port["fixed_ips"]})
}

fn interfaces(state: &mut State, call: &Call) -> Answer {
    find(state, call)?;
    let rows: Vec<_> = neutron::ports_of(state, call.id()).map(interface).collect();
    Ok(Reply::json(200, &json!({"interfaceAttachments": rows})))
}

fn attach_interface(state: &mut State, call: &Call) -> Answer {
    let body = call.wrapped("interfaceAttachment", super::NO_JSON)?.unwrap_or_default();
    let server = find(state, call)?;
    unlocked(server, call)?;
    let (project, groups, host) = (server.project.clone(), server.security_groups.clone(), server.host);
    let port = match (text(&body, "port_id"), text(&body, "net_id")) {
        ("", "") => {
            let mut networks = neutron::networks_for(state, &call.actor);
            let network = networks.pop().filter(|_| networks.is_empty());
            let network = network.ok_or_else(|| {
                Problem::bad_request(
                    "Multiple possible networks found, use a Network ID to be more specific.",
                )
            })?;
            neutron::plug(state, &network, &project, &groups)
        }
        ("", network) => {
            neutron::network(state, &call.actor, network)
                .ok_or_else(|| Problem::bad_request(format!("Network {network} could not be found.")))?;
            neutron::plug(state, network, &project, &groups)
        }
        (port, _) => {
            let missing = || Problem::not_found(format!("Port {port} could not be found."));
            neutron::port(state, &call.actor, port).ok_or_else(missing)?;
            Some(port.to_owned())
        }
    };
    let port = port.ok_or_else(|| Problem::bad_request("No fixed IP addresses available for network"))?;
    let binding = object!({"device_id": call.id(), "device_owner": "compute:nova", "status": "ACTIVE",
        "binding:host_id": super::store::HOSTS[host]});
    neutron::bind(state, &port, binding);
    let row = neutron::ports_of(state, call.id()).find(|row| text(row, "id") == port).map(interface);
    Ok(Reply::json(200, &json!({"interfaceAttachment": row})))
}

fn detach_interface(state: &mut State, call: &Call) -> Answer {
    unlocked(find(state, call)?, call)?;
    let port = call.param(1);
    if !neutron::ports_of(state, call.id()).any(|row| text(row, "id") == port) {
        return Err(Problem::not_found(format!("Port {port} could not be found.")));
    }
    state.neutron.unplug(port);
    Ok(Reply::empty(202))
}

fn volumes(state: &mut State, call: &Call) -> Answer {
    find(state, call)?;
    Ok(Reply::json(200, &json!({"volumeAttachments": []})))
}

fn security_groups(state: &mut State, call: &Call) -> Answer {
    let server = find(state, call)?;
    let names = if neutron::has_ports(state, &server.id) { server.security_groups.as_slice() } else { &[] };
    let rows = names.iter().filter_map(|name| neutron::security_group(state, &server.project, name));
    let rows: Vec<_> = rows
        .map(|row| {
            json!({"id": row["id"], "name": row["name"], "description": row["description"],
                "tenant_id": server.project, "rules": []})
        })
        .collect();
    Ok(Reply::json(200, &json!({"security_groups": rows})))
}

fn tags(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"tags": find(state, call)?.tags})))
}

/// Only the boot is remembered.
fn instance_actions(state: &mut State, call: &Call) -> Answer {
    let server = find(state, call)?;
    let boot = json!({"action": "create", "instance_uuid": server.id, "request_id": call.request_id,
        "user_id": server.user, "project_id": server.project, "start_time": micros(server.created), "message": null});
    Ok(Reply::json(200, &json!({"instanceActions": [boot]})))
}

fn diagnostics(state: &mut State, call: &Call) -> Answer {
    find(state, call)?;
    Ok(Reply::json(200, &json!({"cpu0_time": 17_300_000_000_u64, "memory": 524_288, "vda_read": 262_144})))
}
