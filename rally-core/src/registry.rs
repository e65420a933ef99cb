//! The registry is a value: filled by `inventory` with every plugin that is linked, or by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use crate::erased::{
    AnyCleaner, AnyContext, AnyExporter, AnyHook, AnyPlatform, AnyResourceType, AnyRunner, AnyScenario,
    AnySla, AnyTrigger,
};
use crate::meta::Meta;
use crate::nearest::did_you_mean;
use crate::plugin::{
    Cleaner, Context, Exporter, Hook, Platform, Plugin, ResourceType, Runner, Scenario, Sla, Trigger,
};

/// The kinds of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// [`Scenario`].
    Scenario,
    /// [`Context`].
    Context,
    /// [`Runner`].
    Runner,
    /// [`Sla`].
    Sla,
    /// [`Trigger`].
    Trigger,
    /// [`Hook`].
    Hook,
    /// [`ResourceType`].
    ResourceType,
    /// [`Platform`].
    Platform,
    /// [`Cleaner`].
    Cleaner,
    /// [`Exporter`].
    Exporter,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Scenario => "scenario",
            Self::Context => "context",
            Self::Runner => "runner",
            Self::Sla => "SLA",
            Self::Trigger => "trigger",
            Self::Hook => "hook",
            Self::ResourceType => "resource type",
            Self::Platform => "platform",
            Self::Cleaner => "cleaner",
            Self::Exporter => "exporter",
        })
    }
}

/// A plugin with its configuration.
#[non_exhaustive]
pub enum Parsed {
    /// A scenario with its arguments.
    Scenario(AnyScenario),
    /// A context.
    Context(Box<dyn AnyContext>),
    /// A runner.
    Runner(Box<dyn AnyRunner>),
    /// An SLA.
    Sla(Box<dyn AnySla>),
    /// A trigger.
    Trigger(Box<dyn AnyTrigger>),
    /// A hook.
    Hook(Box<dyn AnyHook>),
    /// A platform.
    Platform(Box<dyn AnyPlatform>),
    /// An exporter.
    Exporter(Box<dyn AnyExporter>),
    /// A resource type; it has no configuration.
    ResourceType(AnyResourceType),
    /// A cleaner; it has no configuration.
    Cleaner(AnyCleaner),
}

/// One plugin: what `register!` writes down. Everything in it is constant, so nothing runs before `main`.
#[derive(Clone, Copy)]
pub struct Registration {
    kind: Kind,
    meta: Meta,
    at: &'static str,
    schema: fn() -> Value,
    parse: fn(Value) -> serde_json::Result<Parsed>,
}

inventory::collect!(Registration);

