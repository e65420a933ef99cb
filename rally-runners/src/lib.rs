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
//!
//! # What a timeout can interrupt
//!
//! An iteration is a future, and a timeout or an abort drops it at the `await` where it stands.
//!
//! | an iteration that | when its time is over |
//! | --- | --- |
//! | awaits an answer, a sleep, a lock of tokio's | ends at once as timed out; its sockets are closed |
//! | awaits a blocking call by `spawn_blocking` | ends at once as timed out; the call goes on in its thread, unseen |
//! | blocks or computes between two awaits | goes on to the next `await`, and is timed out there |
//! | blocks or computes to its end | ends as it ends: no `await` is left to stop at, and its duration tells |
//!
//! No thread is killed: what it holds would stay as it is. The last two also keep their processor from other
//! iterations, so blocking calls belong into `spawn_blocking`, with a limit of their own.

mod constant;
mod constant_for_duration;
mod rps;
mod serial;
mod slots;
pub mod timetable;

pub use crate::constant::Constant;
pub use crate::constant_for_duration::ConstantForDuration;
pub use crate::rps::{Arrivals, Ramp, Rate, Rps, WhenFull};
pub use crate::serial::Serial;
