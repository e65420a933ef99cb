//! Projects, users, roles and their like are listed, shown, made, changed and deleted by the same five functions.

use serde_json::{Value, json};

use super::{DOMAIN, Keystone};
use super::{NO_JSON, fits, link, listed, missing, own_domain, own_project, own_user};
use crate::http::{Answer, Call, Object, Problem, Reply, Right, Route, object, route, text};
use crate::keystone::store::Scope;
use crate::state::State;
use crate::table::Table;

/// What Keystone itself gives a meaning to.
const OWN: [&str; 13] = [
    "id",
    "name",
    "domain_id",
    "description",
    "enabled",
    "parent_id",
    "is_domain",
    "tags",
    "options",
    "links",
    "default_project_id",
    "password_expires_at",
    "type",
];

fn pair((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

/// One kind of thing in Keystone.
pub(super) trait Resource {
    /// `project`, the key around one.
    const ONE: &'static str;
    /// `projects`, the key around a list, and the path.
    const MANY: &'static str;

    fn table(keystone: &Keystone) -> &Table<Object>;

    fn table_mut(keystone: &mut Keystone) -> &mut Table<Object>;

    /// A new row from what the client sent.
    fn build(state: &mut State, body: Object) -> Object;

    /// What Keystone says when the name is taken.
    fn taken(row: &Object) -> String {
        format!("Duplicate entry found with name {}.", text(row, "name"))
    }

    /// Whether two rows may not have the same name.
    fn clash(new: &Object, old: &Object) -> bool {
        new.get("name") == old.get("name") && new.get("domain_id") == old.get("domain_id")
    }

    /// What the client sent and is kept elsewhere is taken out of `body`.
    fn keep_apart(_state: &mut State, _id: &str, _body: &mut Object) {}

    /// What goes with a row that is deleted.
    fn forget(_keystone: &mut Keystone, _id: &str) {}

    /// Who may see one, besides an administrator.
    fn visible(_call: &Call) -> bool {
        false
    }
}

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        route("GET", "/v3/users/{user_id}/projects", projects_of_user)
            .right(super::self_or_admin("list_user_projects")),
        route("POST", "/v3/users/{user_id}/password", change_password)
            .right(super::self_or_admin("change_password")),
        route("GET", "/v3/users/{user_id}/groups", no_groups)
            .right(super::self_or_admin("list_groups_for_user")),
    ];
    routes.extend(five::<Domain>());
    routes.extend(five::<Project>());
    routes.extend(five::<User>());
    routes.extend(five::<Group>());
    routes.extend(five::<Role>());
    routes.extend(five::<ServiceRow>());
    routes
}

/// The five routes of a kind.
fn five<R: Resource>() -> [Route; 5] {
    let (one, many) = (R::ONE, R::MANY);
    let (all, single) = (format!("/v3/{many}"), format!("/v3/{many}/{{{one}_id}}"));
    [
        route("GET", all.as_str(), list::<R>).admin(format!("identity:list_{many}")),
        route("POST", all, create::<R>).admin(format!("identity:create_{one}")),
        route("GET", single.as_str(), show::<R>)
            .right(Right::AdminOr(format!("identity:get_{one}"), R::visible)),
        route("PATCH", single.as_str(), update::<R>).admin(format!("identity:update_{one}")),
        route("DELETE", single, delete::<R>).admin(format!("identity:delete_{one}")),
    ]
}

fn list<R: Resource>(state: &mut State, call: &Call) -> Answer {
    let rows: Vec<_> = R::table(&state.keystone).iter().filter(|row| fits(call, row)).cloned().collect();
    Ok(listed(state, call, R::MANY, &rows))
}

fn show<R: Resource>(state: &mut State, call: &Call) -> Answer {
    let row = R::table(&state.keystone).get(call.id()).ok_or_else(|| missing(R::ONE, call.id()))?;
    Ok(Reply::json(200, &json!({R::ONE: row})))
}

fn create<R: Resource>(state: &mut State, call: &Call) -> Answer {
    let body = call.wrapped(R::ONE, NO_JSON)?.unwrap_or_default();
    // Keystone quotes its whole schema after this line; a client reads the first.
    if text(&body, "name").trim().is_empty() {
        return Err(Problem::bad_request(
            "'name' is a required property\n\nFailed validating 'required' in schema",
        ));
    }
    if let Some(domain) = body.get("domain_id").and_then(Value::as_str)
        && !state.keystone.domains.contains(domain)
    {
        return Err(Problem::bad_request(format!("Could not find domain: {domain}.")));
    }
    let row = R::build(state, body);
    store::<R>(state, &row)?;
    Ok(Reply::json(201, &json!({R::ONE: row})))
}

