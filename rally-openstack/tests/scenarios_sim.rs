//! Every scenario in the simulator: what it does, by which requests, and that nothing stays behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod scenarios_support;

use rally_core::{Kind, Outcome, Registry, did_you_mean};
use rally_openstack::config::CloudConfig;
use rally_openstack::resources::{Flavor, Image};
use rally_openstack::scenarios::nova::servers::BootAndDeleteServer;
use rally_openstack::services::nova::ServerCreate;
use rally_sim::{Effect, Fault, Sim, SimOptions};
use scenarios_support::{Stand, names, run, summary, tiny};
use serde_json::{Value, json};

async fn sim(options: SimOptions) -> (Sim, CloudConfig) {
    let sim = Sim::start(options).await.unwrap();
    let config = CloudConfig::from_vars(sim.openrc()).unwrap();
    (sim, config)
}

const BOOT: &str = "POST /servers";
const ACT: &str = "POST /servers/{id}/action";
const DELETE: &str = "DELETE /servers/{id}";

/// Scenario, arguments, its actions, and its requests that are no polls.
#[expect(clippy::too_many_lines, reason = "a table has as many lines as rows")]
fn table() -> Vec<(&'static str, Value, &'static str, Vec<&'static str>)> {
    let none = || json!({});
    vec![
        ("Authenticate.keystone", none(), "authenticate.keystone", vec!["POST /auth/tokens"]),
        ("GlanceImages.list_images", none(), "glance_v2.list_images", vec!["GET /images"]),
        ("NovaServers.list_servers", none(), "nova.list_servers", vec!["GET /servers/detail"]),
        ("NovaServers.list_servers", json!({"detailed": false}), "nova.list_servers", vec!["GET /servers"]),
        (
            "KeystoneBasic.create_and_list_users",
            json!({"name_length": 10}),
            "keystone_v3.create_user, keystone_v3.list_users",
            vec!["POST /users", "GET /users"],
        ),
        ("KeystoneBasic.create_user", none(), "keystone_v3.create_user", vec!["POST /users"]),
        (
            "KeystoneBasic.create_delete_user",
            none(),
            "keystone_v3.create_user, keystone_v3.delete_user",
            vec!["POST /users", "DELETE /users/{id}"],
        ),
        (
            "KeystoneBasic.create_and_list_tenants",
            none(),
            "keystone_v3.create_project, keystone_v3.list_projects",
            vec!["POST /projects", "GET /projects"],
        ),
        (
            "KeystoneBasic.create_and_delete_role",
            none(),
            "keystone_v3.create_role, keystone_v3.delete_role",
            vec!["POST /roles", "DELETE /roles/{id}"],
        ),
        (
            "KeystoneBasic.create_and_get_role",
            none(),
            "keystone_v3.create_role, keystone_v3.get_role",
            vec!["POST /roles", "GET /roles/{id}"],
        ),
        (
            "NovaFlavors.list_flavors",
            json!({"min_ram": 64}),
            "nova.list_flavors",
            vec!["GET /flavors/detail"],
        ),
        (
            "NovaFlavors.create_and_delete_flavor",
            json!({"ram": 64, "vcpus": 1, "disk": 1}),
            "nova.create_flavor, nova.delete_flavor",
            vec!["POST /flavors", "DELETE /flavors/{id}"],
        ),
        (
            "NovaHypervisors.list_hypervisors",
            none(),
            "nova.list_hypervisors",
            vec!["GET /os-hypervisors/detail"],
        ),
        (
            "NovaKeypair.create_and_list_keypairs",
            none(),
            "nova.create_keypair, nova.list_keypairs",
            vec!["POST /os-keypairs", "GET /os-keypairs"],
        ),
        (
            "NovaKeypair.create_and_delete_keypair",
            none(),
            "nova.create_keypair, nova.delete_keypair",
            vec!["POST /os-keypairs", "DELETE /os-keypairs/{name}"],
        ),
        (
            "NovaKeypair.create_and_get_keypair",
            none(),
            "nova.create_keypair, nova.get_keypair",
            vec!["POST /os-keypairs", "GET /os-keypairs/{name}"],
        ),
        (
            "NovaServers.boot_and_delete_server",
            tiny(&none()),
            "nova.boot_server, nova.delete_server",
            vec![BOOT, DELETE],
        ),
        (
            "NovaServers.boot_and_delete_server",
            tiny(&json!({"force_delete": true, "tags": ["a"], "nics": "none"})),
            "nova.boot_server, nova.force_delete_server",
            vec![BOOT, ACT],
        ),
        ("NovaServers.boot_server", tiny(&none()), "nova.boot_server", vec![BOOT]),
        (
            "NovaServers.boot_and_list_server",
            tiny(&none()),
            "nova.boot_server, nova.list_servers",
            vec![BOOT, "GET /servers/detail"],
        ),
        (
            "NovaServers.boot_and_show_server",
            tiny(&none()),
            "nova.boot_server, nova.show_server",
            vec![BOOT, "GET /servers/{id}"],
        ),
        (
            "NovaServers.boot_and_get_console_output",
            tiny(&json!({"length": 5})),
            "nova.boot_server, nova.get_console_output_server",
            vec![BOOT, ACT],
        ),
        (
            "NovaServers.pause_and_unpause_server",
            tiny(&none()),
            "nova.boot_server, nova.pause_server, nova.unpause_server, nova.delete_server",
            vec![BOOT, ACT, ACT, DELETE],
        ),
        (
            "NovaServers.suspend_and_resume_server",
            tiny(&none()),
            "nova.boot_server, nova.suspend_server, nova.resume_server, nova.delete_server",
            vec![BOOT, ACT, ACT, DELETE],
        ),
        (
            "NovaServers.boot_lock_unlock_and_delete",
            tiny(&none()),
            "nova.boot_server, nova.lock_server, nova.unlock_server, nova.delete_server",
            vec![BOOT, ACT, ACT, DELETE],
        ),
    ]
}

