//! Finding plugins, and not finding them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use rally_core::{
    Context, DuplicatePlugin, Iteration, Kind, Meta, PluginNotFound, Registration, Registry, Result,
    Scenario, World, register,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Makes scenarios that do nothing, each with a name and what else its `META` says.
macro_rules! scenarios {
    ($($type:ident = $meta:expr;)+) => { $(
        /// Do nothing.
        #[derive(Serialize, Deserialize, JsonSchema)]
        struct $type {}

        impl Scenario for $type {
            const META: Meta = $meta;

            async fn run(&self, _it: &Iteration) -> Result {
                Ok(())
            }
        }
    )+ };
}

scenarios! {
    Boot = Meta::new("Servers.boot");
    BootElsewhere = Meta::new("Servers.boot").platform("elsewhere");
    BootThere = Meta::new("Servers.boot").platform("there");
    List = Meta::new("Servers.list").platform("elsewhere");
    Secret = Meta::new("Servers.secret").hidden();
    Linked = Meta::new("Linked.scenario");
}

/// Prepare nothing.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Users {}

impl Context for Users {
    const META: Meta = Meta::new("users");
    const ORDER: u32 = 1;

    async fn setup(&self, _world: &mut World) -> Result {
        Ok(())
    }
}

register!(scenario: Linked);

fn registry(plugins: impl IntoIterator<Item = Registration>) -> Registry {
    plugins.into_iter().try_fold(Registry::new(), Registry::with).unwrap()
}

#[test]
fn two_plugins_of_one_name_are_refused_and_both_places_named() {
    let (one, two) = ("crate-a, src/boot.rs:7", "crate-b, src/lib.rs:3");
    let error = Registry::new()
        .with(Registration::scenario::<Boot>(two))
        .unwrap()
        .with(Registration::scenario::<Boot>(one))
        .unwrap_err();
    let name = "Servers.boot@default".to_owned();
    assert_eq!(error, DuplicatePlugin::TwoPlaces { kind: Kind::Scenario, name, first: one, second: two });
    assert_eq!(
        error.to_string(),
        "two plugins are called scenario `Servers.boot@default`: one in crate-a, src/boot.rs:7, \
         one in crate-b, src/lib.rs:3; rename one of them"
    );
    // Whoever comes first: the linker's order does not show.
    let other_way = Registry::new()
        .with(Registration::scenario::<Boot>(one))
        .unwrap()
        .with(Registration::scenario::<Boot>(two))
        .unwrap_err();
    assert_eq!(error, other_way);
}

#[test]
fn one_plugin_that_is_linked_twice_is_told_apart_from_two_of_one_name() {
    let plugin = Registration::scenario::<Boot>("crate-a, src/boot.rs:7");
    let error = Registry::new().with(plugin).unwrap().with(plugin).unwrap_err();
    assert!(matches!(error, DuplicatePlugin::LinkedTwice { at: "crate-a, src/boot.rs:7", .. }));
    assert!(error.to_string().contains("is linked twice"), "{error}");
}

#[test]
fn names_may_repeat_on_other_platforms_and_among_other_kinds() {
    let registry = registry([
        Registration::scenario::<Boot>("a, a.rs:1"),
        Registration::scenario::<BootElsewhere>("a, a.rs:2"),
        Registration::context::<Users>("a, a.rs:3"),
    ]);
    assert_eq!(registry.iter().count(), 3);
    assert!(registry.find(Kind::Context, "users").is_ok());
    assert!(registry.find(Kind::Scenario, "users").is_err());
}

#[test]
fn a_name_without_platform_means_the_default_one_or_the_only_one() {
    let registry = registry([
        Registration::scenario::<Boot>("a, a.rs:1"),
        Registration::scenario::<BootElsewhere>("a, a.rs:2"),
        Registration::scenario::<List>("a, a.rs:3"),
    ]);
    let found = |name: &str| registry.find(Kind::Scenario, name).unwrap().meta().full_name();
    assert_eq!(found("Servers.boot"), "Servers.boot@default");
    assert_eq!(found("Servers.boot@elsewhere"), "Servers.boot@elsewhere");
    assert_eq!(found("Servers.list"), "Servers.list@elsewhere");
    assert!(registry.find(Kind::Scenario, "Servers.list@default").is_err());
}

#[test]
fn a_name_on_several_platforms_must_be_written_in_full() {
    let registry = registry([
        Registration::scenario::<BootElsewhere>("a, a.rs:1"),
        Registration::scenario::<BootThere>("a, a.rs:2"),
    ]);
    let error = registry.find(Kind::Scenario, "Servers.boot").unwrap_err();
    let PluginNotFound::Ambiguous { names, .. } = &error else { panic!("{error}") };
    assert_eq!(*names, ["Servers.boot@elsewhere", "Servers.boot@there"]);
    assert!(error.to_string().contains("write the full name"), "{error}");
    assert!(registry.find(Kind::Scenario, "Servers.boot@there").is_ok());
}

