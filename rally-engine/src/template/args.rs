//! What a task's template is given.

use rally_core::{Problem, ProblemKind};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::task::words::described;
use crate::task::yaml;

/// The arguments of a task's template: names with values.
///
/// ```
/// use rally_engine::template::Args;
///
/// let file = Args::file("times: 3\nimages: [cirros]")?;
/// let line = Args::parse("{'times': 5, 'verbose': True, 'limit': None}")?;
/// let args = file.overridden_by(line);
/// assert_eq!(args.get("times").unwrap(), 5);
/// assert_eq!(args.get("limit").unwrap(), &serde_json::Value::Null);
/// assert_eq!(Args::parse("times=5,name=a b")?.get("times").unwrap(), "5");
/// # Ok::<_, Vec<rally_core::Problem>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Args(Map<String, Value>);

impl Args {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more argument, or another value for it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The arguments of a command line: a mapping in JSON or YAML, one as Python writes it (`{'a': True, 'b': None}`),
    /// or `name=value,name=value`, whose values are texts. An empty text gives no arguments.
    ///
    /// A [`Problem`] of the kind [`Text`](ProblemKind::Text) for anything else.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let read = yaml::read_pythonic(text);
        match read {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(Value::Null) if text.trim() != "null" => Ok(Self::new()),
            Ok(Value::String(_)) if text.contains('=') => pairs(text),
            Ok(other) => Err(vec![no_mapping(&other, "the arguments are")]),
            // `a=1,b=[` is no YAML, but may be pairs.
            Err(problems) if looks_like_pairs(text) => pairs(text).map_err(|_| problems),
            Err(problems) => Err(problems),
        }
    }

    /// The arguments of a file: a mapping in YAML or JSON. An empty file gives no arguments.
    ///
    /// [`Problem`]s of the kind [`Text`](ProblemKind::Text) for anything else.
    pub fn file(text: &str) -> Result<Self, Vec<Problem>> {
        match yaml::read_pythonic(text)? {
            Value::Object(map) => Ok(Self(map)),
            Value::Null => Ok(Self::new()),
            other => Err(vec![no_mapping(&other, "a file of arguments is")]),
        }
    }

    /// These arguments, where those of `stronger` take the place of equal names. Mappings within are not merged.
    #[must_use]
    pub fn overridden_by(mut self, stronger: Self) -> Self {
        self.0.extend(stronger.0);
        self
    }

    /// The value of an argument.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All arguments, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Map<String, Value>> for Args {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

fn no_mapping(found: &Value, whose: &str) -> Problem {
    let what = format!("{whose} a mapping from names to values, not {}", described(found));
    Problem::new(ProblemKind::Text, "", what).hint("write `{name: value, …}` or `name=value,…`")
}

fn looks_like_pairs(text: &str) -> bool {
    let name = text.split('=').next().unwrap_or_default().trim();
    text.contains('=') && !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// `name=value,name=value`.
fn pairs(text: &str) -> Result<Args, Vec<Problem>> {
    let mut args = Map::new();
    let mut problems = Vec::new();
    for pair in text.split(',') {
        match pair.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                args.insert(name.trim().to_owned(), value.trim().into());
            }
            _ => {
                let what = format!("`{}` is no `name=value`", pair.trim());
                let hint = "a value with commas needs `{name: \"a,b\"}`";
                problems.push(Problem::new(ProblemKind::Text, "", what).hint(hint));
            }
        }
    }
    if problems.is_empty() { Ok(Args(args)) } else { Err(problems) }
}
