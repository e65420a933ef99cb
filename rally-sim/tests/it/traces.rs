//! The requests of real scenarios get the answers that a real cloud gives.
//!
//! `tests/traces/*.json` hold the requests in their order, with placeholders, and of each answer the status and the keys.
//! They are replayed against the simulator always, and against a real cloud where the environment names one
//! (`OS_AUTH_URL`, `OS_USERNAME`, `OS_PASSWORD`, `OS_PROJECT_NAME`), so that the recording stays true. With
//! `RALLY_SIM_RECORD=1` besides, the statuses and keys of that cloud are written into the files.
//!
//! Every answer must have the recorded status and top-level keys. Of one thing (`"project": {…}`) the keys must be the
//! same; of a list, every element must have the keys that all elements had.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use rally_sim::{Latency, Sim, SimOptions};
use serde_json::{Map, Value, json};

use crate::support::{Answer, Sent, User};

/// How often an answer that is to change is asked for, with a pause between.
const ASKED: u32 = 600;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/traces")
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A cloud, and what has been learnt from its answers.
struct Replay {
    users: HashMap<String, User>,
    values: HashMap<String, String>,
    pause: Duration,
    record: bool,
    differences: Vec<String>,
}

impl Replay {
    fn new(admin: User, run: &str, pause: Duration, record: bool) -> Self {
        let nobody = User { token: None, ..admin.clone() };
        Self {
            users: HashMap::from([("admin".to_owned(), admin), ("nobody".to_owned(), nobody)]),
            values: HashMap::from([("run".to_owned(), run.to_owned())]),
            pause,
            record,
            differences: Vec::new(),
        }
    }

