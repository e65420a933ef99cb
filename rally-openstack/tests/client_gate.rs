//! What the gate does when tokens end, clouds misbehave and ways break.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod client_fake;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use client_fake::{Fake, credential};
use rally_core::testing::TestLoad;
use rally_core::{Load, Meta, Purpose, Runner};
use rally_openstack::client::{CloudError, Connection, HttpOptions, Limit, Proxies};
use rally_openstack::config::Site;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

#[tokio::test]
async fn many_requests_with_a_revoked_token_cause_one_login() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    fake.revoke_all();
    let all = (0..50).map(|_| compute.get("/ok", &[]).done());
    futures::future::try_join_all(all).await.unwrap();
    assert_eq!(fake.logins(), 2);
}

#[tokio::test]
async fn many_requests_after_the_end_of_a_token_cause_one_login() {
    let fake = Fake::start().await;
    fake.tokens_live(1);
    let compute = fake.compute().await;
    fake.tokens_live(3600);
    tokio::time::sleep(Duration::from_millis(1050)).await;
    let all = (0..50).map(|_| compute.get("/ok", &[]).done());
    futures::future::try_join_all(all).await.unwrap();
    assert_eq!(fake.logins(), 2);
    // The old one was not even tried.
    assert!(fake.asked().iter().all(|(_, token)| token.as_deref() == Some("hunter3-token-2")));
}

/// One iteration.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Once {}

impl Runner for Once {
    const META: Meta = Meta::new("once");

    async fn run(&self, load: &Load) -> rally_core::Result {
        load.iterate(1, None).await;
        Ok(())
    }
}

#[tokio::test]
async fn a_401_is_repeated_once_and_every_exchange_is_noted() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    let load = TestLoad::of(move |_it| {
        let compute = compute.clone();
        async move {
            rally_core::atomic("never", async {
                let error = compute.get("/never", &[]).done().await.unwrap_err();
                assert_eq!(error.status(), Some(401));
                compute.get("/servers/{id}", &["abc"]).query("x", "y").poll().done().await
            })
            .await?;
            Ok(())
        }
    });
    let results = load.run(&Once {}).await.unwrap();
    let actions = results.iter().flat_map(|result| &result.actions);
    let seen: Vec<_> = actions
        .flat_map(|action| &action.requests)
        .map(|r| (r.method.as_ref(), r.service.as_ref(), r.route.as_ref(), r.status, r.attempt, r.purpose))
        .collect();
    let expected = [
        ("GET", "compute", "/never", Some(401), 1, Purpose::Call),
        ("POST", "identity", "/auth/tokens", Some(201), 1, Purpose::Access),
        ("GET", "compute", "/never", Some(401), 2, Purpose::Call),
        ("GET", "compute", "/servers/{id}", Some(200), 1, Purpose::Poll),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_token_does_not_follow_a_redirect_to_another_host() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    let error = compute.get("/elsewhere", &[]).done().await.unwrap_err();
    assert_eq!(error.status(), Some(302), "{error}");
    assert_eq!(compute.get("/here", &[]).json().await.unwrap(), json!({"ok": true}));
}

#[tokio::test]
async fn a_silent_server_ends_in_a_timeout() {
    let fake = Fake::start().await;
    let mut options = HttpOptions::default();
    options.silence = Duration::from_millis(100);
    let compute = fake.session_with(&options).await.service("compute").unwrap();
    let error = compute.get("/slow", &[]).done().await.unwrap_err();
    assert!(matches!(error, CloudError::Timeout { .. }) && error.is_transient(), "{error:?}");
    assert!(error.to_string().contains("did not answer GET compute /slow within"), "{error}");
}

fn site(address: impl std::fmt::Display) -> Site {
    Site::new(Url::parse(&format!("http://{address}")).unwrap())
}

async fn login(site: &Site) -> CloudError {
    let connection = Connection::new(site, &HttpOptions::default()).unwrap();
    connection.login(credential()).await.unwrap_err()
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = login(&site(address)).await;
    assert!(matches!(error, CloudError::Unreachable { .. }) && error.is_not_ready(), "{error:?}");
    assert_eq!(error.to_string(), format!("{address} cannot be reached: connection refused"));
}

