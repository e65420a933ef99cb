//! The suite runs against the cloud that the environment names, and says so when it names none.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::print_stderr, reason = "a skipped test says that it is")]

mod client_suite;

use rally_openstack::config::CloudConfig;

fn cloud() -> Option<CloudConfig> {
    let config = CloudConfig::from_env().unwrap();
    if config.is_none() {
        eprintln!("skipped: neither OS_AUTH_URL nor OS_CLOUD is set");
    }
    config
}

macro_rules! on_the_cloud {
    ($($name:ident)+) => {$(
        #[tokio::test]
        async fn $name() {
            if let Some(config) = cloud() {
                client_suite::$name(&config).await;
            }
        }
    )+};
}

on_the_cloud!(logins discovery not_found paging microversions waiting platform);
