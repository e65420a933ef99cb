//! A quota is checked when a server is ordered, for all of a project's servers at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::flavors::{Flavor, number};
use super::{body, invalid};
use crate::http::{Answer, Call, Object, Problem, Reply, Right, Route, route};
use crate::options::SimOptions;
use crate::state::State;

/// The names of the quotas and Nova's defaults.
const DEFAULTS: [(&str, i64); 14] = [
    ("cores", 20),
    ("fixed_ips", -1),
    ("floating_ips", -1),
    ("injected_file_content_bytes", 10240),
    ("injected_file_path_bytes", 255),
    ("injected_files", 5),
    ("instances", 10),
    ("key_pairs", 100),
    ("metadata_items", 128),
    ("ram", 51200),
    ("security_group_rules", -1),
    ("security_groups", -1),
    ("server_group_members", 10),
    ("server_groups", 10),
];
/// Networks went in 2.36, files in 2.57.
const GONE: [(u16, &[&str]); 2] = [
    (36, &["fixed_ips", "floating_ips", "security_group_rules", "security_groups"]),
    (57, &["injected_file_content_bytes", "injected_file_path_bytes", "injected_files"]),
];

pub(super) fn routes() -> Vec<Route> {
    let one = "/v2.1/os-quota-sets/{tenant_id}";
    let own = |rule: &str| {
        Right::AdminOr(format!("os_compute_api:os-quota-sets:{rule}"), |call| {
            call.actor.project() == call.id()
        })
    };
    vec![
        route("GET", one, show).right(own("show")),
        route("GET", format!("{one}/detail"), detail).right(own("detail")),
        route("GET", format!("{one}/defaults"), defaults),
        route("PUT", one, update).admin("os_compute_api:os-quota-sets:update"),
        route("DELETE", one, reset).admin("os_compute_api:os-quota-sets:delete"),
        route("GET", "/v2.1/limits", limits),
    ]
}

/// What holds where nothing was set.
fn default_of(options: &SimOptions, name: &str, default: i64) -> i64 {
    match (name, options.servers_quota) {
        ("instances", servers) => servers,
        ("cores" | "ram", servers) if servers < 0 => -1,
        ("cores", servers) => servers.saturating_mul(2),
        ("ram", servers) => servers.saturating_mul(5120),
        _ => default,
    }
}

/// The quotas of a project.
fn of(state: &State, project: &str) -> BTreeMap<&'static str, i64> {
    let set = state.nova.quotas.get(project);
    let value = |(name, default): (&'static str, i64)| {
        let own = set.and_then(|set| set.get(name).copied());
        (name, own.unwrap_or_else(|| default_of(&state.options, name, default)))
    };
    DEFAULTS.into_iter().map(value).collect()
}

