//! Servers, their states, their quotas and what microversions make of them.

use std::time::Duration;

use rally_sim::{Latency, Sim, SimOptions};
use serde_json::{Value, json};

use crate::support::{User, id, instant};

async fn act(user: &User, server: &str, action: Value) -> crate::support::Answer {
    user.post("compute", &format!("/servers/{server}/action"), &action).await
}

#[tokio::test]
async fn a_server_is_built_lives_and_goes() {
    let (boot, delete) = (Duration::from_mins(1), Duration::from_secs(30));
    let options = SimOptions::instant().with_boot(Latency::fixed(boot)).with_delete(Latency::fixed(delete));
    let sim = Sim::start(options).await.unwrap();
    let demo = User::demo(&sim).await;
    let answer = demo.boot("one", json!({})).await;
    let location = answer.header("location").to_owned();
    let made = answer.expect(202);
    let server = id(&made["server"]);
    assert_eq!(location, format!("{}/servers/{server}", demo.endpoint("compute")));
    let path = format!("/servers/{server}");
    let show = || async { demo.get("compute", &path).await.expect(200)["server"].clone() };
    let building = show().await;
    assert_eq!(
        (&building["status"], &building["OS-EXT-STS:vm_state"]),
        (&json!("BUILD"), &json!("building"))
    );
    let mut tasks = vec![building["OS-EXT-STS:task_state"].clone()];
    for _ in 0..3 {
        sim.advance(boot / 4);
        tasks.push(show().await["OS-EXT-STS:task_state"].clone());
    }
    assert_eq!(tasks, ["scheduling", "networking", "spawning", "spawning"]);
    sim.advance(boot / 4);
    let active = show().await;
    assert_eq!((&active["status"], &active["OS-EXT-STS:task_state"]), (&json!("ACTIVE"), &Value::Null));
    assert_eq!(active["OS-EXT-STS:power_state"], 1);

    demo.delete("compute", &path).await.expect(204);
    demo.delete("compute", &path).await.expect(204);
    assert_eq!(show().await["OS-EXT-STS:task_state"], "deleting");
    sim.advance(delete);
    let gone = demo.get("compute", &path).await.problem(404);
    assert_eq!(gone, format!("Instance {server} could not be found."));
    demo.delete("compute", &path).await.problem(404);
    assert_eq!(sim.inventory().count("nova.server"), 0);
}

#[tokio::test]
async fn another_projects_server_does_not_exist() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    let mine = admin.at("2.37").boot("mine", json!({"networks": "none"})).await.expect(202);
    let path = format!("/servers/{}", id(&mine["server"]));
    demo.get("compute", &path).await.problem(404);
    demo.delete("compute", &path).await.problem(404);
    act(&demo, &id(&mine["server"]), json!({"os-stop": null})).await.problem(404);
    assert_eq!(demo.get("compute", "/servers").await.expect(200)["servers"], json!([]));
    let refused = demo.get("compute", "/servers/detail?all_tenants=1").await.problem(403);
    assert!(refused.contains("os_compute_api:servers:detail:get_all_tenants"), "{refused}");

    let theirs = demo.boot("theirs", json!({})).await.expect(202);
    let seen = admin.get("compute", &format!("/servers/{}", id(&theirs["server"]))).await.expect(200);
    assert_eq!(
        seen["server"]["OS-EXT-SRV-ATTR:hypervisor_hostname"].as_str().map(|host| &host[..8]),
        Some("compute-")
    );
    assert_eq!(admin.get("compute", "/servers").await.expect(200)["servers"].as_array().unwrap().len(), 1);
    let all = admin.get("compute", "/servers?all_tenants=1").await.expect(200);
    assert_eq!(all["servers"].as_array().unwrap().len(), 2);
    let one = admin
        .get("compute", &format!("/servers?all_tenants=1&project_id={}", demo.project()))
        .await
        .expect(200);
    assert_eq!(one["servers"][0]["name"], "theirs");
}

