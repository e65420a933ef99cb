//! Arguments that name something in the cloud, wherever they stand.

use std::sync::Arc;

use rally_core::registry::Parsed;
use rally_core::{Phase, World, testing};
use rally_engine::plan::{Plan, ScenarioPart};
use rally_engine::preflight::{check_resources, preflight};
use rally_engine::resolve::resolve;
use rally_engine::task::Task;
use serde_json::{Value, json};

use crate::plugins::{Asked, Free, registry};

fn plan(scenario: &str, args: &Value) -> Plan {
    let task =
        json!({"version": 2, "title": "t", "subtasks": [{"title": "s", "scenario": {scenario: args}}]});
    Plan::build(&Task::parse(&task.to_string()).unwrap(), &registry()).unwrap()
}

fn world() -> World {
    let mut world = testing::world();
    world.insert(Asked::default()).unwrap();
    world
}

fn every_shape(image: &str, flavor: &str) -> Value {
    let (image, flavor) = (json!({"name": image}), json!({"name": flavor}));
    json!({
        "plain": image, "optional": image, "many": [image, {"name": "ubuntu"}],
        "nested": {"image": image, "deeper": {"image": image}},
        "by_name": {"a b": flavor, "c/d": flavor}, "by_number": {"7": flavor},
        "disk": {"sized": {"image": image, "size": 3}},
        "tagged": {"kind": "flavor", "from": flavor},
        "pair": [image, 3], "extra": flavor,
    })
}

#[tokio::test]
async fn every_shape_of_argument_is_looked_up_once() {
    let plan = plan("Test.shapes", &every_shape("cirros", "m1.tiny"));
    let ScenarioPart::Named(part) = &plan.workloads[0].scenario else { unreachable!() };
    let world = world();
    let (args, problems) = resolve(part, &registry(), &world).await;
    assert!(problems.is_empty(), "{problems:?}");
    let (image, flavor) = (json!({"$resolved": "id-of-cirros"}), json!({"$resolved": "id-of-m1.tiny"}));
    let expected = json!({
        "plain": image, "optional": image, "many": [image, {"$resolved": "id-of-ubuntu"}],
        "nested": {"image": image, "deeper": {"image": image}},
        "by_name": {"a b": flavor, "c/d": flavor}, "by_number": {"7": flavor},
        "disk": {"sized": {"image": image, "size": 3}},
        "tagged": {"kind": "flavor", "from": flavor},
        "pair": [image, 3], "extra": flavor,
    });
    assert_eq!(args, expected);
    assert_eq!(world.get::<Asked>().unwrap().times(), 3);
    assert!(matches!(part.parse_with(args.clone()), Ok(Parsed::Scenario(_))));

    let mut again = part.clone();
    again.config = args.clone();
    assert_eq!(resolve(&again, &registry(), &world).await, (args, Vec::new()));
    assert_eq!(world.get::<Asked>().unwrap().times(), 3, "what has been looked up is left alone");
}

#[tokio::test]
async fn a_flattened_choice_is_looked_up_as_what_it_is() {
    let plan = plan("Test.flattened", &json!({"size": 1, "from_flavor": {"name": "m1.tiny"}}));
    let ScenarioPart::Named(part) = &plan.workloads[0].scenario else { unreachable!() };
    let (args, problems) = resolve(part, &registry(), &world()).await;
    assert_eq!(
        (args, problems),
        (json!({"size": 1, "from_flavor": {"$resolved": "id-of-m1.tiny"}}), Vec::new())
    );
}

#[tokio::test]
async fn what_is_not_there_is_named_with_its_path() {
    let plan = plan("Test.shapes", &every_shape("cirrus", "m1.tiny"));
    let told: Vec<rally_core::Problem> = check_resources(&plan, &registry(), &world()).await;
    let paths: Vec<&str> = told.iter().map(|problem| problem.at.as_str()).collect();
    let below = [
        "plain",
        "optional",
        "many[0]",
        "nested.image",
        "nested.deeper.image",
        "disk.sized.image",
        "pair[0]",
    ];
    assert_eq!(paths, below.map(|path| format!("subtasks[0].scenario.Test.shapes.{path}")));
    assert_eq!(
        told[0].to_string(),
        "line 1, subtasks[0].scenario.Test.shapes.plain: `{\"name\":\"cirrus\"}` is no image: nothing has this name (there \
         are cirros, ubuntu)"
    );
}

#[tokio::test]
async fn all_workloads_are_checked_except_for_what_a_context_creates() {
    let text = "
        version: 2
        title: Several
        subtasks:
          - title: its own image
            scenario: {Servers.boot: {image: {name: mine}, flavor: {name: m1.huge}}}
            contexts: {images: {image_name: mine}}
          - title: nobody's image
            scenario: {Servers.boot: {image: {name: mine}, flavor: {name: m1.tiny}, count: 4}}
    ";
    let plan = Plan::build(&Task::parse(text).unwrap(), &registry()).unwrap();
    let mut world = world();
    let told = |problems: Vec<rally_core::Problem>| {
        problems.into_iter().map(|problem| problem.at).collect::<Vec<_>>()
    };
    assert_eq!(
        told(check_resources(&plan, &registry(), &world).await),
        ["subtasks[0].scenario.Servers.boot.flavor", "subtasks[1].scenario.Servers.boot.image"]
    );
    assert!(preflight(&plan, Phase::Semantic, &world).await.is_empty());
    world.insert(Free(2)).unwrap();
    assert_eq!(told(preflight(&plan, Phase::Semantic, &world).await), ["subtasks[1]"]);
    assert!(preflight(&plan, Phase::Platform, &world).await.is_empty());
    // Both can be awaited on any thread.
    let plan = Arc::new(plan);
    let world = Arc::new(world);
    tokio::spawn(async move { preflight(&plan, Phase::Semantic, &world).await }).await.unwrap();
}
