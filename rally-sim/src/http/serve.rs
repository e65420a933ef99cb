//! A request is carried out to its end even if its client hangs up, as in a real cloud.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request as HttpRequest, State as Shared};
use axum::http::Response;
use axum::http::request::Parts;

use super::route::{Found, find};
use super::{Answer, Call, Problem, Reply, Right, Route, Service};
use crate::faults::{Effect, Faults, Hit};
use crate::net::Cut;
use crate::record::{Log, Request};
use crate::state::State;

/// The greatest body that is read: an image in a test is small.
const GREATEST_BODY: usize = 256 * 1024 * 1024;

/// Everything that the connections of one simulator share.
pub(crate) struct Cloud {
    pub(crate) url: String,
    pub(crate) faults: Faults,
    state: Mutex<State>,
    log: Mutex<Log>,
    routes: Vec<(Service, Vec<Route>)>,
    requests: AtomicU64,
}

impl Cloud {
    pub(crate) fn new(state: State) -> Self {
        Self {
            url: state.url.clone(),
            faults: Faults::default(),
            state: Mutex::new(state),
            log: Mutex::default(),
            routes: Service::ALL.into_iter().map(|service| (service, service.routes())).collect(),
            requests: AtomicU64::new(0),
        }
    }

    /// The state as it is now: whatever was due has happened.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn routes(&self, service: Service) -> &[Route] {
        self.routes.iter().find(|(of, _)| *of == service).map_or(&[], |(_, routes)| routes)
    }

    /// One request, from its arrival to its answer; None if there is to be none.
    async fn answer(&self, parts: Parts, body: Bytes) -> Option<Response<Body>> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let Some((service, rest)) = Service::of(uri.path()) else {
            return Some(Reply::html(404, "Not Found".to_owned()).into_response());
        };
        let request_id = request_id(number);
        let mut call = Call::new(method, &uri, rest, parts.headers, body, request_id);
        let found = find(self.routes(service), call.method.as_str(), &call.path);
        let template = if let Found::Route(route, _) = &found { route.template.as_str() } else { "" };

        let (latency, hit) = {
            let mut state = self.state();
            let latency = state.options.api.draw(&mut state.random);
            let (delay, hit) = self.faults.hit(&mut state.random, call.method.as_str(), template);
            (latency + delay, hit)
        };
        if latency > Duration::ZERO {
            tokio::time::sleep(latency).await;
        }

        let template = template.to_owned();
        let reply = match hit {
            Some(Hit { effect, applied }) => {
                if applied {
                    self.carry_out(service, found, &mut call);
                }
                spoiled(service, &effect, &call)
            }
            None => Some(self.carry_out(service, found, &mut call)),
        };
        let reply = reply.map(|reply| service.sign(reply, &call, &self.url));
        self.log().push(Request {
            method: call.method.to_string(),
            path: uri.path().to_owned(),
            query: call.raw_query.clone(),
            route: template,
            service: service.facts().name.to_owned(),
            status: reply.as_ref().map_or(0, |reply| reply.status),
            user: Some(call.actor.user.clone()).filter(|user| !user.is_empty()),
            project: Some(call.actor.project().to_owned()).filter(|project| !project.is_empty()),
            microversion: ["openstack-api-version", "x-openstack-nova-api-version"]
                .into_iter()
                .find_map(|name| call.header(name))
                .map(str::to_owned),
        });
        reply.map(Reply::into_response)
    }

    /// What the service itself says.
    fn carry_out(&self, service: Service, found: Found<'_>, call: &mut Call) -> Reply {
        let answer = self.ask(service, found, call);
        answer.unwrap_or_else(|problem| service.word(&problem, &call.request_id))
    }

    fn ask(&self, service: Service, found: Found<'_>, call: &mut Call) -> Answer {
        let mut state = self.state();
        let is_open = matches!(&found, Found::Route(Route { right: Right::Open, .. }, _));
        // Only Keystone looks a path up before the token; elsewhere a middleware asks for the token first.
        if !is_open && (service != Service::Keystone || matches!(found, Found::Route(..))) {
            let token = call.header("x-auth-token").unwrap_or_default();
            call.actor = state.keystone.actor(token, state.now).map_err(|gone| match service {
                Service::Keystone => gone,
                _ => Problem::unauthorized(),
            })?;
        }
        if let Found::Route(..) = found {
            service.prepare(call)?;
        }
        match found {
            Found::Route(route, params) => {
                call.params = params;
                if let Some(refusal) = service.refusal(&route.right, call) {
                    return Err(refusal);
                }
                (route.handler)(&mut state, call)
            }
            Found::Methods(allowed) => {
                let problem = service.wrong_method(call);
                let reply = service.word(&problem, &call.request_id);
                Ok(if problem.status == 405 { reply.header("allow", &allowed.join(", ")) } else { reply })
            }
            Found::Nothing => Err(Problem::no_route()),
        }
    }
}

/// Looks random and is never given twice.
fn request_id(number: u64) -> String {
    let bytes = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
    format!("req-{}", uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// The answer that a fault puts in the place of the right one.
fn spoiled(service: Service, effect: &Effect, call: &Call) -> Option<Reply> {
    let broken = |status, retry_after| {
        let problem = Problem { retry_after, ..service.broken(status) };
        Some(service.word(&problem, &call.request_id))
    };
    match effect {
        Effect::Status(status @ (429 | 503)) => broken(*status, Some(1)),
        Effect::Status(status) => broken(*status, None),
        Effect::RetryAfter(status, seconds) => broken(*status, Some(*seconds)),
        Effect::Garbage => {
            Some(Reply::bytes(200, "application/json", Bytes::from_static(b"{\"server\": {\"id\": \"\xff")))
        }
        Effect::Html => Some(Reply::html(
            502,
            "<html><body><h1>502 Bad Gateway</h1>\nThe proxy server received an invalid response \
                                   from an upstream server.</body></html>\n"
                .to_owned(),
        )),
        Effect::Drop | Effect::Delay(_) => None,
    }
}

/// The handler behind every path.
pub(crate) async fn serve(
    Shared(cloud): Shared<Arc<Cloud>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: HttpRequest,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, GREATEST_BODY).await else {
        return Reply::html(413, "Request Entity Too Large".to_owned()).into_response();
    };
    // axum drops this future when the client goes away; the spawned one lives on.
    let work = tokio::spawn(async move { cloud.answer(parts, body).await });
    if let Ok(Some(response)) = work.await {
        return response;
    }
    cut.now();
    Reply::empty(500).into_response()
}
