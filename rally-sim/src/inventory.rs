//! Everything that exists in the cloud can be listed by kind, so that a test can tell what a run left behind.

use std::collections::BTreeMap;
use std::fmt;

/// What exists: for each kind, the ids and the name that goes with each.
///
/// Kinds are a service and OpenStack's own word: `keystone.project`, `keystone.user`, `keystone.role`,
/// `keystone.role_assignment`, `keystone.application_credential`, `nova.server`, `nova.keypair`, `nova.flavor`,
/// `nova.server_group`, `nova.aggregate`, `nova.quota_set`, `glance.image`, `neutron.network`, `neutron.subnet`,
/// `neutron.port`, `neutron.router`, `neutron.floatingip`, `neutron.security_group`, `neutron.security_group_rule`,
/// `neutron.quota`. The rules that come with a security group are not listed: they go with it.
///
/// ```no_run
/// # async fn example() -> Result<(), rally_sim::Error> {
/// let sim = rally_sim::Sim::start(rally_sim::SimOptions::default()).await?;
/// let before = sim.inventory();
/// // … a run …
/// let left = sim.inventory().diff(&before);
/// assert!(left.is_empty(), "left behind:\n{left}");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory(BTreeMap<String, BTreeMap<String, String>>);

impl Inventory {
    pub(crate) fn add(&mut self, kind: &str, id: &str, name: &str) {
        self.0.entry(kind.to_owned()).or_default().insert(id.to_owned(), name.to_owned());
    }

    /// Kinds of which there is at least one.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Ids of one kind, in order.
    pub fn ids(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0.get(kind).into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// Names of one kind, in the order of their ids; what has no name has an empty one.
    pub fn names(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0.get(kind).into_iter().flat_map(BTreeMap::values).map(String::as_str)
    }

    /// How many there are of one kind.
    pub fn count(&self, kind: &str) -> usize {
        self.0.get(kind).map_or(0, BTreeMap::len)
    }

    /// Whether nothing exists.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is here and is not in `earlier`. Swap the two to see what has gone.
    #[must_use]
    pub fn diff(&self, earlier: &Self) -> Self {
        let mut only_here = Self::default();
        for (kind, things) in &self.0 {
            let known = earlier.0.get(kind);
            for (id, name) in
                things.iter().filter(|(id, _)| known.is_none_or(|known| !known.contains_key(*id)))
            {
                only_here.add(kind, id, name);
            }
        }
        only_here
    }
}

impl fmt::Display for Inventory {
    /// One line for each thing: kind, id and name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, things) in &self.0 {
            for (id, name) in things {
                writeln!(f, "{kind} {id} {name}")?;
            }
        }
        Ok(())
    }
}
