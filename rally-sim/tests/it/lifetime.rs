//! Simulators live beside each other and are gone when they are dropped.

use std::time::Duration;

use crate::support::{Sent, User, id, instant};
use rally_sim::{Effect, Error, Fault, Latency, Sim, SimOptions};
use serde_json::json;
use tokio::net::TcpStream;

#[tokio::test]
async fn two_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (instant().await, instant().await);
    assert_ne!(one.url(), two.url());
    let (boss, other) = (User::admin(&one).await, User::admin(&two).await);
    boss.post("identity", "/projects", &json!({"project": {"name": "mine"}})).await.expect(201);
    let theirs = other.get("identity", "/projects?name=mine").await.expect(200);
    assert_eq!(theirs["projects"], json!([]));
    // A token of the one is nothing to the other.
    let mut spy = other.clone();
    spy.token = boss.token.clone();
    spy.get("identity", "/projects").await.problem(401);
    one.faults().fail("*", "*", 1.0, 503);
    other.get("compute", "/servers").await.expect(200);
    assert_eq!(boss.get("compute", "/servers").await.status, 503);
}

#[test]
fn a_current_thread_runtime_is_enough() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sim = instant().await;
        let admin = User::admin(&sim).await;
        let server = admin.at("2.37").boot("one", json!({"networks": "none"})).await.expect(202);
        admin.wait(&id(&server["server"]), "ACTIVE").await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_served() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    let make = |number: u32| {
        let admin = admin.clone();
        async move {
            let body = json!({"project": {"name": format!("p{number}")}});
            admin.post("identity", "/projects", &body).await.expect(201);
        }
    };
    let tasks: Vec<_> = (0..50).map(|number| tokio::spawn(make(number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(sim.inventory().count("keystone.project"), 53);
}

#[tokio::test]
async fn dropping_closes_the_port() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    let address = sim.url().trim_start_matches("http://").to_owned();
    TcpStream::connect(&address).await.expect("it listens");
    drop(sim);
    // At once, before the runtime has had a turn.
    std::net::TcpStream::connect(&address).expect_err("it does not listen any more");
    // A connection from before is closed as well, as soon as the server has had one.
    let url = format!("{}/projects", admin.auth_url);
    for _ in 0..1000 {
        if admin.send("GET", &url, Sent::Nothing).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it still answers");
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let sim = instant().await;
    let port = sim.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Sim::start(SimOptions::default().with_port(port)).await.unwrap_err();
    assert!(matches!(error, Error::Listen { port: taken, .. } if taken == port));
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.1:{port}"));
}

#[tokio::test]
async fn a_seed_repeats_the_ids() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let sim = Sim::start(SimOptions::instant().with_seed(7)).await.unwrap();
        let admin = User::admin(&sim).await;
        admin.post("identity", "/projects", &json!({"project": {"name": "p"}})).await.expect(201);
        runs.push(sim.inventory());
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn openrc_is_what_a_client_needs() {
    let sim = Sim::start(SimOptions::instant().with_admin_password("it's")).await.unwrap();
    let openrc = sim.openrc();
    let value = |name: &str| &openrc.iter().find(|(key, _)| key == name).unwrap().1;
    let admin = User::log_in(
        value("OS_AUTH_URL"),
        value("OS_USERNAME"),
        value("OS_PASSWORD"),
        value("OS_PROJECT_NAME"),
    )
    .await;
    let token = &admin.body["token"];
    assert_eq!(token["project"]["domain"]["name"], json!(value("OS_PROJECT_DOMAIN_NAME")));
    assert_eq!(token["user"]["domain"]["name"], json!(value("OS_USER_DOMAIN_NAME")));
    let kinds: Vec<_> = token["catalog"].as_array().unwrap().iter().map(|row| row["type"].clone()).collect();
    assert_eq!(kinds, ["identity", "compute", "image", "network", "placement"]);
    for service in token["catalog"].as_array().unwrap() {
        let interfaces: Vec<_> =
            service["endpoints"].as_array().unwrap().iter().map(|row| &row["interface"]).collect();
        assert_eq!(interfaces, ["public", "internal", "admin"]);
        assert_eq!(service["endpoints"][0]["region"], json!(value("OS_REGION_NAME")));
    }
}

#[tokio::test]
async fn requests_are_remembered() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    sim.clear_requests();
    demo.at("2.37").get("compute", "/servers/abc?x=1").await.problem(404);
    demo.get("compute", "/nothing/here").await;
    sim.faults().with(Fault::new("GET", "*", Effect::Drop));
    demo.send("GET", &format!("{}/image/v2/images", sim.url()), Sent::Nothing).await.unwrap_err();
    let requests = sim.requests();
    let first = &requests[0];
    assert_eq!((first.method.as_str(), first.status, first.service.as_str()), ("GET", 404, "nova"));
    assert_eq!((first.path.as_str(), first.query.as_str()), ("/compute/v2.1/servers/abc", "x=1"));
    assert_eq!(first.route, "/compute/v2.1/servers/{server_id}");
    assert_eq!((first.user.as_deref(), first.project.as_deref()), (Some(demo.id()), Some(demo.project())));
    assert_eq!(first.microversion.as_deref(), Some("2.37"));
    assert_eq!((requests[1].route.as_str(), requests[1].status), ("", 404));
    // A client may try a dropped request again on a new connection.
    assert!(requests[2..].iter().all(|request| request.status == 0 && request.service == "glance"));
    sim.clear_requests();
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn a_request_is_carried_out_though_its_client_is_gone() {
    let late = Latency::fixed(Duration::from_millis(100));
    let sim = Sim::start(SimOptions::instant().with_api(late)).await.unwrap();
    let admin = User::admin(&sim).await;
    let body = json!({"project": {"name": "orphan"}});
    let request = admin.post("identity", "/projects", &body);
    // Long enough to send it, not to get the answer.
    tokio::time::timeout(Duration::from_millis(50), request).await.unwrap_err();
    for _ in 0..1000 {
        if sim.inventory().names("keystone.project").any(|name| name == "orphan") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the project was not made");
}

#[tokio::test]
async fn an_inventory_tells_what_a_run_left_behind() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    let before = sim.inventory();
    let project =
        admin.post("identity", "/projects", &json!({"project": {"name": "left"}})).await.expect(201);
    let project = id(&project["project"]);
    admin.post("compute", "/os-keypairs", &json!({"keypair": {"name": "key"}})).await.expect(200);
    let left = sim.inventory().diff(&before);
    assert_eq!(left.kinds().collect::<Vec<_>>(), ["keystone.project", "nova.keypair"]);
    assert_eq!(left.ids("keystone.project").collect::<Vec<_>>(), [&project]);
    assert_eq!(left.names("nova.keypair").collect::<Vec<_>>(), ["key"]);
    assert!(left.to_string().contains(&format!("keystone.project {project} left\n")), "{left}");
    admin.delete("identity", &format!("/projects/{project}")).await.expect(204);
    admin.delete("compute", "/os-keypairs/key").await.expect(202);
    assert!(sim.inventory().diff(&before).is_empty());
    assert_eq!(sim.inventory(), before);
}
