//! What hooks do.
//!
//! | hook | what it does |
//! | --- | --- |
//! | [`SysCall`] | runs a command on this machine |
#![cfg_attr(feature = "http", doc = "| [`HttpRequest`] | sends an HTTP request |")]

#[cfg(feature = "http")]
mod http_request;
mod sys_call;
mod words;

#[cfg(feature = "http")]
pub use self::http_request::HttpRequest;
pub use self::sys_call::SysCall;
pub use self::words::NotWords;
