//! Most actions are a line in a table: from which states, to which, and what it is called meanwhile.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use super::servers::{begin_delete, find, find_mut, unlocked};
use super::store::{End, UNNAMED, Vm};
use super::{NO_JSON, flavors, view};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, Service, object, route, text};
use crate::neutron;
use crate::state::State;

pub(super) fn routes() -> Vec<Route> {
    vec![route("POST", "/v2.1/servers/{server_id}/action", act)]
}

/// An action that moves a server from one state to another and has no say in anything else.
struct Move {
    action: &'static str,
    /// The word in "Cannot 'stop' instance …".
    verb: &'static str,
    from: &'static [Vm],
    to: Vm,
    task: &'static str,
    /// The rule that lets only administrators do it.
    admin: Option<&'static str>,
}

const UP: &[Vm] = &[Vm::Active, Vm::Stopped, Vm::Rescued];
const ANY: &[Vm] = &[Vm::Active, Vm::Stopped, Vm::Paused, Vm::Suspended, Vm::Error];

const MOVES: [Move; 10] = [
    Move {
        action: "os-start",
        verb: "start",
        from: &[Vm::Stopped],
        to: Vm::Active,
        task: "powering-on",
        admin: None,
    },
    Move {
        action: "os-stop",
        verb: "stop",
        from: &[Vm::Active, Vm::Rescued, Vm::Error],
        to: Vm::Stopped,
        task: "powering-off",
        admin: None,
    },
    Move { action: "pause", verb: "pause", from: UP, to: Vm::Paused, task: "pausing", admin: None },
    Move {
        action: "unpause",
        verb: "unpause",
        from: &[Vm::Paused],
        to: Vm::Active,
        task: "unpausing",
        admin: None,
    },
    Move {
        action: "suspend",
        verb: "suspend",
        from: &[Vm::Active, Vm::Rescued],
        to: Vm::Suspended,
        task: "suspending",
        admin: None,
    },
    Move {
        action: "resume",
        verb: "resume",
        from: &[Vm::Suspended],
        to: Vm::Active,
        task: "resuming",
        admin: None,
    },
    Move {
        action: "unrescue",
        verb: "unrescue",
        from: &[Vm::Rescued],
        to: Vm::Active,
        task: "unrescuing",
        admin: None,
    },
    Move {
        action: "shelve",
        verb: "shelve",
        from: ANY,
        to: Vm::ShelvedOffloaded,
        task: "shelving",
        admin: None,
    },
    Move {
        action: "unshelve",
        verb: "unshelve",
        from: &[Vm::ShelvedOffloaded],
        to: Vm::Active,
        task: "unshelving",
        admin: None,
    },
    Move {
        action: "shelveOffload",
        verb: "shelve_offload",
        from: &[Vm::ShelvedOffloaded],
        to: Vm::ShelvedOffloaded,
        task: "shelving_offloading",
        admin: Some("os_compute_api:os-shelve:shelve_offload"),
    },
];

fn act(state: &mut State, call: &Call) -> Answer {
    let body = call.json(NO_JSON)?;
    let Some((name, argument)) = body.as_object().and_then(|body| body.iter().next()) else {
        return Err(Problem::bad_request(NO_JSON));
    };
    let empty = Object::new();
    let given = argument.as_object().unwrap_or(&empty);
    find(state, call)?;
    if let Some(row) = MOVES.iter().find(|row| row.action == name) {
        if let Some(rule) = row.admin {
            only_admin(call, rule)?;
        }
        ready(state, call, row.verb, row.from)?;
        begin(state, call, row.task, End::Vm(row.to));
        return Ok(Reply::empty(202));
    }
    match name.as_str() {
        "reboot" => reboot(state, call, given),
        "rescue" => rescue(state, call),
        "resize" => resize(state, call, given),
        "confirmResize" => confirm_resize(state, call),
        "revertResize" => revert_resize(state, call),
        "migrate" => migrate(state, call),
        "os-migrateLive" => live_migrate(state, call),
        "rebuild" => rebuild(state, call, given),
        "createImage" => create_image(state, call, given),
        "lock" | "unlock" => {
            find_mut(state, call)?.locked = name == "lock";
            Ok(Reply::empty(202))
        }
        "forceDelete" => {
            unlocked(find(state, call)?, call)?;
            begin_delete(state, call.id());
            Ok(Reply::empty(202))
        }
        "os-resetState" => reset_state(state, call, given),
        "changePassword" => {
            ready(state, call, "set_admin_password", &[Vm::Active])?;
            Ok(Reply::empty(202))
        }
        "os-getConsoleOutput" => {
            Ok(Reply::json(200, &json!({"output": "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE"})))
        }
        "os-getVNCConsole" => {
            let kind = text(given, "type").to_owned();
            let token = state.uuid();
            let url = format!("{}/vnc_lite.html?path=%3Ftoken%3D{token}", state.url);
            Ok(Reply::json(200, &json!({"console": {"type": kind, "url": url}})))
        }
        "addSecurityGroup" | "removeSecurityGroup" => {
            security_group(state, call, name == "addSecurityGroup", given)
        }
        other => Err(Problem::bad_request(format!("There is no such action: {other}"))),
    }
}