/// Keeps a row unless its name is taken.
fn store<R: Resource>(state: &mut State, row: &Object) -> Result<(), Problem> {
    let id = text(row, "id");
    let table = R::table_mut(&mut state.keystone);
    if table.iter().any(|old| text(old, "id") != id && R::clash(row, old)) {
        let what = R::taken(row);
        state.keystone.passwords.remove(id);
        return Err(Problem::conflict(format!("Conflict occurred attempting to store {} - {what}", R::ONE)));
    }
    table.insert(id, row.clone());
    Ok(())
}

fn update<R: Resource>(state: &mut State, call: &Call) -> Answer {
    let id = call.id();
    let mut row = R::table(&state.keystone).get(id).cloned().ok_or_else(|| missing(R::ONE, id))?;
    let mut body = call.wrapped(R::ONE, NO_JSON)?.unwrap_or_default();
    R::keep_apart(state, id, &mut body);
    let links = row.remove("links");
    for (key, value) in body.into_iter().filter(|(key, _)| key != "id") {
        row.insert(key, value);
    }
    row.extend(links.map(|links| ("links".to_owned(), links)));
    store::<R>(state, &row)?;
    // Only this answer has what is not Keystone's own a second time, under a key of its own.
    let extra: Object = row.iter().filter(|(key, _)| !OWN.contains(&key.as_str())).map(pair).collect();
    if R::ONE == "user" || !extra.is_empty() {
        row.insert("extra".to_owned(), extra.into());
    }
    Ok(Reply::json(200, &json!({R::ONE: row})))
}

fn delete<R: Resource>(state: &mut State, call: &Call) -> Answer {
    R::table_mut(&mut state.keystone).remove(call.id()).ok_or_else(|| missing(R::ONE, call.id()))?;
    R::forget(&mut state.keystone, call.id());
    Ok(Reply::empty(204))
}

/// `key` of what the client sent, or `otherwise`.
fn sent(body: &mut Object, key: &str, otherwise: impl Into<Value>) -> Value {
    body.remove(key).filter(|value| !value.is_null()).unwrap_or_else(|| otherwise.into())
}

/// `fixed` first, then whatever else the client sent, then the link.
fn row(state: &State, many: &str, fixed: Object, rest: Object) -> Object {
    let link = link(state, &format!("{many}/{}", text(&fixed, "id")));
    let mut row = fixed;
    for (key, value) in rest {
        row.entry(key).or_insert(value);
    }
    row.insert("links".to_owned(), json!({"self": link}));
    row
}

/// Writes the three functions that say in which table a kind is kept.
macro_rules! kept_in {
    ($table:ident, $one:literal) => {
        const ONE: &'static str = $one;
        const MANY: &'static str = stringify!($table);

        fn table(keystone: &Keystone) -> &Table<Object> {
            &keystone.$table
        }

        fn table_mut(keystone: &mut Keystone) -> &mut Table<Object> {
            &mut keystone.$table
        }
    };
}

pub(super) struct Domain;

impl Resource for Domain {
    kept_in!(domains, "domain");

    fn build(state: &mut State, mut body: Object) -> Object {
        let fixed = object!({
            "id": state.hex_id(), "name": sent(&mut body, "name", ""),
            "description": sent(&mut body, "description", ""), "enabled": sent(&mut body, "enabled", true),
            "tags": [], "options": {},
        });
        row(state, Self::MANY, fixed, body)
    }

    fn visible(call: &Call) -> bool {
        own_domain(call)
    }
}

pub(super) struct Project;

impl Resource for Project {
    kept_in!(projects, "project");

    fn build(state: &mut State, mut body: Object) -> Object {
        let domain = sent(&mut body, "domain_id", DOMAIN);
        let fixed = object!({
            "id": state.hex_id(), "name": sent(&mut body, "name", ""), "domain_id": domain,
            "description": sent(&mut body, "description", ""), "enabled": sent(&mut body, "enabled", true),
            "parent_id": sent(&mut body, "parent_id", domain), "is_domain": false,
            "tags": sent(&mut body, "tags", json!([])), "options": sent(&mut body, "options", json!({})),
        });
        row(state, Self::MANY, fixed, body)
    }

    fn taken(row: &Object) -> String {
        let (name, id) = (text(row, "name"), text(row, "id"));
        format!(
            "it is not permitted to have two projects with either the same name or same id in the same domain: name is \
             {name}, project id {id}."
        )
    }

    fn forget(keystone: &mut Keystone, id: &str) {
        keystone.assignments.retain(|held| held.scope != Scope::Project(id.to_owned()));
        keystone.credentials.retain(|credential| credential.project != id);
    }

    fn visible(call: &Call) -> bool {
        own_project(call)
    }
}

