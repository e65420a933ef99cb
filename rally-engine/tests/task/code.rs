//! Workloads that a program states pass the same checks as those of a file.

use std::collections::BTreeMap;

use rally_core::erased::AnyScenario;
use rally_core::{Registry, Resource};
use rally_engine::plan::{Draft, Origin, Plan};
use serde_json::json;

use crate::plugins::{
    At, Boot, Constant, Dummy, Event, FailureRate, Flat, Flavor, Image, MaxSeconds, Network, Shapes, SysCall,
    Users, registry,
};

fn boot() -> Boot {
    Boot {
        image: Resource::named("cirros"),
        flavor: Resource::named("m1.tiny"),
        force_delete: false,
        count: 1,
        user_password: Some("hunter2".into()),
        network: None,
        policy: None,
    }
}

fn names(plan: &Plan) -> Vec<(String, Origin)> {
    plan.workloads[0]
        .contexts
        .iter()
        .map(|part| (part.registration.meta().full_name(), part.origin))
        .collect()
}

#[test]
fn typed_values_give_the_plan_that_a_file_gives() {
    let draft = Draft::new(&boot())
        .context(&Users { tenants: Some(3), users_per_tenant: None })
        .runner(&Constant { times: 10, concurrency: 2 })
        .sla(&FailureRate { min: None, max: Some(5.0) })
        .sla(&MaxSeconds(4.5))
        .hook(&SysCall("date".into()), &Event { unit: At::Iteration, at: vec![2] });
    let plan = Plan::from_drafts("In code", vec![draft, Draft::new(&Dummy::default())], &registry()).unwrap();
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("in_code", serde_json::to_string_pretty(&plan.workload_v2(&plan.workloads[0])).unwrap());
    });
    assert_eq!(
        names(&plan),
        [("users@openstack".into(), Origin::Given), ("cleanup@openstack".into(), Origin::Scenario)]
    );
    let second = &plan.workloads[1];
    assert_eq!(
        (second.at.as_str(), second.subtask, second.description.as_str()),
        ("workloads[1]", 1, "Do nothing, for a while.")
    );
    assert_eq!((second.runner.origin, second.slas[0].origin), (Origin::Default, Origin::Default));
}

#[test]
fn typed_values_are_checked_as_a_file_is() {
    let drafts = vec![
        Draft::new(&Boot { count: 70, ..boot() }).runner(&Constant { times: 1, concurrency: 0 }),
        Draft::new(&Dummy { sleep: -1.0 }).context(&Users::default()).context(&Users::default()),
    ];
    let problems = Plan::from_drafts("In code", drafts, &registry()).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "workloads[0].scenario.Servers.boot.count: expected between 1 and 10, not the number `70`",
            "workloads[0].runner.constant.concurrency: expected at least 1, not the number `0`",
            "workloads[1].scenario.Dummy.dummy.sleep: expected at least 0, not the number `-1.0`",
            "workloads[1].contexts.users: context `users` is there twice; a workload has each context only once",
        ]
    );
}

#[test]
fn values_that_a_program_has_looked_up_itself_are_taken() {
    let shapes = Shapes {
        plain: Resource::Value("1".into()),
        optional: Some(Resource::Value("2".into())),
        many: vec![Resource::<Image>::Value("3".into())],
        nested: None,
        by_name: BTreeMap::from([("a".into(), Resource::<Flavor>::Value("4".into()))]),
        by_number: BTreeMap::new(),
        disk: None,
        tagged: None,
        pair: None,
        flat: Flat { extra: None },
    };
    let plan =
        Plan::from_drafts("In code", vec![Draft::new(&shapes)], &registry()).map_err(|p| p[0].to_string());
    assert!(plan.is_ok(), "{plan:?}");
}

