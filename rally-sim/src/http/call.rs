//! A call is a request with its path split, its query decoded and its sender known.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Object, Problem};
use crate::keystone::Scope;

/// Whose token came with a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actor {
    pub(crate) user: String,
    pub(crate) scope: Scope,
    /// Names of the roles, the implied ones with them.
    pub(crate) roles: BTreeSet<&'static str>,
    /// Names of roles that have no meaning of their own here.
    pub(crate) other_roles: BTreeSet<String>,
}

impl Actor {
    /// May do everything.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.contains("admin")
    }

    /// Id of the project that the token is for; empty for other scopes.
    pub(crate) fn project(&self) -> &str {
        match &self.scope {
            Scope::Project(id) => id,
            _ => "",
        }
    }

    /// Whether this actor sees what belongs to `project`.
    pub(crate) fn sees(&self, project: &str) -> bool {
        self.is_admin() || self.project() == project
    }
}

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Below the service's prefix: `/v2.1/servers`.
    pub(crate) path: String,
    /// As sent, without the question mark.
    pub(crate) raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) request_id: String,
    /// Values of the route's variable parts, in their order.
    pub(crate) params: Vec<String>,
    pub(crate) actor: Actor,
    /// Minor part of Nova's microversion: 1 for 2.1. Other services have none.
    pub(crate) micro: u16,
}

impl Call {
    pub(crate) fn new(
        method: Method,
        uri: &Uri,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
        request_id: String,
    ) -> Self {
        Self {
            method,
            path: path.to_owned(),
            raw_query: uri.query().unwrap_or_default().to_owned(),
            query: Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default(),
            headers,
            body,
            request_id,
            params: Vec::new(),
            actor: Actor::default(),
            micro: 1,
        }
    }

    /// The first variable part of the path, decoded.
    pub(crate) fn id(&self) -> &str {
        self.param(0)
    }

    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    /// The first value of a query parameter.
    pub(crate) fn asked(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter.
    pub(crate) fn asked_all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether a query parameter says yes, in any of the ways that OpenStack accepts.
    pub(crate) fn asked_flag(&self, key: &str) -> bool {
        self.asked(key).is_some_and(is_yes)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; `otherwise` is the service's complaint about a body that is none.
    pub(crate) fn json(&self, otherwise: &'static str) -> Result<Value, Problem> {
        serde_json::from_slice(&self.body).map_err(|_| Problem::bad_request(otherwise))
    }

    /// The object under the only key of a JSON body: `{"server": {…}}`; None if it is not there.
    pub(crate) fn wrapped(&self, key: &str, otherwise: &'static str) -> Result<Option<Object>, Problem> {
        match self.json(otherwise)?.get_mut(key).map(Value::take) {
            Some(Value::Object(object)) => Ok(Some(object)),
            _ => Ok(None),
        }
    }
}

/// `1`, `true`, `yes`, `on` and `t`, in any case.
pub(crate) fn is_yes(text: &str) -> bool {
    ["1", "true", "yes", "on", "t", "y"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
}

/// `a%20b` is `a b`.
pub(crate) fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}