fn only_admin(call: &Call, rule: &str) -> Result<(), Problem> {
    if call.actor.is_admin() {
        return Ok(());
    }
    Err(Problem::forbidden(format!("Policy doesn't allow {rule} to be performed.")))
}

/// Whether a server is unlocked, at rest and in one of these states.
fn ready(state: &State, call: &Call, verb: &str, from: &[Vm]) -> Result<(), Problem> {
    let server = find(state, call)?;
    unlocked(server, call)?;
    let id = &server.id;
    if !from.contains(&server.vm) {
        let vm = server.vm.name();
        return Err(Problem::conflict(format!("Cannot '{verb}' instance {id} while it is in vm_state {vm}")));
    }
    if let Some(task) = server.task_state(state.now) {
        return Err(Problem::conflict(format!(
            "Cannot '{verb}' instance {id} while it is in task_state {task}"
        )));
    }
    Ok(())
}

fn takes(state: &mut State) -> Duration {
    state.options.boot.draw(&mut state.random)
}

fn begin(state: &mut State, call: &Call, task: &'static str, end: End) {
    let takes = takes(state);
    state.nova.begin(call.id(), task, state.now, takes, end);
}

fn reboot(state: &mut State, call: &Call, given: &Object) -> Answer {
    let kind = text(given, "type").to_ascii_uppercase();
    let (task, from): (_, &[Vm]) = match kind.as_str() {
        "SOFT" => ("rebooting", &[Vm::Active]),
        "HARD" => ("rebooting_hard", ANY),
        "" => {
            return Err(super::require(given, "reboot", "type")
                .err()
                .unwrap_or_else(|| Problem::bad_request(NO_JSON)));
        }
        _ => {
            let why = format!(
                "'{}' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']",
                text(given, "type")
            );
            return Err(super::invalid("type", &given["type"], &why));
        }
    };
    ready(state, call, "reboot", from)?;
    begin(state, call, task, End::Vm(Vm::Active));
    Ok(Reply::empty(202))
}

fn rescue(state: &mut State, call: &Call) -> Answer {
    ready(state, call, "rescue", &[Vm::Active, Vm::Stopped, Vm::Error])?;
    begin(state, call, "rescuing", End::Vm(Vm::Rescued));
    let password = state.letters(12);
    Ok(Reply::json(200, &json!({"adminPass": password})))
}

fn resize(state: &mut State, call: &Call, given: &Object) -> Answer {
    let wanted = super::python(super::require(given, "resize", "flavorRef")?);
    let flavor = flavors::find(state, call, &wanted)
        .ok_or_else(|| Problem::bad_request(format!("Unable to locate requested flavor {wanted}.")))?;
    ready(state, call, "resize", &[Vm::Active, Vm::Stopped])?;
    if find(state, call)?.flavor.id == flavor.id {
        return Err(Problem::bad_request("When resizing, instances must change flavor!"));
    }
    begin(state, call, "resize_prep", End::Moved(Vm::Resized, flavor));
    Ok(Reply::empty(202))
}

/// A resize that waits for a word, and the flavor from before it.
fn resized(state: &State, call: &Call) -> Result<Arc<flavors::Flavor>, Problem> {
    let server = find(state, call)?;
    unlocked(server, call)?;
    let old = server.old_flavor.clone().filter(|_| server.vm == Vm::Resized && server.task.is_none());
    old.ok_or_else(|| Problem::bad_request("Instance has not been resized."))
}

fn confirm_resize(state: &mut State, call: &Call) -> Answer {
    resized(state, call)?;
    find_mut(state, call)?.old_flavor = None;
    begin(state, call, UNNAMED, End::Vm(Vm::Active));
    Ok(Reply::empty(204))
}