    /// All scenarios.
    async fn everything(admin: &User, pause: Duration, record: bool) -> Vec<String> {
        let mut differences = Vec::new();
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.is_file());
        files.sort();
        assert_eq!(files.len(), 7, "the scenarios whose requests were recorded");
        for (number, path) in files.iter().enumerate() {
            // The process id keeps two runs on one real cloud apart.
            let run = format!("{:08x}{number}", std::process::id());
            let mut replay = Self::new(admin.clone(), &run, pause, record);
            let mut file = read(path);
            let scenario = file["scenario"].as_str().unwrap().to_owned();
            for (phase, steps) in file["phases"].as_object_mut().unwrap() {
                let before = replay.differences.len();
                replay.steps(steps.as_array_mut().unwrap()).await;
                for difference in &mut replay.differences[before..] {
                    *difference = format!("{scenario}, {phase}: {difference}");
                }
            }
            if record {
                std::fs::write(path, format!("{file:#}\n")).unwrap();
            }
            differences.append(&mut replay.differences);
        }
        differences
    }

    async fn steps(&mut self, steps: &mut [Value]) {
        for step in steps {
            if let Some(part) = step["part"].as_str() {
                let path = folder().join("parts").join(format!("{part}.json"));
                let mut part = read(&path);
                Box::pin(self.steps(part.as_array_mut().unwrap())).await;
                if self.record {
                    std::fs::write(&path, format!("{part:#}\n")).unwrap();
                }
            } else {
                self.step(step.as_object_mut().unwrap()).await;
            }
        }
    }

    /// One request, repeated if its answer is to change, and its answer compared.
    async fn step(&mut self, step: &mut Map<String, Value>) {
        let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
        let (method, service, path) = (text("method"), text("service"), self.filled(text("path")));
        let body = step.get("body").map(|body| self.filled_in(body));
        let octets = step.contains_key("octets");
        let user = self.users[text("as")].clone();
        let mut answer = None;
        for _ in 0..ASKED {
            let sent = match &body {
                _ if octets => Sent::Bytes("application/octet-stream", &[0; 64]),
                Some(body) => Sent::Json(body),
                None => Sent::Nothing,
            };
            let now = user.call(method, service, &path, sent).await;
            let done = settled(step, &now);
            answer = Some(now);
            if done {
                break;
            }
            tokio::time::sleep(self.pause).await;
        }
        let answer = answer.unwrap();
        let body = answer.json();
        for (name, from) in step.get("save").and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = taken(&body, from) {
                self.values.insert(name.clone(), value);
            }
        }
        if let Some(name) = step.get("log_in").and_then(Value::as_str) {
            let token = Some(answer.header("x-subject-token").to_owned());
            self.users.insert(name.to_owned(), User { token, body: body.clone(), ..user });
        }
        let request = format!("{method} {service} {path}");
        if self.record {
            record(step, answer.status, &body);
        } else {
            self.differences
                .extend(compare(step, answer.status, &body).map(|what| format!("{request}: {what}")));
        }
    }

    /// A text with the values in the places of the placeholders.
    fn filled(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    fn filled_in(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.filled(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_in(item)).collect(),
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| (key.clone(), self.filled_in(value)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
}

/// Whether an answer is the one that a step waits for.
fn settled(step: &Map<String, Value>, answer: &Answer) -> bool {
    if let Some(status) = step.get("until_status").and_then(Value::as_u64) {
        return u64::from(answer.status) == status;
    }
    let body = answer.json();
    let mut wanted = step.get("until").and_then(Value::as_object).into_iter().flatten();
    wanted.all(|(pointer, value)| body.pointer(pointer) == Some(value))
}

/// A value of an answer: where a pointer points, or the id of the element with a certain name.
fn taken(body: &Value, from: &Value) -> Option<String> {
    let value = match from {
        Value::String(pointer) => body.pointer(pointer)?,
        from => {
            let rows = body.pointer(from["in"].as_str()?)?.as_array()?;
            &rows.iter().find(|row| row["name"] == from["name"])?["id"]
        }
    };
    value.as_str().map(str::to_owned)
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// The thing or the list that an answer is about, by its key.
fn subject(body: &Value) -> Option<(&str, &Value)> {
    let aside = |key: &str| key == "links" || key.ends_with("_links");
    let mut parts = body
        .as_object()?
        .iter()
        .filter(|(key, value)| !aside(key) && (value.is_object() || value.is_array()));
    parts.next().map(|(key, value)| (key.as_str(), value))
}

/// Keys that all elements have.
fn common(rows: &[Value]) -> BTreeSet<&str> {
    let mut sets = rows.iter().map(keys);
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |common, set| common.intersection(&set).copied().collect())
}

fn record(step: &mut Map<String, Value>, status: u16, body: &Value) {
    step.insert("status".to_owned(), json!(status));
    step.insert("keys".to_owned(), json!(keys(body)));
    match subject(body) {
        Some((key, Value::Array(rows))) => step.insert("each".to_owned(), json!({key: common(rows)})),
        Some((key, thing)) => step.insert("inside".to_owned(), json!({key: keys(thing)})),
        None => None,
    };
}

/// In what an answer differs from the recorded one.
fn compare<'a>(
    step: &'a Map<String, Value>,
    status: u16,
    body: &'a Value,
) -> impl Iterator<Item = String> + 'a {
    let mut differences = Vec::new();
    let strings = |value: &'a Value| {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<BTreeSet<_>>()
    };
    if step["status"] != status {
        differences.push(format!("status {status} and not {}", step["status"]));
    }
    let mut same = |what: &str, recorded: BTreeSet<&str>, now: BTreeSet<&str>| {
        if recorded != now {
            let (more, less) = (now.difference(&recorded), recorded.difference(&now));
            differences.push(format!(
                "{what} has also {:?} and not {:?}",
                more.collect::<Vec<_>>(),
                less.collect::<Vec<_>>()
            ));
        }
    };
    same("the answer", strings(&step["keys"]), keys(body));
    for (key, recorded) in step.get("inside").and_then(Value::as_object).into_iter().flatten() {
        same(key, strings(recorded), keys(&body[key]));
    }
    for (key, recorded) in step.get("each").and_then(Value::as_object).into_iter().flatten() {
        let recorded = strings(recorded);
        for row in body[key].as_array().into_iter().flatten() {
            let now = keys(row);
            if !recorded.is_subset(&now) {
                differences
                    .push(format!("one of {key} has no {:?}", recorded.difference(&now).collect::<Vec<_>>()));
            }
        }
    }
    differences.into_iter()
}

#[tokio::test]
async fn the_simulator_answers_as_recorded() {
    let boot = Latency::fixed(Duration::from_millis(5));
    let sim = Sim::start(SimOptions::instant().with_boot(boot).with_delete(boot)).await.unwrap();
    let admin = User::admin(&sim).await;
    let before = sim.inventory();
    let differences = Replay::everything(&admin, Duration::from_millis(1), false).await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // As on the real cloud, looking at the security groups has given the administrator's project its own.
    let left = sim.inventory().diff(&before);
    assert_eq!(
        (left.kinds().collect::<Vec<_>>(), left.count("neutron.security_group")),
        (vec!["neutron.security_group"], 1)
    );
}

#[tokio::test]
async fn the_real_cloud_answers_as_recorded() {
    let variable = |name: &str| std::env::var(name).ok();
    let Some(auth_url) = variable("OS_AUTH_URL") else {
        println!("skipped: OS_AUTH_URL is not set, so there is no real cloud to ask");
        return;
    };
    let or = |name: &str, otherwise: &str| variable(name).unwrap_or_else(|| otherwise.to_owned());
    let (name, password) = (or("OS_USERNAME", "admin"), or("OS_PASSWORD", "password"));
    let admin = User::log_in(&auth_url, &name, &password, &or("OS_PROJECT_NAME", "admin")).await;
    let record = variable("RALLY_SIM_RECORD").is_some();
    let differences = Replay::everything(&admin, Duration::from_millis(100), record).await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
