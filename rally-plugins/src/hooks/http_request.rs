//! The hook `http_request`.

use rally_core::{Failure, Fired, Hook, Meta, Output, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::{Clients, HttpCall};

/// After how many seconds a request is given up that has no limit of its own.
const TIMEOUT: f64 = 30.0;

/// How much of the answer is shown.
const SHOWN: usize = 4096;

/// Send an HTTP request.
///
/// The report shows the answer, the first 4 KB of it. Any status from 200 to 299 is a success, unless another one is
/// expected. It is given up after 30 seconds unless it has a timeout of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"url": "http://localhost:8080/faults", "method": "POST", "json": {"kill": "node-1"}}]))]
pub struct HttpRequest {
    /// The request.
    #[serde(flatten)]
    pub request: HttpCall,
    /// The one status that is a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub status_code: Option<u16>,
    #[serde(skip)]
    clients: Clients,
}

impl HttpRequest {
    /// This request; any status from 200 to 299 is a success.
    pub fn new(request: HttpCall) -> Self {
        Self { request, status_code: None, clients: Clients::default() }
    }

    /// With the one status that is a success.
    #[must_use]
    pub fn expect_status(mut self, status: u16) -> Self {
        self.status_code = Some(status);
        self
    }
}

impl Hook for HttpRequest {
    const META: Meta = Meta::new("http_request");

    async fn run(&self, _fired: Fired) -> Result<Vec<Output>> {
        let mut request = self.request.clone();
        request.timeout.get_or_insert(TIMEOUT);
        let answer = request.send(&self.clients).await?;
        let (status, what) = (answer.status(), answer.what());
        let body = if request.stream { Vec::new() } else { answer.body(SHOWN).await? };
        let body = String::from_utf8_lossy(&body).into_owned();
        let expected = self.status_code.map_or((200..300).contains(&status), |expected| status == expected);
        if !expected {
            let wanted = self.status_code.map_or_else(|| "one from 200 to 299".into(), |one| one.to_string());
            let message = format!("{what} was answered by {status} instead of {wanted}");
            let mut failure = Failure::new("StatusMismatch", message);
            failure.chain = vec![body];
            return Err(failure);
        }
        let body = if body.is_empty() { "(empty)" } else { &body };
        let lines = [format!("Status: {status}"), format!("Body: {body}")];
        Ok(vec![Output::text("HTTP request", lines).description(what)])
    }
}

register!(hook: HttpRequest);
