//! A boot is checked as a whole before anything is made, in the order in which Nova checks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::flavors::{self, Flavor, number};
use super::store::{End, HOSTS, Server, Vm};
use super::{NO_JSON, invalid, links, python, quotas, require};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, Service, object, route, text};
use crate::neutron;
use crate::state::State;

/// What a server may be made of.
const KNOWN: [&str; 27] = [
    "name",
    "imageRef",
    "flavorRef",
    "adminPass",
    "metadata",
    "networks",
    "OS-DCF:diskConfig",
    "accessIPv4",
    "accessIPv6",
    "personality",
    "availability_zone",
    "block_device_mapping",
    "block_device_mapping_v2",
    "config_drive",
    "key_name",
    "min_count",
    "max_count",
    "return_reservation_id",
    "security_groups",
    "user_data",
    "description",
    "tags",
    "trusted_image_certificates",
    "host",
    "hypervisor_hostname",
    "hostname",
    "os:scheduler_hints",
];

/// Members that Nova knows from a microversion on, by its minor part.
const SINCE: [(&str, u16); 6] = [
    ("description", 19),
    ("tags", 52),
    ("trusted_image_certificates", 63),
    ("host", 74),
    ("hypervisor_hostname", 74),
    ("hostname", 90),
];

pub(super) fn routes() -> Vec<Route> {
    vec![route("POST", "/v2.1/servers", create), route("POST", "/v2.1/os-volumes_boot", create)]
}

/// What was asked for, after all checks.
struct Order {
    name: String,
    image: Option<String>,
    flavor: Arc<Flavor>,
    count: i64,
    networks: Vec<Nic>,
    security_groups: Vec<String>,
    group: Option<String>,
}

/// How a server comes to a network.
#[derive(Clone)]
enum Nic {
    Network(String),
    Port(String),
}

fn create(state: &mut State, call: &Call) -> Answer {
    let mut body = call.json(NO_JSON)?;
    let hints = ["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"].map(|key| body.get(key).cloned());
    let Some(Value::Object(server)) = body.get_mut("server").map(Value::take) else {
        return Err(Problem::bad_request("'server' is a required property"));
    };
    if call.actor.project().is_empty() {
        return Err(Problem::forbidden(
            "Policy doesn't allow os_compute_api:servers:create to be performed.",
        ));
    }
    well_formed(call, &server)?;
    let hint = hints.into_iter().flatten().next().or_else(|| server.get("os:scheduler_hints").cloned());
    let order = order(state, call, &server, hint.as_ref())?;
    let ids: Vec<String> = (0..order.count).map(|index| boot(state, call, &server, &order, index)).collect();

    if server.get("return_reservation_id").and_then(Value::as_bool) == Some(true) {
        let reservation = format!("r-{}", state.letters(8).to_lowercase());
        return Ok(Reply::json(202, &json!({"reservation_id": reservation})));
    }
    let id = ids.first().map_or("", String::as_str);
    let groups: Vec<_> = order.security_groups.iter().map(|name| json!({"name": name})).collect();
    let password = match text(&server, "adminPass") {
        "" => state.letters(12),
        password => password.to_owned(),
    };
    let location = format!("{}/v2.1/servers/{id}", state.endpoint(Service::Nova));
    let body = json!({"server": {
        "id": id, "links": links(state, &format!("servers/{id}")), "OS-DCF:diskConfig": "MANUAL",
        "security_groups": groups, "adminPass": password,
    }});
    Ok(Reply::json(202, &body).header("location", &location))
}

/// What Nova's schema says.
fn well_formed(call: &Call, server: &Object) -> Result<(), Problem> {
    let whole = || Value::Object(server.clone());
    for key in server.keys() {
        let since = SINCE.iter().find_map(|(known, since)| (known == key).then_some(*since)).unwrap_or(0);
        if !KNOWN.contains(&key.as_str()) || call.micro < since {
            let why = format!("Additional properties are not allowed ('{key}' was unexpected)");
            return Err(invalid("server", &whole(), &why));
        }
    }
    for key in ["name", "flavorRef"] {
        require(server, "server", key)?;
    }
    match server.get("name") {
        Some(Value::String(name)) if !name.trim().is_empty() && name.len() <= 255 => {}
        Some(name @ Value::String(text)) if text.is_empty() => {
            return Err(invalid("name", name, "'' is too short"));
        }
        name => {
            let name = name.unwrap_or(&Value::Null);
            return Err(invalid(
                "name",
                name,
                &format!("'{}' is not valid under any of the given schemas", python(name)),
            ));
        }
    }
    let image = text(server, "imageRef");
    if !image.is_empty() && uuid::Uuid::parse_str(image).is_err() {
        let why = format!("'{image}' is not valid under any of the given schemas");
        return Err(invalid("imageRef", &json!(image), &why));
    }
    match server.get("networks") {
        None if call.micro >= 37 => require(server, "server", "networks").map(|_| ()),
        None => Ok(()),
        Some(Value::Array(nics)) => {
            let uuids = nics.iter().filter_map(|nic| nic.get("uuid")).filter_map(Value::as_str);
            match uuids.into_iter().find(|id| uuid::Uuid::parse_str(id).is_err()) {
                None => Ok(()),
                Some(id) => {
                    let message = format!("Bad networks format: network uuid is not in proper format ({id})");
                    Err(Problem::bad_request(message))
                }
            }
        }
        Some(Value::String(word)) if call.micro >= 37 && ["auto", "none"].contains(&word.as_str()) => Ok(()),
        Some(other) => {
            Err(invalid("networks", other, &format!("'{}' is not of type 'array'", python(other))))
        }
    }
}

