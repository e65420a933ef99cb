//! Plugins that need no cloud.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`scenarios::dummy`] | `Dummy.*`: sleep, fail, or draw charts, to try out runners, SLAs and reports |
//! | [`contexts::dummy`] | `dummy_context`: fails when it is told to |
//! | [`scenarios::http`] | `HttpRequests.*`: send requests and compare the status of the answers |
//! | [`sla`] | `failure_rate`, and criteria for durations, throughput and kinds of failure |
//! | [`triggers`] | `event` and `periodic`: when a hook runs |
//! | [`hooks`] | `sys_call` and `http_request`: what a hook does |
//!
//! A program has them all when it says `use rally_plugins as _;`. What sends HTTP requests is behind the feature `http`,
//! which is on unless a program says otherwise.

pub mod contexts;
pub mod hooks;
#[cfg(feature = "http")]
mod http;
pub mod scenarios;
pub mod sla;
pub mod triggers;