#[tokio::test]
async fn what_cannot_be_booted_is_refused_with_the_reason() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    let nowhere = "11111111-1111-1111-1111-111111111111";
    for (more, reason) in [
        (json!({"imageRef": ""}), "Missing imageRef attribute"),
        (json!({"imageRef": nowhere}), "Can not find requested image"),
        (json!({"flavorRef": "999"}), "Flavor 999 could not be found."),
        (json!({"min_count": 3, "max_count": 2}), "min_count must be <= max_count"),
        (
            json!({"networks": [{"uuid": nowhere}]}),
            "Network 11111111-1111-1111-1111-111111111111 could not be found.",
        ),
        (
            json!({"networks": "none"}),
            "Invalid input for field/attribute networks. Value: none. 'none' is not of type 'array'",
        ),
        (json!({"security_groups": [{"name": "no"}]}), "Unable to find security_group with name or id 'no'"),
        (json!({"key_name": "no"}), "Invalid key_name provided."),
        (json!({"availability_zone": "no"}), "The requested availability zone is not available"),
    ] {
        assert_eq!(demo.boot("bad", more).await.problem(400), reason);
    }
    let unexpected = demo.boot("bad", json!({"colour": "red"})).await.problem(400);
    assert!(
        unexpected.ends_with("Additional properties are not allowed ('colour' was unexpected)"),
        "{unexpected}"
    );
    let missing = demo.at("2.37").boot("bad", json!({})).await.problem(400);
    assert!(missing.ends_with("'networks' is a required property"), "{missing}");
    let several = User::admin(&sim).await.boot("bad", json!({})).await.problem(409);
    assert_eq!(several, "Multiple possible networks found, use a Network ID to be more specific.");
    assert_eq!(sim.inventory().count("nova.server"), 0);
}

#[tokio::test]
async fn quotas_hold() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    let refused = demo.boot("many", json!({"min_count": 11})).await.problem(403);
    assert_eq!(refused, "Quota exceeded for instances: Requested 11, but already used 0 of 10 instances");
    let quota = format!("/os-quota-sets/{}", demo.project());
    demo.put("compute", &quota, &json!({"quota_set": {"instances": 2}})).await.problem(403);
    let set =
        admin.put("compute", &quota, &json!({"quota_set": {"instances": 2, "ram": 1000}})).await.expect(200);
    assert_eq!((&set["quota_set"]["instances"], &set["quota_set"]["cores"]), (&json!(2), &json!(20)));
    let refused = demo.boot("many", json!({"min_count": 3})).await.problem(403);
    assert_eq!(
        refused,
        "Quota exceeded for instances, ram: Requested 3, 1536, but already used 0, 0 of 2, 1000 instances, ram"
    );
    // As many as there is room for, if at least one is enough.
    demo.boot("some", json!({"min_count": 1, "max_count": 5})).await.expect(202);
    assert_eq!(sim.inventory().names("nova.server").collect::<Vec<_>>(), ["some"]);
    let limits = demo.get("compute", "/limits").await.expect(200);
    assert_eq!(limits["limits"]["absolute"]["totalRAMUsed"], 512);
    admin.delete("compute", &quota).await.expect(202);
    let shown = demo.at("2.57").get("compute", &quota).await.expect(200);
    assert_eq!(shown["quota_set"]["ram"], 51200);
    assert!(shown["quota_set"].get("injected_files").is_none());

    let roomy = Sim::start(SimOptions::instant().with_servers_quota(50)).await.unwrap();
    let demo = User::demo(&roomy).await;
    demo.boot("many", json!({"min_count": 50})).await.expect(202);
    let names = roomy.inventory();
    assert!(names.names("nova.server").any(|name| name == "many-50"));
    demo.boot("more", json!({})).await.problem(403);
}

#[tokio::test]
async fn a_microversion_is_understood_or_refused() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    let answer = demo.at("2.60").get("compute", "/servers").await;
    assert_eq!(answer.header("openstack-api-version"), "compute 2.60");
    assert_eq!(answer.header("x-openstack-nova-api-version"), "2.60");
    assert_eq!(
        demo.at("latest").get("compute", "/servers").await.header("x-openstack-nova-api-version"),
        "2.93"
    );
    assert_eq!(demo.get("compute", "/servers").await.header("x-openstack-nova-api-version"), "2.1");
    let refused = demo.at("2.94").get("compute", "/servers").await;
    assert_eq!(refused.header("x-openstack-nova-api-version"), "2.94");
    assert_eq!(
        refused.problem(406),
        "Version 2.94 is not supported by the API. Minimum is 2.1 and maximum is 2.93."
    );
    demo.at("new").get("compute", "/servers").await.problem(400);
    let mut newer = demo.clone();
    newer.headers.push(("openstack-api-version".to_owned(), "volume 3.5, compute 2.47".to_owned()));
    let made = newer.boot("one", json!({"networks": "none"})).await.expect(202);
    let path = format!("/servers/{}", id(&made["server"]));
    let flavor = newer.get("compute", &path).await.expect(200)["server"]["flavor"].clone();
    assert_eq!(flavor["original_name"], "m1.tiny");
    let flavor = demo.get("compute", &path).await.expect(200)["server"]["flavor"].clone();
    assert_eq!(flavor["id"], "1");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let options = SimOptions::instant().with_page_limit(2).with_servers_quota(-1);
    let sim = Sim::start(options).await.unwrap();
    let demo = User::demo(&sim).await;
    demo.boot("s", json!({"min_count": 5})).await.expect(202);
    let mut seen = Vec::new();
    let mut next = Some(format!("{}/servers/detail?name=s", demo.endpoint("compute")));
    while let Some(url) = next {
        let page = demo.send("GET", &url, crate::support::Sent::Nothing).await.unwrap().expect(200);
        let rows = page["servers"].as_array().unwrap();
        assert!(rows.len() <= 2);
        seen.extend(rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()));
        next = page["servers_links"][0]["href"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["s-5", "s-4", "s-3", "s-2", "s-1"], "the newest first, each once");
    let one = demo.get("compute", "/servers?limit=1").await.expect(200);
    assert_eq!(one["servers"].as_array().unwrap().len(), 1);
    assert_eq!(demo.get("compute", "/servers?marker=no").await.problem(400), "marker [no] not found");
    demo.get("compute", "/servers?limit=-1").await.problem(400);
    let some = demo.get("compute", "/servers?name=s-3&status=active").await.expect(200);
    assert_eq!(some["servers"].as_array().unwrap().len(), 1);
    assert_eq!(demo.get("compute", "/servers?status=error").await.expect(200)["servers"], json!([]));
}

