//! A quick look with closures: no struct and no registration, two workloads in one report.
//!
//! ```text
//! cargo run --example quick_look
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it measured")]

mod support;

use rally::openstack::Cloud;
use rally::runners::{Constant, Rate, Rps};
use rally::{Run, Workload};

#[tokio::main]
async fn main() -> rally::Result {
    let (cloud, _sim) = support::cloud().await?;
    let flavors = Workload::from_fn("list flavors", |it| async move {
        Cloud::of(&it)?.nova().list_flavors(true, &[]).await?;
        Ok(())
    });
    let images = Workload::from_fn("list images", |it| async move {
        Cloud::of(&it)?.glance().list_images().await?;
        Ok(())
    });
    let report = Run::new()
        .title("A quick look")
        .workload(flavors.runner(Constant { times: 50, concurrency: 5, ..Constant::default() }))
        .workload(images.runner(Rps { times: 40, rps: Rate::Steady(20.0), ..Rps::default() }))
        .run(&cloud)
        .await?;
    println!("{report}");
    assert!(report.passed(), "{}", report.why());
    Ok(())
}
