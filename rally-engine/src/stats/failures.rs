//! Failures by cause: messages that differ in ids and numbers alone are one cause.

use std::collections::HashMap;

use rally_core::Failure;
use rally_core::report::FailureGroup;

/// How many causes are told apart; more than a person reads.
const CAUSES: usize = 100;
/// How many whole failures are kept of each.
const EXAMPLES: usize = 3;

/// Groups failures as they come.
#[derive(Debug, Default)]
pub struct Failures {
    groups: HashMap<(String, String), FailureGroup>,
}

impl Failures {
    /// One more failure, of this iteration.
    pub fn push(&mut self, iteration: u64, failure: &Failure) {
        let mut key = (failure.kind.clone(), cause(&failure.to_string()));
        if self.groups.len() >= CAUSES && !self.groups.contains_key(&key) {
            key = ("Other".into(), format!("other causes than the {CAUSES} above"));
        }
        let group = self.groups.entry(key).or_insert_with_key(|(kind, cause)| FailureGroup::new(kind, cause));
        group.count += 1;
        if group.examples.len() < EXAMPLES {
            group.examples.push((iteration, failure.clone()));
        }
    }

    /// The groups, most frequent first.
    pub fn finish(self) -> Vec<FailureGroup> {
        let mut groups: Vec<FailureGroup> = self.groups.into_values().collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.cause.cmp(&b.cause)));
        groups
    }
}

/// The message with everything replaced that names one case: ids, generated names, numbers.
///
/// Numbers of three digits stay: they are statuses, which tell causes apart.
fn cause(message: &str) -> String {
    message
        .split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .map(mask)
        .collect()
}

fn mask(piece: &str) -> String {
    let word = piece.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let id = word.starts_with("req-")
        || word.contains("_rally_")
        || (hex && word.len() >= 8 && digits > 0)
        || (digits == word.len() && digits != 3);
    if id && !word.is_empty() { format!("…{}", &piece[word.len()..]) } else { piece.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_differ_in_ids_alone_are_one_cause() {
        let mut failures = Failures::default();
        for (n, id) in ["9b9e6d3a-6b8e-4f5e-8f0f-111111111111", "1c2d6d3a-6b8e-4f5e-8f0f-222222222222"]
            .iter()
            .enumerate()
        {
            let message = format!(
                "nova POST /servers answered 500: server {id} s_rally_12345678_abc{n} is lost [req-{id}]"
            );
            failures.push(n as u64 + 1, &Failure::new("ApiError", message));
        }
        failures.push(3, &Failure::new("ApiError", "nova POST /servers answered 403: quota exceeded"));
        let groups = failures.finish();
        assert_eq!(groups.len(), 2);
        assert_eq!((groups[0].count, groups[0].examples.len()), (2, 2));
        assert_eq!(groups[0].cause, "nova POST /servers answered 500: server … … is lost […]");
        assert!(groups[1].cause.contains("403"));
    }

    #[test]
    fn the_number_of_causes_is_bounded_and_no_failure_is_lost() {
        let mut failures = Failures::default();
        for n in 0..500_u32 {
            let letters: String =
                n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'g')).collect();
            failures.push(1, &Failure::new("E", format!("cause {letters}")));
        }
        let groups = failures.finish();
        assert_eq!(groups.len(), CAUSES + 1);
        assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), 500);
    }
}
