//! The scenarios `HttpRequests.*`: one request to any server, and a look at the status of its answer.

use rally_core::{Failure, Iteration, Meta, Result, Scenario, atomic, register};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::Clients;
pub use crate::http::{Fields, HttpCall, Scheme, Verify};

/// The name of the action, which Rally's reports know.
const ACTION: &str = "requests.check_request";

/// Send one HTTP request and check the status of the answer.
///
/// Each iteration opens a connection of its own, over HTTP/1.1, and reads the whole answer. There is no timeout unless
/// one is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"url": "http://localhost:8080/", "method": "GET", "status_code": 200}]))]
pub struct CheckRequest {
    /// The request.
    #[serde(flatten)]
    pub request: HttpCall,
    /// The status that the answer should have.
    #[schemars(range(min = 100, max = 599))]
    pub status_code: u16,
    #[serde(skip)]
    clients: Clients,
}

/// Send one of several HTTP requests, chosen at random, and check the status of the answer.
///
/// The choice is the same when a run is repeated with its seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "requests": [
        {"url": "http://localhost:8080/", "method": "GET"},
        {"url": "http://localhost:8080/items", "method": "POST", "json": {"name": "x"}, "status_code": 201},
    ],
    "status_code": 200,
}]))]
pub struct CheckRandomRequest {
    /// The requests.
    #[schemars(length(min = 1))]
    pub requests: Vec<OneOfThem>,
    /// The status that the answer should have.
    #[schemars(range(min = 100, max = 599))]
    pub status_code: u16,
    #[serde(skip)]
    clients: Clients,
}

/// One of the requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OneOfThem {
    /// The request.
    #[serde(flatten)]
    pub request: HttpCall,
    /// The status that the answer to this one should have, when it is another one than that of the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub status_code: Option<u16>,
}

impl CheckRequest {
    /// This request, and the status that its answer should have.
    pub fn new(request: HttpCall, status_code: u16) -> Self {
        Self { request, status_code, clients: Clients::default() }
    }
}

impl CheckRandomRequest {
    /// One of these requests, and the status that every answer should have.
    pub fn new(requests: impl IntoIterator<Item = HttpCall>, status_code: u16) -> Self {
        let requests = requests.into_iter().map(|request| OneOfThem { request, status_code: None }).collect();
        Self { requests, status_code, clients: Clients::default() }
    }
}

impl Scenario for CheckRequest {
    const META: Meta = Meta::new("HttpRequests.check_request");

    async fn run(&self, _it: &Iteration) -> Result {
        check(&self.request, self.status_code, &self.clients).await
    }
}

impl Scenario for CheckRandomRequest {
    const META: Meta = Meta::new("HttpRequests.check_random_request");

    async fn run(&self, it: &Iteration) -> Result {
        let mut chance = SmallRng::seed_from_u64(it.seed());
        if self.requests.is_empty() {
            return Err(Failure::msg("there is no request to choose"));
        }
        let chosen = &self.requests[chance.random_range(..self.requests.len())];
        check(&chosen.request, chosen.status_code.unwrap_or(self.status_code), &self.clients).await
    }
}

register!(scenario: CheckRequest, CheckRandomRequest);

async fn check(request: &HttpCall, expected: u16, clients: &Clients) -> Result {
    atomic(ACTION, async {
        let answer = request.send(clients).await?;
        let (status, what) = (answer.status(), answer.what());
        if !request.stream {
            answer.body(0).await?;
        }
        if status == expected {
            return Ok(());
        }
        Err(Failure::new("StatusMismatch", format!("{what} was answered by {status} instead of {expected}")))
    })
    .await
}
