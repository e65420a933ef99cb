//! Users and cleanup on a real cloud, when the environment names one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "a skipped test says that it is")]

mod scenarios_support;

use rally_core::cleaner::{SweepOptions, sweep};
use rally_core::{Journal, Scope};
use rally_openstack::config::CloudConfig;
use rally_openstack::contexts::UserPool;
use rally_openstack::services::nova::{Flavor, ServerCreate};
use rally_openstack::services::{Image, UserCreate};
use scenarios_support::{Stand, run, tiny};
use serde_json::json;
use uuid::Uuid;

fn cloud() -> Option<CloudConfig> {
    let config = CloudConfig::from_env().unwrap();
    if config.is_none() {
        println!("skipped: neither OS_AUTH_URL nor OS_CLOUD is set");
    }
    config
}

/// What the administrator sees of this workload.
async fn left(stand: &Stand, owner: Uuid) -> Vec<String> {
    let stem = format!("_rally_{}_", &owner.simple().to_string()[..8]);
    let admin = stand.admin();
    let mut left = Vec::new();
    for (service, route, list) in [
        ("identity", "/users", "users"),
        ("identity", "/projects", "projects"),
        ("identity", "/roles", "roles"),
        ("compute", "/servers?all_tenants=1", "servers"),
        ("compute", "/flavors?is_public=None", "flavors"),
    ] {
        let all = admin.service(service).unwrap().get(route, &[]).list(list).await.unwrap();
        let names = all.iter().map(|item| item["name"].as_str().unwrap_or_default());
        left.extend(names.filter(|name| name.contains(&stem)).map(|name| format!("{list}: {name}")));
    }
    left
}

#[tokio::test]
async fn three_projects_boot_at_once_and_are_gone() {
    let Some(config) = cloud() else { return };
    let users = json!({"tenants": 3, "users_per_tenant": 2, "user_choice_method": "round_robin"});
    let contexts = json!({ "users@openstack": users });
    let run =
        run(&config, "NovaServers.boot_and_delete_server", tiny(&json!({})), &contexts, 6).await.unwrap();
    assert!(run.results.iter().all(|result| result.passed()));
    assert!(run.cleaned.is_clean(), "{:?}", run.cleaned.left);
    assert_eq!(run.cleaned.kinds["keystone.user"].deleted, 6);
    assert_eq!(run.cleaned.kinds["keystone.project"].deleted, 3);
}

#[tokio::test]
async fn another_process_finishes_the_cleanup_by_the_journal_alone() {
    let Some(config) = cloud() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (path, owner) = (folder.path().join("journal"), Uuid::new_v4());
    {
        let mut stand = Stand::with(&config, owner, Journal::at(&path).unwrap()).await.unwrap();
        stand.set_up(&json!({"users": {}})).await.unwrap();
        let find = async |kind, name| stand.look_up(kind, json!({ "name": name })).await.unwrap();
        let image: Image = serde_json::from_value(find("glance_image", "^cirros").await).unwrap();
        let flavor: Flavor = serde_json::from_value(find("nova_flavor", "m1.tiny").await).unwrap();
        let nova = stand.world.get::<UserPool>().unwrap().users().next().unwrap().account.nova();
        let server = nova.boot_server(&image, &flavor, &ServerCreate::default()).await.unwrap();
        nova.lock_server(&server).await.unwrap();
        nova.create_keypair().await.unwrap();
        stand.admin().keystone().create_user(&UserCreate::default()).await.unwrap();
        assert_eq!(left(&stand, owner).await.len(), 4);
        // Killed here.
    }
    let stand = Stand::with(&config, owner, Journal::at(&path).unwrap()).await.unwrap();
    let cleaned = sweep(&stand.world, &[Scope::global()], |_| true, &SweepOptions::default()).await;
    assert!(cleaned.is_clean(), "{:?}", cleaned.left);
    assert_eq!(cleaned.kinds["nova.keypair"].deleted, 1);
    assert!(Journal::at(&path).unwrap().is_empty());
    assert_eq!(left(&stand, owner).await, Vec::<String>::new());
}
