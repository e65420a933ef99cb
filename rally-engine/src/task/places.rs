//! Which line of a text a path leads to.

use std::fmt;
use std::sync::Arc;

use rally_core::Problem;

use super::words::key;

/// The lines of a text; of what no text says, none. Two tasks are equal whatever their lines.
#[derive(Clone, Default)]
pub(crate) struct Lines(Option<Arc<Place>>);

impl Lines {
    pub(crate) fn new(place: Place) -> Self {
        Self(Some(Arc::new(place)))
    }

    /// The line of this path.
    pub(crate) fn of(&self, path: &str) -> Option<u32> {
        self.0.as_ref().filter(|_| !path.is_empty()).map(|place| place.line_of(path))
    }

    /// Says of each problem that has a path in which line it is.
    pub(crate) fn add_to(&self, problems: &mut [Problem]) {
        for problem in problems.iter_mut().filter(|problem| problem.line.is_none()) {
            problem.line = self.of(&problem.at);
        }
    }
}

impl PartialEq for Lines {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Lines" } else { "NoLines" })
    }
}

/// A value of a text with the line of its key, and the values below it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) below: Below,
}

#[derive(Clone, Debug)]
pub(crate) enum Below {
    Nothing,
    List(Vec<Place>),
    Mapping(Vec<(String, Place)>),
}

impl Place {
    /// The line of this path, or of the last step towards it that is there.
    pub(crate) fn line_of(&self, path: &str) -> u32 {
        let (mut rest, mut here) = (path, self);
        loop {
            let next = match &here.below {
                Below::Nothing => None,
                Below::List(items) => element(rest, items),
                // Names may hold dots, so two keys may lead to one path: the longer one is meant.
                Below::Mapping(entries) => entries
                    .iter()
                    .filter_map(|(name, place)| Some((after_key(rest, name)?, place)))
                    .min_by_key(|(rest, _)| rest.len()),
            };
            let Some(step) = next else { return here.line };
            (rest, here) = step;
        }
    }
}

fn element<'a, 'p>(rest: &'a str, items: &'p [Place]) -> Option<(&'a str, &'p Place)> {
    let (number, rest) = rest.strip_prefix('[')?.split_once(']')?;
    Some((rest, items.get(number.parse::<usize>().ok()?)?))
}

/// What is left of a path after this key.
fn after_key<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let plain = rest.strip_prefix('.').unwrap_or(rest).strip_prefix(name).filter(|_| !name.is_empty());
    let bracketed = || rest.starts_with("[\"").then(|| rest.strip_prefix(key("", name).as_str())).flatten();
    plain.or_else(bracketed).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::yaml;

    #[test]
    fn a_path_leads_to_its_line_or_to_the_nearest_above() {
        let text =
            "a:\n  - b: 1\n    Dummy.dummy:\n      x y: 2\n  - c: 3\nDummy: {dummy: 4}\nDummy.dummy: 5\n";
        let place = yaml::read(text).unwrap().place;
        for (path, line) in [
            ("a", 1),
            ("a[0].b", 2),
            ("a[0].Dummy.dummy[\"x y\"]", 4),
            ("a[0].Dummy.dummy.z", 3),
            ("a[1].c", 5),
            ("a[7]", 1),
            ("Dummy.dummy", 7),
            ("Dummy.dumm", 6),
            ("nowhere", 1),
        ] {
            assert_eq!(place.line_of(path), line, "{path}");
        }
    }
}
