//! A user holds roles in a project, in a domain or in the whole system.

use serde_json::{Value, json};

use super::store::Assignment;
use super::{Scope, link, listed, missing};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, object, route, text};
use crate::state::State;

/// Where roles are held: the path, and the words in the names of the rules.
const PLACES: [(&str, &str); 3] = [
    ("/v3/projects/{project_id}", "grant"),
    ("/v3/domains/{domain_id}", "grant"),
    ("/v3/system", "system_grant_for_user"),
];

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![route("GET", "/v3/role_assignments", list).admin("identity:list_role_assignments")];
    for (place, word) in PLACES {
        let all = format!("{place}/users/{{user_id}}/roles");
        let one = format!("{all}/{{role_id}}");
        routes.extend([
            route("GET", all, held).admin(format!("identity:list_{word}s")),
            route("PUT", one.as_str(), grant).admin(format!("identity:create_{word}")),
            route("GET", one.as_str(), check).admin(format!("identity:check_{word}")),
            route("DELETE", one, revoke).admin(format!("identity:revoke_{word}")),
        ]);
    }
    routes
}

/// The place and the user that a path names.
fn place(state: &State, call: &Call) -> Result<(Scope, String), Problem> {
    let keystone = &state.keystone;
    let (scope, user) = match call.path.split('/').nth(2) {
        Some("system") => (Scope::System, call.param(0)),
        Some("domains") => {
            let known = keystone.domains.contains(call.id());
            (
                Scope::Domain(
                    known.then(|| call.id().to_owned()).ok_or_else(|| missing("domain", call.id()))?,
                ),
                call.param(1),
            )
        }
        _ => {
            let known = keystone.projects.contains(call.id());
            (
                Scope::Project(
                    known.then(|| call.id().to_owned()).ok_or_else(|| missing("project", call.id()))?,
                ),
                call.param(1),
            )
        }
    };
    if !keystone.users.contains(user) {
        return Err(missing("user", user));
    }
    Ok((scope, user.to_owned()))
}

/// The assignment that a path names, which may not exist.
fn named(state: &State, call: &Call) -> Result<Assignment, Problem> {
    let role = call.params.last().map_or("", String::as_str);
    let known = state.keystone.roles.contains(role);
    let (scope, user) = place(state, call)?;
    if known { Ok(Assignment { user, scope, role: role.to_owned() }) } else { Err(missing("role", role)) }
}

fn not_held(assignment: &Assignment) -> Problem {
    let Assignment { user, scope, role } = assignment;
    let place = match scope {
        Scope::Project(id) | Scope::Domain(id) => id,
        Scope::System | Scope::None => "system",
    };
    Problem::not_found(format!(
        "Could not find role assignment with role: {role}, user or group: {user}, project, domain, or system: {place}."
    ))
}

fn held(state: &mut State, call: &Call) -> Answer {
    let (scope, user) = place(state, call)?;
    let keystone = &state.keystone;
    let roles: Vec<_> =
        keystone.roles_of(&user, &scope).filter_map(|role| keystone.roles.get(role)).cloned().collect();
    Ok(listed(state, call, "roles", &roles))
}

fn grant(state: &mut State, call: &Call) -> Answer {
    let assignment = named(state, call)?;
    state.keystone.assignments.insert(assignment);
    Ok(Reply::empty(204))
}

fn check(state: &mut State, call: &Call) -> Answer {
    let assignment = named(state, call)?;
    if state.keystone.assignments.contains(&assignment) {
        Ok(Reply::empty(204))
    } else {
        Err(not_held(&assignment))
    }
}

fn revoke(state: &mut State, call: &Call) -> Answer {
    let assignment = named(state, call)?;
    if state.keystone.assignments.remove(&assignment) {
        Ok(Reply::empty(204))
    } else {
        Err(not_held(&assignment))
    }
}

fn list(state: &mut State, call: &Call) -> Answer {
    let names =
        call.query.iter().any(|(key, value)| key == "include_names" && value != "0" && value != "false");
    let wanted = |assignment: &&Assignment| {
        let in_scope = match &assignment.scope {
            Scope::Project(id) => {
                call.asked("scope.project.id").is_none_or(|asked| asked == id)
                    && call.asked("scope.domain.id").or(call.asked("scope.system")).is_none()
            }
            Scope::Domain(id) => {
                call.asked("scope.domain.id").is_none_or(|asked| asked == id)
                    && call.asked("scope.project.id").or(call.asked("scope.system")).is_none()
            }
            Scope::System | Scope::None => {
                call.asked("scope.project.id").or(call.asked("scope.domain.id")).is_none()
            }
        };
        in_scope
            && call.asked("user.id").is_none_or(|asked| asked == assignment.user)
            && call.asked("role.id").is_none_or(|asked| asked == assignment.role)
    };
    let rows: Vec<_> =
        state.keystone.assignments.iter().filter(wanted).map(|held| shown(state, held, names)).collect();
    Ok(listed(state, call, "role_assignments", &rows))
}

fn shown(state: &State, held: &Assignment, names: bool) -> Object {
    let keystone = &state.keystone;
    let thing = |row: Option<&Object>, id: &str| {
        let mut thing = json!({"id": id});
        if let Some(row) = row.filter(|_| names) {
            thing["name"] = row["name"].clone();
            if let Some(domain) =
                row.get("domain_id").and_then(Value::as_str).and_then(|id| keystone.domains.get(id))
            {
                thing["domain"] = json!({"id": domain["id"], "name": domain["name"]});
            }
        }
        thing
    };
    let Assignment { user, scope, role } = held;
    let (place, scope) = match scope {
        Scope::Project(id) => {
            (format!("projects/{id}"), json!({"project": thing(keystone.projects.get(id), id)}))
        }
        Scope::Domain(id) => {
            (format!("domains/{id}"), json!({"domain": thing(keystone.domains.get(id), id)}))
        }
        Scope::System | Scope::None => ("system".to_owned(), json!({"system": {"all": true}})),
    };
    let mut role_shown = json!({"id": role});
    if names && let Some(row) = keystone.roles.get(role) {
        role_shown["name"] = json!(text(row, "name"));
    }
    object!({
        "links": {"assignment": link(state, &format!("{place}/users/{user}/roles/{role}"))}, "scope": scope,
        "user": thing(keystone.users.get(user), user), "role": role_shown,
    })
}
