//! A keystone and one service in a few lines, for what a well-behaved cloud never does.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use rally_openstack::client::{Connection, Endpoint, HttpOptions, Session};
use rally_openstack::config::{Credential, Domain, Project, Site, User};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

/// Where it is, and what it knows.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    logins: u32,
    valid: HashSet<String>,
    lifetime: u64,
    scripts: HashMap<String, VecDeque<(u16, String)>>,
    asked: Vec<(String, Option<String>)>,
}

impl Fake {
    /// A keystone whose tokens live an hour.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(Inner { lifetime: 3600, ..Inner::default() }));
        let fake = Self { address, state };
        let app = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn site(&self) -> Site {
        Site::new(Url::parse(&self.url()).unwrap())
    }

    pub(crate) async fn session(&self) -> Session {
        self.session_with(&HttpOptions::default()).await
    }

    pub(crate) async fn session_with(&self, options: &HttpOptions) -> Session {
        Connection::new(&self.site(), options).unwrap().login(credential()).await.unwrap()
    }

    pub(crate) async fn compute(&self) -> Endpoint {
        self.session().await.service("compute").unwrap()
    }

    /// How often somebody has logged in.
    pub(crate) fn logins(&self) -> u32 {
        self.state.lock().unwrap().logins
    }

    pub(crate) fn revoke_all(&self) {
        self.state.lock().unwrap().valid.clear();
    }

    pub(crate) fn tokens_live(&self, seconds: u64) {
        self.state.lock().unwrap().lifetime = seconds;
    }

    /// What a path answers, one after the other; the last answer stays.
    pub(crate) fn script(&self, path: &str, answers: impl IntoIterator<Item = (u16, Value)>) {
        let answers = answers.into_iter().map(|(status, body)| (status, body.to_string())).collect();
        self.state.lock().unwrap().scripts.insert(path.to_owned(), answers);
    }

    /// Path and query of every request to the service, and the token that came with it.
    pub(crate) fn asked(&self) -> Vec<(String, Option<String>)> {
        self.state.lock().unwrap().asked.clone()
    }
}

pub(crate) fn credential() -> Credential {
    let user = User::Name { name: "somebody".into(), domain: Domain::default() };
    Credential::password(user, "hunter2-password", Project::Id("p1".into()))
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let token = request.headers().get("x-auth-token").and_then(|t| t.to_str().ok()).map(str::to_owned);
    if path == "/" {
        let versions = json!({"versions": {"values": [{"id": "v3.14", "status": "stable"}]}});
        return reply(300, versions.to_string());
    }
    if path == "/v3/auth/tokens" {
        // Long enough for others to come meanwhile.
        tokio::time::sleep(Duration::from_millis(20)).await;
        return fake.login();
    }
    if path == "/v2.1/slow" {
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    let mut state = fake.state.lock().unwrap();
    let asked = request.uri().path_and_query().map_or(path.clone(), ToString::to_string);
    state.asked.push((asked, token.clone()));
    if path == "/v2.1/elsewhere" {
        let to = "http://localhost:9/stolen";
        return Response::builder().status(302).header("location", to).body(Body::empty()).unwrap();
    }
    if path == "/v2.1/here" {
        return Response::builder().status(302).header("location", "/v2.1/ok").body(Body::empty()).unwrap();
    }
    if path == "/v2.1/never" || token.is_none_or(|token| !state.valid.contains(&token)) {
        return reply(
            401,
            json!({"error": {"code": 401, "message": "no", "title": "Unauthorized"}}).to_string(),
        );
    }
    if let Some(script) = state.scripts.get_mut(path.trim_start_matches("/v2.1")) {
        let (status, body) =
            if script.len() > 1 { script.pop_front() } else { script.front().cloned() }.unwrap();
        return reply(status, body);
    }
    reply(200, json!({"ok": true}).to_string())
}

impl Fake {
    fn login(&self) -> Response<Body> {
        let mut state = self.state.lock().unwrap();
        state.logins += 1;
        let token = format!("hunter3-token-{}", state.logins);
        state.valid.insert(token.clone());
        let lifetime = state.lifetime;
        let (hours, minutes, seconds) = (lifetime / 3600, lifetime / 60 % 60, lifetime % 60);
        let url = format!("{}/v2.1", self.url());
        let body = json!({"token": {
            // The cloud's clock is wrong by years, which must not matter.
            "issued_at": "2001-01-01T00:00:00.000000Z",
            "expires_at": format!("2001-01-01T{hours:02}:{minutes:02}:{seconds:02}.000000Z"),
            "user": {"id": "u1", "name": "somebody", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "p1", "name": "p", "domain": {"id": "default", "name": "Default"}},
            "roles": [{"id": "r", "name": "member"}],
            "catalog": [{"type": "compute", "name": "nova", "endpoints": [
                {"interface": "public", "region": "One", "url": url}]}],
        }});
        let builder = Response::builder().status(201).header("x-subject-token", token);
        builder.header("content-type", "application/json").body(body.to_string().into()).unwrap()
    }
}

fn reply(status: u16, body: String) -> Response<Body> {
    let builder = Response::builder().status(status).header("x-openstack-request-id", "req-fake");
    builder.header("content-type", "application/json").body(body.into()).unwrap()
}
