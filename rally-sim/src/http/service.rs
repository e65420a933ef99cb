//! The services differ in their paths, their errors and their headers; all such differences are here.

use serde_json::json;

use super::{Call, Problem, Reply, Right, Route};
use crate::{glance, keystone, neutron, nova, placement};

/// One of the services in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Keystone,
    Nova,
    Glance,
    Neutron,
    Placement,
}

/// What the catalogue says of a service.
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) prefix: &'static str,
    /// What follows the prefix in the catalogue's URL.
    pub(crate) version: &'static str,
}

impl Service {
    pub(crate) const ALL: [Self; 5] =
        [Self::Keystone, Self::Nova, Self::Glance, Self::Neutron, Self::Placement];

    pub(crate) const fn facts(self) -> Facts {
        match self {
            Self::Keystone => {
                Facts { name: "keystone", kind: "identity", prefix: "/identity", version: "/v3" }
            }
            Self::Nova => Facts { name: "nova", kind: "compute", prefix: "/compute", version: "/v2.1" },
            Self::Glance => Facts { name: "glance", kind: "image", prefix: "/image", version: "" },
            Self::Neutron => Facts { name: "neutron", kind: "network", prefix: "/network", version: "" },
            Self::Placement => {
                Facts { name: "placement", kind: "placement", prefix: "/placement", version: "" }
            }
        }
    }