/// A server that reads a request and answers each with these bytes, then closes the connection.
async fn raw(answer: &'static str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _read = socket.read(&mut request).await;
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn what_is_no_keystone_is_told_from_what_is_broken() {
    let page = raw(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhi!!",
    )
    .await;
    let error = login(&site(page)).await;
    assert!(matches!(error, CloudError::NotKeystone { .. }), "{error:?}");
    assert!(error.to_string().contains("answered 200 with text/html"), "{error}");

    let old = raw("HTTP/1.1 300 X\r\ncontent-type: application/json\r\ncontent-length: 42\r\nconnection: close\r\n\r\n{\"versions\": {\"values\": [{\"id\": \"v2.0\"}]}}").await;
    assert!(login(&site(old)).await.to_string().contains("offers only v2.0"));

    let ill = raw("HTTP/1.1 503 X\r\ncontent-length: 7\r\nconnection: close\r\n\r\nno db\r\n").await;
    let error = login(&site(ill)).await;
    assert!(error.status() == Some(503) && error.is_transient(), "{error:?}");

    let cut = raw("HTTP/1.1 200 OK\r\ncontent-length: 400\r\nconnection: close\r\n\r\n{").await;
    let error = login(&site(cut)).await;
    assert!(matches!(error, CloudError::Broken { .. }) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_this_machine() {
    let fake = Fake::start().await;
    let mut options = HttpOptions::default();
    options.proxies = Proxies::from_vars([("http_proxy".to_owned(), "http://127.0.0.1:9".to_owned())]);
    fake.session_with(&options).await;
}

#[tokio::test]
async fn a_call_that_is_put_together_wrongly_is_not_sent() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    for call in [
        compute.get("/servers/{id}", &[]),
        compute.get("/servers", &["x"]),
        compute.get("/servers/{id}", &[".."]),
        compute.get("/servers", &[]).header("bad header", "x"),
    ] {
        assert!(matches!(call.done().await.unwrap_err(), CloudError::BadCall { .. }));
    }
    assert!(fake.asked().is_empty());
    compute.get("/a/{x}", &["ü/?&"]).query("name", "a b&c=d").done().await.unwrap();
    assert_eq!(fake.asked()[0].0, "/v2.1/a/%C3%BC%2F%3F%26?name=a+b%26c%3Dd");
}

#[tokio::test]
async fn a_download_is_counted() {
    let fake = Fake::start().await;
    fake.script("/file", [(200, json!("x".repeat(998)))]);
    assert_eq!(fake.compute().await.get("/file", &[]).download().await.unwrap(), 1000);
}

#[tokio::test]
async fn a_list_with_a_deaf_service_ends() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    // No links, and the marker is not heard: the second page is the first again.
    fake.script("/things", [(200, json!({"things": [{"id": "a"}]}))]);
    let things = compute.get("/things", &[]).query("limit", 1).list("things").await.unwrap();
    assert_eq!(things.len(), 2);
    // Without links, the marker of the last item continues.
    fake.script("/parts", [(200, json!([{"name": "a"}])), (200, json!([{"name": "b"}])), (200, json!([]))]);
    let parts = compute.get("/parts", &[]).query("limit", 1).list("").await.unwrap();
    assert_eq!(parts.len(), 2);
    assert!(fake.asked().iter().any(|(asked, _)| asked == "/v2.1/parts?limit=1&marker=b"));
}

fn server(status: &str) -> (u16, Value) {
    (200, json!({"server": {"status": status}}))
}

const QUICK: Limit = Limit::seconds(1, 1);

#[tokio::test]
async fn a_wait_forgives_a_few_failures_and_no_more() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    let ill = || (503, json!("down"));
    fake.script("/servers/a", [server("BUILD"), ill(), ill(), server("BUILD"), server("ACTIVE")]);
    let show = |id: &str| compute.get("/servers/{id}", &[id]);
    let found = show("a").wait("server", Limit::seconds(60, 1)).until(&["active"]).await.unwrap();
    assert_eq!(found["status"], "ACTIVE");

    fake.script("/servers/b", [ill()]);
    let error = show("b").wait("server", Limit::seconds(60, 1)).until(&["ACTIVE"]).await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    let looks = fake.asked().iter().filter(|(path, _)| path.ends_with("/b")).count();
    assert_eq!(looks, 6, "the first look and five that are forgiven");

    let error = show("c").wait("server", QUICK).until(&["ACTIVE"]).await.unwrap_err();
    assert!(matches!(error, CloudError::BadBody { .. }), "{error:?}");
}

