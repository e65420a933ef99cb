//! Where examples run.

use rally::Env;
use rally::sim::{Sim, SimOptions};

/// The cloud that the environment names, else a simulated one that lives as long as the second value.
pub(crate) async fn cloud() -> rally::Result<(Env, Option<Sim>)> {
    if let Some(env) = rally::openstack::env::from_environment()? {
        println!("Measuring {}\n", env.name);
        return Ok((env, None));
    }
    let sim = Sim::start(SimOptions::default()).await?;
    println!("No OS_CLOUD and no OS_AUTH_URL: measuring a simulated cloud at {}\n", sim.auth_url());
    let env = rally::openstack::env::from_vars(sim.openrc())?;
    Ok((env, Some(sim)))
}
