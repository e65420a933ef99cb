//! The report is plain data: the same in memory, in a store and in JSON. Times are in seconds.

mod iteration;
mod table;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use self::iteration::{IterationResult, Outcome};
use crate::action::Purpose;
use crate::cleaner::Cleaned;
use crate::event::Stop;
use crate::failure::Failure;
use crate::hook::Unit;
use crate::output::Output;

/// What a run measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The version of this shape: 1.
    pub format: u32,
    /// The run's id.
    pub id: Uuid,
    /// The task's title.
    pub title: String,
    /// The task's description.
    #[serde(default)]
    pub description: String,
    /// Labels that the user gave the run.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Name and version of the program that measured.
    pub tool: String,
    /// What was measured: where it is, the versions of its services. No secrets.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
    /// When the run began, by the wall clock.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration: f64,
    /// In the order in which they ran.
    pub workloads: Vec<WorkloadReport>,
}

/// What one workload measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkloadReport {
    /// The workload's id; the names of its resources carry its start.
    pub id: Uuid,
    /// The title of its subtask.
    pub subtask: String,
    /// Its place in its subtask, counted from 0.
    pub position: usize,
    /// The scenario's name.
    pub scenario: String,
    /// The sentence that says what the scenario does.
    #[serde(default)]
    pub description: String,
    /// Arguments, contexts, runner and SLAs as they were used, secrets masked.
    pub config: Value,
    /// When the load began, by the wall clock; absent when it never did.
    pub started_at: Option<Timestamp>,
    /// From the start of the first iteration to the end of the last, idle time left out of the last one.
    pub load_duration: f64,
    /// From before the first setup until after the last cleanup.
    pub full_duration: f64,
    /// How many iterations ended how.
    pub counts: Counts,
    /// One row per action, in the order in which they first appeared.
    pub actions: Vec<ActionRow>,
    /// The row `total`, with `duration` and `idle_duration` as its children.
    pub total: ActionRow,
    /// From the time an iteration was due until it started; absent where the runner has no timetable.
    #[serde(default)]
    pub lag: Option<Summary>,
    /// From the time an iteration was due until it ended: what a user on that timetable would have seen.
    #[serde(default)]
    pub latency: Option<Summary>,
    /// Failures by cause, most frequent first.
    #[serde(default)]
    pub failures: Vec<FailureGroup>,
    /// What every SLA says.
    #[serde(default)]
    pub sla: Vec<SlaResult>,
    /// Setup and cleanup of every context.
    #[serde(default)]
    pub contexts: Vec<ContextReport>,
    /// What all cleanups did together.
    #[serde(default)]
    pub cleaned: Cleaned,
    /// What the hooks did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<HookReport>,
    /// Charts, tables and texts of the iterations, the first 1,000 of them, with the iteration's number.
    #[serde(default)]
    pub outputs: Vec<(u64, Output)>,
    /// What the measuring itself took of this machine.
    pub client: ClientCost,
    /// Why it ended before its runner was done, if it did.
    #[serde(default)]
    pub stopped: Option<Stop>,
    /// Why the load could not start or go on, if it could not.
    #[serde(default)]
    pub crash: Option<Failure>,
}

/// How many iterations ended how; every planned one is in exactly one of the first five.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Ended without an error.
    pub passed: u64,
    /// Ended with an error of their own, or a panic.
    pub failed: u64,
    /// Interrupted by the runner's timeout.
    pub timed_out: u64,
    /// Interrupted by the end of the run.
    pub aborted: u64,
    /// Planned, and never started.
    pub dropped: u64,
    /// Started more than 10 ms after they were due. These are counted above as well.
    pub late: u64,
}

impl Counts {
    /// How many started.
    pub fn started(&self) -> u64 {
        self.passed + self.failed + self.timed_out + self.aborted
    }

    /// How many started and did not pass.
    pub fn not_passed(&self) -> u64 {
        self.failed + self.timed_out + self.aborted
    }
}

