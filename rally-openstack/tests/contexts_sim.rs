//! The contexts in the simulator: what they make, what they leave alone, and what they remove.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod scenarios_support;

use std::collections::BTreeMap;

use rally_core::cleaner::{SweepOptions, sweep};
use rally_core::{Journal, Scope};
use rally_openstack::client::{Connection, HttpOptions};
use rally_openstack::config::{CloudConfig, Credential, Domain, Project, User};
use rally_openstack::contexts::UserPool;
use rally_openstack::services::nova::ServerCreate;
use rally_openstack::services::{self, nova};
use rally_sim::{Effect, Fault, Inventory, Sim, SimOptions};
use scenarios_support::{Stand, run, tiny};
use serde_json::{Value, json};
use uuid::Uuid;

async fn sim() -> (Sim, CloudConfig) {
    let sim = Sim::start(SimOptions::instant()).await.unwrap();
    let config = CloudConfig::from_vars(sim.openrc()).unwrap();
    (sim, config)
}

/// The cloud's own user `demo`.
fn demo() -> Credential {
    let domain = Domain::default;
    let (user, project) = ("demo".to_owned(), "demo".to_owned());
    Credential::password(
        User::Name { name: user, domain: domain() },
        "password",
        Project::Name { name: project, domain: domain() },
    )
}

fn assert_nothing_left(sim: &Sim, before: &Inventory) {
    let (left, lost) = (sim.inventory().diff(before), before.diff(&sim.inventory()));
    assert!(left.is_empty(), "left behind:\n{left}");
    assert!(lost.is_empty(), "deleted although it is not ours:\n{lost}");
}

#[tokio::test]
async fn users_come_in_their_numbers_and_go() {
    let (sim, config) = sim().await;
    let before = sim.inventory();
    let mut stand = Stand::on(&config).await.unwrap();
    stand.set_up(&json!({"users": {"tenants": 3, "users_per_tenant": 2}})).await.unwrap();

    let made = sim.inventory().diff(&before);
    assert_eq!((made.count("keystone.project"), made.count("keystone.user")), (3, 6));
    assert!(made.names("keystone.user").all(|name| stand.world.names().matches(name)));
    let pool = stand.world.get::<UserPool>().unwrap();
    assert!(pool.tenants().is_sorted_by_key(|tenant| &tenant.id) && pool.tenants().len() == 3);
    assert!(pool.tenants().iter().all(|tenant| tenant.users.len() == 2) && !pool.is_existing());
    assert_eq!(stand.world.facts()["users"], "6 in 3 projects (temporary)");
    for user in pool.users() {
        assert!(user.account.session().identity().roles.contains(&"member".to_owned()));
        // Neutron makes a group for whoever comes.
        user.account.neutron().list_networks().await.unwrap();
    }

    let (cleaned, world) = stand.clean_up().await;
    assert_eq!(cleaned.kinds["keystone.user"].deleted, 6);
    assert_eq!(cleaned.kinds["keystone.project"].deleted, 3);
    assert!(cleaned.is_clean() && world.journal().is_empty());
    assert_nothing_left(&sim, &before);
}

#[tokio::test]
async fn a_setup_that_fails_half_way_takes_back_what_it_made() {
    for fault in [
        // Some are made before one is refused, or fails, or is made without an answer.
        Fault::new("POST", "/users", Effect::Status(403)).share(0.5),
        Fault::new("POST", "/users", Effect::Status(500)).first(1),
        Fault::new("POST", "/users", Effect::Drop).first(1).applied(),
        Fault::new("POST", "/projects", Effect::Drop).first(1).applied(),
        Fault::new("PUT", "/projects/{id}/users/{id}/roles/{id}", Effect::Status(500)).first(1),
    ] {
        let (sim, config) = sim().await;
        let before = sim.inventory();
        let mut stand = Stand::on(&config).await.unwrap();
        sim.faults().with(fault);
        let wanted = json!({"tenants": 4, "users_per_tenant": 3, "resource_management_workers": 3});
        stand.set_up(&json!({"users": wanted})).await.unwrap_err();
        sim.faults().clear();
        let (cleaned, world) = stand.clean_up().await;
        assert!(cleaned.is_clean(), "{:?}", cleaned.left);
        assert!(world.journal().is_empty(), "{:?}", world.journal().open(world.owner()));
        assert_nothing_left(&sim, &before);
    }
}

