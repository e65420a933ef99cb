//! What a task file may say of the runners.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use rally_core::registry::Parsed;
use rally_core::{Kind, Registration, Registry, WorkloadSpec, testing};
use rally_runners::{Arrivals, Constant, ConstantForDuration, Ramp, Rate, Rps, Serial};
use serde_json::{Value, json};

fn registered(name: &str) -> Registration {
    *Registry::linked().unwrap().find(Kind::Runner, name).unwrap()
}

/// What the validators of a runner say of its configuration, as text.
async fn problems(name: &str, config: Value) -> Vec<String> {
    let mut workload = WorkloadSpec::new("subtasks[0].workloads[2]", "Dummy.dummy", json!({}));
    workload.runner = (name.to_owned(), config);
    workload.runner_at = format!("{}.runner.{name}", workload.at);
    let mut found = Vec::new();
    for validator in registered(name).meta().validators {
        found.extend(validator.check(&workload, &testing::world()).await);
    }
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn four_runners_are_there_and_each_says_what_it_does() {
    let linked = Registry::linked().unwrap();
    let runners: Vec<(&str, String)> =
        linked.of_kind(Kind::Runner).map(|r| (r.meta().name, r.summary())).collect();
    let names: Vec<&str> = runners.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["constant", "constant_for_duration", "rps", "serial"]);
    assert!(runners.iter().all(|(_, summary)| summary.ends_with('.')), "{runners:?}");
}

#[test]
fn schemas_have_the_keys_defaults_and_bounds_of_the_task_format() {
    let properties = |name: &str| registered(name).schema()["properties"].clone();
    assert_eq!(properties("serial")["times"]["minimum"], 1);
    assert_eq!(properties("serial")["times"]["default"], 1);

    let constant = properties("constant");
    assert_eq!(constant["concurrency"]["minimum"], 1);
    assert_eq!(constant["max_cpu_count"]["minimum"], 1);
    assert_eq!(constant["timeout"]["minimum"], 0);

    let for_duration = registered("constant_for_duration").schema();
    assert_eq!(for_duration["required"], json!(["duration"]));
    assert_eq!(for_duration["properties"]["timeout"]["minimum"], 1);
    assert_eq!(for_duration["properties"]["timeout"]["default"], 600.0);
    assert!(for_duration["properties"].get("max_cpu_count").is_none());

    let rps = registered("rps").schema();
    assert_eq!(rps["required"], json!(["times", "rps"]));
    let rate = &rps["$defs"]["Rate"]["anyOf"];
    assert_eq!(rate[0]["exclusiveMinimum"], 0);
    let ramp = &rps["$defs"]["Ramp"];
    assert_eq!(ramp["required"], json!(["start", "end", "step"]));
    for key in ["start", "end", "step", "duration"] {
        assert_eq!(ramp["properties"][key]["minimum"], 1, "{key}");
    }
    for schema in [
        registered("serial").schema(),
        registered("constant").schema(),
        for_duration,
        rps.clone(),
        ramp.clone(),
    ] {
        assert_eq!(schema["additionalProperties"], false);
    }
}

#[test]
fn a_value_in_code_and_a_task_file_are_the_same() {
    let parse = |name: &str, config: Value| matches!(registered(name).parse(config), Ok(Parsed::Runner(_)));
    for (name, value, file) in [
        ("serial", json!(Serial { times: 3 }), json!({"times": 3})),
        (
            "constant",
            json!(Constant { times: 9, concurrency: 2, ..Constant::default() }),
            json!({"times": 9, "concurrency": 2, "timeout": 0.0}),
        ),
        (
            "constant_for_duration",
            json!(ConstantForDuration { duration: 2.5, ..ConstantForDuration::default() }),
            json!({"duration": 2.5, "concurrency": 1, "timeout": 600.0}),
        ),
        (
            "rps",
            json!(Rps { times: 4, rps: Rate::Steady(2.0), ..Rps::default() }),
            json!({"times": 4, "rps": 2.0, "arrivals": "regular", "timeout": 0.0, "when_full": "queue"}),
        ),
        (
            "rps",
            json!(Rps { times: 4, rps: Rate::Ramp(Ramp { end: 3.0, ..Ramp::default() }), ..Rps::default() }),
            json!({"times": 4, "rps": {"start": 1.0, "end": 3.0, "step": 1.0, "duration": 1.0}, "arrivals": "regular", "timeout": 0.0, "when_full": "queue"}),
        ),
    ] {
        assert_eq!(value, file);
        assert!(parse(name, file), "{name}");
    }
    assert!(parse("serial", Value::Null));
    assert!(parse("constant", json!({})));
    assert!(!parse("rps", json!({"times": 4})));
    let rps: Rps = serde_json::from_value(
        json!({"times": 8, "rps": {"start": 1, "end": 4, "step": 1}, "when_full": "drop"}),
    )
    .unwrap();
    assert_eq!(rps.rps, Rate::Ramp(Ramp { start: 1.0, end: 4.0, step: 1.0, duration: 1.0 }));
}

#[tokio::test]
async fn more_slots_than_iterations_are_refused_with_both_numbers() {
    let found = problems("constant", json!({"times": 2, "concurrency": 5})).await;
    assert_eq!(
        found,
        [
            "subtasks[0].workloads[2].runner.constant.concurrency: 5 is more than the number of iterations, `times`: 2 \
          (give a concurrency from 1 to 2, or raise `times`)"
        ]
    );
    // `times` is 1 where it is not given.
    assert_eq!(problems("constant", json!({"concurrency": 2})).await.len(), 1);
    assert!(problems("constant", json!({"times": 2, "concurrency": 2})).await.is_empty());
    // The schema has said what is wrong with this one.
    assert!(problems("constant", json!({"times": "x", "concurrency": 2})).await.is_empty());
}

#[test]
fn a_ramp_may_come_down() {
    let ramp = json!({"start": 5, "end": 1, "step": 2});
    let rps: Rps = serde_json::from_value(json!({"times": 9, "rps": ramp})).unwrap();
    assert_eq!(rps.rps, Rate::Ramp(Ramp { start: 5.0, end: 1.0, step: 2.0, duration: 1.0 }));
    assert!(registered("rps").meta().validators.is_empty());
}

#[test]
fn arrivals_are_regular_unless_a_task_says_otherwise() {
    let parse = |config: Value| serde_json::from_value::<Rps>(config);
    assert_eq!(parse(json!({"times": 1, "rps": 1})).unwrap().arrivals, Arrivals::Regular);
    let poisson = parse(json!({"times": 1, "rps": 1, "arrivals": "poisson"})).unwrap();
    assert_eq!(poisson.arrivals, Arrivals::Poisson);
    assert!(parse(json!({"times": 1, "rps": 1, "arrivals": "uniform"})).is_err());
}