/// What the cloud has to say.
fn order(state: &State, call: &Call, server: &Object, hints: Option<&Value>) -> Result<Order, Problem> {
    let count = |key: &str| server.get(key).and_then(number);
    let least = count("min_count").unwrap_or(1);
    let most = count("max_count").unwrap_or(least);
    if least > most {
        return Err(Problem::bad_request("min_count must be <= max_count"));
    }
    let volumes = ["block_device_mapping_v2", "block_device_mapping"];
    let from_volume = volumes
        .iter()
        .any(|key| server.get(*key).and_then(Value::as_array).is_some_and(|maps| !maps.is_empty()));
    let image = Some(text(server, "imageRef")).filter(|image| !image.is_empty());
    if image.is_none() && !from_volume {
        return Err(Problem::bad_request("Missing imageRef attribute"));
    }
    let flavor_ref = server.get("flavorRef").map(python).unwrap_or_default();
    let wanted = flavor_ref.rsplit('/').next().unwrap_or_default();
    let flavor = flavors::find(state, call, wanted)
        .ok_or_else(|| Problem::bad_request(format!("Flavor {wanted} could not be found.")))?;
    if let Some(image) = image {
        fits_image(state, call, image, &flavor)?;
    }
    if flavor.disk == 0 && !from_volume && !call.actor.is_admin() {
        let message = "Only volume-backed servers are allowed for flavors with zero disk.";
        return Err(Problem::forbidden(message));
    }
    zone(state, call, server)?;
    let security_groups = security_groups(state, call, server)?;
    let networks = networks(state, call, server)?;
    let key = text(server, "key_name");
    if !key.is_empty() && !state.nova.keypairs.contains_key(&(call.actor.user.clone(), key.to_owned())) {
        return Err(Problem::bad_request("Invalid key_name provided."));
    }
    let group = hints.and_then(|hints| hints.get("group")).and_then(Value::as_str);
    if let Some(group) = group.filter(|group| !state.nova.groups.contains(group)) {
        return Err(Problem::bad_request(format!("Instance group {group} could not be found.")));
    }
    let count = quotas::allowed(state, call.actor.project(), &flavor, least, most)?;
    Ok(Order {
        name: text(server, "name").trim().to_owned(),
        image: image.map(str::to_owned),
        flavor,
        count,
        networks,
        security_groups,
        group: group.map(str::to_owned),
    })
}

fn fits_image(state: &State, call: &Call, image: &str, flavor: &Flavor) -> Result<(), Problem> {
    let row = crate::glance::visible(state, &call.actor, image);
    let row = row.ok_or_else(|| Problem::bad_request("Can not find requested image"))?;
    if text(row, "status") != "active" {
        return Err(Problem::bad_request(format!("Image {image} is not active.")));
    }
    let least = |key: &str| row.get(key).and_then(Value::as_i64).unwrap_or(0);
    if least("min_ram") > flavor.ram {
        return Err(Problem::bad_request("Flavor's memory is too small for requested image."));
    }
    if flavor.disk != 0 && least("min_disk") > flavor.disk {
        return Err(Problem::bad_request(
            "Flavor's disk is smaller than the minimum size specified in image metadata.",
        ));
    }
    Ok(())
}

fn zone(state: &State, call: &Call, server: &Object) -> Result<(), Problem> {
    let asked = text(server, "availability_zone");
    let (zone, host) = asked.split_once(':').unwrap_or((asked, ""));
    if !host.is_empty() && !call.actor.is_admin() {
        let rule = "os_compute_api:servers:create:forced_host";
        return Err(Problem::forbidden(format!("Policy doesn't allow {rule} to be performed.")));
    }
    if zone.is_empty() || super::admin::zones(state).iter().any(|known| known == zone) {
        return Ok(());
    }
    Err(Problem::bad_request("The requested availability zone is not available"))
}

