//! Results that Rally wrote (`rally task report --json`), read as iterations of ours.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rally_core::{Failure, IterationResult, Outcome};
use serde_json::{Value, json};

/// One workload of a recorded run.
pub(crate) struct Recorded {
    /// The file and the scenario, for messages.
    pub(crate) name: String,
    /// As Rally wrote it.
    pub(crate) raw: Value,
    /// The same iterations, in the order of their starts.
    pub(crate) iterations: Vec<IterationResult>,
}

/// A made-up file in the shape of the recorded ones, its figures by Rally's formulas: for where there are no others.
pub(crate) const OWN: &str = include_str!("own.json");

/// The files that Rally 5.1.1 wrote: in the folder that `RALLY_PEER` names, or beside this repository.
pub(crate) fn files() -> Vec<PathBuf> {
    let beside = || {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .map(|folder| folder.join("shared/reference/peer/json"))
            .find(|folder| folder.is_dir())
    };
    let Some(folder) = std::env::var_os("RALLY_PEER").map(PathBuf::from).or_else(beside) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_string_lossy();
        name.starts_with("task-") && name.ends_with(".json")
    });
    files.sort();
    files
}

/// The workloads of all recorded files, our own first.
pub(crate) fn all() -> Vec<Recorded> {
    let mut all = workloads("own.json", OWN);
    for file in files() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        all.extend(workloads(&name, &std::fs::read_to_string(&file).unwrap()));
    }
    all
}

fn workloads(file: &str, text: &str) -> Vec<Recorded> {
    // Rally writes a period without an end as something that JSON does not have.
    let whole: Value = serde_json::from_str(&text.replace("Infinity", "null")).unwrap();
    let list = |value: &Value, key: &str| value[key].as_array().unwrap().clone();
    let subtasks = list(&whole, "tasks").into_iter().flat_map(|task| list(&task, "subtasks"));
    let workloads = subtasks.flat_map(|subtask| list(&subtask, "workloads"));
    workloads
        .map(|raw| {
            let scenario = raw["scenario"].as_object().unwrap().keys().next().unwrap().clone();
            let mut records = list(&raw, "data");
            records.sort_by(|a, b| seconds(&a["timestamp"]).total_cmp(&seconds(&b["timestamp"])));
            let began = records.first().map_or(0.0, |first| seconds(&first["timestamp"]));
            let iterations = (1..).zip(&records).map(|(number, record)| iteration(number, record, began));
            Recorded { name: format!("{file} {scenario}"), iterations: iterations.collect(), raw }
        })
        .collect()
}

fn iteration(number: u64, record: &Value, began: f64) -> IterationResult {
    let error = record["error"].as_array().unwrap();
    let outcome = match error.first().and_then(Value::as_str) {
        None => Outcome::Passed,
        Some("ThreadTimeoutException") => Outcome::TimedOut,
        Some(_) => Outcome::Failed,
    };
    let mut result = IterationResult::new(number, outcome);
    let timestamp = seconds(&record["timestamp"]);
    result.started = Duration::from_secs_f64(timestamp - began);
    result.idle = Duration::from_secs_f64(seconds(&record["idle_duration"]));
    // Rally's duration is without the idle time.
    result.elapsed = Duration::from_secs_f64(seconds(&record["duration"])) + result.idle;
    if let [kind, message, ..] = error.as_slice() {
        result.failure = Some(Failure::new(kind.as_str().unwrap(), message.as_str().unwrap()));
    }
    let actions: Vec<Value> =
        record["atomic_actions"].as_array().unwrap().iter().map(|one| action(one, timestamp)).collect();
    result.actions = serde_json::from_value(json!(actions)).unwrap();
    result
}

fn action(record: &Value, began: f64) -> Value {
    let (from, to) = (seconds(&record["started_at"]), seconds(&record["finished_at"]));
    let children: Vec<Value> =
        record["children"].as_array().unwrap().iter().map(|child| action(child, began)).collect();
    json!({
        "name": record["name"],
        "started": (from - began).max(0.0),
        "duration": to - from,
        "failed": record["failed"] == true,
        "children": children,
    })
}

pub(crate) fn seconds(value: &Value) -> f64 {
    value.as_f64().unwrap()
}
