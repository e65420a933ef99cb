//! Whole task files in, the plan or the problems out: the files stand in `task/files`, the answers in `task/snapshots`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "task/code.rs"]
mod code;
#[path = "task/files.rs"]
mod files;
#[path = "task/plugins.rs"]
mod plugins;
#[path = "task/resources.rs"]
mod resources;
