//! What holds for every input, whatever is fed in: `tests/any_input.rs` tries it with made-up texts, the targets beside
//! this file let libFuzzer look for a text that breaks it. Nothing panics, runs on, or eats memory.

use rally::{Args, Plan, Problem, Registry, Task};
use rally_engine::task::yaml;
use rally_engine::template::render;

/// The longest text that a template may make.
const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Arguments of a command line and of a file.
pub(crate) fn args(text: &str) {
    for read in [Args::parse(text), Args::file(text)] {
        match read {
            Ok(args) => {
                let lines: Vec<String> = args.iter().map(|(name, _)| format!("{{{{ {name} }}}}\n")).collect();
                let template = lines.concat();
                check(&render(&template, None, &args).err().unwrap_or_default(), &template);
            }
            Err(problems) => check(&problems, text),
        }
    }
}

/// A template, with arguments and without.
pub(crate) fn template(text: &str) {
    let args = Args::parse("{times: 3, name: 'a b', images: [x, null], users: {tenants: 2}, nothing: null}");
    for args in [Args::new(), args.unwrap_or_default()] {
        match render(text, None, &args) {
            Ok(rendered) => {
                assert!(rendered.text.len() <= MAX_BYTES, "{} bytes", rendered.text.len());
                plan(&rendered.text, &Registry::new());
            }
            Err(problems) => check(&problems, text),
        }
    }
}

/// A text in YAML or JSON: what is read of it is written as JSON and read as the same.
pub(crate) fn text(text: &str) {
    match yaml::from_str(text) {
        Ok(value) => assert_eq!(yaml::from_str(&value.to_string()).ok(), Some(value)),
        Err(problems) => check(&problems, text),
    }
}

/// A task: what is read of it is written in format 2 and read as the same.
pub(crate) fn task(text: &str) {
    match Task::parse(text) {
        Ok(task) => {
            let written = task.to_v2();
            let again = Task::parse(&written.to_string());
            // Format 1 has no bounds for the names that become titles.
            let long = task.subtasks.iter().any(|subtask| subtask.title.chars().count() > 128);
            assert!(long || again.is_ok_and(|again| again.to_v2() == written), "{written}");
        }
        Err(problems) => check(&problems, text),
    }
}

/// A plan: each of its workloads is a task again.
pub(crate) fn plan(text: &str, registry: &Registry) {
    match Plan::parse(text, registry) {
        Ok((_, plan)) => {
            for workload in &plan.workloads {
                let alone = plan.workload_v2(workload).to_string();
                assert!(Task::parse(&alone).is_ok(), "{alone}");
            }
        }
        Err(problems) => check(&problems, text),
    }
}

/// Problems say something, and their lines are lines of the text.
fn check(problems: &[Problem], text: &str) {
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
    for problem in problems {
        assert!(!problem.what.is_empty() && !problem.to_string().is_empty(), "{problem:?}");
        let line = problem.line.unwrap_or_default();
        assert!(usize::try_from(line).is_ok_and(|line| line <= lines), "{problem} of {lines} lines");
    }
}
