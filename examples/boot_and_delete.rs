//! Boot servers and delete them again, ten times, two at a time: on the cloud that the environment names
//! (`OS_CLOUD`, or `OS_AUTH_URL` and its kin), else on a simulated one.
//!
//! ```text
//! cargo run --example boot_and_delete
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it measured")]

mod support;

use rally::openstack::contexts::Users;
use rally::openstack::scenarios::nova::servers::BootAndDeleteServer;
use rally::openstack::{Flavor, Image};
use rally::plugins::sla::FailureRate;
use rally::runners::Constant;

#[tokio::main]
async fn main() -> rally::Result {
    let (cloud, _sim) = support::cloud().await?;
    let (image, flavor) = (Image::named("cirros"), Flavor::named("m1.tiny"));
    let report = rally::Workload::new(BootAndDeleteServer { image, flavor, ..Default::default() })
        .context(Users { tenants: 3, users_per_tenant: 2, ..Users::default() })
        .runner(Constant { times: 10, concurrency: 2, ..Constant::default() })
        .sla(FailureRate::at_most(0.0))
        .run(&cloud)
        .await?;
    println!("{report}");
    assert!(report.passed(), "{}", report.why());
    assert!(report.action("nova.boot_server")?.p95() < 300.0, "booting takes too long");
    Ok(())
}
