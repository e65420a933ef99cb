//! The one place that hands a request over to the recorder of the running iteration.

use std::borrow::Cow;
use std::time::Instant;

use rally_core::action;
pub(crate) use rally_core::{Purpose, Request};

/// A request on its way; when it is dropped, it is noted with the time it took.
///
/// A request whose answer is never waited for, because its iteration was interrupted, is dropped too and so leaves
/// a note without a status.
pub(crate) struct InFlight<'a> {
    pub(crate) service: &'a Cow<'static, str>,
    pub(crate) method: &'a Cow<'static, str>,
    pub(crate) route: &'a Cow<'static, str>,
    pub(crate) purpose: Purpose,
    pub(crate) attempt: u32,
    pub(crate) started: Instant,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut request = Request::new(
            self.service.clone(),
            self.method.clone(),
            self.route.clone(),
            self.started.elapsed(),
        )
        .request_id(self.request_id.take())
        .purpose(self.purpose)
        .attempt(self.attempt);
        if let Some(status) = self.status {
            request = request.status(status);
        }
        action::note(request);
    }
}
