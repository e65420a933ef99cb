//! What is sent by `HttpRequests.*` and the hook `http_request`, and what they make of the answers.
#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use rally_core::erased::AnyScenario;
use rally_core::testing::{run_once, world};
use rally_core::{Event, Fired, Hook, IterationResult, LoadBuilder, Outcome, Unit};
use rally_plugins::hooks::HttpRequest;
use rally_plugins::scenarios::http::{CheckRandomRequest, CheckRequest, HttpCall};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as it came in.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    target: String,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A server that writes down what it is sent.
struct Server {
    at: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    peers: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (seen, peers) = (Arc::<Mutex<Vec<Seen>>>::default(), Arc::<Mutex<Vec<SocketAddr>>>::default());
        let (notes, whom) = (Arc::clone(&seen), Arc::clone(&peers));
        let note = move |request: Request| {
            let (notes, whom) = (Arc::clone(&notes), Arc::clone(&whom));
            async move {
                let peer = request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>().unwrap().0;
                whom.lock().unwrap().push(peer);
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                notes.lock().unwrap().push(Seen {
                    method: head.method.to_string(),
                    target: head.uri.to_string(),
                    headers: head.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                });
                answer(head.uri.path())
            }
        };
        let app = Router::new()
            .route("/moved", any(|| async { Redirect::temporary("/here") }))
            .route("/round", any(|| async { Redirect::temporary("/round") }))
            .route("/never", get(|| async { pending::<()>().await }))
            .fallback(note)
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { at, seen, peers }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }

    /// What the server saw of a request with these arguments, which it answers with 200.
    async fn saw(&self, path: &str, arguments: Value) -> Seen {
        let mut call = json!({"url": self.url(path), "status_code": 200});
        call.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        let result = check(serde_json::from_value(call).unwrap()).await;
        assert_eq!(result.outcome, Outcome::Passed, "{:?}", result.failure);
        self.last()
    }
}

fn answer(path: &str) -> Response {
    match path {
        "/missing" => StatusCode::NOT_FOUND.into_response(),
        "/created" => StatusCode::CREATED.into_response(),
        "/long" => Bytes::from(vec![b'x'; 100_000]).into_response(),
        _ => "hello".into_response(),
    }
}

async fn check(scenario: CheckRequest) -> Arc<IterationResult> {
    run_once(scenario, world()).await
}

fn failure(result: &IterationResult) -> (&str, String) {
    let failure = result.failure.as_ref().unwrap();
    (&failure.kind, failure.to_string())
}

#[tokio::test]
async fn a_request_is_an_action_and_is_noted_under_it() {
    let server = Server::start().await;
    let result = check(CheckRequest::new(HttpCall::get(server.url("/a?b=c")), 200)).await;
    assert_eq!(result.outcome, Outcome::Passed);
    let action = &result.actions[0];
    assert_eq!((action.name.as_ref(), action.failed), ("requests.check_request", false));
    let request = &action.requests[0];
    assert_eq!((request.method.as_ref(), request.route.as_ref(), request.status), ("GET", "/a", Some(200)));
    assert_eq!(request.service, server.at.to_string());
    assert_eq!((server.last().method.as_str(), server.last().target.as_str()), ("GET", "/a?b=c"));
    assert!(server.last().header("user-agent").starts_with("rally/"));
}

#[tokio::test]
async fn another_status_fails_the_iteration() {
    let server = Server::start().await;
    let result = check(CheckRequest::new(HttpCall::new("put", server.url("/missing?secret=1")), 200)).await;
    assert_eq!(result.outcome, Outcome::Failed);
    assert!(result.actions[0].failed);
    assert_eq!(
        failure(&result),
        ("StatusMismatch", format!("PUT http://{}/missing was answered by 404 instead of 200", server.at))
    );
    assert_eq!(server.last().method, "PUT");
    let expected = check(CheckRequest::new(HttpCall::get(server.url("/missing")), 404)).await;
    assert_eq!(expected.outcome, Outcome::Passed);
}

#[tokio::test]
async fn arguments_become_parts_of_the_request() {
    let server = Server::start().await;
    let seen = server.saw("/p?a=1", json!({"params": {"b": [1, "x y"], "c": null, "d": true}})).await;
    assert_eq!(seen.target, "/p?a=1&b=1&b=x+y&d=true");
    assert_eq!(server.saw("/p", json!({"params": "raw"})).await.target, "/p?raw");
    let seen = server.saw("/", json!({"headers": {"X-One": "1"}, "cookies": {"a": "b", "c": "d"}})).await;
    assert_eq!((seen.header("x-one"), seen.header("cookie")), ("1", "a=b; c=d"));
    let seen = server.saw("/", json!({"auth": ["me", "secret"]})).await;
    assert_eq!(seen.header("authorization"), "Basic bWU6c2VjcmV0");
}

