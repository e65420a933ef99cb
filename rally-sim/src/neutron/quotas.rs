//! A project may have so many of each kind and not one more.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::crud::{Kind, bad_request};
use super::security;
use crate::http::{Answer, Call, Object, Problem, Reply, Right, Route, route, text};
use crate::state::State;

/// Neutron's defaults.
const DEFAULTS: [(&str, i64); 10] = [
    ("network", 100),
    ("subnet", 100),
    ("subnetpool", -1),
    ("port", 500),
    ("router", 10),
    ("floatingip", 50),
    ("rbac_policy", 10),
    ("security_group", 10),
    ("security_group_rule", 100),
    ("trunk", -1),
];

pub(super) fn routes() -> Vec<Route> {
    let one = "/v2.0/quotas/{project_id}";
    let own = Right::AdminOr("get_quota".to_owned(), |call| call.actor.project() == call.id());
    vec![
        route("GET", "/v2.0/quotas", list).admin("get_quota"),
        route("GET", one, show).right(own),
        route("GET", format!("{one}/default"), defaults),
        route("PUT", one, update).admin("update_quota"),
        route("DELETE", one, reset).admin("delete_quota"),
    ]
}

fn limit(state: &State, project: &str, name: &str) -> i64 {
    let own = state.neutron.quotas.get(project).and_then(|set| set.get(name));
    let default = DEFAULTS.iter().find(|(known, _)| *known == name).map_or(-1, |(_, limit)| *limit);
    own.copied().unwrap_or(default)
}

fn check(state: &State, project: &str, name: &str, used: usize) -> Result<(), Problem> {
    let limit = limit(state, project, name);
    if limit >= 0 && i64::try_from(used).unwrap_or(i64::MAX) >= limit {
        let message = format!("Quota exceeded for resources: ['{name}'].");
        return Err(Problem::conflict(message).kind("OverQuota"));
    }
    Ok(())
}

/// Whether a project may have one more of a kind.
pub(super) fn room<K: Kind>(state: &State, project: &str) -> Result<(), Problem> {
    let own = K::table(&state.neutron).iter().filter(|row| text(row, "project_id") == project);
    check(state, project, K::ONE, own.count())
}

pub(super) fn room_for_rule(state: &State, project: &str) -> Result<(), Problem> {
    check(state, project, "security_group_rule", security::count_rules(state, project))
}

fn shown(state: &State, project: &str) -> Object {
    DEFAULTS.iter().map(|(name, _)| ((*name).to_owned(), json!(limit(state, project, name)))).collect()
}

fn list(state: &mut State, _: &Call) -> Answer {
    let row = |project: &String| {
        let mut row = shown(state, project);
        row.insert("tenant_id".to_owned(), json!(project));
        row.insert("project_id".to_owned(), json!(project));
        row
    };
    let rows: Vec<_> = state.neutron.quotas.keys().map(row).collect();
    Ok(Reply::json(200, &json!({"quotas": rows})))
}

fn show(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"quota": shown(state, call.id())})))
}

fn defaults(state: &mut State, _: &Call) -> Answer {
    // No project has the empty id, so nothing was set for it.
    Ok(Reply::json(200, &json!({"quota": shown(state, "")})))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let body = call.wrapped("quota", "Body contains invalid data")?;
    let body = body.ok_or_else(|| bad_request("Unable to find 'quota' in request body"))?;
    let mut set: BTreeMap<&'static str, i64> =
        state.neutron.quotas.get(call.id()).cloned().unwrap_or_default();
    for (key, value) in
        body.iter().filter(|(key, _)| !["tenant_id", "project_id", "force"].contains(&key.as_str()))
    {
        let Some((name, _)) = DEFAULTS.iter().find(|(name, _)| name == key) else {
            return Err(bad_request(format!("Unrecognized attribute(s) '{key}'")));
        };
        let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        let number = number.filter(|number| *number >= -1).ok_or_else(|| {
            bad_request(format!(
                "Invalid input for {key}. Reason: '{}' is not an integer.",
                Value::to_string(value)
            ))
        })?;
        set.insert(*name, number);
    }
    state.neutron.quotas.insert(call.id().to_owned(), set);
    show(state, call)
}

fn reset(state: &mut State, call: &Call) -> Answer {
    state.neutron.quotas.remove(call.id());
    Ok(Reply::empty(204))
}
