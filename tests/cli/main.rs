//! The program as a person or a script meets it: its built binary, in an environment with nothing in it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod bad_input;
mod ends;
mod plugins;
mod program;
mod runs;
mod templates;
