//! Plugins that need no cloud.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`scenarios::dummy`] | `Dummy.*`: sleep, fail, or draw charts, to try out runners, SLAs and reports |
//! | [`contexts::dummy`] | `dummy_context`: fails when it is told to |
//! | [`sla`] | `failure_rate` and the criteria for durations |
//!
//! A program has them all when it says `use rally_plugins as _;`.

pub mod contexts;
pub mod scenarios;
pub mod sla;
