//! Every kind of thing in Neutron is listed, shown, made, changed and deleted by the same functions.

use serde_json::{Value, json};

use super::{Neutron, quotas};
use crate::http::page::{BadPage, page, query_from};
use crate::http::{Actor, Answer, Call, Object, Problem, Reply, Route, Service, is, object, route, text};
use crate::state::State;
use crate::table::Table;

/// One kind of thing.
pub(super) trait Kind {
    /// `network`, the key around one.
    const ONE: &'static str;
    /// `networks`, the key around a list.
    const MANY: &'static str;
    /// The error's type if there is none with an id.
    const MISSING: &'static str;
    /// What a client may send and filter by, besides what every kind has.
    const FIELDS: &'static [&'static str];
    /// What must be sent.
    const REQUIRED: &'static [&'static str];
    /// What only administrators may send, unless it is this.
    const ADMIN: &'static [(&'static str, Value)];
    /// What only administrators see.
    const HIDDEN: &'static [&'static str];

    fn table(neutron: &Neutron) -> &Table<Object>;

    /// The sentence that says that one is not there.
    fn missing(id: &str) -> String;

    /// A new row for this project.
    fn build(state: &mut State, call: &Call, project: &str, body: Object) -> Result<Object, Problem>;

    /// Puts a row into the table, a new one or a changed one.
    fn store(state: &mut State, row: Object);

    /// Takes a row out of the table.
    fn remove(state: &mut State, id: &str);

    /// Changes a row as the client wants.
    fn change(_state: &mut State, _call: &Call, row: &mut Object, body: Object) -> Result<(), Problem> {
        row.extend(body);
        Ok(())
    }

    /// Why one cannot be deleted.
    fn in_use(_state: &State, _call: &Call, _row: &Object) -> Option<Problem> {
        None
    }

    /// Whether an actor sees one that may belong to another project.
    fn sees(actor: &Actor, row: &Object) -> bool {
        actor.sees(text(row, "project_id"))
    }

    /// What comes before a list or a creation.
    fn prepare(_state: &mut State, _call: &Call) {}
}

/// What every kind has.
const COMMON: [&str; 12] = [
    "id",
    "name",
    "tenant_id",
    "project_id",
    "description",
    "tags",
    "tags-any",
    "not-tags",
    "created_at",
    "updated_at",
    "revision_number",
    "admin_state_up",
];
/// Keys of a query that are no attributes.
const NOT_ATTRIBUTES: [&str; 6] = ["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"];

/// The routes of a kind.
pub(super) fn routes<K: Kind>() -> [Route; 5] {
    let path = K::MANY.replace('_', "-");
    let (all, one) = (format!("/v2.0/{path}"), format!("/v2.0/{path}/{{{}_id}}", K::ONE));
    [
        route("GET", all.as_str(), list::<K>),
        route("POST", all, create::<K>),
        route("GET", one.as_str(), show::<K>),
        route("PUT", one.as_str(), update::<K>),
        route("DELETE", one, delete::<K>),
    ]
}

pub(super) fn no_such<K: Kind>(id: &str) -> Problem {
    Problem::not_found(K::missing(id)).kind(K::MISSING)
}

pub(super) fn bad_request(message: impl Into<String>) -> Problem {
    Problem::bad_request(message.into()).kind("HTTPBadRequest")
}

pub(super) fn disallowed(rule: &str) -> Problem {
    Problem::forbidden(format!("{rule} is disallowed by policy")).kind("PolicyNotAuthorized")
}

/// One with this id that the actor sees.
pub(super) fn find<'a, K: Kind>(state: &'a State, actor: &Actor, id: &str) -> Result<&'a Object, Problem> {
    K::table(&state.neutron).get(id).filter(|row| K::sees(actor, row)).ok_or_else(|| no_such::<K>(id))
}

/// The same, if the actor may change it.
pub(super) fn own<K: Kind>(state: &State, call: &Call, verb: &str) -> Result<Object, Problem> {
    let row = find::<K>(state, &call.actor, call.id())?;
    if call.actor.sees(text(row, "project_id")) {
        return Ok(row.clone());
    }
    Err(disallowed(&format!("rule:{verb}_{}", K::ONE)))
}

