//! The last ten thousand requests are remembered, whatever became of them.

use std::collections::VecDeque;

/// How many requests are remembered.
const KEPT: usize = 10_000;

/// One request that the simulator answered, or left without an answer on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// As sent, without the query: `/compute/v2.1/servers/3f0c…`.
    pub path: String,
    /// As sent, without the question mark; empty if there was none.
    pub query: String,
    /// The path with its variable parts named, `/compute/v2.1/servers/{server_id}`; empty if no route fits.
    pub route: String,
    /// `keystone`, `nova`, `glance`, `neutron` or `placement`; empty if the path belongs to none.
    pub service: String,
    /// HTTP status; 0 if the connection was cut instead.
    pub status: u16,
    /// Id of the user whose token came with the request, if it was valid.
    pub user: Option<String>,
    /// Id of the project to which that token is scoped.
    pub project: Option<String>,
    /// What the client asked for: the value of its microversion header.
    pub microversion: Option<String>,
}

/// A ring of requests.
#[derive(Debug, Default)]
pub(crate) struct Log(VecDeque<Request>);

impl Log {
    pub(crate) fn push(&mut self, request: Request) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
