//! Empty on purpose: `links` in Cargo.toml asks for a build script, and makes Cargo refuse two versions of this crate.

fn main() {}
