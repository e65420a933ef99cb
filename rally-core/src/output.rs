//! Charts and tables that a scenario or a hook adds to the report.
//!
//! What is added is what can be drawn: every way to make an [`Output`] measures its data against the shape that its
//! [`Chart`] asks for.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

/// One chart, table or text that an iteration adds to the report.
///
/// ```
/// use rally_core::{Chart, Output};
/// # fn main() -> Result<(), rally_core::OutputError> {
/// Output::additive("Queue", Chart::Lines, [("waiting", 3.0), ("running", 4.0)])?.labels("messages", "");
/// let wrong = Output::complete("Shares", Chart::Pie, serde_json::json!([["a", "much"]])).unwrap_err();
/// assert_eq!(wrong.to_string(), r#"output `Shares` (Pie): data[0][1] is "much", not a number"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Output {
    /// Whether reports join it with those of the other iterations or show it as it is.
    pub kind: OutputKind,
    /// The heading of the chart.
    pub title: String,
    /// What the chart shows, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How it is drawn.
    #[serde(rename = "chart_plugin")]
    pub chart: Chart,
    /// The name of the values, with their unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The name of the horizontal axis.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub axis_label: String,
    /// The values, in the shape that the chart asks for.
    pub data: Value,
}

/// How outputs of several iterations meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutputKind {
    /// The n-th such output of every iteration becomes one chart over all iterations.
    Additive,
    /// Shown for its iteration alone.
    Complete,
}

/// How an output is drawn, and what its data looks like.
///
/// The data of an additive output is always `[[name, number], …]`: one value of each series for this iteration. What
/// is said below is the data of a complete one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Chart {
    /// Areas on top of each other: `[[name, [[x, y], …]], …]`.
    StackedArea,
    /// Lines: `[[name, [[x, y], …]], …]`.
    Lines,
    /// Shares of a whole: `[[name, number], …]`; over iterations, of the means.
    Pie,
    /// Smallest, largest, mean and percentiles of each series over all iterations. Additive only.
    StatsTable,
    /// A table: `{"cols": [heading, …], "rows": [[cell, …], …]}`. Complete only, as are all that follow.
    Table,
    /// Paragraphs: `[text, …]`.
    TextArea,
    /// A piece of HTML, as text.
    EmbeddedChart,
    /// A page elsewhere that is shown in a frame: its URL, as text.
    EmbeddedExternalChart,
}

/// An output whose data is not what its chart draws.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputError {
    /// A value has another shape than the chart asks for.
    #[error("output `{title}` ({chart}): {at} is {found}, not {expected}")]
    Data {
        /// The heading of the output.
        title: String,
        /// Its chart.
        chart: Chart,
        /// The path to the value: `data[0][1]`.
        at: String,
        /// The value, shortened.
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// The chart joins iterations and was asked for one, or the other way round.
    #[error("output `{title}`: a {chart} is never {}; {}", word(*.kind), others(*.kind))]
    Kind {
        /// The heading of the output.
        title: String,
        /// Its chart.
        chart: Chart,
        /// What it was asked to be.
        kind: OutputKind,
    },
    /// Not an output at all: a key is missing, unknown or of the wrong type.
    #[error("output {number} of those that are {}: {reason}", word(*.kind))]
    Item {
        /// Its place among those of its kind, counted from 0.
        number: usize,
        /// Its kind.
        kind: OutputKind,
        /// What is wrong with it.
        reason: String,
    },
}

impl Output {
    /// A chart over all iterations; each of these values is one series.
    pub fn additive<N: Into<String>>(
        title: impl Into<String>,
        chart: Chart,
        values: impl IntoIterator<Item = (N, f64)>,
    ) -> Result<Self, OutputError> {
        // A float that is none becomes null, which is refused below.
        let data = values.into_iter().map(|(name, value)| json!([name.into(), value])).collect();
        Self::with(OutputKind::Additive, title.into(), chart, data)
    }

    /// A chart of this iteration alone, with data in the shape that the [`Chart`] asks for.
    pub fn complete(title: impl Into<String>, chart: Chart, data: Value) -> Result<Self, OutputError> {
        Self::with(OutputKind::Complete, title.into(), chart, data)
    }

    /// A text, which cannot be wrong; each item is a paragraph.
    pub fn text<P: Into<String>>(title: impl Into<String>, paragraphs: impl IntoIterator<Item = P>) -> Self {
        let data = paragraphs.into_iter().map(|paragraph| Value::String(paragraph.into())).collect();
        Self::unchecked(OutputKind::Complete, title.into(), Chart::TextArea, data)
    }