/// One row of the table of response times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActionRow {
    /// The action's name.
    pub name: String,
    /// As the table shows it: with `(x2)` when the action ran twice in an iteration.
    pub display_name: String,
    /// How often the action ran in each of the iterations that this row counts.
    pub count_per_iteration: u64,
    /// In how many iterations it ran.
    pub count: u64,
    /// In how many of them it failed.
    pub failed: u64,
    /// Its durations where it succeeded.
    pub durations: Option<Summary>,
    /// Its durations where it failed, kept apart since a quick refusal says nothing about speed.
    #[serde(default)]
    pub failed_durations: Option<Summary>,
    /// The part of the durations of successes that was spent waiting between polls.
    #[serde(default)]
    pub waited: Option<Summary>,
    /// The requests that it sent, per route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestRow>,
    /// The actions inside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ActionRow>,
}

impl ActionRow {
    /// The share of its iterations in which it succeeded, from 0 to 1; absent when it never ran.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of more than 2^53 iterations needs no exact digits"
    )]
    pub fn success(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.count - self.failed) as f64 / self.count as f64)
    }

    /// The median of the successes, in seconds; NaN when there was none, so that no comparison with it holds.
    pub fn median(&self) -> f64 {
        self.durations.as_ref().map_or(f64::NAN, |s| s.median)
    }

    /// The 90th percentile of the successes, in seconds; NaN when there was none.
    pub fn p90(&self) -> f64 {
        self.durations.as_ref().map_or(f64::NAN, |s| s.p90)
    }

    /// The 95th percentile of the successes, in seconds; NaN when there was none.
    pub fn p95(&self) -> f64 {
        self.durations.as_ref().map_or(f64::NAN, |s| s.p95)
    }

    /// The mean of the successes, in seconds; NaN when there was none.
    pub fn mean(&self) -> f64 {
        self.durations.as_ref().map_or(f64::NAN, |s| s.mean)
    }

    /// The longest success, in seconds; NaN when there was none.
    pub fn max(&self) -> f64 {
        self.durations.as_ref().map_or(f64::NAN, |s| s.max)
    }
}

/// The requests of one route under one action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestRow {
    /// Who was asked.
    pub service: String,
    /// The method.
    pub method: String,
    /// The route, as a template.
    pub route: String,
    /// Why they were sent.
    pub purpose: Purpose,
    /// How many there were.
    pub count: u64,
    /// How many of them were repetitions of one that failed.
    pub retries: u64,
    /// How many got each status; `none` for no answer.
    pub statuses: BTreeMap<String, u64>,
    /// How long they took.
    pub durations: Option<Summary>,
}

impl RequestRow {
    /// A route that was not asked for yet.
    pub fn new(service: String, method: String, route: String, purpose: Purpose) -> Self {
        Self {
            service,
            method,
            route,
            purpose,
            count: 0,
            retries: 0,
            statuses: BTreeMap::new(),
            durations: None,
        }
    }
}

/// A sample in a few figures, in seconds.
///
/// Percentiles interpolate between neighbours, as Rally's do, and are exact up to 65,536 values; above that they
/// come from a histogram with three significant digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// How many values.
    pub count: u64,
    /// The smallest.
    pub min: f64,
    /// The 50th percentile.
    pub median: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The largest.
    pub max: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The standard deviation of the sample; absent for a single value.
    pub std_dev: Option<f64>,
    /// The 95 % confidence interval of the mean (Student's t); absent for a single value.
    pub mean_ci95: Option<(f64, f64)>,
    /// Whether the percentiles are exact.
    pub exact: bool,
}

/// Failures of one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureGroup {
    /// The error's type.
    pub kind: String,
    /// The message, with ids and numbers that differ left out.
    pub cause: String,
    /// How many iterations failed so.
    pub count: u64,
    /// The first few of them: number and whole failure.
    pub examples: Vec<(u64, Failure)>,
}

/// What an SLA says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SlaResult {
    /// The SLA's name.
    pub criterion: String,
    /// Whether it holds.
    pub success: bool,
    /// The figures behind it, in a sentence.
    pub detail: String,
}