/// Makes each constructor from the plugin's trait, so that all kinds are registered in one way.
macro_rules! constructors {
    ($($(#[$doc:meta])* $method:ident: $trait:ident => $kind:ident, |$plugin:ident| $erase:expr;)+) => { $(
        $(#[$doc])*
        pub const fn $method<P: $trait>(at: &'static str) -> Self {
            Self {
                kind: Kind::$kind,
                meta: P::META,
                at,
                schema: P::__schema,
                parse: |config| parse::<P>(config).map(|$plugin| Parsed::$kind($erase)),
            }
        }
    )+ };
}

impl Registration {
    constructors! {
        /// A scenario, registered at this place (`crate, file:line`).
        scenario: Scenario => Scenario, |plugin| AnyScenario::new(plugin);
        /// A context.
        context: Context => Context, |plugin| Box::new(plugin);
        /// A runner.
        runner: Runner => Runner, |plugin| Box::new(plugin);
        /// An SLA.
        sla: Sla => Sla, |plugin| Box::new(plugin);
        /// A trigger.
        trigger: Trigger => Trigger, |plugin| Box::new(plugin);
        /// A hook.
        hook: Hook => Hook, |plugin| Box::new(plugin);
        /// A platform.
        platform: Platform => Platform, |plugin| Box::new(plugin);
        /// An exporter.
        exporter: Exporter => Exporter, |plugin| Box::new(plugin);
    }

    /// A resource type.
    pub const fn resource<R: ResourceType>(at: &'static str) -> Self {
        Self {
            kind: Kind::ResourceType,
            meta: Meta::new(R::NAME),
            at,
            schema: schema_of::<R::Spec>,
            parse: |_| Ok(Parsed::ResourceType(AnyResourceType::new::<R>())),
        }
    }

    /// A cleaner.
    pub const fn cleaner<C: Cleaner>(at: &'static str) -> Self {
        Self {
            kind: Kind::Cleaner,
            meta: Meta::new(C::KIND),
            at,
            schema: || json!({}),
            parse: |_| Ok(Parsed::Cleaner(AnyCleaner::new::<C>())),
        }
    }

    /// What kind of plugin it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name, platform and checks.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Where it was registered: `crate, file:line`.
    pub fn at(&self) -> &'static str {
        self.at
    }

    /// The crate it comes from.
    pub fn krate(&self) -> &'static str {
        self.at.split(',').next().unwrap_or(self.at)
    }

    /// The JSON Schema (draft 2020-12) of its configuration. Unknown keys are refused in every object that has
    /// named fields, whether or not the plugin's author thought of it.
    pub fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        close_objects(&mut schema);
        schema
    }

    /// The first paragraph of its help: the doc comment of its struct.
    pub fn summary(&self) -> String {
        let help = self.schema().get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        help.split("\n\n").next().unwrap_or_default().replace('\n', " ")
    }

    /// The plugin with this configuration; null stands for an empty one.
    pub fn parse(&self, config: Value) -> serde_json::Result<Parsed> {
        (self.parse)(config)
    }
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}` ({})", self.kind, self.meta.full_name(), self.at)
    }
}

pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    SchemaGenerator::new(SchemaSettings::draft2020_12()).into_root_schema_for::<T>().to_value()
}

fn parse<P: Plugin>(config: Value) -> serde_json::Result<P> {
    match config {
        // `users: null` and a scenario without arguments: an empty configuration, unless null itself is one.
        Value::Null => P::__parse(json!({})).or_else(|_| P::__parse(Value::Null)),
        config => P::__parse(config),
    }
}

/// Makes every object schema with named fields refuse unknown keys, unless it says otherwise.
fn close_objects(schema: &mut Value) {
    close(schema, true);
}

/// An enum that is flattened into a struct stands beside its fields: each branch knows a part of the keys, so the whole
/// refuses the others (`unevaluatedProperties`) and the branches themselves stay open.
fn close(schema: &mut Value, this_one: bool) {
    let Value::Object(map) = schema else { return };
    // `"object"`, or `["object", "null"]` where it may be absent.
    let object = match map.get("type") {
        Some(Value::Array(types)) => types.iter().any(|t| t == "object"),
        Some(one) => one == "object",
        None => false,
    };
    let named = object && map.contains_key("properties");
    let said = map.contains_key("additionalProperties") || map.contains_key("unevaluatedProperties");
    let branches = ["oneOf", "anyOf", "allOf"].iter().any(|key| map.contains_key(*key));
    if named && this_one && !said {
        let keyword = if branches { "unevaluatedProperties" } else { "additionalProperties" };
        map.insert(keyword.into(), Value::Bool(false));
    }
    for (key, inner) in map {
        match (key.as_str(), inner) {
            // Keys here are names of fields and definitions, whatever they look like.
            ("properties" | "$defs" | "patternProperties" | "dependentSchemas", Value::Object(schemas)) => {
                schemas.values_mut().for_each(close_objects);
            }
            // A default or an example is data, however much it looks like a schema.
            ("default" | "const" | "enum" | "examples", _) => (),
            ("oneOf" | "anyOf" | "allOf", Value::Array(schemas)) => {
                for branch in schemas {
                    close(branch, !named);
                }
            }
            (_, Value::Array(schemas)) => schemas.iter_mut().for_each(close_objects),
            (_, inner) => close_objects(inner),
        }
    }
}

/// Two plugins of one kind have one name: the program does not start.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DuplicatePlugin {
    /// Registered at two places.
    #[error("two plugins are called {kind} `{name}`: one in {first}, one in {second}; rename one of them")]
    TwoPlaces {
        /// What kind of plugin.
        kind: Kind,
        /// `name@platform`.
        name: String,
        /// `crate, file:line`.
        first: &'static str,
        /// `crate, file:line`.
        second: &'static str,
    },
    /// Registered twice at one place.
    #[error(
        "{kind} `{name}` ({at}) is linked twice: the program holds two copies of that crate \
         (a unit test whose dev-dependency depends on the crate itself does that)"
    )]
    LinkedTwice {
        /// What kind of plugin.
        kind: Kind,
        /// `name@platform`.
        name: String,
        /// `crate, file:line`.
        at: &'static str,
    },
}

/// No plugin of this name is there.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PluginNotFound {
    /// None on any platform.
    #[error("there is no {kind} `{name}`{} (linked: {linked})", hint.as_ref().map(|h| format!(": {h}")).unwrap_or_default())]
    Unknown {
        /// What kind of plugin was looked for.
        kind: Kind,
        /// The name as it was given.
        name: String,
        /// `did you mean …?`, when something is near.
        hint: Option<String>,
        /// The crates that register plugins, with their counts.
        linked: String,
    },
    /// Several, none of them on the default platform.
    #[error("there are several {kind}s `{name}`: write the full name, one of {}", names.join(", "))]
    Ambiguous {
        /// What kind of plugin was looked for.
        kind: Kind,
        /// The name as it was given.
        name: String,
        /// The full names.
        names: Vec<String>,
    },
}

type Key = (Kind, &'static str, &'static str);

/// All plugins that a program knows. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    plugins: Arc<BTreeMap<Key, Registration>>,
}

impl Registry {
    /// An empty registry, to be filled by hand.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every plugin that is linked into this program.
    ///
    /// A crate that Cargo.toml lists but no code names is not linked: `use its_name as _;` links it.
    pub fn linked() -> Result<Self, DuplicatePlugin> {
        inventory::iter::<Registration>
            .into_iter()
            .try_fold(Self::new(), |registry, plugin| registry.with(*plugin))
    }

    /// With one more plugin.
    pub fn with(mut self, plugin: Registration) -> Result<Self, DuplicatePlugin> {
        let key = (plugin.kind, plugin.meta.name, plugin.meta.platform);
        let plugins = Arc::make_mut(&mut self.plugins);
        if let Some(first) = plugins.get(&key) {
            let (kind, name) = (plugin.kind, plugin.meta.full_name());
            // The order of registrations is the linker's; the message should not change with it.
            let (first, second) = (first.at.min(plugin.at), first.at.max(plugin.at));
            return Err(if first == second {
                DuplicatePlugin::LinkedTwice { kind, name, at: first }
            } else {
                DuplicatePlugin::TwoPlaces { kind, name, first, second }
            });
        }
        plugins.insert(key, plugin);
        Ok(self)
    }

    /// The plugin of this name, with (`users@openstack`) or without its platform. Of several, the one on the
    /// default platform is meant.
    pub fn find(&self, kind: Kind, name: &str) -> Result<&Registration, PluginNotFound> {
        let (short, platform) = match name.split_once('@') {
            Some((short, platform)) => (short, Some(platform)),
            None => (name, None),
        };
        let found: Vec<&Registration> = self
            .of_kind(kind)
            .filter(|plugin| plugin.meta.name == short && platform.is_none_or(|p| p == plugin.meta.platform))
            .collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(self.unknown(kind, name)),
            several => {
                several.iter().find(|plugin| plugin.meta.platform == "default").copied().ok_or_else(|| {
                    PluginNotFound::Ambiguous {
                        kind,
                        name: name.to_owned(),
                        names: several.iter().map(|plugin| plugin.meta.full_name()).collect(),
                    }
                })
            }
        }
    }

    fn unknown(&self, kind: Kind, name: &str) -> PluginNotFound {
        let visible = self.of_kind(kind).filter(|plugin| !plugin.meta.hidden).map(|plugin| plugin.meta.name);
        let counts: Vec<String> =
            self.crates().iter().map(|(krate, count)| format!("{krate} ({count})")).collect();
        let linked = if counts.is_empty() {
            "no plugin at all; name a plugin crate in the program, as in `use rally_plugins as _;`".into()
        } else {
            counts.join(", ")
        };
        PluginNotFound::Unknown { kind, name: name.to_owned(), hint: did_you_mean(name, visible), linked }
    }

    /// All plugins of a kind, sorted by name.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Registration> {
        self.plugins
            .range((kind, "", "")..)
            .take_while(move |((k, ..), _)| *k == kind)
            .map(|(_, plugin)| plugin)
    }

    /// All plugins, sorted by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = &Registration> {
        self.plugins.values()
    }

    /// The crates that register plugins and how many each has.
    pub fn crates(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for plugin in self.iter() {
            *counts.entry(plugin.krate()).or_insert(0) += 1;
        }
        counts
    }

    /// All cleaners.
    pub fn cleaners(&self) -> Vec<AnyCleaner> {
        self.of_kind(Kind::Cleaner)
            .filter_map(|plugin| match plugin.parse(Value::Null) {
                Ok(Parsed::Cleaner(cleaner)) => Some(cleaner),
                _ => None,
            })
            .collect()
    }
}

/// Registers plugins, so that every program that links the crate finds them by name.
///
/// ```
/// # use rally_core::{Iteration, Meta, Result, Scenario, register};
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// /// Do nothing.
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct Nothing {}
///
/// impl Scenario for Nothing {
///     const META: Meta = Meta::new("Demo.nothing");
///     async fn run(&self, _it: &Iteration) -> Result {
///         Ok(())
///     }
/// }
///
/// register!(scenario: Nothing);
/// ```
///
/// The kinds: `scenario`, `context`, `runner`, `sla`, `trigger`, `hook`, `resource`, `platform`, `cleaner`,
/// `exporter`. Several of one kind are separated by commas.
#[macro_export]
macro_rules! register {
    ($kind:ident: $($plugin:ty),+ $(,)?) => { $(
        $crate::__private::inventory::submit! {
            $crate::Registration::$kind::<$plugin>(
                concat!(env!("CARGO_PKG_NAME"), ", ", file!(), ":", line!())
            )
        }
    )+ };
}