#[tokio::test]
async fn each_scenario_does_what_it_says_and_leaves_nothing() {
    let (sim, config) = sim(SimOptions::instant()).await;
    let before = sim.inventory();
    let mut untried: Vec<String> = scenarios();
    for (scenario, args, actions, calls) in table() {
        let run = run(&config, scenario, args, &json!({}), 2).await.unwrap();
        assert_eq!(run.results.len(), 2);
        for result in &run.results {
            assert!(result.passed(), "{scenario}: {:?}", result.failure);
            assert_eq!(names(&result.actions).join(", "), actions, "{scenario}");
            let (sent, polls) = summary(result);
            assert_eq!(sent, calls, "{scenario}");
            assert!(sent.len() + polls <= 10, "{scenario}: {polls} polls");
        }
        assert!(run.cleaned.is_clean(), "{scenario}: {:?}", run.cleaned.left);
        let left = sim.inventory().diff(&before);
        assert!(left.is_empty(), "{scenario} left behind:\n{left}");
        untried.retain(|name| name != scenario);
    }
    assert!(untried.is_empty(), "no row of the table has {untried:?}");
}

/// The names of all scenarios of this crate.
fn scenarios() -> Vec<String> {
    let registry = Registry::linked().unwrap();
    registry.of_kind(Kind::Scenario).map(|scenario| scenario.meta().name.to_owned()).collect()
}

#[tokio::test]
async fn what_rally_never_sends_is_never_sent() {
    let (sim, config) = sim(SimOptions::instant()).await;
    let mut stand = Stand::on(&config).await.unwrap();
    stand.companions("NovaServers.boot_and_delete_server", &json!({})).await.unwrap();
    sim.clear_requests();
    let run = stand.load("NovaServers.boot_and_delete_server", tiny(&json!({})), 3, 3).await.unwrap();
    assert!(run.results.iter().all(|result| result.passed()));
    let logins = sim.requests().iter().filter(|request| request.path.ends_with("/auth/tokens")).count();
    assert_eq!(logins, 0, "users are logged in before the load");
    let versions: Vec<_> = sim.requests().into_iter().filter_map(|request| request.microversion).collect();
    assert!(versions.is_empty(), "{versions:?}");
}

#[tokio::test]
async fn a_boot_that_fails_says_why_and_is_cleaned_up() {
    let (sim, config) = sim(SimOptions::instant().with_boot_errors(1.0)).await;
    let before = sim.inventory();
    let run = run(&config, "NovaServers.boot_server", tiny(&json!({})), &json!({}), 1).await.unwrap();
    let result = &run.results[0];
    assert_eq!(result.outcome, Outcome::Failed);
    let failure = result.failure.as_ref().unwrap().to_string();
    assert!(failure.contains("ERROR") && failure.contains("No valid host"), "{failure}");
    assert!(result.actions[0].failed);
    assert!(sim.inventory().diff(&before).is_empty());
}

#[tokio::test]
async fn a_server_whose_answer_was_lost_is_found_by_its_name() {
    let (sim, config) = sim(SimOptions::instant()).await;
    let before = sim.inventory();
    sim.faults().with(Fault::new("POST", "/servers", Effect::Drop).first(1).applied());
    let run =
        run(&config, "NovaServers.boot_and_delete_server", tiny(&json!({})), &json!({}), 2).await.unwrap();
    assert_eq!(run.results.iter().filter(|result| result.passed()).count(), 1);
    assert_eq!(run.cleaned.kinds["nova.server"].deleted, 1);
    let left = sim.inventory().diff(&before);
    assert!(left.is_empty(), "{left}");
}

#[tokio::test]
async fn a_refused_boot_leaves_nothing_to_look_for() {
    let (sim, config) = sim(SimOptions::instant()).await;
    sim.faults().with(Fault::new("POST", "/servers", Effect::Status(403)));
    let run = run(&config, "NovaServers.boot_server", tiny(&json!({})), &json!({}), 1).await.unwrap();
    assert!(!run.results[0].passed());
    assert!(!run.cleaned.kinds.contains_key("nova.server"), "{:?}", run.cleaned);
}

