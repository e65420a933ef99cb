//! What ARCHITECTURE.md calls an invariant of the crates is held here: who may depend on whom, what a library may do,
//! and the house's few rules for files.
//!
//! Each rule is a function from data to complaints, so that a test with made-up data shows that it can complain.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOT: &str = "openstack-rally";
const CORE: &str = "rally-core";
const ENGINE: &str = "rally-engine";
const SIM: &str = "rally-sim";
const PLUGIN_CRATES: [&str; 3] = ["rally-runners", "rally-plugins", "rally-openstack"];

/// What only a program may use.
const FOR_PROGRAMS: [&str; 3] = ["clap", "indicatif", "tracing-subscriber"];

/// Longer files hold two ideas.
const MOST_LINES: usize = 600;

/// The folders of the library crates' code; what is under `src/` of the root is a library too, save the program.
const LIBRARIES: [&str; 7] = [
    "src/",
    "rally-core/src/",
    "rally-engine/src/",
    "rally-runners/src/",
    "rally-plugins/src/",
    "rally-openstack/src/",
    "rally-sim/src/",
];

#[test]
fn crates_depend_on_what_they_may() {
    no_complaints(&edges(&metadata()));
}

#[test]
fn only_the_program_brings_the_crates_of_a_program() {
    no_complaints(&programs_crates(&metadata()));
}

#[test]
fn an_embedder_gets_no_crate_of_the_program_and_no_server() {
    let tree = cargo(&[
        "tree",
        "--package",
        ROOT,
        "--no-default-features",
        "--features",
        "openstack",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let found = embedders_tree(&tree);
    assert!(tree.contains("rally-openstack"), "`cargo tree` shows something else than our crates: {tree}");
    no_complaints(&found);
}

#[test]
fn rally_core_knows_no_openstack() {
    no_complaints(&every_file(openstack_words));
}

#[test]
fn libraries_print_nothing_and_take_nothing_over() {
    no_complaints(&every_file(library_manners));
}

#[test]
fn files_keep_the_house_rules() {
    no_complaints(&every_file(house_rules));
}

// --- the rules -------------------------------------------------------------------------------------------------------

/// Who depends on whom although ARCHITECTURE.md says never, dev-dependencies included.
fn edges(metadata: &Value) -> Vec<String> {
    let ours: Vec<&str> = packages(metadata).map(|package| text(package, "name")).collect();
    let mut complaints = Vec::new();
    for package in packages(metadata) {
        let from = text(package, "name");
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let (to, kind) = (text(dependency, "name"), dependency["kind"].as_str().unwrap_or("normal"));
            // A crate may ask for its own features in its tests.
            if to == from || !ours.contains(&to) {
                continue;
            }
            let why = match from {
                CORE => {
                    "it is the vocabulary and knows no other crate: move what it needs into it, or turn the \
                         dependency round by a trait"
                }
                SIM => "it stands for a cloud, so it is spoken to by HTTP alone: copy the few lines it needs",
                ENGINE if to != CORE => {
                    "it finds plugins by name only: test it with plugins of its own (rally-engine/tests/support), \
                     and put a test of both into the root's tests/"
                }
                _ if PLUGIN_CRATES.contains(&from)
                    && to != CORE
                    && !(from == "rally-openstack" && to == SIM && kind == "dev") =>
                {
                    "a plugin needs the vocabulary alone, and a dev-dependency that leads back links the crate \
                     twice: use rally-core's feature `testing`, or put the test into the root's tests/"
                }
                _ => continue,
            };
            complaints.push(format!("{from} depends on {to} ({kind}): {why}"));
        }
    }
    complaints
}

/// Libraries that depend on what only a program may use, and features of the root that bring it by mistake.
fn programs_crates(metadata: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages(metadata) {
        let name = text(package, "name");
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = text(dependency, "name");
            if !FOR_PROGRAMS.contains(&to) || !dependency["kind"].is_null() {
                continue;
            }
            if name != ROOT {
                complaints.push(format!(
                    "the library {name} depends on {to}: a library parses no arguments, draws nothing and installs \
                     no subscriber; say it by `tracing` or an event, and let src/cli do the rest"
                ));
            } else if dependency["optional"] != true {
                complaints.push(format!("{to} is not optional: put it behind the feature `cli` of the root"));
            }
        }
        let features = package["features"].as_object();
        for (feature, brings) in features.into_iter().flatten().filter(|(feature, _)| *feature != "cli") {
            for brought in brings.as_array().into_iter().flatten().filter_map(Value::as_str) {
                if FOR_PROGRAMS.contains(&brought.trim_start_matches("dep:")) {
                    complaints
                        .push(format!("feature `{feature}` of {name} brings {brought}: only `cli` may"));
                }
            }
        }
    }
    complaints
}