    /// The service to which a path belongs, and the rest of the path, `/` at least.
    pub(crate) fn of(path: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|service| {
            let rest = path.strip_prefix(service.facts().prefix)?;
            match rest {
                "" => Some((service, "/")),
                rest if rest.starts_with('/') => Some((service, rest)),
                _ => None,
            }
        })
    }

    /// The table of this service.
    pub(crate) fn routes(self) -> Vec<Route> {
        let routes = match self {
            Self::Keystone => keystone::routes(),
            Self::Nova => nova::routes(),
            Self::Glance => glance::routes(),
            Self::Neutron => neutron::routes(),
            Self::Placement => placement::routes(),
        };
        routes.into_iter().map(|route| route.under(self.facts().prefix)).collect()
    }

    /// What comes before every handler: the microversion, in Nova's case.
    pub(crate) fn prepare(self, call: &mut Call) -> Result<(), Problem> {
        if self == Self::Nova { nova::version::read(call) } else { Ok(()) }
    }

    /// The path is known, but not with this method. Nova does not tell the two apart.
    pub(crate) fn wrong_method(self, call: &Call) -> Problem {
        match self {
            Self::Keystone => Problem::new(405, "The method is not allowed for the requested URL."),
            Self::Glance => {
                Problem::new(405, format!("The method {} is not allowed for this resource. ", call.method))
            }
            Self::Neutron => Problem::new(405, MALFORMED).kind("HTTPMethodNotAllowed"),
            Self::Placement => Problem::new(405, "The method specified is not allowed for this resource."),
            Self::Nova => Problem::no_route(),
        }
    }

    /// What a route's right says to one who has it not.
    pub(crate) fn refusal(self, right: &Right, call: &Call) -> Option<Problem> {
        let rule = right.forbids(call)?;
        Some(match self {
            Self::Keystone => {
                Problem::forbidden(format!("You are not authorized to perform the requested action: {rule}."))
            }
            Self::Nova => Problem::forbidden(format!("Policy doesn't allow {rule} to be performed.")),
            Self::Neutron => {
                Problem::forbidden(format!("rule:{rule} is disallowed by policy")).kind("PolicyNotAuthorized")
            }
            Self::Glance | Self::Placement => {
                Problem::forbidden(format!("You are not authorized to complete {rule} action."))
            }
        })
    }

    /// The message of a failure that is nobody's fault but the cloud's.
    pub(crate) fn broken(self, status: u16) -> Problem {
        let message = match (self, status) {
            (_, 429) => "This request was rate-limited.",
            (_, 503) => "The server is currently unavailable. Please try again at a later time.",
            (Self::Keystone, _) => "An unexpected error prevented the server from fulfilling your request.",
            (Self::Nova, _) => {
                "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API \
                 log if possible.\n<class 'oslo_db.exception.DBConnectionError'>"
            }
            (Self::Neutron, _) => "Request Failed: internal server error while processing your request.",
            (Self::Glance | Self::Placement, _) => {
                "The server has either erred or is incapable of performing the requested operation."
            }
        };
        let kind = if status == 500 { "HTTPInternalServerError" } else { "HTTPServiceUnavailable" };
        Problem::new(status, message).kind(kind)
    }

    /// Words a problem as this service does.
    pub(crate) fn word(self, problem: &Problem, request_id: &str) -> Reply {
        let Problem { status, kind, message, retry_after } = problem;
        let (code, title) = (*status, title(*status));
        let bare = json!({"error": {"code": code, "title": title, "message": message}});
        let mut reply = match self {
            // The token is checked by the same middleware everywhere, but Glance words the refusal itself.
            Self::Nova | Self::Neutron | Self::Placement if code == 401 => Reply::json(code, &bare),
            Self::Keystone if problem.is_no_route() => Reply::html(code, FLASK_404.to_owned()),
            Self::Keystone if code == 405 => Reply::json(code, &json!({"message": message})),
            Self::Keystone => {
                Reply::json(code, &json!({"error": {"code": code, "message": message, "title": title}}))
            }
            Self::Nova | Self::Glance if problem.is_no_route() => {
                Reply::html(code, webob_page(code, NO_ROUTE))
            }
            Self::Nova => {
                let mut fault = json!({"code": code, "message": message});
                if let Some(seconds) = retry_after {
                    fault["retryAfter"] = json!(seconds.to_string());
                }
                Reply::json(code, &json!({nova_key(code): fault}))
            }
            Self::Neutron => {
                let message = if problem.is_no_route() { NO_ROUTE } else { message };
                Reply::json(code, &json!({"NeutronError": {"type": kind, "message": message, "detail": ""}}))
            }
            Self::Glance if code == 401 => Reply::html(code, webob_page(code, UNVERIFIED)),
            Self::Glance => Reply::html(code, webob_page(code, &escape(message))),
            Self::Placement => {
                let detail =
                    if problem.is_no_route() { format!("{NO_ROUTE}\n\n   ") } else { message.to_string() };
                let error =
                    json!({"status": code, "title": title, "detail": detail, "request_id": request_id});
                Reply::json(code, &json!({"errors": [error]}))
            }
        };
        if let Some(seconds) = retry_after {
            reply = reply.header("retry-after", &seconds.to_string());
        }
        reply
    }

    /// Adds what every answer of this service carries.
    pub(crate) fn sign(self, mut reply: Reply, call: &Call, url: &str) -> Reply {
        if reply.status == 401 {
            let keystone = Self::Keystone.facts();
            let realm = format!("Keystone uri=\"{url}{}{}\"", keystone.prefix, keystone.version);
            reply = reply.header("www-authenticate", &realm);
        }
        match self {
            Self::Keystone => reply = reply.header("vary", "X-Auth-Token"),
            Self::Nova => {
                reply = nova::version::sign(reply, call).header("x-compute-request-id", &call.request_id);
            }
            Self::Placement => {
                reply = reply
                    .header("openstack-api-version", "placement 1.0")
                    .header("vary", "openstack-api-version");
            }
            Self::Glance | Self::Neutron => {}
        }
        reply.header("x-openstack-request-id", &call.request_id)
    }
}

const NO_ROUTE: &str = "The resource could not be found.";
const MALFORMED: &str =
    "The server could not comply with the request since it is either malformed or otherwise incorrect.";
const UNVERIFIED: &str = "This server could not verify that you are authorized to access the document you requested. \
                          Either you supplied the wrong credentials (e.g., bad password), or your browser does not \
                          understand how to supply the credentials required.";
const FLASK_404: &str = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The \
                         requested URL was not found on the server. If you entered the URL manually please check your \
                         spelling and try again.</p>\n";

/// Nova's key for a status.
fn nova_key(status: u16) -> &'static str {
    match status {
        400 => "badRequest",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 | 429 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    }
}

/// The reason phrase of a status.
fn title(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}

/// The page of HTML that Python's webob makes of an error; what follows an empty line is a detail.
fn webob_page(status: u16, explanation: &str) -> String {
    let title = title(status);
    let (explanation, detail) = explanation.split_once("\n\n").unwrap_or((explanation, ""));
    format!(
        "<html>\n <head>\n  <title>{status} {title}</title>\n </head>\n <body>\n  <h1>{status} {title}</h1>\n  \
         {explanation}<br /><br />\n{detail}\n\n\n </body>\n</html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&#x27;")
        .replace('"', "&quot;")
}
