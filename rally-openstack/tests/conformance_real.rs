//! The cloud that the environment names passes what every cloud has to pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "a skipped test says that it is")]

use rally_openstack::config::CloudConfig;
use rally_openstack::conformance::suite;

#[tokio::test]
async fn the_cloud_of_the_environment_is_one() {
    let Some(config) = CloudConfig::from_env().unwrap() else {
        println!("skipped: neither OS_AUTH_URL nor OS_CLOUD is set");
        return;
    };
    let checked = suite(&config).await.unwrap();
    let failed: Vec<String> = checked
        .iter()
        .filter_map(|check| Some(format!("{}: {}", check.name, check.failure.as_ref()?)))
        .collect();
    assert!(failed.is_empty(), "{} of {} checks:\n{}", failed.len(), checked.len(), failed.join("\n"));
}