#[tokio::test]
async fn a_body_is_a_text_a_form_or_json() {
    let server = Server::start().await;
    let seen = server.saw("/", json!({"method": "POST", "data": "plain text"})).await;
    assert_eq!((seen.body.as_str(), seen.header("content-type")), ("plain text", ""));
    let seen = server.saw("/", json!({"method": "POST", "data": {"a": 1, "b": "x&y"}})).await;
    assert_eq!(
        (seen.body.as_str(), seen.header("content-type")),
        ("a=1&b=x%26y", "application/x-www-form-urlencoded")
    );
    let seen = server.saw("/", json!({"method": "POST", "json": {"a": [1]}})).await;
    assert_eq!((seen.body.as_str(), seen.header("content-type")), (r#"{"a":[1]}"#, "application/json"));
    let typed = json!({"method": "POST", "json": 1, "headers": {"Content-Type": "application/x-mine"}});
    assert_eq!(server.saw("/", typed).await.header("content-type"), "application/x-mine");
}

#[tokio::test]
async fn redirects_are_followed_unless_the_task_says_otherwise() {
    let server = Server::start().await;
    assert_eq!(server.saw("/moved", json!({})).await.target, "/here");
    let stay = json!({"url": server.url("/moved"), "status_code": 307, "allow_redirects": false});
    assert_eq!(check(serde_json::from_value(stay).unwrap()).await.outcome, Outcome::Passed);
    let round = check(CheckRequest::new(HttpCall::get(server.url("/round")), 200)).await;
    assert_eq!(failure(&round).0, "TooManyRedirects");
}

#[tokio::test]
async fn a_timeout_gives_up_and_the_request_is_noted() {
    let server = Server::start().await;
    let call = json!({"url": server.url("/never"), "status_code": 200, "timeout": 0.02});
    let result = check(serde_json::from_value(call).unwrap()).await;
    assert_eq!((result.outcome, failure(&result).0), (Outcome::Failed, "RequestTimeout"));
    assert_eq!(result.actions[0].requests[0].status, None);
}

#[tokio::test]
async fn nobody_listens_and_the_password_in_the_url_stays_in_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    let result = check(CheckRequest::new(HttpCall::get(format!("http://me:secret@{at}/x")), 200)).await;
    let (kind, message) = failure(&result);
    assert_eq!(kind, "ConnectionError");
    assert!(message.starts_with(&format!("GET http://{at}/x found no connection: ")), "{message}");
    assert!(!message.contains("secret"), "{message}");
}

#[tokio::test]
async fn every_request_has_a_connection_of_its_own() {
    let server = Server::start().await;
    let scenario = AnyScenario::new(CheckRequest::new(HttpCall::get(server.url("/")), 200));
    let load = LoadBuilder::new(scenario, Arc::new(world())).build();
    for number in 1..=3 {
        load.iterate(number, None).await;
    }
    let mut ports: Vec<u16> = server.peers.lock().unwrap().iter().map(SocketAddr::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 3);
}

#[tokio::test]
async fn an_answer_is_read_to_its_end_unless_it_is_streamed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    // Its answers break off in the middle.
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let asked = socket.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhell";
            assert!(asked.is_ok() && socket.write_all(answer).await.is_ok());
        }
    });
    let with = async |stream: bool| {
        let call = json!({"url": format!("http://{at}/"), "status_code": 200, "stream": stream});
        check(serde_json::from_value(call).unwrap()).await
    };
    assert_eq!(with(true).await.outcome, Outcome::Passed);
    let result = with(false).await;
    assert_eq!(failure(&result).0, "RequestError");
    assert_eq!(result.actions[0].requests[0].status, Some(200));
}

#[tokio::test]
async fn a_proxy_is_asked_instead() {
    let proxy = Server::start().await;
    let call = json!({
        "url": "http://elsewhere.invalid/x", "status_code": 200, "proxies": {"http": proxy.url("")},
    });
    let result = check(serde_json::from_value(call).unwrap()).await;
    assert_eq!(result.outcome, Outcome::Passed, "{:?}", result.failure);
    assert_eq!(proxy.last().target, "http://elsewhere.invalid/x");
}

