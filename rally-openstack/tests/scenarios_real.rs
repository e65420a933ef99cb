//! Every scenario against a real cloud, when the environment names one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "a person reads what it measured")]

mod scenarios_support;

use rally_openstack::config::CloudConfig;
use scenarios_support::{Run, names, run, summary, tiny};
use serde_json::{Value, json};

/// Scenario, arguments, and how many iterations.
fn table() -> Vec<(&'static str, Value, u64)> {
    let none = json!({});
    vec![
        ("Authenticate.keystone", none.clone(), 3),
        ("GlanceImages.list_images", none.clone(), 2),
        ("NovaServers.list_servers", none.clone(), 2),
        ("NovaServers.list_servers", json!({"detailed": false}), 1),
        ("KeystoneBasic.create_and_list_users", none.clone(), 2),
        ("KeystoneBasic.create_user", json!({"password": "Secret-1"}), 1),
        ("KeystoneBasic.create_delete_user", none.clone(), 1),
        ("KeystoneBasic.create_and_list_tenants", none.clone(), 1),
        ("KeystoneBasic.create_and_delete_role", none.clone(), 1),
        ("KeystoneBasic.create_and_get_role", none.clone(), 1),
        ("NovaFlavors.list_flavors", json!({"detailed": false, "min_ram": 64}), 1),
        ("NovaFlavors.create_and_delete_flavor", json!({"ram": 64, "vcpus": 1, "disk": 1}), 1),
        ("NovaHypervisors.list_hypervisors", none.clone(), 1),
        ("NovaKeypair.create_and_list_keypairs", none.clone(), 1),
        ("NovaKeypair.create_and_delete_keypair", none.clone(), 1),
        ("NovaKeypair.create_and_get_keypair", none.clone(), 1),
        ("NovaServers.boot_and_delete_server", tiny(&none), 2),
        ("NovaServers.boot_and_delete_server", tiny(&json!({"force_delete": true, "description": "d"})), 1),
        ("NovaServers.boot_server", tiny(&json!({"tags": ["a"], "nics": "none", "meta": {"a": "b"}})), 1),
        ("NovaServers.boot_and_list_server", tiny(&none), 1),
        ("NovaServers.boot_and_show_server", tiny(&none), 1),
        ("NovaServers.boot_and_get_console_output", tiny(&json!({"length": 5})), 1),
        ("NovaServers.pause_and_unpause_server", tiny(&none), 1),
        ("NovaServers.suspend_and_resume_server", tiny(&none), 1),
        ("NovaServers.boot_lock_unlock_and_delete", tiny(&none), 1),
    ]
}

#[tokio::test]
async fn every_scenario_runs_and_leaves_nothing() {
    let Some(config) = CloudConfig::from_env().unwrap() else {
        println!("skipped: neither OS_AUTH_URL nor OS_CLOUD is set");
        return;
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    for (scenario, args, times) in table().into_iter().filter(|(scenario, ..)| scenario.contains(&only)) {
        let run = run(&config, scenario, args, &json!({}), times).await.unwrap();
        show(scenario, &run);
        assert!(run.cleaned.is_clean());
        assert!(run.results.iter().all(|result| result.passed()), "{scenario}");
    }
}

/// A line per iteration.
fn show(scenario: &str, run: &Run) {
    for result in &run.results {
        let (calls, polls) = summary(result);
        let seconds = result.duration().as_secs_f64();
        let (outcome, actions) = (result.outcome, names(&result.actions).join(", "));
        println!(
            "{scenario} {outcome:?} in {seconds:.2} s: {actions}: {} requests, {polls} polls",
            calls.len()
        );
        if let Some(failure) = &result.failure {
            println!("    {failure}");
        }
    }
}
