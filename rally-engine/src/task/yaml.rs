//! Text becomes JSON here and nowhere else, with the habits of YAML 1.1 that task files rely on.
//!
//! `yes`, `no`, `on` and `off` are booleans and `012` is octal, as in YAML 1.1; JSON is a subset. A key that stands
//! twice in one mapping is refused. Bombs of aliases, deep nests and very long texts are refused as well: a task may
//! come from somebody else.

use std::collections::HashMap;
use std::fmt;

use rally_core::{Problem, ProblemKind};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Location, MessageFormatter, Options, Spanned, UserMessageFormatter};

use super::habits;
use super::places::{Below, Place};
use super::words::line_shown;
use crate::problems::MOST;

/// The longest text that is read.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// The deepest nest. Real tasks stay below 20, and a level takes 35 kB of stack in a debug build.
const MAX_DEPTH: usize = 32;
/// How many values there may be once aliases are written out.
const MAX_NODES: usize = 250_000;
/// The longest key of a mapping. Keys are names, and stand in the path of every problem below them.
const MAX_KEY: usize = 1_000;
/// How many warnings are given; whoever has not understood by then will not.
const MAX_WARNINGS: usize = 100;

/// A text that has been read.
pub(crate) struct Document {
    pub(crate) value: Value,
    pub(crate) place: Place,
    /// What is allowed and may surprise.
    pub(crate) warnings: Vec<Problem>,
}

/// The value that a YAML or JSON text states; nothing at all is null.
///
/// All duplicate keys, or the one place from which the text cannot be read on; each [`Problem`] names the line and
/// the column.
pub fn from_str(text: &str) -> Result<Value, Vec<Problem>> {
    read(text).map(|document| document.value)
}

/// The value, its lines, and warnings.
pub(crate) fn read(text: &str) -> Result<Document, Vec<Problem>> {
    read_with(text, false)
}

/// The same for what people type as if it were Python: a plain `None` is null.
pub(crate) fn read_pythonic(text: &str) -> Result<Value, Vec<Problem>> {
    read_with(text, true).map(|document| document.value)
}

fn read_with(text: &str, pythonic: bool) -> Result<Document, Vec<Problem>> {
    let nothing = || Document {
        value: Value::Null,
        place: Place { line: 1, below: Below::Nothing },
        warnings: Vec::new(),
    };
    if text.len() > MAX_BYTES {
        let megabytes = text.len().div_ceil(1024 * 1024);
        return Err(vec![problem("", format!("the text has {megabytes} MB, and at most 10 MB are read"))]);
    }
    match serde_saphyr::from_str_with_options::<Option<Spanned<Node>>>(text, options()) {
        Ok(None) => Ok(nothing()),
        Ok(Some(node)) => {
            let mut writer = Writer { text, pythonic, problems: Vec::new(), warnings: Vec::new() };
            let (value, place) = writer.json(node);
            let Writer { problems, warnings, .. } = writer;
            if problems.is_empty() { Ok(Document { value, place, warnings }) } else { Err(problems) }
        }
        Err(Error::Eof { .. }) if text.trim().is_empty() => Ok(nothing()),
        Err(error) => {
            let template = ["{{", "{%"].iter().any(|mark| text.contains(mark));
            let hint = template.then(|| "is it a template that has not been rendered?".to_owned());
            Err(vec![in_words(text, &error).maybe_hint(hint)])
        }
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
        // Seen by `to_json`, which can name both lines.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        legacy_octal_numbers: true,
        null_as_string: true,
        with_snippet: false,
    }
}

/// A value that still knows its keys' places.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Mapping(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        Node::deserialize(from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut mapping = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            mapping.push(entry);
        }
        Ok(Node::Mapping(mapping))
    }
}

