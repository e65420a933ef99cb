//! From iterations to figures, one at a time: memory grows with the number of different actions, not of iterations.

mod failures;
mod rows;

pub use self::failures::Failures;
pub use self::rows::Rows;
pub use rally_core::series::{EXACT_LIMIT, Series};