#[tokio::test]
async fn existing_users_are_used_as_they_are() {
    let (sim, mut config) = sim().await;
    config.users = vec![demo()];
    // The first of all runs makes demo's own group; it is demo's.
    run(&config, "NovaServers.boot_server", tiny(&json!({})), &json!({}), 1).await.unwrap();
    let before = sim.inventory();
    sim.clear_requests();
    let done = run(&config, "NovaServers.boot_server", tiny(&json!({})), &json!({}), 2).await.unwrap();
    assert!(done.results.iter().all(|result| result.passed()));
    assert_eq!(done.facts["users"], "1 in 1 projects (existing)");
    assert_nothing_left(&sim, &before);
    let changed = |request: &&rally_sim::Request| {
        request.service == "keystone" && request.method != "GET" && !request.path.ends_with("/tokens")
    };
    assert_eq!(sim.requests().iter().find(changed), None);
}

#[tokio::test]
async fn who_asks_for_numbers_gets_temporary_users_and_is_told() {
    let (sim, mut config) = sim().await;
    config.users = vec![demo()];
    let before = sim.inventory();
    let users = json!({"users@openstack": {"tenants": 2}});
    let done = run(&config, "NovaServers.list_servers", json!({}), &users, 1).await.unwrap();
    assert!(done.facts["users"].contains("2 in 2 projects (temporary, although"), "{:?}", done.facts);
    assert_nothing_left(&sim, &before);

    config.admin = None;
    let error =
        run(&config, "NovaServers.list_servers", json!({}), &users, 1).await.err().unwrap().to_string();
    assert!(error.contains("need an administrator"), "{error}");
}

#[tokio::test]
async fn users_take_turns() {
    for existing in [false, true] {
        let (sim, mut config) = sim().await;
        if existing {
            config.users = vec![demo(), config.admin.clone().unwrap()];
        }
        let mut users = json!({"user_choice_method": "round_robin"});
        if !existing {
            users["tenants"] = 2.into();
            users["users_per_tenant"] = 2.into();
        }
        let mut stand = Stand::on(&config).await.unwrap();
        stand.set_up(&json!({ "users": users })).await.unwrap();
        let tenants = stand.world.get::<UserPool>().unwrap().tenants().to_vec();
        sim.clear_requests();
        stand.load("NovaServers.list_servers", json!({}), 5, 1).await.unwrap();
        let listed: Vec<(String, String)> = sim
            .requests()
            .into_iter()
            .filter(|request| request.path.ends_with("/servers/detail"))
            .map(|request| (request.project.unwrap(), request.user.unwrap()))
            .collect();
        let each = tenants[0].users.len();
        let expected: Vec<(String, String)> = (0..5)
            .map(|turn| {
                let tenant = &tenants[turn % 2];
                (tenant.id.clone(), tenant.users[turn / 2 % each].id.clone())
            })
            .collect();
        assert_eq!(listed, expected);
    }
}

#[tokio::test]
async fn a_random_user_is_the_same_one_in_a_repeated_run() {
    let (sim, mut config) = sim().await;
    config.users = vec![demo(), config.admin.clone().unwrap()];
    let mut runs = Vec::new();
    for _ in 0..2 {
        sim.clear_requests();
        run(&config, "NovaServers.list_servers", json!({}), &json!({}), 20).await.unwrap();
        let requests = sim.requests().into_iter().filter(|request| request.path.ends_with("/servers/detail"));
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        requests.for_each(|request| *counts.entry(request.project.unwrap()).or_default() += 1);
        runs.push(counts);
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0].len(), 2);
}