/// Makes JSON of what was read.
struct Writer<'a> {
    text: &'a str,
    pythonic: bool,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Writer<'_> {
    fn json(&mut self, node: Spanned<Node>) -> (Value, Place) {
        let line = line_of(node.referenced);
        match node.value {
            Node::Scalar(value) => (self.scalar(value, node.defined), Place { line, below: Below::Nothing }),
            Node::List(items) => {
                let (values, places) = items.into_iter().map(|item| self.json(item)).unzip();
                (Value::Array(values), Place { line, below: Below::List(places) })
            }
            Node::Mapping(entries) => {
                let mut first_places: HashMap<String, Location> = HashMap::new();
                let mut map = Map::new();
                let mut places = Vec::new();
                for (key, value) in entries {
                    if key.value.len() > MAX_KEY && self.problems.len() < MOST {
                        let length = key.value.chars().count();
                        let what = format!(
                            "a key has at most {MAX_KEY} bytes, and this one has {length} characters"
                        );
                        self.problems.push(problem(place(key.defined), what));
                    }
                    let (value, place) = self.json(value);
                    if let Some(first) = first_places.get(&key.value) {
                        if self.problems.len() < MOST {
                            self.problems.push(duplicate(&key, *first));
                        }
                    } else {
                        let line = line_of(key.referenced);
                        places.push((key.value.clone(), Place { line, ..place }));
                        first_places.insert(key.value.clone(), key.defined);
                        map.insert(key.value, value);
                    }
                }
                (Value::Object(map), Place { line, below: Below::Mapping(places) })
            }
        }
    }

    fn scalar(&mut self, value: Value, place: Location) -> Value {
        let source = source(self.text, place);
        match value {
            Value::Bool(_) if is_letter(source) => source.into(),
            Value::String(_) if self.pythonic && source == "None" => Value::Null,
            value => {
                if self.warnings.len() < MAX_WARNINGS
                    && let Some(warning) = habits::warning(source, &value)
                {
                    let warning = warning.line(line_of(place));
                    // An alias shows its anchor's word again.
                    if !self.warnings.contains(&warning) {
                        self.warnings.push(warning);
                    }
                }
                value
            }
        }
    }
}

fn line_of(place: Location) -> u32 {
    u32::try_from(place.line()).unwrap_or(u32::MAX)
}

/// `y` and `n` are letters in every YAML library that people have used; only the specification takes them for
/// booleans.
fn is_letter(source: &str) -> bool {
    matches!(source, "y" | "Y" | "n" | "N")
}

fn source(text: &str, place: Location) -> &str {
    let span = place.span();
    let range = span.byte_offset().zip(span.byte_len()).and_then(|(start, length)| {
        let start = usize::try_from(start).ok()?;
        Some(start..start + usize::try_from(length).ok()?)
    });
    range.and_then(|range| text.get(range)).unwrap_or_default().trim()
}

fn problem(at: impl Into<String>, what: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Text, at, what)
}

fn duplicate(key: &Spanned<String>, first: Location) -> Problem {
    let (name, line) = (&key.value, first.line());
    problem(
        place(key.defined),
        format!("the key `{name}` is there a second time; the first one is in line {line}"),
    )
}

fn place(location: Location) -> String {
    format!("line {}, column {}", location.line(), location.column())
}

/// An error of the YAML library as one sentence, with the line it is about.
fn in_words(text: &str, error: &Error) -> Problem {
    let error = error.without_snippet();
    if let Error::AliasError { error, .. } = error {
        return in_words(text, error);
    }
    if let Some(problem) = json_in_words(text) {
        return problem;
    }
    let at = error.location().map(place).unwrap_or_default();
    let line = error.location().map_or(0, line_of);
    let what = match error {
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            return problem(at, format!("more than {MAX_DEPTH} levels of nesting are not read"));
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            return problem(at, "the text holds too many values, or aliases that would write out too many");
        }
        Error::MultipleDocuments { .. } => {
            return problem(at, "a second document begins here (`---`), and a task is one document");
        }
        Error::NonFiniteFloat { value, .. } => {
            return problem(at, format!("`{value}` is no finite number; write an ordinary one"));
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "this alias (`*…`) stands inside of what it refers to".into()
        }
        Error::UnknownAnchor { .. } => "this alias (`*…`) has no anchor (`&…`) before it".into(),
        Error::Eof { .. } => "the text ends too early".into(),
        other => UserMessageFormatter.format_message(other).into_owned(),
    };
    problem(at, format!("this is not YAML: {what}{}", line_shown(text, line)))
}

