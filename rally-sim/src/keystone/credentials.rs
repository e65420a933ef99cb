//! An application credential is a user's own, and not even an administrator makes one for another.

use serde_json::{Value, json};

use super::store::Credential;
use super::{NO_JSON, Scope, link, listed, self_or_admin};
use crate::http::{Answer, Call, Object, Problem, Reply, Right, Route, object, route, text};
use crate::state::State;

pub(super) fn routes() -> Vec<Route> {
    let all = "/v3/users/{user_id}/application_credentials";
    let one = "/v3/users/{user_id}/application_credentials/{application_credential_id}";
    vec![
        route("GET", all, list).right(self_or_admin("list_application_credentials")),
        route("POST", all, create).right(Right::Token),
        route("GET", one, show).right(self_or_admin("get_application_credential")),
        route("DELETE", one, delete).right(self_or_admin("delete_application_credential")),
    ]
}

fn list(state: &mut State, call: &Call) -> Answer {
    let own = state.keystone.credentials.iter().filter(|credential| credential.user == call.id());
    let rows: Vec<_> =
        own.map(|credential| credential.row.clone()).filter(|row| super::fits(call, row)).collect();
    Ok(listed(state, call, "application_credentials", &rows))
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Credential, Problem> {
    let found =
        state.keystone.credentials.get(call.param(1)).filter(|credential| credential.user == call.id());
    found.ok_or_else(|| super::missing("Application Credential", call.param(1)))
}

fn show(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"application_credential": find(state, call)?.row})))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    find(state, call)?;
    state.keystone.credentials.remove(call.param(1));
    Ok(Reply::empty(204))
}

fn create(state: &mut State, call: &Call) -> Answer {
    let rule =
        "You are not authorized to perform the requested action: identity:create_application_credential.";
    let Scope::Project(project) = &call.actor.scope else { return Err(Problem::forbidden(rule)) };
    if call.actor.user != call.id() {
        return Err(Problem::forbidden(rule));
    }
    let body = call.wrapped("application_credential", NO_JSON)?.unwrap_or_default();
    let name = text(&body, "name").to_owned();
    if name.is_empty() {
        return Err(Problem::bad_request("'name' is a required property"));
    }
    let taken =
        |credential: &Credential| credential.user == call.id() && text(&credential.row, "name") == name;
    if state.keystone.credentials.iter().any(taken) {
        return Err(Problem::conflict(format!(
            "Conflict occurred attempting to store application_credential - Duplicate entry found with name {name}."
        )));
    }
    let roles = roles(state, call, &body)?;
    let secret = match text(&body, "secret") {
        "" => state.letters(86),
        secret => secret.to_owned(),
    };
    let id = state.hex_id();
    let value = |key: &str| body.get(key).cloned().unwrap_or_default();
    let mut row = object!({
        "id": id, "name": name, "description": value("description"), "user_id": call.id(), "project_id": project,
        "system": null, "expires_at": value("expires_at"), "unrestricted": value("unrestricted"), "roles": roles,
    });
    let links = json!({"self": link(state, &format!("application_credentials/{id}"))});
    let mut shown = row.clone();
    shown.insert("secret".to_owned(), json!(secret));
    shown.insert("links".to_owned(), links.clone());
    row.insert("links".to_owned(), links);
    let (user, project) = (call.id().to_owned(), project.clone());
    state.keystone.credentials.insert(&id, Credential { id: id.clone(), user, secret, project, row });
    Ok(Reply::json(201, &json!({"application_credential": shown})))
}

/// The roles asked for, all of the user's if none are; only those that the user holds can be passed on.
fn roles(state: &State, call: &Call, body: &Object) -> Result<Vec<Value>, Problem> {
    let keystone = &state.keystone;
    let held = call.actor.roles.iter().copied().chain(call.actor.other_roles.iter().map(String::as_str));
    let held: Vec<&Object> = held.filter_map(|name| keystone.role_named(name)).collect();
    let without_links = |role: &Object| {
        let mut role = role.clone();
        role.remove("links");
        Value::Object(role)
    };
    let Some(asked) = body.get("roles").and_then(Value::as_array).filter(|asked| !asked.is_empty()) else {
        return Ok(held.into_iter().map(without_links).collect());
    };
    let matching = |asked: &Value| {
        let same = |role: &&&Object| {
            ["id", "name"].iter().any(|key| asked.get(key).is_some_and(|is| role.get(*key) == Some(is)))
        };
        let found = held.iter().find(same).map(|role| without_links(role));
        found.ok_or_else(|| {
            Problem::bad_request("Invalid application credential: Could not find role assignment.")
        })
    };
    asked.iter().map(matching).collect()
}
