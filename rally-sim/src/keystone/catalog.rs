//! The catalogue names the five services, each under three interfaces with one address.

use serde_json::{Value, json};

use super::resources::{Resource, ServiceRow};
use super::{link, listed, missing};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, Service, object, route, text};
use crate::keystone::Scope;
use crate::state::State;

const REGION: &str = "RegionOne";

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v3/auth/catalog", show),
        route("GET", "/v3/endpoints", endpoints).admin("identity:list_endpoints"),
        route("GET", "/v3/endpoints/{endpoint_id}", endpoint).admin("identity:get_endpoint"),
        route("GET", "/v3/regions", regions),
        route("GET", "/v3/regions/{region_id}", region),
    ]
}

/// Enters the services.
pub(super) fn seed(state: &mut State) {
    for service in Service::ALL {
        let facts = service.facts();
        let row = ServiceRow::build(state, object!({"name": facts.name, "type": facts.kind}));
        let id = text(&row, "id").to_owned();
        state.keystone.services.insert(&id, row);
        for interface in ["public", "internal", "admin"] {
            let endpoint = state.hex_id();
            let row = object!({
                "id": endpoint, "interface": interface, "region_id": REGION, "service_id": id,
                "url": format!("{}{}", state.endpoint(service), facts.version), "enabled": true, "region": REGION,
                "links": {"self": link(state, &format!("endpoints/{endpoint}"))},
            });
            state.keystone.endpoints.insert(&endpoint, row);
        }
    }
}

/// The catalogue as it stands in a token.
pub(super) fn catalog(state: &State) -> Vec<Value> {
    let keystone = &state.keystone;
    let entry = |service: &Object| {
        let endpoints = keystone.endpoints.iter().filter(|row| row.get("service_id") == service.get("id"));
        let shown: Vec<Value> = endpoints
            .map(|row| {
                json!({"id": row["id"], "interface": row["interface"], "region_id": REGION, "url": row["url"],
                    "region": REGION})
            })
            .collect();
        json!({"endpoints": shown, "id": service["id"], "type": service["type"], "name": service.get("name")})
    };
    keystone.services.iter().map(entry).collect()
}

fn show(state: &mut State, call: &Call) -> Answer {
    if call.actor.scope == Scope::None {
        return Err(Problem::forbidden(
            "You are not authorized to perform the requested action: identity:get_auth_catalog.",
        ));
    }
    let this = link(state, "auth/catalog");
    Ok(Reply::json(
        200,
        &json!({"catalog": catalog(state), "links": {"next": null, "self": this, "previous": null}}),
    ))
}

fn endpoints(state: &mut State, call: &Call) -> Answer {
    let rows: Vec<_> =
        state.keystone.endpoints.iter().filter(|row| super::fits(call, row)).cloned().collect();
    Ok(listed(state, call, "endpoints", &rows))
}

fn endpoint(state: &mut State, call: &Call) -> Answer {
    let row = state.keystone.endpoints.get(call.id()).ok_or_else(|| missing("endpoint", call.id()))?;
    Ok(Reply::json(200, &json!({"endpoint": row})))
}

fn region_one(state: &State) -> Object {
    object!({
        "id": REGION, "description": "", "parent_region_id": null,
        "links": {"self": link(state, &format!("regions/{REGION}"))},
    })
}

fn regions(state: &mut State, call: &Call) -> Answer {
    Ok(listed(state, call, "regions", &[region_one(state)]))
}

fn region(state: &mut State, call: &Call) -> Answer {
    if call.id() != REGION {
        return Err(missing("region", call.id()));
    }
    Ok(Reply::json(200, &json!({"region": region_one(state)})))
}