impl SlaResult {
    /// What the SLA of this name says.
    pub fn new(criterion: impl Into<String>, verdict: Verdict) -> Self {
        Self { criterion: criterion.into(), success: verdict.passed, detail: verdict.detail }
    }
}

/// Whether something is good enough, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether it is.
    pub passed: bool,
    /// The figures behind it, in a sentence.
    pub detail: String,
}

impl Verdict {
    /// It is or is not, and why.
    pub fn new(passed: bool, detail: impl Into<String>) -> Self {
        Self { passed, detail: detail.into() }
    }
}

/// Setup and cleanup of one context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContextReport {
    /// `name@platform`.
    pub name: String,
    /// How long the setup took.
    pub setup: f64,
    /// Why the setup failed, if it did.
    pub setup_failure: Option<Failure>,
    /// How long the cleanup took.
    pub cleanup: f64,
    /// What the cleanup did.
    pub cleaned: Cleaned,
}

impl ContextReport {
    /// A context whose setup took this long.
    pub fn new(name: impl Into<String>, setup: f64, setup_failure: Option<Failure>) -> Self {
        Self { name: name.into(), setup, setup_failure, cleanup: 0.0, cleaned: Cleaned::nothing() }
    }
}

/// What one hook did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HookReport {
    /// The action's name.
    pub action: String,
    /// The trigger's name.
    pub trigger: String,
    /// What the hook is for.
    #[serde(default)]
    pub description: String,
    /// Every time it ran.
    pub results: Vec<HookResult>,
}

impl HookReport {
    /// A hook that has not run yet.
    pub fn new(
        action: impl Into<String>,
        trigger: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            action: action.into(),
            trigger: trigger.into(),
            description: description.into(),
            results: Vec::new(),
        }
    }
}

/// One run of a hook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HookResult {
    /// Whether `at` counts iterations or seconds.
    pub unit: Unit,
    /// The iteration or the second that triggered it.
    pub at: u64,
    /// How long it took.
    pub duration: f64,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
}

impl HookResult {
    /// A hook that took this long.
    pub fn new(unit: Unit, at: u64, duration: f64, result: crate::Result<Vec<Output>>) -> Self {
        let (failure, outputs) = match result {
            Ok(outputs) => (None, outputs),
            Err(failure) => (Some(failure), Vec::new()),
        };
        Self { unit, at, duration, failure, outputs }
    }
}

/// What the measuring took of this machine; says when the measuring was the bottleneck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientCost {
    /// CPU time of the process during the load, in seconds; absent where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// That time as a share of all processors during the load, from 0 to 1.
    pub cpu_share: Option<f64>,
    /// The largest resident memory of the process so far, in bytes.
    pub peak_memory: Option<u64>,
}

/// An action that no iteration ran was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no iteration ran an action `{name}`{}", hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
pub struct NoSuchAction {
    name: String,
    hint: Option<String>,
}

impl Report {
    /// Whether every workload passed.
    pub fn passed(&self) -> bool {
        self.workloads.iter().all(WorkloadReport::passed)
    }

    /// Whether cleanup got rid of everything that the run created.
    pub fn is_clean(&self) -> bool {
        self.workloads.iter().all(|workload| workload.cleaned.is_clean())
    }

    /// Why it did not pass, one line per reason; empty when it passed.
    pub fn why(&self) -> String {
        self.workloads.iter().flat_map(WorkloadReport::reasons).collect::<Vec<_>>().join("\n")
    }

    /// The row of the action of this name, of the first workload that ran it; `total` is one.
    pub fn action(&self, name: &str) -> Result<&ActionRow, NoSuchAction> {
        let found = self.workloads.iter().find_map(|workload| workload.row(name));
        found.ok_or_else(|| {
            let mut names = Vec::new();
            for workload in &self.workloads {
                workload.actions.iter().for_each(|row| collect_names(row, &mut names));
            }
            NoSuchAction { name: name.to_owned(), hint: crate::nearest::did_you_mean(name, names) }
        })
    }
}