#[tokio::test]
async fn a_boot_may_find_no_host() {
    let sim = Sim::start(SimOptions::instant().with_boot_errors(1.0)).await.unwrap();
    let demo = User::demo(&sim).await;
    let made = demo.boot("unlucky", json!({})).await.expect(202);
    let server = demo.wait(&id(&made["server"]), "ERROR").await;
    assert_eq!(server["fault"]["message"], "No valid host was found. There are not enough hosts available.");
    assert_eq!(server["fault"]["code"], 500);
    demo.delete("compute", &format!("/servers/{}", id(&server))).await.expect(204);

    let sim = Sim::start(SimOptions::instant().with_boot_errors(0.5).with_servers_quota(-1)).await.unwrap();
    let demo = User::demo(&sim).await;
    demo.boot("s", json!({"min_count": 200})).await.expect(202);
    let failed = demo.get("compute", "/servers?status=error").await.expect(200);
    let failed = failed["servers"].as_array().unwrap().len();
    assert!((60..140).contains(&failed), "{failed} of 200");
}

#[tokio::test]
async fn actions_move_a_server_from_state_to_state() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    let made = demo.boot("one", json!({})).await.expect(202);
    let server = id(&made["server"]);
    for (action, status, then) in [
        (json!({"os-stop": null}), 202, "SHUTOFF"),
        (json!({"os-start": null}), 202, "ACTIVE"),
        (json!({"reboot": {"type": "SOFT"}}), 202, "ACTIVE"),
        (json!({"reboot": {"type": "HARD"}}), 202, "ACTIVE"),
        (json!({"pause": null}), 202, "PAUSED"),
        (json!({"unpause": null}), 202, "ACTIVE"),
        (json!({"suspend": null}), 202, "SUSPENDED"),
        (json!({"resume": null}), 202, "ACTIVE"),
        (json!({"rescue": null}), 200, "RESCUE"),
        (json!({"unrescue": null}), 202, "ACTIVE"),
        (json!({"shelve": null}), 202, "SHELVED_OFFLOADED"),
        (json!({"unshelve": null}), 202, "ACTIVE"),
        (json!({"resize": {"flavorRef": "2"}}), 202, "VERIFY_RESIZE"),
        (json!({"revertResize": null}), 202, "ACTIVE"),
        (json!({"resize": {"flavorRef": "2"}}), 202, "VERIFY_RESIZE"),
        (json!({"confirmResize": null}), 204, "ACTIVE"),
        (json!({"createImage": {"name": "snapshot"}}), 202, "ACTIVE"),
        (json!({"os-getConsoleOutput": {}}), 200, "ACTIVE"),
    ] {
        let name = action.to_string();
        assert_eq!(act(&demo, &server, action).await.status, status, "{name}");
        demo.wait(&server, then).await;
    }
    let shown = demo.get("compute", &format!("/servers/{server}")).await.expect(200);
    assert_eq!(shown["server"]["flavor"]["id"], "2");
    let images = demo.get("image", "/v2/images?name=snapshot").await.expect(200);
    assert_eq!(images["images"][0]["status"], "active");

    let wrong = act(&demo, &server, json!({"os-start": null})).await.problem(409);
    assert_eq!(wrong, format!("Cannot 'start' instance {server} while it is in vm_state active"));
    assert_eq!(act(&demo, &server, json!({"fly": null})).await.problem(400), "There is no such action: fly");
    act(&demo, &server, json!({})).await.problem(400);
    let before = admin.get("compute", &format!("/servers/{server}")).await.expect(200);
    act(&demo, &server, json!({"os-migrateLive": {"host": null}})).await.problem(403);
    assert_eq!(act(&admin, &server, json!({"os-migrateLive": {"host": null}})).await.status, 202);
    let after = admin.get("compute", &format!("/servers/{server}")).await.expect(200);
    assert_ne!(before["server"]["OS-EXT-SRV-ATTR:host"], after["server"]["OS-EXT-SRV-ATTR:host"]);

    act(&demo, &server, json!({"lock": null})).await.expect(202);
    let locked = demo.delete("compute", &format!("/servers/{server}")).await.problem(409);
    assert_eq!(locked, format!("Instance {server} is locked"));
    act(&demo, &server, json!({"unlock": null})).await.expect(202);
    act(&demo, &server, json!({"forceDelete": null})).await.expect(202);
    demo.get("compute", &format!("/servers/{server}")).await.problem(404);
}