/// What is wrong with a text that looks like JSON, where JSON's parser can tell: YAML's words about JSON are odd, but
/// unquoted keys and trailing commas are YAML, and no mistake.
fn json_in_words(text: &str) -> Option<Problem> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    if !error.is_eof() && !message.starts_with("expected `") {
        return None;
    }
    // At the very end there is no column yet; the last line that says something is of more use.
    let (line, column) = match (error.line(), error.column()) {
        (_, 0) => text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .last()
            .map_or((1, 1), |(line, text)| (line + 1, text.chars().count())),
        place => place,
    };
    let message = message.replace("EOF while parsing", "the text ends within");
    let what =
        format!("this is not JSON: {message}{}", line_shown(text, u32::try_from(line).unwrap_or(u32::MAX)));
    Some(problem(format!("line {line}, column {column}"), what))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::*;

    fn nest(levels: usize) -> String {
        let lines: Vec<String> = (0..levels).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        lines.concat()
    }

    fn first(text: &str) -> String {
        from_str(text).unwrap_err()[0].to_string()
    }

    #[test]
    fn the_habits_of_yaml_1_1_hold_and_keys_keep_their_order() {
        let text =
            "z: yes\ny: 'yes'\nx: Off\nw: y\nv: 012\nu: 1_000\nt: 1:30\ns: ~\nr: 2026-01-01\non: .5\n1: null";
        let value = from_str(text).unwrap();
        let expected = json!({
            "z": true, "y": "yes", "x": false, "w": "y", "v": 10, "u": 1000, "t": "1:30", "s": null,
            "r": "2026-01-01", "on": 0.5, "1": null,
        });
        assert_eq!(value.to_string(), expected.to_string());
    }

    #[test]
    fn anchors_and_merge_keys_are_written_out() {
        let value = from_str("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a").unwrap();
        assert_eq!(value, json!({"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}));
    }

    #[test]
    fn json_may_have_tabs_and_nothing_is_null() {
        assert_eq!(from_str("{\n\t\"a\": [\n\t\t1\n\t]\n}\n").unwrap(), json!({"a": [1]}));
        for empty in ["", "  \n", "# a comment\n", "---\n"] {
            assert_eq!(from_str(empty).unwrap(), Value::Null, "{empty:?}");
        }
    }

    #[test]
    fn bombs_deep_nests_and_long_texts_are_refused() {
        let bomb: String = ('b'..='h').fold("a: &a [x,x,x,x,x,x,x,x,x,x]\n".into(), |text, name| {
            let inner = format!("*{},", char::from(name as u8 - 1)).repeat(10);
            format!("{text}{name}: &{name} [{inner}]\n")
        });
        assert!(first(&bomb).contains("aliases that would write out too many"), "{}", first(&bomb));
        let deep = nest(200);
        assert!(first(&deep).contains("more than 32 levels"), "{}", first(&deep));
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert!(first(&deep).contains("more than 32 levels"), "{}", first(&deep));
        assert!(from_str(&nest(31)).is_ok());
        // Each alias is shallow, and stands deep in the next one.
        let (open, close) = ("[".repeat(25), "]".repeat(25));
        let tower: String = ('b'..='z').fold(format!("a: &a {open}{close}\n"), |text, name| {
            format!("{text}{name}: &{name} {open}*{}{close}\n", char::from(name as u8 - 1))
        });
        assert!(first(&tower).contains("more than 32 levels"), "{}", first(&tower));
        assert_eq!(first(&"x".repeat(MAX_BYTES + 1)), "the text has 11 MB, and at most 10 MB are read");
    }

    #[test]
    fn text_that_cannot_be_read_is_named_by_line_column_and_content() {
        let cases = [
            (
                "a: [1\nb: 2",
                "line 2, column 2: this is not YAML: illegal placement of ':' indicator, in `b: 2`",
            ),
            (
                "a: b: c",
                "line 1, column 5: this is not YAML: mapping values are not allowed in this context, in `a: b: c`",
            ),
            (
                "{\"a\": 1\n \"b\": 2}",
                "line 2, column 2: this is not JSON: expected `,` or `}`, in `\"b\": 2}`",
            ),
            ("[1, 2", "line 1, column 5: this is not JSON: the text ends within a list, in `[1, 2`"),
            ("{% if x %}\na: 1", "(is it a template that has not been rendered?)"),
            ("a: *b", "this alias (`*…`) has no anchor (`&…`) before it, in `a: *b`"),
            ("a: &a [*a]", "this alias (`*…`) stands inside of what it refers to, in `a: &a [*a]`"),
            ("a: .inf", "line 1, column 4: `.inf` is no finite number; write an ordinary one"),
            ("a: 1\n---\na: 2", "line 3, column 1: a second document begins here"),
        ];
        for (text, said) in cases {
            assert!(first(text).contains(said), "{text:?}: {}", first(text));
        }
    }
}