fn collect_names<'a>(row: &'a ActionRow, names: &mut Vec<&'a str>) {
    names.push(&row.name);
    row.children.iter().for_each(|child| collect_names(child, names));
}

impl WorkloadReport {
    /// Whether all SLAs hold and nothing crashed or was stopped early.
    pub fn passed(&self) -> bool {
        self.crash.is_none() && self.stopped.is_none() && self.sla.iter().all(|sla| sla.success)
    }

    /// Why it did not pass; empty when it passed.
    pub fn reasons(&self) -> Vec<String> {
        let crash = self.crash.iter().map(|failure| format!("{}: {failure}", self.scenario));
        let stopped = self.stopped.iter().map(|stop| match stop {
            Stop::Sla(detail) => format!("{}: stopped, since an SLA failed: {detail}", self.scenario),
            Stop::Reporter(detail) => format!("{}: stopped: {detail}", self.scenario),
            Stop::Requested | Stop::Aborted => format!("{}: stopped on request", self.scenario),
        });
        let broken = self.sla.iter().filter(|sla| !sla.success);
        let broken = broken.map(|sla| format!("{}: {}: {}", self.scenario, sla.criterion, sla.detail));
        let failures = self
            .failures
            .iter()
            .map(|group| format!("{}: {} × {}: {}", self.scenario, group.count, group.kind, group.cause));
        let reasons: Vec<String> = crash.chain(stopped).chain(broken).collect();
        // Failures that the SLAs allow are no reason.
        if reasons.is_empty() { reasons } else { reasons.into_iter().chain(failures).collect() }
    }

    /// The row of the action of this name or display name, at any depth; `total` is one.
    pub fn row(&self, name: &str) -> Option<&ActionRow> {
        fn find<'a>(rows: &'a [ActionRow], name: &str) -> Option<&'a ActionRow> {
            rows.iter().find_map(|row| {
                if row.name == name || row.display_name == name {
                    Some(row)
                } else {
                    find(&row.children, name)
                }
            })
        }
        find(&self.actions, name).or_else(|| find(std::slice::from_ref(&self.total), name))
    }
}

/// Files and texts that an exporter made; whoever asked for them writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifacts {
    /// Relative path and content of each file.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is to be shown, if anything.
    pub text: Option<String>,
}

impl Artifacts {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { files: Vec::new(), text: Some(text.into()) }
    }

    /// With one more file.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.into(), content.into()));
        self
    }
}

/// Makes empty reports for engines: fields are added to these types over time.
impl WorkloadReport {
    /// A workload of which nothing is known yet.
    pub fn empty(id: Uuid, subtask: impl Into<String>, position: usize, scenario: impl Into<String>) -> Self {
        Self {
            id,
            subtask: subtask.into(),
            position,
            scenario: scenario.into(),
            description: String::new(),
            config: Value::Null,
            started_at: None,
            load_duration: 0.0,
            full_duration: 0.0,
            counts: Counts::default(),
            actions: Vec::new(),
            total: ActionRow { name: "total".into(), display_name: "total".into(), ..ActionRow::default() },
            lag: None,
            latency: None,
            failures: Vec::new(),
            sla: Vec::new(),
            contexts: Vec::new(),
            cleaned: Cleaned::nothing(),
            hooks: Vec::new(),
            outputs: Vec::new(),
            client: ClientCost::default(),
            stopped: None,
            crash: None,
        }
    }
}

impl Report {
    /// A run that begins now and has no workload yet.
    pub fn empty(id: Uuid, title: impl Into<String>, tool: impl Into<String>) -> Self {
        Self {
            format: 1,
            id,
            title: title.into(),
            description: String::new(),
            labels: BTreeMap::new(),
            tool: tool.into(),
            facts: BTreeMap::new(),
            started_at: Timestamp::now(),
            duration: 0.0,
            workloads: Vec::new(),
        }
    }
}

impl FailureGroup {
    /// A cause that no iteration failed by yet.
    pub fn new(kind: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { kind: kind.into(), cause: cause.into(), count: 0, examples: Vec::new() }
    }
}