#[tokio::test]
async fn flavors_keypairs_and_groups() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    let flavors = demo.get("compute", "/flavors/detail").await.expect(200);
    let names: Vec<_> =
        flavors["flavors"].as_array().unwrap().iter().map(|row| (&row["id"], &row["name"])).collect();
    assert_eq!(names[0], (&json!("1"), &json!("m1.tiny")));
    assert_eq!(names.len(), 6);
    let wish = json!({"flavor": {"name": "huge", "ram": 64, "vcpus": 1, "disk": 0}});
    demo.post("compute", "/flavors", &wish).await.problem(403);
    let made = admin.post("compute", "/flavors", &wish).await.expect(200);
    assert_eq!(
        admin.post("compute", "/flavors", &wish).await.problem(409),
        "Flavor with name huge already exists."
    );
    let path = format!("/flavors/{}", id(&made["flavor"]));
    demo.boot("big", json!({"flavorRef": made["flavor"]["id"]})).await.problem(403);
    admin.delete("compute", &path).await.expect(202);
    demo.get("compute", &path).await.problem(404);

    demo.post("compute", "/os-keypairs", &json!({"keypair": {"name": "my key"}})).await.expect(200);
    demo.at("2.2")
        .post("compute", "/os-keypairs", &json!({"keypair": {"name": "my key"}}))
        .await
        .problem(409);
    demo.get("compute", "/os-keypairs/my%20key").await.expect(200);
    admin.get("compute", "/os-keypairs/my%20key").await.problem(404);
    demo.boot("with", json!({"key_name": "my key"})).await.expect(202);
    demo.at("2.2").delete("compute", "/os-keypairs/my%20key").await.expect(204);

    let wish = json!({"server_group": {"name": "g", "policies": ["affinity"]}});
    let group = demo.post("compute", "/os-server-groups", &wish).await.expect(200);
    let group = id(&group["server_group"]);
    let images = demo.get("image", "/v2/images").await.expect(200);
    let body = json!({
        "server": {"name": "s", "imageRef": images["images"][0]["id"], "flavorRef": "1"},
        "os:scheduler_hints": {"group": group},
    });
    let server = demo.post("compute", "/servers", &body).await.expect(202);
    let shown = demo.get("compute", &format!("/os-server-groups/{group}")).await.expect(200);
    assert_eq!(shown["server_group"]["members"], json!([server["server"]["id"]]));
    demo.delete("compute", &format!("/os-server-groups/{group}")).await.expect(204);

    let hypervisors = admin.get("compute", "/os-hypervisors").await.expect(200);
    assert_eq!(hypervisors["hypervisors"].as_array().unwrap().len(), 2);
    demo.get("compute", "/os-hypervisors").await.problem(403);
    admin.get("compute", "/os-services").await.expect(200);
    demo.get("compute", "/os-availability-zone").await.expect(200);
    let made =
        admin.post("compute", "/os-aggregates", &json!({"aggregate": {"name": "a"}})).await.expect(200);
    let path = format!("/os-aggregates/{}", made["aggregate"]["id"]);
    admin
        .post("compute", &format!("{path}/action"), &json!({"add_host": {"host": "compute-1"}}))
        .await
        .expect(200);
    admin.delete("compute", &path).await.problem(400);
    admin
        .post("compute", &format!("{path}/action"), &json!({"remove_host": {"host": "compute-1"}}))
        .await
        .expect(200);
    admin.delete("compute", &path).await.expect(200);
}
