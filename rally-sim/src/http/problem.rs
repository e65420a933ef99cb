//! A problem is said once by whoever notices it, and worded by the service in whose name it is said.

use std::borrow::Cow;

/// Why a request fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    /// Neutron's type of the error; the others have no use for it.
    pub(crate) kind: &'static str,
    pub(crate) message: Cow<'static, str>,
    /// Seconds for `Retry-After`.
    pub(crate) retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, kind: "", message: message.into(), retry_after: None }
    }

    /// Gives it Neutron's type.
    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "The request you have made requires authentication.")
    }

    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(403, message)
    }

    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(404, message)
    }

    pub(crate) fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(409, message)
    }

    /// No route fits the path.
    pub(crate) fn no_route() -> Self {
        Self::new(404, "").kind("HTTPNotFound")
    }

    /// Whether it is the path itself that nobody knows.
    pub(crate) fn is_no_route(&self) -> bool {
        self.status == 404 && self.message.is_empty()
    }
}
