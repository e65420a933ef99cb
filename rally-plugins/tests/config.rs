//! What a task file may say of these plugins.
#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use rally_core::registry::Parsed;
use rally_core::{Kind, Registration, Registry};
use rally_plugins::scenarios::dummy::Dummy;
use rally_plugins::scenarios::http::{CheckRequest, HttpCall};
use rally_plugins::sla::{
    FailureRate, MaxAvgDuration, MaxAvgDurationPerAtomic, MaxSecondsPerIteration, Outliers,
    PerformanceDegradation,
};
use serde_json::{Value, json};

fn linked() -> Registry {
    Registry::linked().unwrap()
}

fn schema(kind: Kind, name: &str) -> Value {
    linked().find(kind, name).unwrap().schema()
}

fn parses(kind: Kind, name: &str, config: Value) -> bool {
    linked().find(kind, name).unwrap().parse(config).is_ok()
}

#[test]
fn all_plugins_are_there_and_each_says_what_it_does() {
    let names =
        |kind: Kind| -> Vec<&str> { linked().of_kind(kind).map(|plugin| plugin.meta().name).collect() };
    assert_eq!(
        names(Kind::Scenario),
        [
            "Dummy.dummy",
            "Dummy.dummy_exception",
            "Dummy.dummy_exception_probability",
            "Dummy.dummy_output",
            "Dummy.dummy_random_action",
            "Dummy.dummy_random_fail_in_atomic",
            "Dummy.dummy_timed_atomic_actions",
            "Dummy.failure",
            "HttpRequests.check_random_request",
            "HttpRequests.check_request",
        ]
    );
    assert_eq!(names(Kind::Trigger), ["event", "periodic"]);
    assert_eq!(names(Kind::Hook), ["http_request", "sys_call"]);
    assert_eq!(names(Kind::Context), ["dummy_context"]);
    assert_eq!(
        names(Kind::Sla),
        [
            "error_classes",
            "failure_rate",
            "max_avg_duration",
            "max_avg_duration_per_atomic",
            "max_seconds_per_iteration",
            "outliers",
            "percentiles",
            "performance_degradation",
            "throughput",
        ]
    );
    for plugin in linked().iter() {
        assert!(plugin.summary().ends_with('.'), "{plugin:?}: {:?}", plugin.summary());
    }
}

#[test]
fn arguments_of_scenarios_have_the_defaults_of_the_task_format() {
    let defaults = |name: &str| -> Value {
        let schema = schema(Kind::Scenario, name);
        assert!(schema.get("required").is_none(), "{name}");
        let properties = schema["properties"].as_object().unwrap();
        properties.iter().map(|(key, argument)| (key.clone(), argument["default"].clone())).collect()
    };
    assert_eq!(defaults("Dummy.dummy"), json!({"sleep": 0.0}));
    assert_eq!(
        defaults("Dummy.failure"),
        json!({"sleep": 0.1, "from_iteration": 0, "to_iteration": 0, "each": 1})
    );
    assert_eq!(defaults("Dummy.dummy_exception"), json!({"size_of_message": 1, "sleep": 1.0, "message": ""}));
    assert_eq!(defaults("Dummy.dummy_exception_probability"), json!({"exception_probability": 0.5}));
    assert_eq!(defaults("Dummy.dummy_random_fail_in_atomic"), json!({"exception_probability": 0.5}));
    assert_eq!(
        defaults("Dummy.dummy_random_action"),
        json!({"actions_num": 5, "sleep_min": 0.0, "sleep_max": 0.0})
    );
    assert_eq!(
        defaults("Dummy.dummy_timed_atomic_actions"),
        json!({"number_of_actions": 5, "sleep_factor": 1.0})
    );
    assert_eq!(defaults("Dummy.dummy_output"), json!({"random_range": 25}));
}

#[test]
fn only_the_scenario_that_takes_any_argument_does() {
    for plugin in linked().of_kind(Kind::Scenario) {
        let open = plugin.meta().name == "Dummy.dummy";
        assert_eq!(plugin.schema()["additionalProperties"], json!(open), "{plugin:?}");
    }
    let dummy: Dummy = serde_json::from_value(json!({"sleep": 1, "color": "red"})).unwrap();
    assert_eq!(json!(dummy), json!({"sleep": 1.0, "color": "red"}));
}

#[test]
fn criteria_have_the_bounds_of_the_task_format() {
    let rate = schema(Kind::Sla, "failure_rate");
    assert_eq!(rate["minProperties"], 1);
    assert_eq!(
        (&rate["properties"]["max"]["minimum"], &rate["properties"]["max"]["maximum"]),
        (&json!(0), &json!(100))
    );
    assert_eq!(rate["additionalProperties"], false);
    for name in ["max_seconds_per_iteration", "max_avg_duration"] {
        let scalar = schema(Kind::Sla, name);
        assert_eq!((&scalar["type"], &scalar["exclusiveMinimum"]), (&json!("number"), &json!(0)), "{scalar}");
    }
    let per_atomic = schema(Kind::Sla, "max_avg_duration_per_atomic");
    assert_eq!(
        (&per_atomic["type"], &per_atomic["minProperties"]),
        (&json!("object"), &json!(1)),
        "{per_atomic}"
    );
    assert_eq!(per_atomic["additionalProperties"]["type"], "number");
    let outliers = schema(Kind::Sla, "outliers");
    assert_eq!(outliers["properties"]["min_iterations"]["minimum"], 3);
    assert_eq!(outliers["properties"]["sigmas"]["exclusiveMinimum"], 0);
    assert_eq!(outliers["properties"].as_object().unwrap().len(), 3);
    assert_eq!(schema(Kind::Sla, "performance_degradation")["required"], json!(["max_degradation"]));
}