/// A row as this actor sees it, with the fields asked for.
fn shown<K: Kind>(call: &Call, row: &Object) -> Object {
    let fields: Vec<&str> = call.asked_all("fields").collect();
    let hidden = |key: &str| !call.actor.is_admin() && K::HIDDEN.contains(&key);
    let wanted = |key: &str| fields.is_empty() || fields.contains(&key);
    row.iter()
        .filter(|(key, _)| wanted(key) && !hidden(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn list<K: Kind>(state: &mut State, call: &Call) -> Answer {
    K::prepare(state, call);
    let known = |key: &str| {
        COMMON.contains(&key)
            || NOT_ATTRIBUTES.contains(&key)
            || K::FIELDS.contains(&key)
            || K::HIDDEN.contains(&key)
    };
    let unknown: Vec<&str> =
        call.query.iter().map(|(key, _)| key.as_str()).filter(|key| !known(key)).collect();
    if !unknown.is_empty() {
        let names = unknown.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", ");
        return Err(bad_request(format!("[{names}] is invalid attribute for filtering")));
    }
    let mut rows: Vec<&Object> =
        K::table(&state.neutron).iter().filter(|row| K::sees(&call.actor, row)).collect();
    let mut directions = call.asked_all("sort_dir");
    for key in call.asked_all("sort_key") {
        rows.sort_by(|a, b| text(a, key).cmp(text(b, key)));
        if directions.next() == Some("desc") {
            rows.reverse();
        }
    }
    let page = page(call, usize::MAX, rows, |row| text(row, "id"), |row| wanted(call, row));
    let page = page.map_err(|bad| match bad {
        BadPage::Marker(marker) => no_such::<K>(&marker),
        BadPage::Limit(limit) => {
            bad_request(format!("Limit must be an integer 0 or greater and not '{limit}'"))
        }
    })?;
    let rows: Vec<_> = page.rows.iter().map(|row| shown::<K>(call, row)).collect();
    let mut body = json!({K::MANY: rows});
    if let (Some(next), Some(first)) = (page.next, page.rows.first()) {
        let href = |marker: &str| {
            format!("{}{}?{}", state.endpoint(Service::Neutron), call.path, query_from(call, marker))
        };
        body[format!("{}_links", K::MANY)] = json!([
            {"rel": "next", "href": href(&next)},
            {"rel": "previous", "href": format!("{}&page_reverse=True", href(text(first, "id")))},
        ]);
    }
    Ok(Reply::json(200, &body))
}

/// Whether the query leaves a row in: values of one key are alternatives.
fn wanted(call: &Call, row: &Object) -> bool {
    let keys = call.query.iter().map(|(key, _)| key.as_str()).filter(|key| !NOT_ATTRIBUTES.contains(key));
    keys.into_iter().all(|key| call.asked_all(key).any(|asked| fits(row, key, asked)))
}

fn fits(row: &Object, key: &str, asked: &str) -> bool {
    match (key, row.get(key)) {
        ("tags" | "tags-any" | "not-tags", _) => {
            let tags = row.get("tags").and_then(Value::as_array);
            let has = |tag: &str| tags.is_some_and(|tags| tags.iter().any(|known| known == tag));
            match key {
                "tags" => asked.split(',').all(has),
                "tags-any" => asked.split(',').any(has),
                _ => !asked.split(',').all(has),
            }
        }
        ("fixed_ips", Some(Value::Array(ips))) => {
            let (part, value) = asked.split_once('=').unwrap_or(("ip_address", asked));
            ips.iter().any(|ip| ip.get(part).is_some_and(|is| is == value))
        }
        (_, Some(Value::Array(items))) => items.iter().any(|item| item == asked),
        (_, value) => is(value.unwrap_or(&Value::Null), asked),
    }
}

fn show<K: Kind>(state: &mut State, call: &Call) -> Answer {
    let row = find::<K>(state, &call.actor, call.id())?;
    Ok(Reply::json(200, &json!({K::ONE: shown::<K>(call, row)})))
}

/// The object of a request, with nothing in it that this kind does not know or this actor may not send.
fn sent<K: Kind>(call: &Call, body: Object, verb: &str) -> Result<Object, Problem> {
    let known = |key: &str| COMMON.contains(&key) || K::FIELDS.contains(&key) || K::HIDDEN.contains(&key);
    if let Some(key) = body.keys().find(|key| !known(key)) {
        return Err(bad_request(format!("Unrecognized attribute(s) '{key}'")));
    }
    if call.actor.is_admin() {
        return Ok(body);
    }
    let one = K::ONE;
    for (key, harmless) in K::ADMIN {
        if body.get(*key).is_some_and(|value| value != harmless) {
            return Err(disallowed(&format!("(rule:{verb}_{one} and rule:{verb}_{one}:{key})")));
        }
    }
    let hidden = |key: &&String| K::HIDDEN.contains(&key.as_str());
    if let Some(key) = body.keys().find(hidden) {
        return Err(disallowed(&format!("(rule:{verb}_{one} and rule:{verb}_{one}:{key})")));
    }
    let foreign = ["tenant_id", "project_id"]
        .iter()
        .any(|key| body.get(*key).is_some_and(|project| project != call.actor.project()));
    if foreign {
        return Err(disallowed(&format!("rule:{verb}_{one}")));
    }
    Ok(body)
}

fn create<K: Kind>(state: &mut State, call: &Call) -> Answer {
    let mut body =
        call.json("Body contains invalid data").map_err(|problem| problem.kind("HTTPBadRequest"))?;
    K::prepare(state, call);
    if let Some(Value::Array(bodies)) = body.get_mut(K::MANY).map(Value::take) {
        let objects = bodies
            .into_iter()
            .filter_map(|body| if let Value::Object(body) = body { Some(body) } else { None });
        let rows: Result<Vec<_>, _> = objects.map(|body| make::<K>(state, call, body)).collect();
        return Ok(Reply::json(201, &json!({K::MANY: rows?})));
    }
    let Some(Value::Object(body)) = body.get_mut(K::ONE).map(Value::take) else {
        return Err(bad_request(format!("Unable to find '{}' in request body", K::ONE)));
    };
    let row = make::<K>(state, call, body)?;
    Ok(Reply::json(201, &json!({K::ONE: row})))
}

fn make<K: Kind>(state: &mut State, call: &Call, body: Object) -> Result<Object, Problem> {
    let body = sent::<K>(call, body, "create")?;
    if let Some(key) = K::REQUIRED.iter().find(|key| body.get(**key).is_none_or(Value::is_null)) {
        return Err(bad_request(format!(
            "Failed to parse request. Required attribute '{key}' not specified"
        )));
    }
    let project = match (text(&body, "project_id"), text(&body, "tenant_id")) {
        ("", "") => call.actor.project(),
        ("", project) | (project, _) => project,
    };
    let project = project.to_owned();
    quotas::room::<K>(state, &project)?;
    let row = K::build(state, call, &project, body)?;
    K::store(state, row.clone());
    Ok(shown::<K>(call, &row))
}

/// The end of every row, after what is its own.
pub(super) fn finished(state: &State, project: &str, mut row: Object) -> Object {
    let stamp = state.stamp();
    row.extend(object!({
        "tags": [], "created_at": stamp, "updated_at": stamp, "revision_number": 1, "project_id": project,
    }));
    row
}

/// `row` with what the client sent in the places of the defaults.
pub(super) fn over(mut row: Object, body: Object) -> Object {
    for (key, value) in body {
        if !["tenant_id", "project_id"].contains(&key.as_str()) {
            row.insert(key, value);
        }
    }
    row
}

/// A changed row says so.
pub(super) fn touch(state: &State, row: &mut Object) {
    let revision = row.get("revision_number").and_then(Value::as_u64).unwrap_or(0);
    row.insert("updated_at".to_owned(), json!(state.stamp()));
    row.insert("revision_number".to_owned(), json!(revision + 1));
}

fn update<K: Kind>(state: &mut State, call: &Call) -> Answer {
    let mut row = own::<K>(state, call, "update")?;
    let body = call
        .wrapped(K::ONE, "Body contains invalid data")
        .map_err(|problem| problem.kind("HTTPBadRequest"))?;
    let body = body.ok_or_else(|| bad_request(format!("Unable to find '{}' in request body", K::ONE)))?;
    let body = sent::<K>(call, body, "update")?;
    K::change(state, call, &mut row, body)?;
    touch(state, &mut row);
    K::store(state, row.clone());
    Ok(Reply::json(200, &json!({K::ONE: shown::<K>(call, &row)})))
}

fn delete<K: Kind>(state: &mut State, call: &Call) -> Answer {
    let row = own::<K>(state, call, "delete")?;
    if let Some(problem) = K::in_use(state, call, &row) {
        return Err(problem);
    }
    K::remove(state, call.id());
    Ok(Reply::empty(204))
}