fn revert_resize(state: &mut State, call: &Call) -> Answer {
    let old = resized(state, call)?;
    begin(state, call, "resize_reverting", End::Moved(Vm::Active, old));
    Ok(Reply::empty(202))
}

fn migrate(state: &mut State, call: &Call) -> Answer {
    only_admin(call, "os_compute_api:os-migrate-server:migrate")?;
    ready(state, call, "migrate", &[Vm::Active, Vm::Stopped])?;
    let flavor = Arc::clone(&find(state, call)?.flavor);
    begin(state, call, "resize_prep", End::Moved(Vm::Resized, flavor));
    Ok(Reply::empty(202))
}

fn live_migrate(state: &mut State, call: &Call) -> Answer {
    only_admin(call, "os_compute_api:os-migrate-server:migrate_live")?;
    ready(state, call, "os-migrateLive", &[Vm::Active, Vm::Paused])?;
    begin(state, call, "migrating", End::Host);
    Ok(Reply::empty(202))
}

fn rebuild(state: &mut State, call: &Call, given: &Object) -> Answer {
    let image = text(given, "imageRef").to_owned();
    if crate::glance::visible(state, &call.actor, &image).is_none() {
        return Err(Problem::bad_request("Cannot find image for rebuild"));
    }
    ready(state, call, "rebuild", ANY)?;
    let server = find_mut(state, call)?;
    server.image = Some(image);
    if let Some(name) = given.get("name").and_then(Value::as_str) {
        name.clone_into(&mut server.name);
    }
    begin(state, call, "rebuilding", End::Vm(Vm::Active));
    let password = state.letters(12);
    let mut view = view::basic(state, call, find(state, call)?);
    view.insert("adminPass".to_owned(), json!(password));
    let location = format!("{}{}", state.endpoint(Service::Nova), call.path.trim_end_matches("/action"));
    Ok(Reply::json(202, &json!({"server": view})).header("location", &location))
}

fn create_image(state: &mut State, call: &Call, given: &Object) -> Answer {
    super::require(given, "createImage", "name")?;
    ready(state, call, "createImage", &[Vm::Active, Vm::Stopped, Vm::Paused, Vm::Suspended])?;
    let server = find(state, call)?;
    let row = object!({
        "base_image_ref": server.image, "instance_uuid": server.id, "user_id": server.user, "image_type": "snapshot",
        "name": given["name"], "disk_format": "raw", "container_format": "bare", "visibility": "private",
        "min_disk": server.flavor.disk, "owner": server.project,
    });
    let image = crate::glance::snapshot(state, row);
    begin(state, call, "image_snapshot_pending", End::Image(image.clone()));
    if call.micro >= 45 {
        return Ok(Reply::json(202, &json!({"image_id": image})));
    }
    let location = format!("{}/images/{image}", state.endpoint(Service::Glance));
    Ok(Reply::html(202, String::new()).header("location", &location))
}

fn reset_state(state: &mut State, call: &Call, given: &Object) -> Answer {
    only_admin(call, "os_compute_api:os-admin-actions:reset_state")?;
    let wanted = text(given, "state");
    let vm = Vm::ALL.into_iter().find(|vm| vm.name() == wanted && matches!(vm, Vm::Active | Vm::Error));
    let vm = vm.ok_or_else(|| {
        super::invalid("state", &json!(wanted), &format!("'{wanted}' is not one of ['active', 'error']"))
    })?;
    let server = find_mut(state, call)?;
    server.task = None;
    server.vm = vm;
    Ok(Reply::empty(202))
}

fn security_group(state: &mut State, call: &Call, add: bool, given: &Object) -> Answer {
    let name = text(given, "name");
    let server = find(state, call)?;
    if neutron::security_group(state, &server.project, name).is_none() && name != "default" {
        let message = format!("Unable to find security_group with name or id '{name}'");
        return Err(Problem::not_found(message));
    }
    if !neutron::has_ports(state, call.id()) {
        let message = format!("instance_id {} could not be found as device id on any ports", call.id());
        return Err(Problem::not_found(message));
    }
    let groups = &mut find_mut(state, call)?.security_groups;
    groups.retain(|known| known != name);
    groups.extend(add.then(|| name.to_owned()));
    Ok(Reply::empty(202))
}
