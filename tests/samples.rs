//! The task files of Rally's authors: those whose plugins we have are accepted, and for the others exactly the plugins
//! that we lack are named.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rally::{Args, Kind, MissingPlugin, Plan, Problem, ProblemKind, Registry, Task};
use serde_json::Value;

/// The kinds of plugin, and what the index of the samples calls them.
const KINDS: [(Kind, &str); 5] = [
    (Kind::Scenario, "scenarios"),
    (Kind::Context, "contexts"),
    (Kind::Runner, "runners"),
    (Kind::Sla, "sla"),
    (Kind::Hook, "hooks"),
];

type Names = BTreeSet<(Kind, String)>;

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn index() -> Option<(PathBuf, Vec<Value>)> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/samples");
    let Ok(index) = std::fs::read_to_string(samples.join("index.json")) else {
        eprintln!("skipped: there are no sample files beside the project");
        return None;
    };
    Some((samples, serde_json::from_str(&index).unwrap()))
}

/// The plugins that the index names and we lack.
fn lacking(entry: &Value, registry: &Registry) -> Names {
    let mut lacking = Names::new();
    for (kind, key) in KINDS {
        let names = entry[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        lacking.extend(
            names.filter(|name| registry.find(kind, name).is_err()).map(|name| (kind, name.to_owned())),
        );
    }
    lacking
}

/// The plugins that the problems name, and the problems that are about something else.
fn named(problems: &[Problem]) -> (Names, Vec<&Problem>) {
    let plugin = |problem: &Problem| {
        let MissingPlugin { kind, name, .. } = problem.plugin.clone()?;
        Some((kind, name))
    };
    let names = problems.iter().filter_map(plugin).collect();
    let others = problems.iter().filter(|p| p.plugin.is_none() || p.kind != ProblemKind::UnknownPlugin);
    (names, others.collect())
}

#[test]
fn every_sample_is_accepted_or_exactly_the_plugins_that_we_lack_are_named() {
    let Some((samples, index)) = index() else { return };
    let registry = Registry::linked().unwrap();
    let mut accepted = 0;
    for entry in &index {
        let file = samples.join(entry["file"].as_str().unwrap());
        let text = std::fs::read_to_string(&file).unwrap();
        let task = Task::load(&text, file.parent(), &Args::new())
            .unwrap_or_else(|problems| panic!("{}: {problems:#?}", file.display()));
        let problems = Plan::build(&task, &registry).err().unwrap_or_default();
        let (names, others) = named(&problems);
        assert_eq!(names, lacking(entry, &registry), "{}", file.display());
        assert!(others.is_empty(), "{}: {others:#?}", file.display());
        accepted += usize::from(problems.is_empty());
    }
    assert!(index.len() >= 55 && accepted >= 6, "of {} files {accepted} were accepted", index.len());
}

#[test]
fn a_plugin_that_is_not_there_is_named_by_kind_and_name() {
    let text = "
        version: 2
        title: Unknown
        subtasks:
          - title: all kinds
            scenario: {Nobody.knows: {}}
            contexts: {nothing@nowhere: {}}
            runner: {walker: {}}
            sla: {max_patience: 1}
            hooks: [{action: {phone_home: {}}, trigger: {full_moon: {}}}]
    ";
    let problems = Plan::build(&Task::parse(text).unwrap(), &Registry::linked().unwrap()).unwrap_err();
    let (names, others) = named(&problems);
    let expected = [
        (Kind::Scenario, "Nobody.knows"),
        (Kind::Context, "nothing@nowhere"),
        (Kind::Runner, "walker"),
        (Kind::Sla, "max_patience"),
        (Kind::Trigger, "full_moon"),
        (Kind::Hook, "phone_home"),
    ];
    assert_eq!(names, expected.map(|(kind, name)| (kind, name.to_owned())).into());
    assert!(others.is_empty(), "{others:?}");
}