#[test]
fn an_unknown_name_gets_the_nearest_one_and_what_is_linked() {
    let registry = registry([
        Registration::scenario::<Boot>("crate-a, a.rs:1"),
        Registration::scenario::<List>("crate-a, a.rs:2"),
        Registration::context::<Users>("crate-b, b.rs:1"),
    ]);
    let error = registry.find(Kind::Scenario, "servers.bot").unwrap_err().to_string();
    assert!(error.starts_with("there is no scenario `servers.bot`: did you mean `Servers.boot`"), "{error}");
    assert!(error.ends_with("(linked: crate-a (2), crate-b (1))"), "{error}");
    // A context is no help where a scenario is wanted.
    let error = registry.find(Kind::Scenario, "users").unwrap_err().to_string();
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn an_empty_registry_says_how_to_fill_it() {
    let error = Registry::new().find(Kind::Runner, "serial").unwrap_err().to_string();
    assert!(error.contains("no plugin at all") && error.contains("use rally_plugins as _;"), "{error}");
}

#[test]
fn a_hidden_plugin_is_found_and_never_offered() {
    let registry = registry([Registration::scenario::<Secret>("a, a.rs:1")]);
    assert!(registry.find(Kind::Scenario, "Servers.secret").is_ok());
    let error = registry.find(Kind::Scenario, "Servers.secre").unwrap_err().to_string();
    assert!(!error.contains("Servers.secret"), "{error}");
}

#[test]
fn listings_are_sorted_and_counts_are_per_crate() {
    let registry = registry([
        Registration::scenario::<List>("b, b.rs:1"),
        Registration::context::<Users>("a, a.rs:3"),
        Registration::scenario::<BootThere>("b, b.rs:2"),
        Registration::scenario::<Boot>("a, a.rs:1"),
        Registration::scenario::<BootElsewhere>("a, a.rs:2"),
    ]);
    let names: Vec<String> =
        registry.of_kind(Kind::Scenario).map(|plugin| plugin.meta().full_name()).collect();
    assert_eq!(
        names,
        ["Servers.boot@default", "Servers.boot@elsewhere", "Servers.boot@there", "Servers.list@elsewhere"]
    );
    assert_eq!(registry.iter().last().unwrap().kind(), Kind::Context);
    assert_eq!(registry.crates(), BTreeMap::from([("a", 3), ("b", 2)]));
}

#[test]
fn what_is_registered_is_linked_with_its_place() {
    let registry = Registry::linked().unwrap();
    let plugin = registry.find(Kind::Scenario, "Linked.scenario").unwrap();
    assert_eq!(plugin.krate(), "rally-core");
    assert!(plugin.at().contains("tests/registry.rs:"), "{}", plugin.at());
    assert_eq!(plugin.summary(), "Do nothing.");
}

/// Have a configuration of every shape.
///
/// This paragraph is not part of the summary.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Shapes {
    nested: Point,
    many: Vec<Point>,
    maybe: Option<Point>,
    shape: Shape,
    any: BTreeMap<String, Point>,
    #[serde(default = "pretender")]
    data: Value,
}

/// A point.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Point {
    x: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Circle { radius: u32 },
    Dot(Point),
}

/// Data that looks like a schema.
fn pretender() -> Value {
    json!({"type": "object", "properties": {"x": {}}})
}

impl Scenario for Shapes {
    const META: Meta = Meta::new("Demo.shapes");

    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

#[test]
fn every_object_with_named_fields_is_closed_and_no_other() {
    let plugin = Registration::scenario::<Shapes>("a, a.rs:1");
    let schema = plugin.schema();
    let closed = |at: &str| {
        schema.pointer(at).unwrap_or_else(|| panic!("{at} in {schema:#}"))["additionalProperties"].clone()
    };
    assert_eq!(closed(""), json!(false));
    assert_eq!(closed("/$defs/Point"), json!(false));
    assert_eq!(closed("/$defs/Shape/oneOf/0"), json!(false));
    assert_eq!(closed("/$defs/Shape/oneOf/0/properties/circle"), json!(false));
    // A map takes any key, and what looks like a schema in a default is data.
    assert_eq!(closed("/properties/any"), json!({"$ref": "#/$defs/Point"}));
    assert_eq!(closed("/properties/data/default"), Value::Null);
    assert_eq!(plugin.summary(), "Have a configuration of every shape.");
}

/// Take any argument.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Anything {
    x: u32,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

impl Scenario for Anything {
    const META: Meta = Meta::new("Demo.anything");

    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

#[test]
fn an_object_that_keeps_the_rest_stays_open() {
    assert_eq!(Registration::scenario::<Anything>("a, a.rs:1").schema()["additionalProperties"], json!(true));
}

#[test]
fn null_stands_for_an_empty_configuration() {
    assert!(Registration::scenario::<Boot>("a, a.rs:1").parse(Value::Null).is_ok());
    assert!(Registration::scenario::<Anything>("a, a.rs:1").parse(Value::Null).is_err());
    assert!(Registration::scenario::<Anything>("a, a.rs:1").parse(json!({"x": 1, "y": 2})).is_ok());
}

/// Have a flattened enum, and a field whose name is a keyword of JSON Schema.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Odd {
    #[serde(flatten)]
    one: Figure,
    default: Option<Inline>,
}

/// One of two.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Figure {
    Circle { radius: f64 },
    Square { side: f64 },
}

/// Stand where it is used.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
struct Inline {
    x: u32,
}

impl Scenario for Odd {
    const META: Meta = Meta::new("Demo.odd");

    async fn run(&self, _it: &Iteration) -> Result {
        Ok(())
    }
}

#[test]
fn an_object_with_branches_refuses_unknown_keys_as_a_whole() {
    let schema = Registration::scenario::<Odd>("a, a.rs:1").schema();
    assert_eq!(schema["unevaluatedProperties"], json!(false));
    assert!(schema.get("additionalProperties").is_none());
    for branch in schema["oneOf"].as_array().unwrap() {
        assert!(branch.get("additionalProperties").is_none(), "{branch:#}");
    }
    let inline = schema.pointer("/properties/default").unwrap().to_string();
    assert!(inline.contains("\"additionalProperties\":false"), "{inline}");
}