#[test]
fn a_closure_gets_the_contexts_of_its_platform_unless_it_has_its_own() {
    let closure = || AnyScenario::from_fn("My.idea", |_it| async { Ok(()) });
    let brought = [("users@openstack", r#"{"tenants": 9}"#), ("cleanup@openstack", r#"["nova"]"#)];
    let mut plan = Plan::from_drafts("Idea", vec![Draft::given(closure())], &registry()).unwrap();
    plan.workloads[0].add_platform_contexts(&registry(), &brought).unwrap();
    assert_eq!(
        names(&plan),
        [("users@openstack".into(), Origin::Platform), ("cleanup@openstack".into(), Origin::Platform)]
    );
    assert_eq!(plan.workload_v2(&plan.workloads[0])["subtasks"][0]["scenario"], json!({"My.idea": {}}));

    let draft = Draft::given(closure())
        .context(&Network::default())
        .context(&Users { tenants: Some(2), ..Users::default() });
    let mut plan = Plan::from_drafts("Idea", vec![draft], &registry()).unwrap();
    plan.workloads[0].add_platform_contexts(&registry(), &brought).unwrap();
    let users = &plan.workloads[0].contexts[0];
    assert_eq!((users.origin, &users.config["tenants"]), (Origin::Given, &json!(2)));
    assert_eq!(plan.workloads[0].contexts.len(), 3);

    let wrong = [("users@openstack", r#"{"tenant": 9}"#), ("nobody", "{}")];
    let mut plan = Plan::from_drafts("Idea", vec![Draft::given(closure())], &registry()).unwrap();
    let problems = plan.workloads[0].add_platform_contexts(&registry(), &wrong).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "workloads[0].contexts.nobody: there is no context `nobody`, which the platform brings (linked: test-plugins (21))",
            "workloads[0].contexts.users@openstack.tenant: context `users` takes no `tenant` (did you mean `tenants`?)",
        ]
    );
}

#[test]
fn a_program_without_plugins_is_told_so() {
    let problems =
        Plan::from_drafts("Alone", vec![Draft::new(&Dummy::default())], &Registry::new()).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "workloads[0].runner: there is no runner `serial` (linked: no plugin at all; name a plugin crate in the \
         program, as in `use rally_plugins as _;`)"
    );
    assert_eq!(problems.len(), 2);
}

fn slas(draft: Draft) -> Vec<String> {
    let plan = Plan::from_drafts("In code", vec![draft], &registry()).unwrap();
    plan.workloads[0].slas.iter().map(|sla| format!("{} {:?}", sla.name, sla.origin)).collect()
}

#[test]
fn the_default_sla_stays_until_it_is_named_or_unwanted() {
    let draft = || Draft::new(&Dummy::default()).sla(&MaxSeconds(4.5));
    assert_eq!(slas(draft()), ["max_seconds_per_iteration Given", "failure_rate Default"]);
    assert_eq!(slas(draft().without_default_sla()), ["max_seconds_per_iteration Given"]);
    let own = FailureRate { min: None, max: Some(5.0) };
    assert_eq!(slas(draft().sla(&own)), ["max_seconds_per_iteration Given", "failure_rate Given"]);
}

#[test]
fn a_mix_in_code_has_the_contexts_of_all_and_its_mistakes_are_found() {
    let closure = AnyScenario::from_fn("My.idea", |_it| async { Ok(()) });
    let draft = Draft::new(&Dummy::default()).weight(3).mix(&boot(), 2).mix_given(closure, 1);
    let plan = Plan::from_drafts("In code", vec![draft], &registry()).unwrap();
    let workload = &plan.workloads[0];
    assert_eq!(workload.scenario.name(), "Dummy.dummy + Servers.boot + My.idea");
    assert_eq!(workload.description, "A mix of 3 × Dummy.dummy, 2 × Servers.boot and 1 × My.idea.");
    let weights: Vec<u64> = workload.scenario.each().iter().map(|(_, weight)| *weight).collect();
    assert_eq!(weights, [3, 2, 1]);
    assert_eq!(names(&plan).len(), 2);

    let draft = Draft::new(&Dummy { sleep: -1.0 }).weight(0).mix(&Boot { count: 70, ..boot() }, 1);
    let problems = Plan::from_drafts("In code", vec![draft], &registry()).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "workloads[0].mix[0].weight: expected an integer between 1 and 1000000, not 0",
            "workloads[0].mix[0].scenario.Dummy.dummy.sleep: expected at least 0, not the number `-1.0`",
            "workloads[0].mix[1].scenario.Servers.boot.count: expected between 1 and 10, not the number `70`",
        ]
    );
}