/// Names of the security groups; `default` if none is asked for.
fn security_groups(state: &State, call: &Call, server: &Object) -> Result<Vec<String>, Problem> {
    let asked = server.get("security_groups").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<String> =
        asked.filter_map(|group| group.get("name")).filter_map(Value::as_str).map(str::to_owned).collect();
    names.dedup();
    if names.is_empty() {
        names.push("default".to_owned());
    }
    for name in names.iter().filter(|name| *name != "default") {
        if neutron::security_group(state, call.actor.project(), name).is_none() {
            return Err(Problem::bad_request(format!(
                "Unable to find security_group with name or id '{name}'"
            )));
        }
    }
    Ok(names)
}

fn networks(state: &State, call: &Call, server: &Object) -> Result<Vec<Nic>, Problem> {
    let asked = match server.get("networks") {
        Some(Value::String(word)) if word == "none" => return Ok(Vec::new()),
        Some(Value::Array(asked)) => asked.as_slice(),
        _ => &[],
    };
    if asked.is_empty() {
        let mut all = neutron::networks_for(state, &call.actor).into_iter();
        let first = all.next();
        if all.next().is_some() {
            let message = "Multiple possible networks found, use a Network ID to be more specific.";
            return Err(Problem::conflict(message));
        }
        return Ok(first.map(Nic::Network).into_iter().collect());
    }
    asked.iter().map(|nic| requested(state, call, nic)).collect()
}

fn requested(state: &State, call: &Call, nic: &Value) -> Result<Nic, Problem> {
    let given = |key: &str| nic.get(key).and_then(Value::as_str);
    if let Some(port) = given("port") {
        let row = neutron::port(state, &call.actor, port)
            .ok_or_else(|| Problem::bad_request(format!("Port id {port} could not be found.")))?;
        if !text(row, "device_id").is_empty() {
            return Err(Problem::conflict(format!("Port {port} is still in use.")));
        }
        return Ok(Nic::Port(port.to_owned()));
    }
    let id = given("uuid").unwrap_or_default();
    let row = neutron::network(state, &call.actor, id)
        .ok_or_else(|| Problem::bad_request(format!("Network {id} could not be found.")))?;
    if row.get("router:external") == Some(&Value::Bool(true)) && !call.actor.is_admin() {
        return Err(Problem::forbidden(format!(
            "It is not allowed to create an interface on external network {id}"
        )));
    }
    if row.get("subnets").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(Problem::bad_request(format!(
            "Network {id} requires a subnet in order to boot instances on."
        )));
    }
    Ok(Nic::Network(id.to_owned()))
}

/// Makes one server of an order; its id.
fn boot(state: &mut State, call: &Call, body: &Object, order: &Order, index: i64) -> String {
    use rand::Rng;

    let (id, number) = (state.uuid(), state.nova.next_number());
    let fails = state.random.random::<f64>() < state.options.boot_errors;
    let takes = state.options.boot.draw(&mut state.random);
    let name = if order.count > 1 { format!("{}-{}", order.name, index + 1) } else { order.name.clone() };
    let given = |key: &str| Some(text(body, key)).filter(|text| !text.is_empty()).map(str::to_owned);
    let created = state.calendar(state.now);
    let host = usize::try_from(number).unwrap_or(0) % HOSTS.len();
    let yes = |value: &Value| {
        value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(crate::http::call::is_yes))
    };
    let server = Server {
        id: id.clone(),
        number,
        name: name.clone(),
        project: call.actor.project().to_owned(),
        user: call.actor.user.clone(),
        image: order.image.clone(),
        flavor: Arc::clone(&order.flavor),
        old_flavor: None,
        created,
        updated: created,
        launched: None,
        host,
        vm: Vm::Building,
        task: None,
        locked: false,
        fault: None,
        metadata: body.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
        key_name: given("key_name"),
        config_drive: body.get("config_drive").is_some_and(yes),
        description: given("description"),
        zone: given("availability_zone")
            .map_or_else(|| "nova".to_owned(), |zone| zone.split(':').next().unwrap_or("nova").to_owned()),
        security_groups: order.security_groups.clone(),
        group: order.group.clone(),
        tags: body
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    };
    state.nova.servers.insert(&id, server);
    if let Some(group) = order.group.as_deref().and_then(|group| state.nova.groups.get_mut(group)) {
        group.members.push(id.clone());
    }
    // The scheduler comes before the network: where it finds no host, there is no port either.
    if !fails {
        for nic in &order.networks {
            let port = match nic {
                Nic::Network(network) => {
                    neutron::plug(state, network, call.actor.project(), &order.security_groups)
                }
                Nic::Port(port) => Some(port.clone()),
            };
            if let Some(port) = port {
                neutron::bind(
                    state,
                    &port,
                    object!({"device_id": id, "device_owner": "compute:nova", "dns_name": name,
                    "binding:host_id": HOSTS[host], "status": "ACTIVE"}),
                );
            }
        }
    }
    let end = if fails { End::NoHost } else { End::Vm(Vm::Active) };
    state.nova.begin(&id, "spawning", state.now, takes, end);
    id
}
