//! The suite runs against the simulator, which so stays like a real cloud.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod client_suite;

use rally_openstack::client::{Connection, HttpOptions};
use rally_openstack::config::CloudConfig;
use rally_sim::{Sim, SimOptions};

async fn sim() -> (Sim, CloudConfig) {
    let sim = Sim::start(SimOptions::instant()).await.unwrap();
    let config = CloudConfig::from_vars(sim.openrc()).unwrap();
    (sim, config)
}

macro_rules! in_the_simulator {
    ($($name:ident)+) => {$(
        #[tokio::test]
        async fn $name() {
            let (_sim, config) = sim().await;
            client_suite::$name(&config).await;
        }
    )+};
}

in_the_simulator!(logins discovery not_found paging microversions waiting platform);

#[tokio::test]
async fn expired_tokens_are_renewed_once_for_all() {
    let (sim, config) = sim().await;
    let connection = Connection::new(&config.site, &HttpOptions::default()).unwrap();
    let session = connection.login(config.admin.unwrap()).await.unwrap();
    let nova = session.service("compute").unwrap();
    sim.expire_tokens();
    sim.clear_requests();
    let all = (0..20).map(|_| nova.get("/servers", &[]).done());
    futures::future::try_join_all(all).await.unwrap();
    let logins = sim.requests().iter().filter(|request| request.path.ends_with("/auth/tokens")).count();
    assert_eq!(logins, 1);
}