    /// The outputs in what a script wrote: `{"additive": […], "complete": […]}`, of which one may be absent. The keys
    /// of each are `title`, `chart_plugin` and `data`, and perhaps `description`, `label` and `axis_label`.
    ///
    /// Nothing when the value has another shape, for then it is no attempt at outputs.
    pub fn from_script(value: &Value) -> Option<Result<Vec<Self>, OutputError>> {
        let map = value.as_object().filter(|map| !map.is_empty())?;
        let mut lists = Vec::new();
        for (key, list) in map {
            let kind = match key.as_str() {
                "additive" => OutputKind::Additive,
                "complete" => OutputKind::Complete,
                _ => return None,
            };
            lists.push((kind, list.as_array()?));
        }
        // In this order, whichever the script wrote first.
        lists.sort_by_key(|(kind, _)| *kind == OutputKind::Complete);
        let items =
            lists.into_iter().flat_map(|(kind, list)| list.iter().enumerate().map(move |item| (kind, item)));
        Some(items.map(|(kind, (number, item))| Self::from_item(kind, number, item)).collect())
    }

    fn from_item(kind: OutputKind, number: usize, item: &Value) -> Result<Self, OutputError> {
        let Item { title, chart_plugin, data, description, label, axis_label } = Item::deserialize(item)
            .map_err(|error| OutputError::Item { number, kind, reason: error.to_string() })?;
        let output = Self::with(kind, title, chart_plugin, data)?;
        Ok(output.description(description).labels(label, axis_label))
    }

    fn with(kind: OutputKind, title: String, chart: Chart, data: Value) -> Result<Self, OutputError> {
        let output = Self::unchecked(kind, title, chart, data);
        output.check()?;
        Ok(output)
    }

    fn unchecked(kind: OutputKind, title: String, chart: Chart, data: Value) -> Self {
        let (description, label, axis_label) = Default::default();
        Self { kind, title, description, chart, label, axis_label, data }
    }

    /// Whether the data has the shape that the chart asks for: always so, unless it was changed or read afterwards.
    pub fn check(&self) -> Result<(), OutputError> {
        let (title, chart) = (self.title.clone(), self.chart);
        if !chart.can_be(self.kind) {
            return Err(OutputError::Kind { title, chart, kind: self.kind });
        }
        let shape = if self.kind == OutputKind::Additive { SHARES } else { chart.shape() };
        shape.check(&self.data, "data").map_err(|(at, found, expected)| OutputError::Data {
            title,
            chart,
            at,
            found,
            expected,
        })
    }

    /// With a sentence about what it shows.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// With the name of its values and the name of its horizontal axis.
    #[must_use]
    pub fn labels(mut self, label: impl Into<String>, axis: impl Into<String>) -> Self {
        self.label = label.into();
        self.axis_label = axis.into();
        self
    }
}

/// An output as scripts write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    title: String,
    chart_plugin: Chart,
    data: Value,
    #[serde(default)]
    description: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    axis_label: String,
}

impl Chart {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::StackedArea,
        Self::Lines,
        Self::Pie,
        Self::StatsTable,
        Self::Table,
        Self::TextArea,
        Self::EmbeddedChart,
        Self::EmbeddedExternalChart,
    ];

    /// Its name in task files and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::StackedArea => "StackedArea",
            Self::Lines => "Lines",
            Self::Pie => "Pie",
            Self::StatsTable => "StatsTable",
            Self::Table => "Table",
            Self::TextArea => "TextArea",
            Self::EmbeddedChart => "EmbeddedChart",
            Self::EmbeddedExternalChart => "EmbeddedExternalChart",
        }
    }

    /// Whether outputs of this kind can be drawn so.
    pub fn can_be(self, kind: OutputKind) -> bool {
        match self {
            Self::StackedArea | Self::Lines | Self::Pie => true,
            Self::StatsTable => kind == OutputKind::Additive,
            _ => kind == OutputKind::Complete,
        }
    }

    fn shape(self) -> Shape {
        match self {
            Self::StackedArea | Self::Lines => CURVES,
            Self::Pie | Self::StatsTable => SHARES,
            Self::Table => Shape::Table,
            Self::TextArea => Shape::List("a list of texts", &Shape::Text("a text")),
            Self::EmbeddedChart => Shape::Text("a text of HTML"),
            Self::EmbeddedExternalChart => Shape::Text("a URL"),
        }
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn word(kind: OutputKind) -> &'static str {
    if kind == OutputKind::Additive { "additive" } else { "complete" }
}

