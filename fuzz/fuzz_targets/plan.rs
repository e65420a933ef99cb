#![no_main]

use std::sync::LazyLock;

use rally::Registry;

#[path = "../bodies.rs"]
#[expect(dead_code, reason = "each target takes one of the bodies")]
mod bodies;

static PLUGINS: LazyLock<Registry> = LazyLock::new(|| Registry::linked().unwrap_or_default());

libfuzzer_sys::fuzz_target!(|text: &str| bodies::plan(text, &PLUGINS));
