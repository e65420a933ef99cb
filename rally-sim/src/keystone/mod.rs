//! Keystone knows who may do what: domains, projects, users, roles and the tokens that stand for them.

mod assignments;
mod auth;
mod catalog;
mod credentials;
mod resources;
mod store;

use serde_json::json;

pub(crate) use store::{Keystone, Scope};

use crate::http::{Answer, Call, Object, Problem, Reply, Right, Route, Service, is, object, route, text};
use crate::state::State;
use resources::{Project, Resource, Role, User};
use store::Assignment;

pub(crate) const DOMAIN: &str = "default";
const NO_JSON: &str = "Expecting to find valid JSON in request body. The server could not comply with the request since \
                       it is either malformed or otherwise incorrect. The client is assumed to be in error.";

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        route("GET", "/", versions).open(),
        route("GET", "/v3", version).open(),
        route("GET", "/v3/", version).open(),
    ];
    routes.extend(auth::routes());
    routes.extend(catalog::routes());
    routes.extend(credentials::routes());
    routes.extend(assignments::routes());
    routes.extend(resources::routes());
    routes
}

fn v3(state: &State) -> serde_json::Value {
    let href = format!("{}/v3/", state.endpoint(Service::Keystone));
    json!({
        "id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": href}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    })
}

fn versions(state: &mut State, _: &Call) -> Answer {
    let location = format!("{}/v3/", state.endpoint(Service::Keystone));
    Ok(Reply::json(300, &json!({"versions": {"values": [v3(state)]}})).header("location", &location))
}

fn version(state: &mut State, _: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"version": v3(state)})))
}

/// `…/identity/v3/users/abc`, the address under which Keystone shows a thing.
fn link(state: &State, path: &str) -> String {
    format!("{}/v3/{path}", state.endpoint(Service::Keystone))
}

/// A list in Keystone's wrapping.
fn listed(state: &State, call: &Call, many: &str, rows: &[Object]) -> Reply {
    let mark = if call.raw_query.is_empty() { "" } else { "?" };
    let this = format!("{}{}{mark}{}", state.endpoint(Service::Keystone), call.path, call.raw_query);
    Reply::json(200, &json!({many: rows, "links": {"next": null, "self": this, "previous": null}}))
}

/// What exists before anybody comes.
pub(crate) fn seed(state: &mut State) {
    let link_to_domain = link(state, &format!("domains/{DOMAIN}"));
    state.keystone.domains.insert(
        DOMAIN,
        object!({
            "id": DOMAIN, "name": "Default", "description": "The default domain", "enabled": true, "tags": [],
            "options": {}, "links": {"self": link_to_domain},
        }),
    );
    let admin = add::<Project>(state, object!({"name": "admin", "description": "Bootstrap project."}));
    let demo = add::<Project>(state, object!({"name": "demo"}));
    add::<Project>(state, object!({"name": "service"}));
    let password = state.options.admin_password.clone();
    let boss = add::<User>(state, object!({"name": "admin", "password": password}));
    let guest = add::<User>(state, object!({"name": "demo", "password": "password"}));
    let [admin_role, member, reader] = ["admin", "member", "reader"]
        .map(|name| add::<Role>(state, object!({"name": name, "options": {"immutable": true}})));
    for (user, scope, role) in [
        (&boss, Scope::Project(admin), &admin_role),
        (&boss, Scope::System, &admin_role),
        (&guest, Scope::Project(demo.clone()), &member),
        (&guest, Scope::Project(demo), &reader),
    ] {
        state.keystone.assignments.insert(Assignment { user: user.clone(), scope, role: role.clone() });
    }
    catalog::seed(state);
}

/// Makes one of the first things; its id.
fn add<R: Resource>(state: &mut State, body: Object) -> String {
    let row = R::build(state, body);
    let id = text(&row, "id").to_owned();
    R::table_mut(&mut state.keystone).insert(&id, row);
    id
}

/// What Keystone says when a thing is not there.
fn missing(what: &str, id: &str) -> Problem {
    Problem::not_found(format!("Could not find {what}: {id}."))
}

/// Whether a query leaves a row in the list: every key that is an attribute must have that value, or a part of it
/// where the key says so (`name__contains`).
fn fits(call: &Call, row: &Object) -> bool {
    call.query.iter().all(|(key, wanted)| match (row.get(key), key.split_once("__")) {
        (Some(value), _) => is(value, wanted),
        (None, Some((attribute, how))) => {
            let text = row.get(attribute).and_then(serde_json::Value::as_str);
            text.is_none_or(|text| fits_in_part(text, how, wanted))
        }
        (None, None) => !matches!(key.as_str(), "default_project_id" | "description"),
    })
}

/// A comparison that Keystone does not know leaves every row in the list.
fn fits_in_part(text: &str, how: &str, wanted: &str) -> bool {
    let (lower, wanted_lower) = (text.to_lowercase(), wanted.to_lowercase());
    match how {
        "contains" => text.contains(wanted),
        "icontains" => lower.contains(&wanted_lower),
        "startswith" => text.starts_with(wanted),
        "istartswith" => lower.starts_with(&wanted_lower),
        "endswith" => text.ends_with(wanted),
        "iendswith" => lower.ends_with(&wanted_lower),
        _ => true,
    }
}

/// Anyone who has a token may see what belongs to its own project or user.
fn own_user(call: &Call) -> bool {
    call.actor.user == call.id()
}

fn own_project(call: &Call) -> bool {
    call.actor.project() == call.id()
}

fn own_domain(call: &Call) -> bool {
    call.id() == DOMAIN
}

/// An administrator, or the user whose id is in the path.
fn self_or_admin(rule: &str) -> Right {
    Right::AdminOr(format!("identity:{rule}"), own_user)
}