/// What whoever embeds the library with `default-features = false, features = ["openstack"]` should not have to build.
fn embedders_tree(tree: &str) -> Vec<String> {
    let unwanted = |krate: &&str| FOR_PROGRAMS.contains(krate) || ["axum", "criterion", SIM].contains(krate);
    let mut found: Vec<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(unwanted).collect();
    found.sort_unstable();
    found.dedup();
    let complaint = |krate: &str| {
        format!(
            "an embedder builds {krate}: find the way by `cargo tree -p {ROOT} --no-default-features \
             --features openstack -i {krate}` and put it behind `cli` or `sim`"
        )
    };
    found.into_iter().map(complaint).collect()
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// Words of OpenStack in the code of rally-core; comments and tests may use some as examples.
fn openstack_words(path: &str, content: &str) -> Vec<String> {
    const WORDS: [&str; 7] = ["openstack", "nova", "keystone", "glance", "neutron", "cinder", "swift"];
    if !path.starts_with("rally-core/src/") || !is_rust(path) {
        return Vec::new();
    }
    let complaint = |(number, line): (usize, &str)| {
        let line = line.to_lowercase();
        let word = WORDS.iter().find(|word| line.contains(*word))?;
        Some(format!(
            "{path}:{number} says `{word}`: rally-core knows no cloud; let the platform say it, by a value in the \
             world or a constant of rally-openstack"
        ))
    };
    code(content).filter_map(complaint).collect()
}

/// What a library does that is its caller's business.
fn library_manners(path: &str, content: &str) -> Vec<String> {
    const PRINTS: &str = "print nothing: use `tracing`, an event, or give the text back";
    const MANNERS: [(&str, &str); 12] = [
        ("println!", PRINTS),
        ("print!", PRINTS),
        ("dbg!", PRINTS),
        ("io::stdout", PRINTS),
        ("io::stderr", PRINTS),
        ("env::args", "take arguments from the caller; only src/cli reads the command line"),
        ("process::exit", "return an error; only src/main.rs ends the process"),
        ("signal::", "offer a `Stopper` or a token; only src/cli hears signals"),
        ("ctrl_c", "offer a `Stopper` or a token; only src/cli hears signals"),
        ("set_global_default", "install no subscriber; only src/cli does"),
        ("install_default", "install no TLS provider: name the provider in the client's configuration"),
        ("set_hook", "install no panic hook: catch the panic where the plugin is called"),
    ];
    let is_program = path.starts_with("src/cli") || path.ends_with("/main.rs") || path.contains("/bin/");
    if is_program || !LIBRARIES.iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (number, line) in code(content) {
        if let Some((what, advice)) = MANNERS.iter().find(|(what, _)| line.contains(what)) {
            complaints.push(format!("{path}:{number} uses `{what}`: {advice}"));
        }
    }
    complaints
}

/// What no file of ours may have.
fn house_rules(path: &str, content: &str) -> Vec<String> {
    // Put together here, so that this file does not hold what it looks for.
    let allow = concat!("[", "allow(");
    let homes = [format!("{}/", root().display()), "/".to_owned() + "root/", "/".to_owned() + "work/"];
    let mut complaints = Vec::new();
    let lines = content.lines().count();
    if is_rust(path) && lines > MOST_LINES {
        complaints.push(format!(
            "{path} has {lines} lines, more than {MOST_LINES}: it holds two ideas; give each a file"
        ));
    }
    for (number, line) in (1..).zip(content.lines()) {
        if is_rust(path) && line.trim_start().starts_with('#') && line.contains(allow) {
            complaints.push(format!(
                "{path}:{number} silences a lint for good: write `#[expect(…, reason = \"…\")]`, which complains when \
                 it is no longer needed"
            ));
        }
        let at_home = homes.iter().find(|home| {
            line.match_indices(home.as_str()).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let behind = line[at + home.len()..].chars().next();
                before.is_none_or(|c| c.is_whitespace() || "\"'`(=:".contains(c))
                    && behind.is_some_and(char::is_alphanumeric)
            })
        });
        if let Some(home) = at_home {
            complaints.push(format!(
                "{path}:{number} names a place of one machine (`{home}…`): use a relative path, `CARGO_MANIFEST_DIR` \
                 or a temporary folder"
            ));
        }
    }
    complaints
}

