//! What the tests have in common: a client that speaks plain HTTP, and a login.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rally_sim::{Sim, SimOptions};
use serde_json::{Value, json};

/// A body to send.
pub(crate) enum Sent<'a> {
    Nothing,
    Json(&'a Value),
    Bytes(&'static str, &'static [u8]),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Null if it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The message of an error, in whatever words the service wraps it.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> String {
        let body = self.expect(status);
        let inner = body.as_object().and_then(|body| body.values().next()).cloned().unwrap_or_default();
        inner["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// Someone with a token, or without.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) http: Client<HttpConnector, Body>,
    pub(crate) auth_url: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
    /// Sent with every request.
    pub(crate) headers: Vec<(String, String)>,
}

impl User {
    /// Nobody yet.
    pub(crate) fn stranger(auth_url: &str) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        Self { http, auth_url: auth_url.to_owned(), token: None, body: Value::Null, headers: Vec::new() }
    }

    pub(crate) async fn log_in(auth_url: &str, name: &str, password: &str, project: &str) -> Self {
        let mut user = Self::stranger(auth_url);
        let answer = user.post("identity", "/auth/tokens", &password_login(name, password, project)).await;
        user.token = Some(answer.header("x-subject-token").to_owned());
        user.body = answer.expect(201);
        user
    }

    pub(crate) async fn admin(sim: &Sim) -> Self {
        Self::log_in(&sim.auth_url(), "admin", "password", "admin").await
    }

    pub(crate) async fn demo(sim: &Sim) -> Self {
        Self::log_in(&sim.auth_url(), "demo", "password", "demo").await
    }

    /// The same one with another microversion.
    pub(crate) fn at(&self, version: &str) -> Self {
        let mut other = self.clone();
        other.headers.push(("x-openstack-nova-api-version".to_owned(), version.to_owned()));
        other
    }

    pub(crate) fn project(&self) -> &str {
        self.body["token"]["project"]["id"].as_str().unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        self.body["token"]["user"]["id"].as_str().unwrap()
    }

    /// The public address of a service, from the catalogue.
    pub(crate) fn endpoint(&self, service: &str) -> String {
        if service == "identity" {
            return self.auth_url.clone();
        }
        let catalog = self.body["token"]["catalog"].as_array().expect("a catalogue");
        let row = catalog.iter().find(|row| row["type"] == service).unwrap();
        let endpoint =
            row["endpoints"].as_array().unwrap().iter().find(|row| row["interface"] == "public").unwrap();
        endpoint["url"].as_str().unwrap().to_owned()
    }

    /// Fails only if there is no answer.
    pub(crate) async fn send(&self, method: &str, url: &str, sent: Sent<'_>) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header("x-auth-token", token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let (kind, body) = match sent {
            Sent::Nothing => ("", Body::empty()),
            Sent::Json(value) => ("application/json", Body::from(value.to_string())),
            Sent::Bytes(kind, bytes) => (kind, Body::from(bytes)),
        };
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let response =
            self.http.request(request.body(body).unwrap()).await.map_err(|error| format!("{error:?}"))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    pub(crate) async fn call(&self, method: &str, service: &str, path: &str, sent: Sent<'_>) -> Answer {
        let url = format!("{}{path}", self.endpoint(service));
        self.send(method, &url, sent).await.unwrap()
    }

    pub(crate) async fn get(&self, service: &str, path: &str) -> Answer {
        self.call("GET", service, path, Sent::Nothing).await
    }

    pub(crate) async fn post(&self, service: &str, path: &str, body: &Value) -> Answer {
        self.call("POST", service, path, Sent::Json(body)).await
    }

    pub(crate) async fn put(&self, service: &str, path: &str, body: &Value) -> Answer {
        self.call("PUT", service, path, Sent::Json(body)).await
    }

    pub(crate) async fn delete(&self, service: &str, path: &str) -> Answer {
        self.call("DELETE", service, path, Sent::Nothing).await
    }

    /// Boots with m1.tiny and cirros and whatever else is said; the id.
    pub(crate) async fn boot(&self, name: &str, more: Value) -> Answer {
        let images = self.get("image", "/v2/images?name=cirros").await.expect(200);
        let mut server = json!({"name": name, "imageRef": images["images"][0]["id"], "flavorRef": "1"});
        if let (Some(server), Value::Object(more)) = (server.as_object_mut(), more) {
            server.extend(more);
        }
        self.post("compute", "/servers", &json!({"server": server})).await
    }

    /// Reads a server until it has this status.
    pub(crate) async fn wait(&self, id: &str, status: &str) -> Value {
        for _ in 0..1000 {
            let server = self.get("compute", &format!("/servers/{id}")).await.expect(200);
            if server["server"]["status"] == status && server["server"]["OS-EXT-STS:task_state"].is_null() {
                return server["server"].clone();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("server {id} does not become {status}");
    }
}

/// The body of a login with a password.
pub(crate) fn password_login(name: &str, password: &str, project: &str) -> Value {
    let domain = json!({"name": "Default"});
    json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {"name": name, "domain": domain, "password": password}}},
        "scope": {"project": {"name": project, "domain": domain}},
    }})
}

/// A cloud in which everything is done by the next request.
pub(crate) async fn instant() -> Sim {
    Sim::start(SimOptions::instant()).await.unwrap()
}

/// The text of an id.
#[track_caller]
pub(crate) fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}
