//! An argument that names something in the cloud is looked up once, before the load, and never in a timed iteration.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::plugin::ResourceType;

/// The key in a schema that names the resource type of an argument.
pub const RESOURCE_KEY: &str = "x-rally-resource";

/// The key of an argument that has been looked up already.
const RESOLVED_KEY: &str = "$resolved";

/// An argument such as `image: {name: cirros}`: what the task says, and after the lookup what the cloud has.
///
/// `Resource<T>`, `Option<Resource<T>>` and `Vec<Resource<T>>` all work as fields of a scenario.
pub enum Resource<T: ResourceType> {
    /// As the task names it.
    Spec(T::Spec),
    /// As the cloud has it.
    Value(T::Value),
}

/// A resource was used before it was looked up.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("this {0} has not been looked up yet; an engine does that before the first iteration")]
pub struct Unresolved(&'static str);

impl<T: ResourceType> Resource<T> {
    /// What the cloud has.
    pub fn get(&self) -> Result<&T::Value, Unresolved> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Spec(_) => Err(Unresolved(T::NAME)),
        }
    }
}

/// The usual ways to name something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByName {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its exact name; when nothing has it, a regular expression that exactly one name matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A regular expression for its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

impl<T: ResourceType> Resource<T>
where
    T::Spec: From<ByName>,
{
    /// The one with this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::Spec(ByName { id: None, name: Some(name.into()), regex: None }.into())
    }

    /// The one with this id.
    pub fn with_id(id: impl Into<String>) -> Self {
        Self::Spec(ByName { id: Some(id.into()), name: None, regex: None }.into())
    }

    /// The one whose name this regular expression matches.
    pub fn matching(regex: impl Into<String>) -> Self {
        Self::Spec(ByName { id: None, name: None, regex: Some(regex.into()) }.into())
    }
}

/// An argument that has been looked up, as JSON.
pub fn resolved(value: Value) -> Value {
    Value::Object(Map::from_iter([(RESOLVED_KEY.to_owned(), value)]))
}

/// Names nothing, so that a scenario's other arguments can be left to their defaults; its lookup is an error.
impl<T: ResourceType> Default for Resource<T>
where
    T::Spec: Default,
{
    fn default() -> Self {
        Self::Spec(T::Spec::default())
    }
}

impl<T: ResourceType> Clone for Resource<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Spec(spec) => Self::Spec(spec.clone()),
            Self::Value(value) => Self::Value(value.clone()),
        }
    }
}

impl<T: ResourceType> fmt::Debug for Resource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(f, "{}({json})", T::NAME)
    }
}

impl<T: ResourceType> Serialize for Resource<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Spec(spec) => spec.serialize(to),
            Self::Value(value) => {
                resolved(serde_json::to_value(value).map_err(S::Error::custom)?).serialize(to)
            }
        }
    }
}

impl<'de, T: ResourceType> Deserialize<'de> for Resource<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut json = Value::deserialize(from)?;
        match json.get_mut(RESOLVED_KEY).map(Value::take) {
            Some(value) => serde_json::from_value(value).map(Self::Value).map_err(D::Error::custom),
            None => serde_json::from_value(json).map(Self::Spec).map_err(D::Error::custom),
        }
    }
}

impl<T: ResourceType> JsonSchema for Resource<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::Spec::json_schema(generator);
        schema.insert(RESOURCE_KEY.to_owned(), T::NAME.into());
        schema
    }
}
