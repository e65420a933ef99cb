//! Every way to end has a number, and the numbers never change: scripts depend on them.
//!
//! The list of [`ALL`] codes is also in `docs/exit-codes.md`.

use rally_core::{Problem, ProblemKind, Report};

/// Makes a constant of each line, and one list of all of them, so that no code can be missing from the list.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: u8 = $code;)+

        /// Every code, the name of its constant and what it means.
        pub const ALL: &[(u8, &str, &str)] = &[$(($code, stringify!($name), concat!($($doc),+))),+];
    };
}

codes! {
    /// All went well: the run passed and nothing is left, or the task is valid.
    OK = 0;
    /// An error that has no code of its own, such as a report that cannot be written.
    ERROR = 1;
    /// The run ended and did not pass: an SLA failed, or a workload could not run to its end.
    SLA = 2;
    /// The environment is not ready: no cloud is named, it does not answer, refuses the login or lacks a service.
    NOT_READY = 3;
    /// Something that the run created may still be in the cloud; the report says what.
    LEFT_BEHIND = 4;
    /// The command line is wrong.
    USAGE = 64;
    /// The text can be read, but is not a task.
    TASK_SHAPE = 113;
    /// The task is not valid: an argument is not what its plugin takes, or names what the cloud does not have.
    TASK_INVALID = 114;
    /// The task cannot be read: its file is not there, is no text, or is neither YAML nor JSON; or its
    /// template lacks an argument or cannot be rendered.
    TASK_FILE = 117;
    /// What is named by an id or a name is not in the store.
    NOT_FOUND = 203;
    /// There is no plugin of this name.
    UNKNOWN_PLUGIN = 211;
    /// Several plugins have such a name; they are listed.
    AMBIGUOUS = 213;
    /// A file of results cannot be used.
    BAD_RESULTS = 225;
    /// The environment is in a state that does not allow this.
    ENVIRONMENT_STATE = 232;
    /// Ended by Ctrl-C (SIGINT).
    INTERRUPTED = 130;
    /// Ended by SIGTERM.
    TERMINATED = 143;
}

/// The code for a task with these problems. Of several kinds the one that is found first decides: what cannot be read
/// has no shape, what has no shape names no plugin, and what is not there takes no argument.
pub fn of_problems(problems: &[Problem]) -> u8 {
    match problems.iter().map(|problem| problem.kind).min() {
        Some(ProblemKind::Text) => TASK_FILE,
        Some(ProblemKind::Shape) => TASK_SHAPE,
        Some(ProblemKind::UnknownPlugin) => UNKNOWN_PLUGIN,
        _ => TASK_INVALID,
    }
}

/// The code for a run that came to its end by itself. What is left in the cloud decides before an SLA does: it costs
/// money until somebody acts, and the SLA can be read in the report.
pub fn of_report(report: &Report) -> u8 {
    match (report.is_clean(), report.passed()) {
        (false, _) => LEFT_BEHIND,
        (true, false) => SLA,
        (true, true) => OK,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use std::fmt::Write;

    use super::*;

    #[test]
    fn the_numbers_do_not_change() {
        let numbers: Vec<u8> = ALL.iter().map(|(code, ..)| *code).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 64, 113, 114, 117, 203, 211, 213, 225, 232, 130, 143]);
    }

    #[test]
    fn the_kind_that_is_found_first_decides() {
        let of = |kinds: &[ProblemKind]| {
            of_problems(&kinds.iter().map(|kind| Problem::new(*kind, "", "")).collect::<Vec<_>>())
        };
        assert_eq!(of(&[ProblemKind::Argument, ProblemKind::UnknownPlugin]), UNKNOWN_PLUGIN);
        assert_eq!(of(&[ProblemKind::UnknownPlugin, ProblemKind::Shape]), TASK_SHAPE);
        assert_eq!(of(&[ProblemKind::Resource, ProblemKind::Argument]), TASK_INVALID);
        assert_eq!(of(&[ProblemKind::Text]), TASK_FILE);
    }

    /// Write the table anew with `RALLY_BLESS=1`.
    #[test]
    fn the_documentation_lists_every_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exit-codes.md");
        let text = std::fs::read_to_string(path).unwrap();
        let mut table = String::from("| code | constant | meaning |\n| --: | --- | --- |\n");
        for (code, name, meaning) in ALL {
            writeln!(table, "| {code} | `{name}` | {} |", meaning.trim()).unwrap();
        }
        let (before, rest) = text.split_once("<!-- codes -->\n").unwrap();
        let (found, after) = rest.split_once("<!-- end -->").unwrap();
        if std::env::var_os("RALLY_BLESS").is_some() {
            std::fs::write(path, format!("{before}<!-- codes -->\n{table}<!-- end -->{after}")).unwrap();
            return;
        }
        assert_eq!(found, table, "docs/exit-codes.md is not up to date: run this test with RALLY_BLESS=1");
    }
}