/// The charts that would do.
fn others(kind: OutputKind) -> String {
    let names = Chart::ALL.into_iter().filter(|chart| chart.can_be(kind)).map(Chart::name);
    format!("those that are: {}", names.collect::<Vec<_>>().join(", "))
}

/// What a value looks like, in words and in parts.
#[derive(Clone, Copy)]
enum Shape {
    Number,
    Text(&'static str),
    List(&'static str, &'static Shape),
    Pair(&'static str, &'static [Shape; 2]),
    Table,
}

const POINT: Shape = Shape::Pair("a pair of numbers", &[Shape::Number, Shape::Number]);
const CURVE: Shape = Shape::Pair(
    "a pair of a name and its points",
    &[Shape::Text("a name"), Shape::List("a list of points", &POINT)],
);
const CURVES: Shape = Shape::List("a list of curves", &CURVE);
const SHARE: Shape = Shape::Pair("a pair of a name and a number", &[Shape::Text("a name"), Shape::Number]);
const SHARES: Shape = Shape::List("a list of names with their numbers", &SHARE);

/// Where a value is, the value, and what was expected.
type Misfit = (String, String, &'static str);

impl Shape {
    fn check(self, value: &Value, at: &str) -> Result<(), Misfit> {
        let misfit = |expected| Err((at.to_owned(), short(value), expected));
        match self {
            Self::Number if value.is_number() => Ok(()),
            Self::Number => misfit("a number"),
            Self::Text(_) if value.is_string() => Ok(()),
            Self::Text(expected) => misfit(expected),
            Self::List(expected, item) => match value {
                Value::Array(items) => each(items, at, |_| *item),
                _ => misfit(expected),
            },
            Self::Pair(expected, parts) => match value {
                Value::Array(items) if items.len() == 2 => each(items, at, |number| parts[number]),
                _ => misfit(expected),
            },
            Self::Table => table(value, at),
        }
    }
}

fn each(items: &[Value], at: &str, shape: impl Fn(usize) -> Shape) -> Result<(), Misfit> {
    let check = |(number, item)| shape(number).check(item, &format!("{at}[{number}]"));
    items.iter().enumerate().try_for_each(check)
}

fn table(value: &Value, at: &str) -> Result<(), Misfit> {
    const EXPECTED: &str = "a mapping of `cols` to a list and `rows` to a list of lists";
    let lists = value.as_object().filter(|map| map.len() == 2).and_then(|map| {
        let list = |key: &str| map.get(key).and_then(Value::as_array);
        list("cols").zip(list("rows"))
    });
    let Some((columns, rows)) = lists else { return Err((at.to_owned(), short(value), EXPECTED)) };
    for (number, row) in rows.iter().enumerate() {
        if row.as_array().is_none_or(|cells| cells.len() != columns.len()) {
            return Err((
                format!("{at}.rows[{number}]"),
                short(row),
                "a list with a cell for each of `cols`",
            ));
        }
    }
    Ok(())
}

/// A value as JSON, or as much of it as a message needs.
fn short(value: &Value) -> String {
    const MOST: usize = 40;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn complete(chart: Chart, data: Value) -> Result<Output, OutputError> {
        Output::complete("T", chart, data)
    }

    fn said(chart: Chart, data: Value) -> String {
        complete(chart, data).unwrap_err().to_string()
    }

    #[test]
    fn every_chart_draws_the_shape_of_its_data() {
        let curves = json!([["a", [[1, 2.5], [2, 0]]], ["b", []]]);
        for (chart, data) in [
            (Chart::StackedArea, curves.clone()),
            (Chart::Lines, curves),
            (Chart::Pie, json!([["a", 1], ["b", 0.5]])),
            (Chart::Table, json!({"cols": ["a", "b"], "rows": [["x", 1], [null, 2]]})),
            (Chart::TextArea, json!(["one", "two"])),
            (Chart::EmbeddedChart, json!("<b>x</b>")),
            (Chart::EmbeddedExternalChart, json!("https://example.org/")),
        ] {
            let output = complete(chart, data.clone()).unwrap();
            assert_eq!((output.kind, output.chart, &output.data), (OutputKind::Complete, chart, &data));
            // Each is refused what another one draws.
            let other = if data.is_string() { json!(["x"]) } else { json!("x") };
            assert!(said(chart, other).starts_with(&format!("output `T` ({chart}): data is ")), "{chart}");
        }
        for chart in [Chart::StackedArea, Chart::Lines, Chart::Pie, Chart::StatsTable] {
            let output = Output::additive("T", chart, [("a", 1.0), ("b", 2.0)]).unwrap();
            assert_eq!((output.kind, output.data), (OutputKind::Additive, json!([["a", 1.0], ["b", 2.0]])));
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_with_its_place_and_what_belongs_there() {
        for (chart, data, expected) in [
            (Chart::Lines, json!([["a", [[1, "x"]]]]), r#"data[0][1][0][1] is "x", not a number"#),
            (Chart::Lines, json!([["a", [[1]]]]), "data[0][1][0] is [1], not a pair of numbers"),
            (Chart::StackedArea, json!([[1, []]]), "data[0][0] is 1, not a name"),
            (Chart::Pie, json!([["a"]]), r#"data[0] is ["a"], not a pair of a name and a number"#),
            (Chart::TextArea, json!(["a", 1]), "data[1] is 1, not a text"),
            (
                Chart::Table,
                json!({"cols": ["a", "b"], "rows": [[1, 2], [3]]}),
                "data.rows[1] is [3], not a list with a cell for each of `cols`",
            ),
        ] {
            assert_eq!(said(chart, data), format!("output `T` ({chart}): {expected}"));
        }
        let columns = said(Chart::Table, json!({"columns": [], "rows": [], "more": "and so on and on"}));
        assert!(columns.contains("…, not a mapping of `cols` to a list"), "{columns}");
        let nan = Output::additive("T", Chart::Pie, [("a", f64::NAN)]).unwrap_err();
        assert_eq!(nan.to_string(), "output `T` (Pie): data[0][1] is null, not a number");
    }

    #[test]
    fn some_charts_join_iterations_and_some_do_not() {
        let table = complete(Chart::StatsTable, json!([["a", 1]])).unwrap_err().to_string();
        assert!(
            table.starts_with("output `T`: a StatsTable is never complete; those that are: StackedArea, ")
        );
        for chart in [Chart::Table, Chart::TextArea, Chart::EmbeddedChart, Chart::EmbeddedExternalChart] {
            let refused = Output::additive("T", chart, [("a", 1.0)]).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!(
                    "output `T`: a {chart} is never additive; those that are: StackedArea, Lines, Pie, StatsTable"
                )
            );
        }
    }

    #[test]
    fn names_are_those_of_the_task_format() {
        for chart in Chart::ALL {
            assert_eq!(json!(chart), chart.name());
        }
        assert!(serde_json::from_value::<Chart>(json!("Pies")).is_err());
    }

    #[test]
    fn a_script_writes_outputs_and_other_json_is_none() {
        let script = json!({
            "complete": [{"title": "C", "chart_plugin": "TextArea", "data": ["x"], "description": "d"}],
            "additive": [{"title": "A", "chart_plugin": "Pie", "data": [["a", 1]], "label": "l", "axis_label": "x"}],
        });
        let outputs = Output::from_script(&script).unwrap().unwrap();
        let pie = Output::unchecked(OutputKind::Additive, "A".into(), Chart::Pie, json!([["a", 1]]));
        assert_eq!(outputs, [pie.labels("l", "x"), Output::text("C", ["x"]).description("d")]);
        assert!(Output::from_script(&json!({"additive": []})).unwrap().unwrap().is_empty());
        for other in [json!({}), json!([]), json!({"additive": 1}), json!({"additive": [], "more": []})] {
            assert!(Output::from_script(&other).is_none(), "{other}");
        }
        for (item, reason) in [
            (json!({"title": "A", "chart_plugin": "Pie"}), "missing field `data`"),
            (json!({"title": "A", "chart_plugin": "Pie", "data": [], "x": 1}), "unknown field `x`"),
            (json!({"title": "A", "chart_plugin": "Pies", "data": []}), "unknown variant `Pies`"),
        ] {
            let refused = Output::from_script(&json!({"complete": [item]})).unwrap().unwrap_err().to_string();
            assert!(refused.starts_with("output 0 of those that are complete: "), "{refused}");
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
