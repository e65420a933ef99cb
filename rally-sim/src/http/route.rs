//! Which function answers a request, and who may ask it, stands in one table.

use super::call::decoded;
use super::{Answer, Call};
use crate::state::State;

/// A function that answers.
pub(crate) type Handler = fn(&mut State, &Call) -> Answer;

/// Who may ask.
#[derive(Clone, Debug)]
pub(crate) enum Right {
    /// Anyone, without a token.
    Open,
    /// Anyone with a token.
    Token,
    /// An administrator; others are told that this rule of the policy forbids it.
    Admin(String),
    /// An administrator, or whom the function accepts.
    AdminOr(String, fn(&Call) -> bool),
}

impl Right {
    /// An administrator.
    pub(crate) fn admin(rule: impl Into<String>) -> Self {
        Self::Admin(rule.into())
    }

    /// The rule that forbids this call, if one does.
    pub(crate) fn forbids(&self, call: &Call) -> Option<&str> {
        match self {
            Self::Open | Self::Token => None,
            Self::Admin(rule) => (!call.actor.is_admin()).then_some(rule),
            Self::AdminOr(rule, accepts) => (!call.actor.is_admin() && !accepts(call)).then_some(rule),
        }
    }
}

/// One line of a service's table.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// With the service's prefix: `/compute/v2.1/servers/{server_id}`.
    pub(crate) template: String,
    prefix: usize,
    pub(crate) right: Right,
    pub(crate) handler: Handler,
}

/// A route below the service's prefix, for anyone with a token.
pub(crate) fn route(method: &'static str, template: impl Into<String>, handler: Handler) -> Route {
    Route { method, template: template.into(), prefix: 0, right: Right::Token, handler }
}

impl Route {
    pub(crate) fn right(mut self, right: Right) -> Self {
        self.right = right;
        self
    }

    pub(crate) fn admin(self, rule: impl Into<String>) -> Self {
        self.right(Right::admin(rule))
    }

    pub(crate) fn open(self) -> Self {
        self.right(Right::Open)
    }

    pub(crate) fn under(mut self, prefix: &str) -> Self {
        self.prefix = prefix.len();
        self.template.insert_str(0, prefix);
        self
    }

    /// The variable parts of a path that fits; None if it does not.
    fn params(&self, path: &str) -> Option<Vec<String>> {
        let mut params = Vec::new();
        let (mut wanted, mut given) = (self.template[self.prefix..].split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return Some(params),
                (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                    params.push(decoded(given));
                }
                (Some(wanted), Some(given)) if wanted == given => {}
                _ => return None,
            }
        }
    }
}

/// What a table says about a request.
pub(crate) enum Found<'a> {
    Route(&'a Route, Vec<String>),
    /// The path is known, the method is not; these are.
    Methods(Vec<&'static str>),
    Nothing,
}

/// Looks a request up. Earlier lines win, so the literal ones come first.
pub(crate) fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Found<'a> {
    // HEAD is GET without a body, except where a table says more.
    let also = if method == "HEAD" { "GET" } else { method };
    let mut methods = Vec::new();
    let mut second = None;
    for route in routes {
        let Some(params) = route.params(path) else { continue };
        if route.method == method {
            return Found::Route(route, params);
        }
        if route.method == also && second.is_none() {
            second = Some((route, params));
        }
        methods.push(route.method);
    }
    match second {
        Some((route, params)) => Found::Route(route, params),
        None if methods.is_empty() => Found::Nothing,
        None => Found::Methods(methods),
    }
}
