//! A project has a security group named default from its first look at them, and keeps it when the project goes.

use serde_json::{Value, json};

use super::crud::{self, bad_request, finished, over, touch};
use super::kinds::SecurityGroup;
use super::{quotas, security_group};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, is, object, route, text};
use crate::state::State;

const RULES: &str = "/v2.0/security-group-rules";
const RULE: &str = "/v2.0/security-group-rules/{security_group_rule_id}";

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", RULES, list),
        route("POST", RULES, create),
        route("GET", RULE, show),
        route("DELETE", RULE, delete),
    ]
}

/// The project's default group, made if it is not there; its id.
pub(super) fn ensure_default(state: &mut State, project: &str) -> String {
    if let Some(row) = security_group(state, project, "default") {
        return text(row, "id").to_owned();
    }
    if project.is_empty() {
        return String::new();
    }
    let row = over(group(state, project, "Default security group", true), object!({"name": "default"}));
    let id = text(&row, "id").to_owned();
    state.neutron.security_groups.insert(&id, row);
    id
}

/// A new group: everything may go out, and if it is the default one, its members reach each other.
pub(super) fn group(state: &mut State, project: &str, description: &str, is_default: bool) -> Object {
    let id = state.uuid();
    let mut rules = Vec::new();
    for ethertype in ["IPv4", "IPv6"] {
        if is_default {
            rules.push(rule(
                state,
                project,
                &id,
                object!({"ethertype": ethertype, "direction": "ingress", "remote_group_id": id}),
            ));
        }
        rules.push(rule(state, project, &id, object!({"ethertype": ethertype, "direction": "egress"})));
    }
    let row = object!({
        "id": id, "name": "", "stateful": true, "tenant_id": project, "description": description, "shared": false,
        "security_group_rules": rules,
    });
    finished(state, project, row)
}

/// A new rule of a group.
fn rule(state: &mut State, project: &str, group: &str, body: Object) -> Object {
    let prefix = body.get("remote_ip_prefix").cloned().unwrap_or_default();
    let row = object!({
        "id": state.uuid(), "tenant_id": project, "security_group_id": group, "ethertype": "IPv4",
        "direction": "ingress", "protocol": null, "port_range_min": null, "port_range_max": null,
        "remote_ip_prefix": null, "remote_address_group_id": null, "normalized_cidr": prefix, "remote_group_id": null,
        "standard_attr_id": state.nova.next_number(), "description": null,
    });
    let mut row = over(finished(state, project, row), body);
    row.insert("revision_number".to_owned(), json!(0));
    row
}

/// The rules of a group.
fn rules_of(group: &Object) -> impl Iterator<Item = &Object> {
    group
        .get("security_group_rules")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
}

/// A rule by itself has less than in its group.
fn alone(rule: &Object) -> Object {
    let inside = |key: &str| ["standard_attr_id", "tags"].contains(&key);
    rule.iter().filter(|(key, _)| !inside(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn no_such(id: &str) -> Problem {
    Problem::not_found(format!("Security group rule {id} does not exist")).kind("SecurityGroupRuleNotFound")
}

fn list(state: &mut State, call: &Call) -> Answer {
    let own = state.neutron.security_groups.iter().filter(|group| call.actor.sees(text(group, "project_id")));
    let fits = |rule: &&Object| {
        let attributes =
            call.query.iter().filter(|(key, _)| !["fields", "limit", "marker"].contains(&key.as_str()));
        attributes.into_iter().all(|(key, asked)| is(rule.get(key).unwrap_or(&Value::Null), asked))
    };
    let rows: Vec<_> = own.flat_map(rules_of).filter(fits).map(alone).collect();
    Ok(Reply::json(200, &json!({"security_group_rules": rows})))
}

/// The group that has a rule, and the rule.
fn find<'a>(state: &'a State, call: &Call) -> Result<(&'a Object, &'a Object), Problem> {
    let own = state.neutron.security_groups.iter().filter(|group| call.actor.sees(text(group, "project_id")));
    let mut pairs = own.flat_map(|group| rules_of(group).map(move |rule| (group, rule)));
    pairs.find(|(_, rule)| text(rule, "id") == call.id()).ok_or_else(|| no_such(call.id()))
}

fn show(state: &mut State, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"security_group_rule": alone(find(state, call)?.1)})))
}

fn create(state: &mut State, call: &Call) -> Answer {
    let body = call.wrapped("security_group_rule", "Body contains invalid data")?;
    let body = body.ok_or_else(|| bad_request("Unable to find 'security_group_rule' in request body"))?;
    for key in ["security_group_id", "direction"] {
        if body.get(key).is_none_or(Value::is_null) {
            return Err(bad_request(format!(
                "Failed to parse request. Required attribute '{key}' not specified"
            )));
        }
    }
    let id = text(&body, "security_group_id").to_owned();
    let group = crud::find::<SecurityGroup>(state, &call.actor, &id)?;
    let project = text(group, "project_id").to_owned();
    let parts = [
        "ethertype",
        "direction",
        "protocol",
        "port_range_min",
        "port_range_max",
        "remote_ip_prefix",
        "remote_group_id",
    ];
    let part = |rule: &Object, key: &str| match rule.get(key) {
        None if key == "ethertype" => json!("IPv4"),
        value => value.cloned().unwrap_or_default(),
    };
    if let Some(old) = rules_of(group).find(|old| parts.iter().all(|key| part(old, key) == part(&body, key)))
    {
        let message = format!("Security group rule already exists. Rule id is {}.", text(old, "id"));
        return Err(Problem::conflict(message).kind("SecurityGroupRuleExists"));
    }
    quotas::room_for_rule(state, &project)?;
    let mut row = rule(state, &project, &id, body);
    if row.get("description").is_none_or(Value::is_null) {
        row.insert("description".to_owned(), json!(""));
    }
    change(state, &id, |rules| rules.push(json!(row)));
    Ok(Reply::json(201, &json!({"security_group_rule": alone(&row)})))
}

/// Changes the rules of a group.
fn change(state: &mut State, group: &str, how: impl FnOnce(&mut Vec<Value>)) {
    let Some(mut row) = state.neutron.security_groups.get(group).cloned() else { return };
    if let Some(Value::Array(rules)) = row.get_mut("security_group_rules") {
        how(rules);
    }
    touch(state, &mut row);
    state.neutron.security_groups.insert(group, row);
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let (group, _) = find(state, call)?;
    let group = text(group, "id").to_owned();
    change(state, &group, |rules| rules.retain(|rule| rule["id"] != call.id()));
    Ok(Reply::empty(204))
}

/// How many rules a project has.
pub(super) fn count_rules(state: &State, project: &str) -> usize {
    state
        .neutron
        .security_groups
        .iter()
        .filter(|group| text(group, "project_id") == project)
        .flat_map(rules_of)
        .count()
}