/// What a project's servers take: number, cores and memory in MiB.
fn used(state: &State, project: &str) -> [(&'static str, i64); 3] {
    let own = state.nova.servers.iter().filter(|server| server.project == project);
    let (count, cores, ram) = own.fold((0, 0, 0), |(count, cores, ram), server| {
        (count + 1, cores + server.flavor.vcpus, ram + server.flavor.ram)
    });
    [("cores", cores), ("instances", count), ("ram", ram)]
}

/// How many servers of a flavor a project may add: at least `least`, at most `most`.
pub(super) fn allowed(
    state: &State,
    project: &str,
    flavor: &Flavor,
    least: i64,
    most: i64,
) -> Result<i64, Problem> {
    let quotas = of(state, project);
    let used = used(state, project);
    let each = |name: &str| match name {
        "cores" => flavor.vcpus,
        "ram" => flavor.ram,
        _ => 1,
    };
    let fits =
        |count: i64, name: &str, used: i64| quotas[name] < 0 || used + count * each(name) <= quotas[name];
    let best = (least..=most).rev().find(|count| used.iter().all(|(name, used)| fits(*count, name, *used)));
    best.ok_or_else(|| {
        let over: Vec<_> = used.iter().filter(|(name, used)| !fits(least, name, *used)).collect();
        let join = |text: &dyn Fn(&str, i64) -> String| {
            over.iter().map(|(name, used)| text(name, *used)).collect::<Vec<_>>().join(", ")
        };
        let names = join(&|name, _| name.to_owned());
        let asked = join(&|name, _| (least * each(name)).to_string());
        let taken = join(&|_, used| used.to_string());
        let limits = join(&|name, _| quotas[name].to_string());
        let message = format!(
            "Quota exceeded for {names}: Requested {asked}, but already used {taken} of {limits} {names}"
        );
        Problem::forbidden(message)
    })
}

/// Whether a project may have one more server group.
pub(super) fn room_for_group(state: &State, project: &str) -> Result<(), Problem> {
    let limit = of(state, project)["server_groups"];
    let used = state.nova.groups.iter().filter(|group| group.is_of(project)).count();
    if limit >= 0 && i64::try_from(used).unwrap_or(i64::MAX) >= limit {
        return Err(Problem::forbidden("Quota exceeded, too many server groups."));
    }
    Ok(())
}

/// The quotas that a microversion knows.
fn shown(call: &Call, quotas: &BTreeMap<&'static str, i64>, each: impl Fn(&str, i64) -> Value) -> Object {
    let gone = |name: &str| GONE.iter().any(|(since, names)| call.micro >= *since && names.contains(&name));
    quotas
        .iter()
        .filter(|(name, _)| !gone(name))
        .map(|(name, limit)| ((*name).to_owned(), each(name, *limit)))
        .collect()
}

fn with_id(call: &Call, quotas: Object) -> Reply {
    let mut set = Object::new();
    set.insert("id".to_owned(), json!(call.id()));
    set.extend(quotas);
    Reply::json(200, &json!({"quota_set": set}))
}

fn show(state: &mut State, call: &Call) -> Answer {
    Ok(with_id(call, shown(call, &of(state, call.id()), |_, limit| json!(limit))))
}

fn detail(state: &mut State, call: &Call) -> Answer {
    let used = used(state, call.id());
    let in_use = |name: &str| used.iter().find(|(known, _)| *known == name).map_or(0, |(_, used)| *used);
    let each = |name: &str, limit: i64| json!({"limit": limit, "in_use": in_use(name), "reserved": 0});
    Ok(with_id(call, shown(call, &of(state, call.id()), each)))
}

fn defaults(state: &mut State, call: &Call) -> Answer {
    // No project has the empty id, so nothing was set for it.
    Ok(with_id(call, shown(call, &of(state, ""), |_, limit| json!(limit))))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let body = body(call, "quota_set")?;
    let force = body.get("force").is_some_and(|force| force == true || force == "True");
    let used = used(state, call.id());
    let mut set = state.nova.quotas.get(call.id()).cloned().unwrap_or_default();
    for (key, value) in body.iter().filter(|(key, _)| !["force", "tenant_id"].contains(&key.as_str())) {
        let Some((name, _)) = DEFAULTS.iter().find(|(name, _)| name == key) else {
            let why = format!("Additional properties are not allowed ('{key}' was unexpected)");
            return Err(invalid("quota_set", &Value::Object(body.clone()), &why));
        };
        let limit = number(value).ok_or_else(|| invalid(key, value, "not an integer"))?;
        let taken = used.iter().find(|(known, _)| known == name).map_or(0, |(_, used)| *used);
        if !force && limit >= 0 && limit < taken {
            let message = format!(
                "Quota limit {limit} for {name} must be greater than or equal to already used and reserved {taken}."
            );
            return Err(Problem::bad_request(message));
        }
        set.insert(*name, limit);
    }
    state.nova.quotas.insert(call.id().to_owned(), set);
    let quotas = shown(call, &of(state, call.id()), |_, limit| json!(limit));
    Ok(Reply::json(200, &json!({"quota_set": quotas})))
}

fn reset(state: &mut State, call: &Call) -> Answer {
    state.nova.quotas.remove(call.id());
    Ok(Reply::empty(202))
}

fn limits(state: &mut State, call: &Call) -> Answer {
    let project = match call.asked("tenant_id") {
        Some(project) if call.actor.is_admin() => project,
        _ => call.actor.project(),
    };
    let (quotas, used) = (of(state, project), used(state, project));
    let groups = state.nova.groups.iter().filter(|group| group.is_of(project)).count();
    let mut absolute = json!({
        "maxTotalInstances": quotas["instances"], "maxTotalCores": quotas["cores"], "maxTotalRAMSize": quotas["ram"],
        "maxServerMeta": quotas["metadata_items"], "maxImageMeta": quotas["metadata_items"], "maxPersonality": 5,
        "maxPersonalitySize": 10240, "maxTotalKeypairs": quotas["key_pairs"], "maxServerGroups": quotas["server_groups"],
        "maxServerGroupMembers": quotas["server_group_members"], "maxTotalFloatingIps": -1, "maxSecurityGroups": -1,
        "maxSecurityGroupRules": -1, "totalRAMUsed": used[2].1, "totalCoresUsed": used[0].1,
        "totalInstancesUsed": used[1].1, "totalFloatingIpsUsed": 0, "totalSecurityGroupsUsed": 0,
        "totalServerGroupsUsed": groups,
    });
    if let Some(absolute) = absolute.as_object_mut() {
        let network = |key: &str| ["FloatingIps", "SecurityGroup"].iter().any(|part| key.contains(part));
        absolute.retain(|key, _| call.micro < 36 || !network(key));
        absolute.retain(|key, _| call.micro < 39 || key != "maxImageMeta");
        absolute.retain(|key, _| call.micro < 57 || !key.starts_with("maxPersonality"));
    }
    Ok(Reply::json(200, &json!({"limits": {"rate": [], "absolute": absolute}})))
}
