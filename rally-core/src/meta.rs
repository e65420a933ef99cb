//! What a plugin says of itself besides its configuration.

use crate::validator::Validator;

/// The name of a plugin, where it belongs, and what comes with it. Built in a `const`.
///
/// ```
/// use rally_core::Meta;
/// const META: Meta = Meta::new("NovaServers.list_servers").platform("openstack").contexts(&[("users", "{}")]);
/// assert_eq!(META.full_name(), "NovaServers.list_servers@openstack");
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Meta {
    /// The name by which a task file calls it.
    pub name: &'static str,
    /// The platform it belongs to; `default` for plugins that need none.
    pub platform: &'static str,
    /// Whether only other plugins may name it, not a task file.
    pub hidden: bool,
    /// The contexts that come with a scenario: their names (`users@openstack`) and configurations as JSON text.
    pub contexts: &'static [(&'static str, &'static str)],
    /// The names of the resource types (`glance_image`) that a context may create, so that an argument which
    /// names one is looked up after the context's setup, not before.
    pub provides: &'static [&'static str],
    /// The checks that the types of the arguments cannot express.
    pub validators: &'static [&'static dyn Validator],
}

impl Meta {
    /// A plugin of this name that needs no platform.
    pub const fn new(name: &'static str) -> Self {
        Self { name, platform: "default", hidden: false, contexts: &[], provides: &[], validators: &[] }
    }

    /// It belongs to this platform.
    #[must_use]
    pub const fn platform(mut self, platform: &'static str) -> Self {
        self.platform = platform;
        self
    }

    /// Only other plugins may name it.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// These contexts come with it; a context of the same name in a task file takes the place of one.
    #[must_use]
    pub const fn contexts(mut self, contexts: &'static [(&'static str, &'static str)]) -> Self {
        self.contexts = contexts;
        self
    }

    /// It may create resources of these types.
    #[must_use]
    pub const fn provides(mut self, resource_types: &'static [&'static str]) -> Self {
        self.provides = resource_types;
        self
    }

    /// These checks are made before a run.
    #[must_use]
    pub const fn validators(mut self, validators: &'static [&'static dyn Validator]) -> Self {
        self.validators = validators;
        self
    }

    /// `name@platform`.
    pub fn full_name(&self) -> String {
        format!("{}@{}", self.name, self.platform)
    }
}

impl std::fmt::Debug for Meta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meta")
            .field("name", &self.name)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}