pub(super) struct User;

impl Resource for User {
    kept_in!(users, "user");

    fn build(state: &mut State, mut body: Object) -> Object {
        let id = state.hex_id();
        Self::keep_apart(state, &id, &mut body);
        let mut fixed = object!({
            "id": id, "name": sent(&mut body, "name", ""), "domain_id": sent(&mut body, "domain_id", DOMAIN),
            "enabled": sent(&mut body, "enabled", true),
        });
        if let Some(project) = body.remove("default_project_id").filter(|project| !project.is_null()) {
            fixed.insert("default_project_id".to_owned(), project);
        }
        fixed.insert("password_expires_at".to_owned(), Value::Null);
        fixed.insert("options".to_owned(), sent(&mut body, "options", json!({})));
        row(state, Self::MANY, fixed, body)
    }

    fn taken(row: &Object) -> String {
        let (name, domain) = (text(row, "name"), text(row, "domain_id"));
        format!("Duplicate entry found with name {name} at domain ID {domain}.")
    }

    fn keep_apart(state: &mut State, id: &str, body: &mut Object) {
        if let Some(Value::String(password)) = body.remove("password") {
            state.keystone.passwords.insert(id.to_owned(), password);
            state.keystone.forget_tokens_of(id);
        }
    }

    fn forget(keystone: &mut Keystone, id: &str) {
        keystone.passwords.remove(id);
        keystone.assignments.retain(|held| held.user != id);
        keystone.credentials.retain(|credential| credential.user != id);
    }

    fn visible(call: &Call) -> bool {
        own_user(call)
    }
}

pub(super) struct Group;

impl Resource for Group {
    kept_in!(groups, "group");

    fn build(state: &mut State, mut body: Object) -> Object {
        let fixed = object!({
            "id": state.hex_id(), "name": sent(&mut body, "name", ""),
            "domain_id": sent(&mut body, "domain_id", DOMAIN), "description": sent(&mut body, "description", ""),
        });
        row(state, Self::MANY, fixed, body)
    }
}

pub(super) struct Role;

impl Resource for Role {
    kept_in!(roles, "role");

    fn build(state: &mut State, mut body: Object) -> Object {
        let fixed = object!({
            "id": state.hex_id(), "name": sent(&mut body, "name", ""), "domain_id": null,
            "description": sent(&mut body, "description", Value::Null),
            "options": sent(&mut body, "options", json!({})),
        });
        body.remove("domain_id");
        row(state, Self::MANY, fixed, body)
    }

    fn forget(keystone: &mut Keystone, id: &str) {
        keystone.assignments.retain(|held| held.role != id);
    }
}

/// A service of the catalogue.
pub(super) struct ServiceRow;

impl Resource for ServiceRow {
    kept_in!(services, "service");

    fn build(state: &mut State, mut body: Object) -> Object {
        let mut fixed = Object::new();
        for key in ["name", "description"] {
            fixed.extend(body.remove(key).map(|value| (key.to_owned(), value)));
        }
        fixed.extend(object!({
            "id": state.hex_id(), "type": sent(&mut body, "type", ""), "enabled": sent(&mut body, "enabled", true),
        }));
        row(state, Self::MANY, fixed, body)
    }

    /// Two services may well be called the same.
    fn clash(_: &Object, _: &Object) -> bool {
        false
    }
}

/// The projects in which a user has a role.
fn projects_of_user(state: &mut State, call: &Call) -> Answer {
    if !state.keystone.users.contains(call.id()) {
        return Err(missing("user", call.id()));
    }
    Ok(listed(state, call, "projects", &projects_with_role(state, call.id())))
}

/// The same for whoever asks.
pub(super) fn projects_with_role(state: &State, user: &str) -> Vec<Object> {
    let keystone = &state.keystone;
    let has_role = |row: &&Object| {
        let scope = Scope::Project(text(row, "id").to_owned());
        keystone.roles_of(user, &scope).next().is_some()
    };
    keystone.projects.iter().filter(has_role).cloned().collect()
}

fn change_password(state: &mut State, call: &Call) -> Answer {
    let body = call.wrapped("user", NO_JSON)?.unwrap_or_default();
    if state.keystone.passwords.get(call.id()).map(String::as_str) != Some(text(&body, "original_password")) {
        return Err(Problem::unauthorized());
    }
    let password = text(&body, "password").to_owned();
    state.keystone.passwords.insert(call.id().to_owned(), password);
    state.keystone.forget_tokens_of(call.id());
    Ok(Reply::empty(204))
}

fn no_groups(state: &mut State, call: &Call) -> Answer {
    Ok(listed(state, call, "groups", &Vec::new()))
}
