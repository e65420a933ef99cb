//! From iterations to figures, one at a time: memory grows with the number of different actions, not of iterations.

mod failures;
mod rows;
mod series;

pub use self::failures::Failures;
pub use self::rows::Rows;
pub use self::series::{EXACT_LIMIT, Series};