#[tokio::test]
async fn users_have_the_role_password_and_domain_that_the_task_wants() {
    let (_sim, config) = sim().await;
    let mut stand = Stand::on(&config).await.unwrap();
    let users = json!({"role": "_Reader_", "user_password": "Known-1", "project_domain": "Default", "user_domain": "default"});
    stand.set_up(&json!({ "users": users })).await.unwrap();
    let user = stand.world.get::<UserPool>().unwrap().users().next().unwrap().account.session().clone();
    assert_eq!(user.identity().roles, ["reader"]);
    let (id, project) = (user.user_id().to_owned(), user.project_id().unwrap().to_owned());
    let again = Credential::password(User::Id(id), "Known-1", Project::Id(project));
    Connection::new(&config.site, &HttpOptions::default()).unwrap().login(again).await.unwrap();
    stand.clean_up().await;

    let mut stand = Stand::on(&config).await.unwrap();
    let error = stand.set_up(&json!({"users": {"role": "membre"}})).await.unwrap_err().to_string();
    assert!(error.contains("no role `membre`; did you mean `member`"), "{error}");
    assert!(stand.clean_up().await.0.is_clean());
}

#[tokio::test]
async fn the_cleanup_of_scenarios_spares_what_contexts_made() {
    let (sim, config) = sim().await;
    let before = sim.inventory();
    let mut stand = Stand::on(&config).await.unwrap();
    let contexts = json!({"users": {}, "admin_cleanup": ["keystone", "nova"], "cleanup": ["nova.servers", "nova.keypairs"]});
    stand.set_up(&contexts).await.unwrap();
    let pool = stand.world.get::<UserPool>().unwrap();
    let user = pool.users().next().unwrap().account.clone();
    let (admin, mut options) = (stand.admin(), SweepOptions::default());
    admin.keystone().create_user(&services::UserCreate::default()).await.unwrap();
    options.spare_contexts = true;
    let cleaned =
        sweep(&stand.world, &[Scope::global()], |kind| kind.starts_with("keystone"), &options).await;
    assert_eq!(cleaned.kinds["keystone.user"].deleted, 1);
    user.nova().list_servers(false).await.unwrap();
    assert!(stand.clean_up().await.0.is_clean());
    assert_nothing_left(&sim, &before);
}

#[tokio::test]
async fn what_nobody_can_clean_up_is_refused_at_once() {
    let (_sim, config) = sim().await;
    for (context, name, near) in [
        ("cleanup", "nova.serves", "`nova.server`"),
        ("cleanup", "nvoa", "`nova`"),
        ("admin_cleanup", "keystone.rolse", "`keystone.role`"),
    ] {
        let mut stand = Stand::on(&config).await.unwrap();
        let error = stand.set_up(&json!({context: [name]})).await.unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(near), "{error}");
    }
}

#[tokio::test]
async fn another_process_finishes_the_cleanup_by_the_journal_alone() {
    let (sim, config) = sim().await;
    let before = sim.inventory();
    let folder = tempfile::tempdir().unwrap();
    let (path, owner) = (folder.path().join("journal"), Uuid::new_v4());
    {
        let mut stand = Stand::with(&config, owner, Journal::at(&path).unwrap()).await.unwrap();
        stand.set_up(&json!({"users": {"tenants": 2}})).await.unwrap();
        let image: services::Image = find(&stand, "glance_image", "cirros").await;
        let flavor: nova::Flavor = find(&stand, "nova_flavor", "m1.tiny").await;
        for user in stand.world.get::<UserPool>().unwrap().users() {
            let nova = user.account.nova();
            let server = nova.boot_server(&image, &flavor, &ServerCreate::default()).await.unwrap();
            nova.lock_server(&server).await.unwrap();
            nova.create_keypair().await.unwrap();
        }
        // Killed here.
    }
    let made = sim.inventory().diff(&before);
    assert_eq!((made.count("nova.server"), made.count("nova.keypair")), (2, 2));

    let stand = Stand::with(&config, owner, Journal::at(&path).unwrap()).await.unwrap();
    let cleaned = sweep(&stand.world, &[Scope::global()], |_| true, &SweepOptions::default()).await;
    assert!(cleaned.is_clean(), "{:?}", cleaned.left);
    assert!(Journal::at(&path).unwrap().is_empty());
    assert_nothing_left(&sim, &before);
}

async fn find<T: serde::de::DeserializeOwned>(stand: &Stand, resource_type: &str, name: &str) -> T {
    let spec: Value = json!({ "name": name });
    serde_json::from_value(stand.look_up(resource_type, spec).await.unwrap()).unwrap()
}
