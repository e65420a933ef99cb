//! No text, however broken, makes the way from template to plan panic, run on or say nothing.
//!
//! The texts are the examples and the engine's own test files, cut, doubled and mixed with words of the language, and
//! texts of such words alone. `fuzz/` looks for worse ones with the same bodies.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rally::Registry;

#[path = "../fuzz/bodies.rs"]
mod bodies;

static PLUGINS: LazyLock<Registry> = LazyLock::new(|| Registry::linked().unwrap());

/// Whole files.
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut seeds = Vec::new();
    for folder in ["examples/tasks", "rally-engine/tests/task/files"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            seeds.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
    }
    seeds.sort();
    assert!(seeds.len() > 30, "the seeds are gone");
    seeds
});

/// The words of the language, as libFuzzer gets them, and some that only a list can hold.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines = include_str!("../fuzz/words.dict").lines();
    let mut words: Vec<String> = lines.map(|line| line.trim_matches('"').replace("\\x0a", "\n")).collect();
    words.extend(["\n", "  ", "\t", "\u{feff}", "\0", "é", "99999999999999999999", "-0.0"].map(String::from));
    words
});

/// What is done to a file.
#[derive(Clone, Debug)]
enum Change {
    Cut(Index, Index),
    Double(Index, Index),
    Insert(Index, String),
    Splice(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), place()).prop_map(|(from, to)| Change::Cut(from, to)),
        (place(), place()).prop_map(|(from, to)| Change::Double(from, to)),
        (place(), select(WORDS.as_slice())).prop_map(|(at, word)| Change::Insert(at, word)),
        (place(), 0..SEEDS.len()).prop_map(|(at, seed)| Change::Splice(at, seed)),
    ]
}

fn changed(seed: &str, changes: &[Change]) -> String {
    let mut text: Vec<char> = seed.chars().collect();
    for change in changes {
        let place = |index: &Index| index.index(text.len() + 1);
        let between = |from: &Index, to: &Index| {
            let (from, to) = (place(from), place(to));
            // A tenth of the text at most, so that something is left.
            let (from, to) = (from.min(to), from.max(to));
            from..to.min(from + text.len() / 10 + 1)
        };
        match change {
            Change::Cut(from, to) => drop(text.drain(between(from, to))),
            Change::Double(from, to) => {
                let range = between(from, to);
                let piece = text[range.clone()].to_vec();
                text.splice(range.start..range.start, piece);
            }
            Change::Insert(at, word) => {
                let at = place(at);
                drop(text.splice(at..at, word.chars()));
            }
            Change::Splice(at, seed) => {
                text.truncate(place(at));
                let other: Vec<char> = SEEDS[*seed].chars().collect();
                text.extend(&other[at.index(other.len() + 1)..]);
            }
        }
    }
    text.into_iter().collect()
}

fn text() -> impl Strategy<Value = String> {
    let of_files =
        (select(SEEDS.as_slice()), vec(change(), 0..6)).prop_map(|(seed, changes)| changed(&seed, &changes));
    let of_words = vec(select(WORDS.as_slice()), 0..60).prop_map(|words| words.concat());
    prop_oneof![3 => of_files, 1 => of_words, 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arguments(text in text()) {
        bodies::args(&text);
    }

    #[test]
    fn templates(text in text()) {
        bodies::template(&text);
    }

    #[test]
    fn texts(text in text()) {
        bodies::text(&text);
    }

    #[test]
    fn tasks(text in text()) {
        bodies::task(&text);
    }

    #[test]
    fn plans(text in text()) {
        bodies::plan(&text, &PLUGINS);
    }
}
