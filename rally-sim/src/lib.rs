//! An OpenStack control plane runs in one process, over HTTP, for tests and demonstrations.
//!
//! [`Sim::start`] serves Keystone, Nova, Glance, Neutron and Placement on one port of 127.0.0.1, with the statuses, the
//! bodies and the errors of the real ones. A client cannot tell the difference by what it reads; it can by the time
//! it takes. Nothing is short-cut: the only way in is HTTP.
//!
//! ```
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! use rally_sim::{Sim, SimOptions};
//!
//! let sim = Sim::start(SimOptions::default()).await?;
//! for (name, value) in sim.openrc() {
//!     assert!(name.starts_with("OS_") && !value.is_empty());
//! }
//! sim.faults().fail("POST", "/servers", 0.1, 500); // every tenth boot is refused
//! # Ok::<(), rally_sim::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is in it
//!
//! The domain Default; the projects admin, demo and service; the users admin and demo (password `password`); the
//! roles admin, member and reader; the images cirros and cirros-0.6.2-x86_64-disk; the flavors m1.nano (42), m1.micro
//! (84), m1.tiny (1), m1.small (2), m1.medium (3) and m1.large (4); the networks public (external) and private in the
//! project admin; two hypervisors. The region is RegionOne.

#![expect(clippy::unnecessary_wraps, reason = "handlers have one signature, whether they can fail or not")]

mod faults;
mod glance;
mod http;
mod inventory;
mod keystone;
mod net;
mod neutron;
mod nova;
mod options;
mod placement;
mod record;
mod sim;
mod state;
mod table;

pub use faults::{Effect, Fault, Faults};
pub use inventory::Inventory;
pub use options::{Latency, SimOptions};
pub use record::Request;
pub use sim::{Error, Sim};
