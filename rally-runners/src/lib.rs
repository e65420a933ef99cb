//! When iterations start: the runners `serial`, `constant`, `constant_for_duration` and `rps`.
//!
//! | runner | starts an iteration |
//! | --- | --- |
//! | [`Serial`] | when the one before it has ended |
//! | [`Constant`] | when one of `concurrency` slots is free, until `times` have started |
//! | [`ConstantForDuration`] | when one of `concurrency` slots is free, until `duration` seconds are over |
//! | [`Rps`] | when its timetable says so, whatever became of the others |
//!
//! The first three are **closed**: a slow cloud gets fewer iterations. The last one is **open**: a slow cloud gets as
//! many as a fast one, and its slowness shows as latency. Which of them a measurement needs depends on who is asked
//! about: a batch of workers that wait for each other, or users who do not.
//!
//! All runners see the [`Load`](rally_core::Load) alone. They stop to start iterations when it is stopped, wait for
//! those that run, and leave timeouts, panics and interruptions to it.

mod constant;
mod constant_for_duration;
mod rps;
mod serial;
mod slots;
pub mod timetable;

pub use crate::constant::Constant;
pub use crate::constant_for_duration::ConstantForDuration;
pub use crate::rps::{Ramp, Rate, Rps, WhenFull};
pub use crate::serial::Serial;