#[test]
fn our_own_criteria_have_bounds_as_well() {
    assert_eq!(schema(Kind::Sla, "throughput")["properties"]["min"]["exclusiveMinimum"], 0);
    let percentiles = schema(Kind::Sla, "percentiles");
    assert_eq!((&percentiles["type"], &percentiles["minProperties"]), (&json!("object"), &json!(1)));
    assert_eq!(
        percentiles["additionalProperties"]["additionalProperties"]["type"], "number",
        "{percentiles}"
    );
    let classes = schema(Kind::Sla, "error_classes");
    assert_eq!(classes["minProperties"], 1, "{classes}");
    let bounds = &classes["$defs"]["AtMost"];
    assert_eq!((&bounds["minProperties"], &bounds["additionalProperties"]), (&json!(1), &json!(false)));
}

#[test]
fn triggers_have_the_keys_and_bounds_of_the_task_format() {
    let event = schema(Kind::Trigger, "event");
    assert_eq!(event["required"], json!(["unit", "at"]));
    let at = &event["properties"]["at"];
    assert_eq!((&at["minItems"], &at["uniqueItems"]), (&json!(1), &json!(true)), "{at}");
    assert_eq!(at["items"]["minimum"], 0);
    assert_eq!(event["then"]["properties"]["at"]["items"]["minimum"], 1);
    let periodic = schema(Kind::Trigger, "periodic");
    assert_eq!(periodic["required"], json!(["unit", "step"]));
    for (key, least) in [("step", 1), ("start", 0), ("end", 1)] {
        assert_eq!(periodic["properties"][key]["minimum"], least, "{key}");
    }
    assert_eq!(periodic["then"]["properties"]["start"]["minimum"], 1);
    for schema in [event, periodic] {
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["if"]["properties"]["unit"]["const"], "iteration");
        assert!(schema["if"].get("additionalProperties").is_none(), "{schema}");
    }
    for wrong in [json!({"unit": "hour", "at": [1]}), json!({"unit": "time"}), json!({"at": [1]})] {
        assert!(!parses(Kind::Trigger, "event", wrong));
    }
}

#[test]
fn a_command_is_a_text() {
    let command = schema(Kind::Hook, "sys_call");
    assert_eq!((&command["type"], &command["minLength"]), (&json!("string"), &json!(1)), "{command}");
    assert!(parses(Kind::Hook, "sys_call", json!("echo a")));
    assert!(!parses(Kind::Hook, "sys_call", json!("echo 'a")));
}

#[test]
fn requests_have_the_arguments_of_the_task_format() {
    let one = schema(Kind::Scenario, "HttpRequests.check_request");
    assert_eq!(one["required"], json!(["url", "status_code"]), "{one}");
    assert_eq!(one["properties"]["method"]["default"], "GET");
    let several = schema(Kind::Scenario, "HttpRequests.check_random_request");
    assert_eq!(several["required"], json!(["requests", "status_code"]));
    assert_eq!(several["properties"]["requests"]["minItems"], 1);
    assert_eq!(several["$defs"]["OneOfThem"]["additionalProperties"], false, "{several}");
    let file = json!({"url": "http://a/", "method": "post", "status_code": 201, "verify": false,
        "data": {"a": 1}, "auth": ["u", "p"], "allow_redirects": false, "params": "x", "timeout": 2.5,
        "proxies": {"http": "http://p:1"}, "stream": true, "cookies": {"c": "d"}, "headers": {"e": "f"},
        "json": [1]});
    let parsed: CheckRequest = serde_json::from_value(file.clone()).unwrap();
    assert_eq!(json!(parsed), file);
    let short: CheckRequest =
        serde_json::from_value(json!({"url": "http://a/", "status_code": 200})).unwrap();
    assert_eq!(short, CheckRequest::new(HttpCall::get("http://a/"), 200));
    let hook = schema(Kind::Hook, "http_request");
    assert_eq!((&hook["required"], &hook["additionalProperties"]), (&json!(["url"]), &json!(false)));
}

#[test]
fn a_criterion_in_code_and_in_a_task_file_are_the_same() {
    for (name, value, file) in [
        ("failure_rate", json!(FailureRate::at_most(0.0)), json!({"max": 0.0})),
        ("failure_rate", json!(FailureRate::between(5.0, 10.0)), json!({"min": 5.0, "max": 10.0})),
        ("max_seconds_per_iteration", json!(MaxSecondsPerIteration::new(1.5)), json!(1.5)),
        ("max_avg_duration", json!(MaxAvgDuration::new(2.0)), json!(2.0)),
        ("max_avg_duration_per_atomic", json!(MaxAvgDurationPerAtomic::new([("a", 1.0)])), json!({"a": 1.0})),
        ("outliers", json!(Outliers::at_most(1)), json!({"max": 1, "min_iterations": 3, "sigmas": 3.0})),
        (
            "performance_degradation",
            json!(PerformanceDegradation::at_most(50.0)),
            json!({"max_degradation": 50.0}),
        ),
    ] {
        assert_eq!(value, file);
        assert!(parses(Kind::Sla, name, file), "{name}");
    }
    assert!(parses(Kind::Sla, "max_seconds_per_iteration", json!(10)));
    assert!(parses(Kind::Sla, "outliers", Value::Null));
    assert!(!parses(Kind::Sla, "performance_degradation", json!({})));
    assert!(!parses(Kind::Sla, "max_avg_duration", json!({"max": 1})));
    assert!(matches!(
        linked().find(Kind::Context, "dummy_context").unwrap().parse(Value::Null),
        Ok(Parsed::Context(context)) if context.order() == 750
    ));
}

#[test]
fn every_plugin_is_registered_by_this_crate() {
    assert!(linked().iter().map(Registration::krate).all(|krate| krate == "rally-plugins"));
}
