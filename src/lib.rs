//! Measure whether a cloud keeps its promises under load.
//!
//! This crate is the front door: it re-exports the vocabulary of `rally-core`, links every plugin crate, and adds
//! the typed builder [`Workload`].
//!
//! ```
//! use rally::runners::Constant;
//! use rally::{Env, Workload, atomic};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> rally::Result {
//! let report = Workload::from_fn("nap", |_| async { atomic("nap", async { rally::Result::Ok(()) }).await })
//!     .runner(Constant { times: 10, concurrency: 2, ..Constant::default() })
//!     .run(&Env::none())
//!     .await?;
//! assert!(report.passed(), "{}", report.why());
//! assert_eq!(report.action("nap")?.count, 10);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "cli")]
pub mod cli;
mod workload;

pub use rally_core::*;
pub use rally_engine::plan::{Draft, Plan};
pub use rally_engine::task::Task;
pub use rally_engine::template::Args;
pub use rally_engine::{Engine, RunError, Stopper, task_schema};
#[cfg(feature = "openstack")]
pub use rally_openstack as openstack;
pub use rally_plugins as plugins;
pub use rally_runners as runners;
#[cfg(feature = "sim")]
pub use rally_sim as sim;

pub use crate::workload::{Run, Workload};

/// The pages for people, compiled and run as tests.
#[cfg(all(doctest, feature = "openstack"))]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/writing-a-scenario.md")]
    struct WritingAScenario;
    #[doc = include_str!("../docs/task-file.md")]
    struct TaskFile;
}

/// Name and version of this program, as reports state it.
pub const TOOL: &str = concat!("rally ", env!("CARGO_PKG_VERSION"));
