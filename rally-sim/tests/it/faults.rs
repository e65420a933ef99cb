//! Each kind of fault does what it says, to the requests it names and to no others.

use std::time::{Duration, Instant};

use crate::support::{Sent, User, instant};
use rally_sim::{Effect, Fault};
use serde_json::json;

#[tokio::test]
async fn a_status_comes_with_the_body_of_the_service() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    sim.faults().fail("*", "*", 1.0, 500);
    let nova = admin.get("compute", "/servers").await.expect(500);
    assert_eq!(nova["computeFault"]["code"], 500);
    let keystone = admin.get("identity", "/projects").await.expect(500);
    assert_eq!(keystone["error"]["title"], "Internal Server Error");
    let neutron = admin.get("network", "/v2.0/networks").await.expect(500);
    assert_eq!(neutron["NeutronError"]["type"], "HTTPInternalServerError");
    let glance = admin.get("image", "/v2/images").await;
    assert!(glance.status == 500 && glance.text().contains("<h1>500 Internal Server Error</h1>"));
    sim.faults().clear();
    admin.get("compute", "/servers").await.expect(200);
}

#[tokio::test]
async fn a_busy_cloud_says_when_to_come_back() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    sim.faults().with(Fault::new("GET", "/servers", Effect::Status(429)).first(1));
    sim.faults().with(Fault::new("GET", "/servers", Effect::RetryAfter(503, 7)).first(1));
    let limited = admin.get("compute", "/servers").await;
    assert_eq!(limited.header("retry-after"), "1");
    assert_eq!(limited.expect(429)["overLimit"]["retryAfter"], "1");
    let unavailable = admin.get("compute", "/servers").await;
    assert_eq!(unavailable.header("retry-after"), "7");
    assert_eq!(unavailable.expect(503)["serviceUnavailable"]["code"], 503);
    admin.get("compute", "/servers").await.expect(200);
}

#[tokio::test]
async fn only_what_is_named_is_hit() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    sim.faults().fail("POST", "/servers", 1.0, 500);
    admin.boot("refused", json!({"networks": []})).await.expect(500);
    admin.get("compute", "/servers").await.expect(200);
    admin.get("compute", "/servers/detail").await.expect(200);
    admin.post("compute", "/servers/none/action", &json!({"os-start": null})).await.problem(404);
    assert_eq!(sim.inventory().count("nova.server"), 0);
}

#[tokio::test]
async fn a_share_is_a_share() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    sim.faults().fail("GET", "/flavors", 0.5, 500);
    let mut failed = 0;
    for _ in 0..200 {
        failed += u32::from(admin.get("compute", "/flavors").await.status == 500);
    }
    assert!((60..140).contains(&failed), "{failed} of 200");
}

#[tokio::test]
async fn an_answer_may_be_lost_though_the_work_is_done() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    sim.faults().with(Fault::new("POST", "/projects", Effect::Status(500)).applied().first(1));
    let body = json!({"project": {"name": "twice"}});
    admin.post("identity", "/projects", &body).await.expect(500);
    assert!(admin.post("identity", "/projects", &body).await.problem(409).contains("twice"));
}

#[tokio::test]
async fn a_connection_is_cut_without_a_byte() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    sim.faults().with(Fault::new("GET", "/servers", Effect::Drop));
    let url = format!("{}/servers", admin.endpoint("compute"));
    admin.send("GET", &url, Sent::Nothing).await.expect_err("there is no answer");
    // Others are not disturbed.
    admin.get("compute", "/flavors").await.expect(200);
}

#[tokio::test]
async fn garbage_and_pages_of_a_proxy_are_no_json() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    sim.faults().with(Fault::new("GET", "/servers/{id}", Effect::Garbage));
    sim.faults().with(Fault::new("GET", "/servers", Effect::Html));
    let garbage = admin.get("compute", "/servers/abc").await;
    assert_eq!((garbage.status, garbage.header("content-type")), (200, "application/json"));
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage.body).is_err());
    let page = admin.get("compute", "/servers").await;
    assert!(page.status == 502 && page.text().starts_with("<html>"), "{}", page.text());
}

#[tokio::test]
async fn a_delay_is_no_failure() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    let delay = Duration::from_millis(20);
    sim.faults().with(Fault::new("GET", "/flavors", Effect::Delay(delay)));
    let start = Instant::now();
    admin.get("compute", "/flavors").await.expect(200);
    assert!(start.elapsed() >= delay, "it cannot be there before its time");
}
