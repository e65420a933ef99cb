//! The simulator passes what every cloud has to pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use rally_openstack::config::CloudConfig;
use rally_openstack::conformance::suite;
use rally_sim::{Sim, SimOptions};

#[tokio::test]
async fn the_simulator_is_a_cloud() {
    let sim = Sim::start(SimOptions::instant()).await.unwrap();
    let before = sim.inventory();
    let checked = suite(&CloudConfig::from_vars(sim.openrc()).unwrap()).await.unwrap();
    let failed: Vec<String> = checked
        .iter()
        .filter_map(|check| Some(format!("{}: {}", check.name, check.failure.as_ref()?)))
        .collect();
    assert!(failed.is_empty(), "{} of {} checks:\n{}", failed.len(), checked.len(), failed.join("\n"));
    let left = sim.inventory().diff(&before);
    assert!(left.is_empty(), "left behind:\n{left}");
}
