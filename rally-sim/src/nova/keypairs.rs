//! Keypairs belong to a user, server groups to a project.

use serde_json::{Value, json};

use super::{body, require};
use crate::http::{Answer, Call, Problem, Reply, Route, route, text};
use crate::state::{State, micros};

/// A public key, and how Nova shows it.
#[derive(Clone, Debug)]
pub(crate) struct Keypair {
    number: u64,
    public_key: String,
    fingerprint: String,
    kind: String,
    created: String,
}

/// A server group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    project: String,
    user: String,
    policy: String,
    pub(crate) members: Vec<String>,
}

const KEYPAIR: &str = "/v2.1/os-keypairs/{keypair_name}";
const GROUP: &str = "/v2.1/os-server-groups/{server_group_id}";

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v2.1/os-keypairs", list),
        route("POST", "/v2.1/os-keypairs", create),
        route("GET", KEYPAIR, show),
        route("DELETE", KEYPAIR, delete),
        route("GET", "/v2.1/os-server-groups", groups),
        route("POST", "/v2.1/os-server-groups", create_group),
        route("GET", GROUP, group),
        route("DELETE", GROUP, delete_group),
    ]
}

/// Whose keypairs: an administrator may ask for another user's.
fn owner(call: &Call) -> Result<String, Problem> {
    match call.asked("user_id").filter(|_| call.micro >= 10) {
        Some(user) if user == call.actor.user || call.actor.is_admin() => Ok(user.to_owned()),
        Some(_) => {
            Err(Problem::forbidden("Policy doesn't allow os_compute_api:os-keypairs:index to be performed."))
        }
        None => Ok(call.actor.user.clone()),
    }
}

fn shown(call: &Call, name: &str, pair: &Keypair) -> Value {
    let mut row = json!({"name": name, "public_key": pair.public_key, "fingerprint": pair.fingerprint});
    if call.micro >= 2 {
        row["type"] = json!(pair.kind);
    }
    row
}

fn list(state: &mut State, call: &Call) -> Answer {
    let owner = owner(call)?;
    let own = state.nova.keypairs.iter().filter(|((user, _), _)| *user == owner);
    let rows: Vec<_> = own.map(|((_, name), pair)| json!({"keypair": shown(call, name, pair)})).collect();
    Ok(Reply::json(200, &json!({"keypairs": rows})))
}

fn show(state: &mut State, call: &Call) -> Answer {
    let key = (owner(call)?, call.id().to_owned());
    let pair = state.nova.keypairs.get(&key).ok_or_else(|| missing(&key))?;
    let mut row = shown(call, call.id(), pair);
    let rest = json!({"user_id": key.0, "created_at": pair.created, "deleted": false, "deleted_at": null,
        "id": pair.number, "updated_at": null});
    if let (Some(row), Value::Object(rest)) = (row.as_object_mut(), rest) {
        row.extend(rest);
    }
    Ok(Reply::json(200, &json!({"keypair": row})))
}

fn missing((user, name): &(String, String)) -> Problem {
    Problem::not_found(format!("Keypair {name} not found for user {user}"))
}

fn create(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "keypair")?;
    let name = require(&body, "keypair", "name")?.as_str().unwrap_or_default().to_owned();
    if call.micro >= 92 {
        require(&body, "keypair", "public_key")?;
    }
    let key = (call.actor.user.clone(), name.clone());
    if state.nova.keypairs.contains_key(&key) {
        return Err(Problem::conflict(format!("Key pair '{name}' already exists.")));
    }
    let given = text(&body, "public_key").to_owned();
    if !given.is_empty() && !given.starts_with("ssh-") && !given.starts_with("ecdsa-") {
        return Err(Problem::bad_request("Keypair data is invalid: failed to generate fingerprint"));
    }
    // A key that was made here opens nothing: no guest runs.
    let made = given.is_empty().then(|| state.letters(372));
    let public_key = made.as_ref().map_or(given, |made| format!("ssh-rsa {made} Generated-by-Nova"));
    let kind = Some(text(&body, "type")).filter(|kind| !kind.is_empty()).unwrap_or("ssh").to_owned();
    let pair = Keypair {
        number: state.nova.next_number(),
        public_key,
        fingerprint: fingerprint(&state.hex_id()),
        kind,
        created: micros(state.calendar(state.now)),
    };
    let mut row = shown(call, &name, &pair);
    row["user_id"] = json!(call.actor.user);
    if made.is_some() {
        let secret = state.letters(1600);
        row["private_key"] =
            json!(format!("-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----\n"));
    }
    state.nova.keypairs.insert(key, pair);
    Ok(Reply::json(if call.micro >= 2 { 201 } else { 200 }, &json!({"keypair": row})))
}

/// `1e:2c:…` of 32 digits.
fn fingerprint(digits: &str) -> String {
    let pairs: Vec<String> =
        digits.chars().collect::<Vec<_>>().chunks(2).map(|pair| pair.iter().collect()).collect();
    pairs.join(":")
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let key = (owner(call)?, call.id().to_owned());
    state.nova.keypairs.remove(&key).ok_or_else(|| missing(&key))?;
    Ok(Reply::empty(if call.micro >= 2 { 204 } else { 202 }))
}

fn group_view(call: &Call, group: &Group) -> Value {
    let mut row = json!({"id": group.id, "name": group.name});
    if call.micro >= 64 {
        row["policy"] = json!(group.policy);
        row["rules"] = json!({});
    } else {
        row["policies"] = json!([group.policy]);
        row["metadata"] = json!({});
    }
    row["members"] = json!(group.members);
    if call.micro >= 13 {
        row["project_id"] = json!(group.project);
        row["user_id"] = json!(group.user);
    }
    row
}

fn groups(state: &mut State, call: &Call) -> Answer {
    let everywhere = call.actor.is_admin() && call.asked("all_projects").is_some();
    let own = state.nova.groups.iter().filter(|group| everywhere || group.project == call.actor.project());
    let rows: Vec<_> = own.map(|group| group_view(call, group)).collect();
    Ok(Reply::json(200, &json!({"server_groups": rows})))
}

fn find_group<'a>(state: &'a State, call: &Call) -> Result<&'a Group, Problem> {
    let found = state.nova.groups.get(call.id()).filter(|group| call.actor.sees(&group.project));
    found.ok_or_else(|| Problem::not_found(format!("Instance group {} could not be found.", call.id())))
}

fn group(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"server_group": group_view(call, find_group(state, call)?)})))
}

fn create_group(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "server_group")?;
    let name = require(&body, "server_group", "name")?.as_str().unwrap_or_default().to_owned();
    let policy = if call.micro >= 64 {
        require(&body, "server_group", "policy")?.as_str()
    } else {
        require(&body, "server_group", "policies")?.get(0).and_then(Value::as_str)
    };
    let policy = policy.unwrap_or_default().to_owned();
    super::quotas::room_for_group(state, call.actor.project())?;
    let (id, actor) = (state.uuid(), &call.actor);
    let group = Group {
        id: id.clone(),
        name,
        project: actor.project().to_owned(),
        user: actor.user.clone(),
        policy,
        members: Vec::new(),
    };
    let row = group_view(call, &group);
    state.nova.groups.insert(&id, group);
    Ok(Reply::json(200, &json!({"server_group": row})))
}

fn delete_group(state: &mut State, call: &Call) -> Answer {
    find_group(state, call)?;
    state.nova.groups.remove(call.id());
    Ok(Reply::empty(204))
}

impl Group {
    /// Whether it belongs to this project.
    pub(crate) fn is_of(&self, project: &str) -> bool {
        self.project == project
    }
}
