//! The world is what platform and contexts have prepared: one value per type, written before the load, read in it.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::failure::short_type_name;
use crate::journal::Journal;
use crate::names::Names;
use crate::registry::Registry;

/// What platform and contexts have prepared for one workload.
pub struct World {
    parent: Option<Arc<World>>,
    values: HashMap<TypeId, Slot>,
    facts: BTreeMap<String, String>,
    writer: String,
    registry: Registry,
    journal: Journal,
    owner: Uuid,
    names: Names,
}

struct Slot {
    value: Box<dyn Any + Send + Sync>,
    writer: String,
}

/// A value is missing from the world, or there twice.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorldError {
    /// No platform or context of the workload provides a value of this type.
    #[error("there is no `{wanted}` in this workload: does a context provide it? ({present})")]
    Missing {
        /// The name of the type.
        wanted: String,
        /// What is there and who put it there.
        present: String,
    },
    /// Two contexts provide a value of one type.
    #[error("both {first} and {second} provide a `{wanted}`: a workload can have only one of them")]
    Twice {
        /// The name of the type.
        wanted: String,
        /// Who was first.
        first: String,
        /// Who came later.
        second: String,
    },
}

impl World {
    /// An empty world for the workload with this id; what is created in it goes into the journal.
    pub fn new(owner: Uuid, registry: Registry, journal: Journal) -> Self {
        Self {
            parent: None,
            values: HashMap::new(),
            facts: BTreeMap::new(),
            writer: "the program".into(),
            registry,
            journal,
            owner,
            names: Names::new(owner),
        }
    }

    /// A world for the workload with this id that begins with all that is in `parent`, such as the platform's logins.
    /// What is added to it stays in it; what it inherited cannot be changed by [`get_mut`](Self::get_mut).
    pub fn within(parent: &Arc<Self>, owner: Uuid) -> Self {
        let world = Self::new(owner, parent.registry.clone(), parent.journal.clone());
        Self { parent: Some(Arc::clone(parent)), ..world }
    }

    /// Adds the value of this type; a second one of the same type is refused.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) -> Result<(), WorldError> {
        if let Some(slot) = self.slot(TypeId::of::<T>()) {
            return Err(WorldError::Twice {
                wanted: short_type_name::<T>(),
                first: slot.writer.clone(),
                second: self.writer.clone(),
            });
        }
        let slot = Slot { value: Box::new(value), writer: self.writer.clone() };
        self.values.insert(TypeId::of::<T>(), slot);
        Ok(())
    }

    /// The value of this type.
    pub fn get<T: Any + Send + Sync>(&self) -> Result<&T, WorldError> {
        self.find().ok_or_else(|| self.missing::<T>())
    }

    /// The value of this type, if there is one.
    pub fn find<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.slot(TypeId::of::<T>()).and_then(|slot| slot.value.downcast_ref())
    }

    fn slot(&self, id: TypeId) -> Option<&Slot> {
        self.values.get(&id).or_else(|| self.parent.as_ref().and_then(|parent| parent.slot(id)))
    }

    /// The value of this type, for a context that amends what another one provides.
    pub fn get_mut<T: Any + Send + Sync>(&mut self) -> Result<&mut T, WorldError> {
        let missing = self.missing::<T>();
        self.values.get_mut(&TypeId::of::<T>()).and_then(|slot| slot.value.downcast_mut()).ok_or(missing)
    }

    fn missing<T>(&self) -> WorldError {
        let mut writers = Vec::new();
        let mut level = Some(self);
        while let Some(world) = level {
            writers.extend(world.values.values().map(|slot| slot.writer.as_str()));
            level = world.parent.as_deref();
        }
        writers.sort_unstable();
        writers.dedup();
        let present = if writers.is_empty() {
            "nobody has put anything there".into()
        } else {
            format!("what is there was put there by {}", writers.join(", "))
        };
        WorldError::Missing { wanted: short_type_name::<T>(), present }
    }

    /// States something about what is measured, for the report: `fact("nova", "2.1 to 2.93")`. Never a secret.
    pub fn fact(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.facts.insert(name.into(), value.into());
    }

    /// All that was stated in this world; not what its parent states.
    pub fn facts(&self) -> &BTreeMap<String, String> {
        &self.facts
    }

    /// The id of the workload.
    pub fn owner(&self) -> Uuid {
        self.owner
    }

    /// Names for new resources.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Where creations and deletions are written down.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The plugins of this run.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Who writes from now on; named when two write the same. For engines.
    pub fn set_writer(&mut self, writer: impl Into<String>) {
        self.writer = writer.into();
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("owner", &self.owner)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    struct Users(u32);

    #[test]
    fn a_world_within_another_sees_its_values_and_keeps_its_own() {
        let mut base = World::new(Uuid::new_v4(), Registry::new(), Journal::in_memory());
        base.set_writer("the platform");
        base.insert(Users(1)).unwrap();
        let base = Arc::new(base);
        let mut inner = World::within(&base, Uuid::new_v4());
        assert_eq!(inner.get::<Users>().unwrap().0, 1);
        assert!(inner.insert(Users(2)).unwrap_err().to_string().contains("the platform"));
        inner.insert(7_u8).unwrap();
        assert!(base.find::<u8>().is_none());
        assert_ne!(base.owner(), inner.owner());
    }

    #[test]
    fn one_value_per_type_and_both_writers_are_named() {
        let mut world = World::new(Uuid::new_v4(), Registry::new(), Journal::in_memory());
        assert!(world.get::<Users>().err().unwrap().to_string().contains("`Users`"));
        world.set_writer("context users");
        world.insert(Users(3)).unwrap();
        world.get_mut::<Users>().unwrap().0 += 1;
        assert_eq!(world.get::<Users>().unwrap().0, 4);
        world.set_writer("context more_users");
        let twice = world.insert(Users(1)).unwrap_err().to_string();
        assert!(twice.contains("context users") && twice.contains("context more_users"), "{twice}");
    }
}