// --- what they look at -----------------------------------------------------------------------------------------------

fn no_complaints(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo(arguments: &[&str]) -> String {
    let run = |more: &[&str]| {
        let cargo = Command::new(env!("CARGO")).args(arguments).args(more).current_dir(root()).output();
        cargo.unwrap()
    };
    // Whoever runs this has built it, so all that is needed is there; a fresh index may be needed all the same.
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`cargo {}` failed: {error}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

fn metadata() -> Value {
    let metadata = serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).unwrap();
    let names: Vec<&str> = packages(&metadata).map(|package| text(package, "name")).collect();
    for expected in [ROOT, CORE, ENGINE, SIM].iter().chain(&PLUGIN_CRATES) {
        assert!(
            names.contains(expected),
            "{expected} has another name now: correct the constants of this test"
        );
    }
    metadata
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of[member].as_str().unwrap_or_default()
}

/// The complaints of one rule about every file of ours.
fn every_file(rule: fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let mut files = Vec::new();
    collect(root(), &mut files);
    assert!(files.len() > 100, "only {} files were found under {}", files.len(), root().display());
    files.sort();
    let complain = |path: &PathBuf| {
        // Archives and pictures are no text.
        let content = std::fs::read_to_string(path).unwrap_or_default();
        rule(path.strip_prefix(root()).unwrap().to_str().unwrap(), &content)
    };
    files.iter().flat_map(complain).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // A target folder holds what cargo made, a lock file what cargo wrote.
        if matches!(name, "target" | ".git" | "Cargo.lock") || name.ends_with(".pending-snap") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// The lines of a file's code with their numbers: no comments, and nothing behind the beginning of its unit tests.
fn code(content: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(content.lines())
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

// --- every rule can complain -----------------------------------------------------------------------------------------

mod the_rules_complain {
    use serde_json::json;

    use super::*;

    fn about(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        let names = [ROOT, CORE, ENGINE, SIM].into_iter().chain(PLUGIN_CRATES);
        let package = |name: &str| {
            let dependency = json!({"name": to, "kind": kind, "optional": false});
            let dependencies = if name == from { vec![dependency] } else { Vec::new() };
            json!({"name": name, "dependencies": dependencies, "features": {}})
        };
        edges(&json!({"packages": names.map(package).collect::<Vec<_>>()}))
    }

    #[test]
    fn about_every_forbidden_edge() {
        for kind in [None, Some("dev"), Some("build")] {
            for (from, to) in [
                (CORE, ENGINE),
                (CORE, SIM),
                (ENGINE, "rally-runners"),
                (ENGINE, "rally-plugins"),
                (ENGINE, "rally-openstack"),
                (ENGINE, SIM),
                ("rally-runners", ENGINE),
                ("rally-runners", ROOT),
                ("rally-plugins", "rally-runners"),
                ("rally-openstack", "rally-plugins"),
                ("rally-openstack", ENGINE),
                (SIM, CORE),
            ] {
                let complaints = about(from, to, kind);
                assert_eq!(complaints.len(), 1, "{from} -> {to} {kind:?}: {complaints:?}");
                assert!(complaints[0].contains(from) && complaints[0].contains(to), "{}", complaints[0]);
            }
        }
        assert_eq!(about("rally-openstack", SIM, None).len(), 1);
    }

    #[test]
    fn about_no_edge_that_is_meant() {
        for (from, to, kind) in [
            (ENGINE, CORE, None),
            ("rally-plugins", CORE, Some("dev")),
            (CORE, CORE, Some("dev")),
            ("rally-openstack", SIM, Some("dev")),
            (ROOT, SIM, None),
            (CORE, "serde", None),
        ] {
            assert!(about(from, to, kind).is_empty(), "{from} -> {to}");
        }
    }

    #[test]
    fn about_the_crates_of_a_program() {
        let package = |name: &str, to: &str, optional: bool, features: Value| {
            let dependency = json!({"name": to, "kind": null, "optional": optional});
            json!({"packages": [{"name": name, "dependencies": [dependency], "features": features}]})
        };
        let none = json!({});
        assert_eq!(programs_crates(&package(ENGINE, "clap", true, none.clone())).len(), 1);
        assert_eq!(programs_crates(&package(SIM, "tracing-subscriber", false, none.clone())).len(), 1);
        assert_eq!(programs_crates(&package(ROOT, "indicatif", false, none)).len(), 1);
        let by_mistake = json!({"cli": ["dep:clap"], "sim": ["dep:clap"]});
        assert_eq!(programs_crates(&package(ROOT, "clap", true, by_mistake)).len(), 1);
        assert!(programs_crates(&package(ROOT, "clap", true, json!({"cli": ["dep:clap"]}))).is_empty());
        assert_eq!(
            embedders_tree("openstack-rally v0.1.0 (…)\nclap v4.6.0\nclap v4.6.0 (*)\nserde v1.0\n").len(),
            1
        );
        assert_eq!(embedders_tree("axum v0.8.9\nrally-sim v0.1.0\n").len(), 2);
    }

    #[test]
    fn about_words_of_openstack() {
        let bad = "fn boot() {\n    call(\"Nova.boot\");\n}\n";
        assert_eq!(openstack_words("rally-core/src/load.rs", bad).len(), 1);
        for elsewhere in ["rally-openstack/src/lib.rs", "rally-core/src/snapshots/table.snap"] {
            assert!(openstack_words(elsewhere, bad).is_empty());
        }
        let good = "/// As in `nova.server`.\nfn f() {}\n#[cfg(test)]\nmod tests {\n    const N: &str = \"nova\";\n}\n";
        assert!(openstack_words("rally-core/src/load.rs", good).is_empty());
    }

    #[test]
    fn about_manners() {
        for line in [
            "println!(\"x\");",
            "eprint!(\"x\");",
            "let a = std::env::args();",
            "tokio::signal::ctrl_c().await;",
            "provider.install_default();",
            "std::process::exit(1);",
        ] {
            assert_eq!(library_manners("rally-engine/src/plan/mod.rs", line).len(), 1, "{line}");
            assert_eq!(library_manners("src/workload.rs", line).len(), 1, "{line}");
            for program in ["src/main.rs", "src/cli/console.rs", "rally-sim/src/main.rs", "examples/a.rs"] {
                assert!(library_manners(program, line).is_empty(), "{program}: {line}");
            }
            assert!(library_manners("src/lib.rs", &format!("    //! {line}")).is_empty());
        }
    }

    #[test]
    fn about_files() {
        let lines = |count: usize| "x\n".repeat(count);
        assert_eq!(house_rules("a.rs", &lines(MOST_LINES + 1)).len(), 1);
        assert!(house_rules("a.rs", &lines(MOST_LINES)).is_empty());
        assert!(house_rules("table.json", &lines(MOST_LINES + 1)).is_empty());
        for attribute in ["#", "#!"] {
            let silenced = format!("    {attribute}[{}clippy::x)]", "allow(");
            assert_eq!(house_rules("a.rs", &silenced).len(), 1);
        }
        assert!(house_rules("a.rs", "#[expect(clippy::x, reason = \"y\")]").is_empty());
        for folder in ["work", "root"] {
            assert_eq!(house_rules("README.md", &format!("see /{folder}/me/x")).len(), 1);
            assert!(house_rules("README.md", &format!("see https://example.org/{folder}/me")).is_empty());
            assert!(house_rules("README.md", &format!("case /{folder}) in")).is_empty());
        }
        assert_eq!(house_rules("a.rs", &format!("open(\"{}/x\")", root().display())).len(), 1);
    }
}
