//! The suite runs against the cloud that the environment names, and says so when it names none.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::print_stderr, reason = "a skipped test says that it is")]

mod client_suite;

use rally_openstack::client::{Connection, HttpOptions, Microversion};
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

/// The simulator's placement has no more than a version document.
#[tokio::test]
async fn placement() {
    let Some(config) = cloud() else { return };
    let connection = Connection::new(&config.site, &HttpOptions::from_env()).unwrap();
    let session = connection.login(config.admin.unwrap()).await.unwrap();
    let placement = session.service("placement").unwrap();
    // Without a microversion there are no traits.
    assert!(placement.get("/traits", &[]).done().await.unwrap_err().is_not_found());
    let placement = placement.within(Microversion::new(1, 6)..=Microversion::new(1, 20)).await.unwrap();
    placement.get("/traits", &[]).member("traits").await.unwrap();
    let error = placement.get("/resource_providers/{id}", &["no-such"]).json().await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("no-such"), "{error}");
}