#[tokio::test]
async fn a_wait_says_what_became_of_it() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    let show = |id: &str| compute.get("/servers/{id}", &[id]).wait("server", QUICK);
    let broken = json!({"server": {"status": "ERROR", "fault": {"message": "No valid host was found."}}});
    fake.script("/servers/a", [server("BUILD"), (200, broken.clone())]);
    let error = show("a").naming("server s_rally_1").until(&["ACTIVE"]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "server s_rally_1 went to ERROR instead of ACTIVE: No valid host was found."
    );

    fake.script("/servers/b", [server("BUILD")]);
    let error = show("b").until(&["ACTIVE"]).await.unwrap_err().to_string();
    assert!(error.starts_with("server b did not become ACTIVE within 1."), "{error}");
    assert!(error.ends_with("its last status was BUILD"), "{error}");

    fake.script(
        "/servers/c",
        [server("ACTIVE"), server("DELETING"), (404, json!({"itemNotFound": {"message": "x"}}))],
    );
    show("c").until_gone().await.unwrap();
    fake.script("/servers/d", [server("ACTIVE"), server("soft_deleted")]);
    show("d").until_gone().await.unwrap();
    // What is broken may be deleted; what breaks while it is deleted may not.
    fake.script("/servers/e", [(200, broken.clone()), (404, json!({}))]);
    show("e").until_gone().await.unwrap();
    fake.script("/servers/f", [server("ACTIVE"), (200, broken)]);
    assert!(matches!(show("f").until_gone().await.unwrap_err(), CloudError::WentWrong { .. }));
    // A server that is gone while it should become active is no success.
    fake.script("/servers/g", [server("BUILD"), (404, json!({"itemNotFound": {"message": "x"}}))]);
    assert!(show("g").until(&["ACTIVE"]).await.unwrap_err().is_not_found());

    fake.script(
        "/servers/h",
        [server("ACTIVE"), (200, json!({"server": {"status": "ACTIVE", "task_state": null, "x": 1}}))],
    );
    show("h").until_true("idle", |server| server["x"] == 1).await.unwrap();
}

#[tokio::test]
async fn a_last_look_is_taken_when_the_time_is_over() {
    let fake = Fake::start().await;
    let compute = fake.compute().await;
    fake.script("/servers/a", [server("BUILD"), server("ACTIVE")]);
    let nothing = Limit::seconds(0, 1);
    let show = || compute.get("/servers/{id}", &["a"]).wait("server", nothing);
    assert!(matches!(show().until(&["ACTIVE"]).await.unwrap_err(), CloudError::WaitTimeout { .. }));
    show().until(&["ACTIVE"]).await.unwrap();
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_and_no_debug_shows_a_secret() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let fake = Fake::start().await;
    let session = fake.session().await;
    let compute = session.service("compute").unwrap();
    fake.revoke_all();
    let token = session.token().await.unwrap();
    let call = compute.get("/servers/{id}", &["abc"]).secret_header("x-subject-token", &token);
    let shown = format!("{session:?} {compute:?} {call:?} {:?}", session.credential());
    call.done().await.unwrap();
    let error = compute.get("/never", &[]).done().await.unwrap_err();
    drop(guard);
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/servers/{id}") && log.contains("req-fake"), "{log}");
    for text in [log, shown, format!("{error} {error:?}")] {
        assert!(!text.contains("hunter"), "{text}");
    }
}