#[tokio::test]
async fn an_image_that_is_not_there_is_answered_with_near_names() {
    let (_sim, config) = sim(SimOptions::instant()).await;
    let stand = Stand::on(&config).await.unwrap();
    for (args, expected) in [
        (json!({"image": {"name": "ciross"}}), "there is no image `ciross`; did you mean `cirros`"),
        (json!({"image": {"id": "11111111-2222-3333-4444-555555555555"}}), "no image with the id 1111"),
        (json!({"image": {}}), "give its `name`"),
        (json!({"flavor": {"name": "m1.tyni"}}), "there is no flavor `m1.tyni`; did you mean `m1.tiny`"),
        (json!({"flavor": {"regex": "^m1\\.m"}}), "means 2 flavors (m1.medium, m1.micro)"),
    ] {
        let error = stand.scenario("NovaServers.boot_server", args.clone()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{args}: {error}");
    }
}

#[tokio::test]
async fn of_several_images_the_last_in_the_order_of_names_is_taken() {
    let (_sim, config) = sim(SimOptions::instant()).await;
    let stand = Stand::on(&config).await.unwrap();
    let found = stand.look_up("glance_image", json!({"regex": "^cirros"})).await.unwrap();
    assert_eq!(found["name"], "cirros-0.6.2-x86_64-disk");
    let exact = stand.look_up("glance_image", json!({"name": "cirros"})).await.unwrap();
    assert_eq!(exact["name"], "cirros");
    let accurate = json!({"regex": "^cirros", "accurate": true});
    let error = stand.look_up("glance_image", accurate).await.unwrap_err().to_string();
    assert!(error.contains("means 2 images"), "{error}");
}

#[tokio::test]
async fn what_cannot_work_is_said_before_anything_starts() {
    let (_sim, config) = sim(SimOptions::instant()).await;
    let stand = Stand::on(&config).await.unwrap();
    assert_eq!(stand.check("NovaServers.boot_server", tiny(&json!({}))).await, []);

    let greedy = json!({"name": "greedy", "disk_format": "raw", "container_format": "bare", "min_ram": 999_999, "min_disk": 500});
    stand.admin().service("image").unwrap().post("/images", &[]).body(&greedy).done().await.unwrap();
    let args = json!({"image": {"name": "greedy", "list_kwargs": {"status": "queued"}}, "flavor": {"name": "m1.tiny"}});
    let problems = stand.check("NovaServers.boot_server", args).await;
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    let beginning = "workload.scenario.NovaServers.boot_server.flavor: flavor m1.tiny has memory of 512 MiB, but image \
                     greedy";
    assert!(texts[0].starts_with(beginning), "{}", texts[0]);

    let mut elsewhere = config.clone();
    elsewhere.site.region = Some("Nowhere".into());
    let texts = Stand::on(&elsewhere).await.unwrap().check("NovaServers.list_servers", json!({})).await;
    assert!(texts.len() == 1 && texts[0].to_string().contains("Nowhere"), "{texts:?}");

    let mut nobody = config;
    nobody.users = vec![nobody.admin.take().unwrap()];
    let texts = Stand::on(&nobody).await.unwrap().check("KeystoneBasic.create_user", json!({})).await;
    assert!(texts[0].to_string().contains("needs an administrator"), "{texts:?}");
}

#[test]
fn code_and_task_file_say_the_same() {
    let typed = BootAndDeleteServer {
        image: Image::named("cirros"),
        flavor: Flavor::named("m1.tiny"),
        server: ServerCreate { key_name: Some("k".into()), ..ServerCreate::default() },
        ..BootAndDeleteServer::default()
    };
    let written = json!({
        "image": {"name": "cirros"}, "flavor": {"name": "m1.tiny"}, "min_sleep": 0.0, "max_sleep": 0.0,
        "force_delete": false, "key_name": "k",
    });
    assert_eq!(serde_json::to_value(&typed).unwrap(), written);
    let read: BootAndDeleteServer = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), written);
}

#[test]
fn a_misspelt_argument_is_refused_with_the_near_ones() {
    let registry = Registry::linked().unwrap();
    let schema = registry.find(Kind::Scenario, "NovaServers.boot_and_delete_server").unwrap().schema();
    assert_eq!(schema["additionalProperties"], false, "{schema}");
    assert_eq!(schema["required"], json!(["image", "flavor"]));
    let properties = schema["properties"].as_object().unwrap();
    for known in ["min_sleep", "force_delete", "security_groups", "block_device_mapping_v2", "nics", "meta"] {
        assert!(properties.contains_key(known), "{known}");
    }
    let hint = did_you_mean("securty_groups", properties.keys().map(String::as_str)).unwrap();
    assert!(hint.contains("`security_groups`"), "{hint}");
}

#[test]
fn every_field_of_every_scenario_is_explained() {
    let registry = Registry::linked().unwrap();
    for scenario in registry.of_kind(Kind::Scenario) {
        assert!(scenario.summary().ends_with('.'), "{scenario:?} has no help");
        for (name, property) in scenario.schema()["properties"].as_object().into_iter().flatten() {
            let explained = property.get("description").is_some() || property.get("$ref").is_some();
            assert!(explained, "{scenario:?}: `{name}` is not explained");
        }
    }
}
