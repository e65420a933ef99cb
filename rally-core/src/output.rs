//! Charts and tables that a scenario or a hook adds to the report.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One chart, table or text that an iteration adds to the report.
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
    /// The chart's plugin: `StackedArea`, `Lines`, `Pie`, `StatsTable`, `Table`, `TextArea`.
    #[serde(rename = "chart_plugin")]
    pub chart: String,
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

impl Output {
    /// A chart over all iterations; each of these values is one series.
    pub fn additive<N: Into<String>>(
        title: impl Into<String>,
        chart: impl Into<String>,
        values: impl IntoIterator<Item = (N, f64)>,
    ) -> Self {
        let data: Vec<(String, f64)> = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self::with(OutputKind::Additive, title.into(), chart.into(), serde_json::json!(data))
    }

    /// A chart of this iteration alone, with data in the shape that the chart asks for.
    pub fn complete(title: impl Into<String>, chart: impl Into<String>, data: Value) -> Self {
        Self::with(OutputKind::Complete, title.into(), chart.into(), data)
    }

    fn with(kind: OutputKind, title: String, chart: String, data: Value) -> Self {
        Self {
            kind,
            title,
            description: String::new(),
            chart,
            label: String::new(),
            axis_label: String::new(),
            data,
        }
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
