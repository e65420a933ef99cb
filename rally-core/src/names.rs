//! Random resource names that say whose they are, so that what a run leaves can be found again.

use rand::Rng;
use rand::distr::Alphanumeric;
use regex::Regex;
use uuid::Uuid;

/// How many characters the two parts of a name have.
const PART: usize = 8;

/// Makes the names of one workload's resources: `s_rally_3f2a9c01_Xb7KqP2m`.
///
/// The first part is the start of the workload's id, the second is random. Scenarios use the prefix `s_rally_`,
/// contexts `c_rally_`.
#[derive(Clone, Debug)]
pub struct Names {
    owner: String,
}

impl Names {
    /// The names of the workload with this id.
    pub fn new(owner: Uuid) -> Self {
        Self { owner: owner.simple().to_string()[..PART].to_owned() }
    }

    /// A new name for something that a scenario creates.
    pub fn scenario(&self) -> String {
        self.random("s_rally")
    }

    /// A new name for something that a context creates.
    pub fn context(&self) -> String {
        self.random("c_rally")
    }

    /// Whether a scenario or context of this workload made this name; a suffix (`_0`, `-2`) is allowed.
    pub fn matches(&self, name: &str) -> bool {
        name.strip_prefix("s_rally_")
            .or_else(|| name.strip_prefix("c_rally_"))
            .and_then(|rest| rest.strip_prefix(&self.owner))
            .and_then(|rest| rest.strip_prefix('_'))
            .is_some_and(|random| {
                random.len() >= PART && random.bytes().take(PART).all(|b| b.is_ascii_alphanumeric())
            })
    }

    /// The pattern that [`matches`](Self::matches) looks for, to be shown to a person or given to a server.
    pub fn pattern(&self) -> String {
        format!("^[sc]_rally_{}_[A-Za-z0-9]{{{PART}}}", self.owner)
    }

    /// Whether a name looks as if any workload of any run had made it.
    pub fn any(name: &str) -> bool {
        static PATTERN: std::sync::LazyLock<Option<Regex>> =
            std::sync::LazyLock::new(|| Regex::new("^[sc]_rally_[A-Za-z0-9]{8}_[A-Za-z0-9]{8}").ok());
        PATTERN.as_ref().is_some_and(|pattern| pattern.is_match(name))
    }

    /// Whether a name looks as if a context had made it, of any workload of any run.
    pub fn of_context(name: &str) -> bool {
        name.starts_with("c_rally_") && Self::any(name)
    }

    fn random(&self, prefix: &str) -> String {
        let random: String = rand::rng().sample_iter(Alphanumeric).take(PART).map(char::from).collect();
        format!("{prefix}_{}_{random}", self.owner)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_again_with_suffixes_and_only_by_their_owner() {
        let (ours, theirs) = (Names::new(Uuid::new_v4()), Names::new(Uuid::new_v4()));
        for name in [ours.scenario(), ours.context(), format!("{}_0", ours.scenario())] {
            assert!(ours.matches(&name), "{name}");
            assert!(Names::any(&name), "{name}");
            assert!(Regex::new(&ours.pattern()).unwrap().is_match(&name));
            assert!(!theirs.matches(&name), "{name}");
        }
        for stranger in ["s_rally_", "web-1", "s_rally_12345678_short", "xs_rally_12345678_abcdefgh"] {
            assert!(!ours.matches(stranger), "{stranger}");
            assert!(!Names::any(stranger), "{stranger}");
        }
    }
}
