//! The simulator is asked over HTTP, as any client would ask it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]
#![expect(clippy::print_stdout, reason = "a test that skips itself says so")]

mod faults;
mod glance;
mod keystone;
mod lifetime;
mod neutron;
mod nova;
mod support;
mod traces;