/// What became of so many iterations of a run with this seed.
async fn runs(scenario: &Value, seed: u64, times: u64) -> Vec<Arc<IterationResult>> {
    let scenario: CheckRandomRequest = serde_json::from_value(scenario.clone()).unwrap();
    let (to, mut from) = tokio::sync::mpsc::channel(1000);
    let load = LoadBuilder::new(AnyScenario::new(scenario), Arc::new(world())).seed(seed).events(to).build();
    for number in 1..=times {
        load.iterate(number, None).await;
    }
    drop(load);
    let mut results = Vec::new();
    while let Some(event) = from.recv().await {
        if let Event::Finished(result) = event {
            results.push(result);
        }
    }
    results
}

#[tokio::test]
async fn one_of_several_requests_is_chosen_by_the_seed() {
    let server = Server::start().await;
    let scenario = json!({
        "requests": [
            {"url": server.url("/a")},
            {"url": server.url("/created"), "method": "POST", "status_code": 201},
            {"url": server.url("/missing")},
        ],
        "status_code": 200,
    });
    let chosen = async |seed| -> Vec<(String, Outcome)> {
        let results = runs(&scenario, seed, 30).await;
        results.iter().map(|r| (r.actions[0].requests[0].route.to_string(), r.outcome)).collect()
    };
    let first = chosen(1).await;
    for (path, outcome) in
        [("/a", Outcome::Passed), ("/created", Outcome::Passed), ("/missing", Outcome::Failed)]
    {
        let all: Vec<Outcome> = first.iter().filter(|(route, _)| route == path).map(|(_, o)| *o).collect();
        assert!(!all.is_empty() && all.iter().all(|found| *found == outcome), "{path}: {all:?}");
    }
    assert_eq!(first, chosen(1).await);
    assert_ne!(first, chosen(2).await);
}

async fn fire(hook: HttpRequest) -> rally_core::Result<Vec<rally_core::Output>> {
    hook.run(Fired::new(Unit::Time, 3, Arc::new(world()))).await
}

#[tokio::test]
async fn the_hook_shows_the_answer() {
    let server = Server::start().await;
    let outputs = fire(HttpRequest::new(HttpCall::get(server.url("/x")))).await.unwrap();
    assert_eq!(outputs[0].description, format!("GET http://{}/x", server.at));
    assert_eq!(outputs[0].data, json!(["Status: 200", "Body: hello"]));
    let long = fire(HttpRequest::new(HttpCall::get(server.url("/long")))).await.unwrap();
    assert_eq!(long[0].data[1].as_str().unwrap().len(), "Body: ".len() + 4096);
    let created = fire(HttpRequest::new(HttpCall::get(server.url("/created")))).await.unwrap();
    assert_eq!(created[0].data, json!(["Status: 201", "Body: (empty)"]));
}

#[tokio::test]
async fn the_hook_fails_by_the_status_it_does_not_expect() {
    let server = Server::start().await;
    let missing = || HttpRequest::new(HttpCall::get(server.url("/missing")));
    let failure = fire(missing()).await.unwrap_err();
    assert_eq!(failure.kind, "StatusMismatch");
    assert!(failure.message.ends_with("was answered by 404 instead of one from 200 to 299"), "{failure}");
    assert!(fire(missing().expect_status(404)).await.is_ok());
    let hello = HttpRequest::new(HttpCall::get(server.url("/"))).expect_status(201);
    let failure = fire(hello).await.unwrap_err();
    assert_eq!(failure.chain, ["hello"]);
}

mod tls {
    use std::sync::Arc;

    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;

    /// The URL of a server with a certificate that nobody has issued, and the certificate.
    async fn server() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pem = made.cert.pem();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A client that does not trust it goes away.
                if let Ok(mut stream) = acceptor.accept(socket).await {
                    let read = stream.read(&mut [0; 4096]).await;
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    assert!(read.is_ok() && stream.write_all(answer).await.is_ok());
                    stream.shutdown().await.ok();
                }
            }
        });
        (url, pem)
    }

    #[tokio::test]
    async fn certificates_are_checked_by_the_platform_a_file_or_not_at_all() {
        let (url, pem) = server().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, pem).unwrap();
        let with = async |verify: Value| {
            let call = json!({"url": url, "status_code": 200, "verify": verify});
            check(serde_json::from_value(call).unwrap()).await
        };
        let refused = with(json!(true)).await;
        assert_eq!(failure(&refused).0, "ConnectionError", "{:?}", refused.failure);
        assert_eq!(with(json!(false)).await.outcome, Outcome::Passed);
        let trusted = with(json!(file)).await;
        assert_eq!(trusted.outcome, Outcome::Passed, "{:?}", trusted.failure);
        let (_, message) = {
            let result = with(json!(folder.path().join("none.pem"))).await;
            let (kind, message) = failure(&result);
            (kind.to_owned(), message)
        };
        assert!(message.contains("none.pem`, which `verify` names"), "{message}");
    }
}
