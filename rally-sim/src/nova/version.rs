//! A microversion decides what Nova understands and what it shows.

use serde_json::json;

use crate::http::{Answer, Call, Problem, Reply, Service};
use crate::state::State;

/// The last one that is understood: 2.93.
const NEWEST: u16 = 93;

/// What the client asked for; the newer header wins.
fn asked(call: &Call) -> Option<&str> {
    let of_compute =
        |text: &&str| text.trim().strip_prefix("compute").is_some_and(|rest| rest.starts_with(' '));
    let newer = call.header("openstack-api-version").and_then(|text| text.split(',').find(of_compute));
    newer
        .and_then(|text| text.trim().strip_prefix("compute"))
        .or_else(|| call.header("x-openstack-nova-api-version"))
        .map(str::trim)
}

/// Reads the microversion into the call.
pub(crate) fn read(call: &mut Call) -> Result<(), Problem> {
    let Some(text) = asked(call) else { return Ok(()) };
    if text == "latest" {
        call.micro = NEWEST;
        return Ok(());
    }
    let malformed = || {
        let message =
            format!("API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum.");
        Problem::bad_request(message)
    };
    let (major, minor) = text.split_once('.').ok_or_else(malformed)?;
    let (major, minor): (u16, u16) =
        (major.parse().map_err(|_| malformed())?, minor.parse().map_err(|_| malformed())?);
    if major != 2 || !(1..=NEWEST).contains(&minor) {
        let message =
            format!("Version {text} is not supported by the API. Minimum is 2.1 and maximum is 2.{NEWEST}.");
        return Err(Problem::new(406, message));
    }
    call.micro = minor;
    Ok(())
}

/// Says which microversion an answer has: one that is not supported is named all the same.
pub(crate) fn sign(reply: Reply, call: &Call) -> Reply {
    if reply.status == 401 {
        return reply;
    }
    let version = match asked(call) {
        Some(text) if reply.status == 406 => text.to_owned(),
        _ => format!("2.{}", call.micro),
    };
    // Nova says so of an empty body too.
    reply
        .or_json()
        .header("openstack-api-version", &format!("compute {version}"))
        .header("x-openstack-nova-api-version", &version)
        .header("vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
}

/// The document at the root.
pub(super) fn all(state: &mut State, _: &Call) -> Answer {
    let endpoint = state.endpoint(Service::Nova);
    Ok(Reply::json(
        200,
        &json!({"versions": [
            {"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z",
                "links": [{"rel": "self", "href": format!("{endpoint}/v2/")}]},
            {"id": "v2.1", "status": "CURRENT", "version": format!("2.{NEWEST}"), "min_version": "2.1",
                "updated": "2013-07-23T11:33:21Z", "links": [{"rel": "self", "href": format!("{endpoint}/v2.1/")}]},
        ]}),
    ))
}

/// The document of version 2.1.
pub(super) fn this(state: &mut State, _: &Call) -> Answer {
    Ok(Reply::json(
        200,
        &json!({"version": {
            "id": "v2.1", "status": "CURRENT", "version": format!("2.{NEWEST}"), "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z",
            "links": [
                {"rel": "self", "href": format!("{}/v2.1/", state.endpoint(Service::Nova))},
                {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"},
            ],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}],
        }}),
    ))
}
