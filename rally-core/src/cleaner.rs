//! Cleanup deletes what is ours: by id from the journal first, by name second, and says what it could not delete.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::erased::AnyCleaner;
use crate::names::Names;
use crate::world::World;

/// Where a resource lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scope {
    /// The account that owns it (in some clouds: the project's id); absent for what belongs to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The region, where a cloud has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl Scope {
    /// What this account owns.
    pub fn owner(id: impl Into<String>) -> Self {
        Self { owner: Some(id.into()), region: None }
    }

    /// What belongs to nobody.
    pub fn global() -> Self {
        Self::default()
    }

    /// In this region.
    #[must_use]
    pub fn region(mut self, region: Option<String>) -> Self {
        self.region = region;
        self
    }
}

/// One resource, as the journal and the cleaners know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// What it is: `nova.server`.
    pub kind: String,
    /// Its name; empty where a kind has none.
    pub name: String,
    /// Its id; absent when the answer to its creation never came.
    pub id: Option<String>,
    /// Where it lives.
    pub scope: Scope,
}

impl Entry {
    /// A resource that exists.
    pub fn new(
        kind: impl Into<String>,
        name: impl Into<String>,
        id: impl Into<String>,
        scope: Scope,
    ) -> Self {
        Self { kind: kind.into(), name: name.into(), id: Some(id.into()), scope }
    }

    /// The id, or what stands for it in messages.
    pub fn label(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }
}

/// What a cleanup found and what became of it, per kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cleaned {
    /// One row per kind of resource.
    pub kinds: BTreeMap<String, CleanedKind>,
    /// What is still there, or may be.
    pub left: Vec<Left>,
}

/// One row of [`Cleaned`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CleanedKind {
    /// How many were ours.
    pub found: u64,
    /// How many are gone now.
    pub deleted: u64,
    /// How many are not.
    pub failed: u64,
    /// How many were left alone, being somebody else's.
    pub skipped: u64,
    /// From the first listing to the last deletion seen, in seconds.
    pub seconds: f64,
}

/// Something that cleanup did not get rid of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Left {
    /// What it is.
    pub entry: Entry,
    /// Why it is still there.
    pub why: String,
}

impl Cleaned {
    /// There was nothing to do.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether nothing is left.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty()
    }

    /// One more of this kind was found and is gone now.
    pub fn deleted(&mut self, kind: &str) {
        let row = self.kinds.entry(kind.to_owned()).or_default();
        row.found += 1;
        row.deleted += 1;
    }

    /// One more was found and is still there.
    pub fn failed(&mut self, entry: Entry, why: impl Into<String>) {
        let row = self.kinds.entry(entry.kind.clone()).or_default();
        row.found += 1;
        row.failed += 1;
        self.left.push(Left { entry, why: why.into() });
    }

    /// Adds what another cleanup did.
    pub fn merge(&mut self, other: Self) {
        for (kind, row) in other.kinds {
            let sum = self.kinds.entry(kind).or_default();
            sum.found += row.found;
            sum.deleted += row.deleted;
            sum.failed += row.failed;
            sum.skipped += row.skipped;
            sum.seconds += row.seconds;
        }
        self.left.extend(other.left);
    }
}

/// How patient and how busy a [`sweep`] is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SweepOptions {
    /// How many deletions are under way at a time. 20, as in Rally.
    pub workers: usize,
    /// How often one deletion is asked for. 4.
    pub attempts: u32,
    /// How long one resource may take until it is seen to be gone. 600 s, as in Rally.
    pub timeout: Duration,
    /// The longest pause between two looks. 1 s, as in Rally; the first pauses are shorter.
    pub interval: Duration,
    /// Whether what contexts made is left to these. No.
    pub spare_contexts: bool,
}

impl Default for SweepOptions {
    fn default() -> Self {
        let (timeout, interval) = (Duration::from_mins(10), Duration::from_secs(1));
        Self { workers: 20, attempts: 4, timeout, interval, spare_contexts: false }
    }
}

/// Deletes what this world's workload created: all kinds that `wanted` accepts, in the scopes given.
///
/// Kinds go by their order, one after the other where the order differs. Within a kind, what the journal knows by
/// id is deleted by id; what is listed and carries the workload's name pattern is deleted too. Anything else is
/// counted as skipped and not touched.
pub async fn sweep(
    world: &World,
    scopes: &[Scope],
    wanted: impl Fn(&str) -> bool,
    options: &SweepOptions,
) -> Cleaned {
    let mut kinds: Vec<AnyCleaner> =
        world.registry().cleaners().into_iter().filter(|c| wanted(c.kind)).collect();
    kinds.sort_by_key(|cleaner| (cleaner.order, cleaner.kind));
    let mut cleaned = Cleaned::nothing();
    for kind in kinds {
        cleaned.merge(sweep_kind(world, kind, scopes, options).await);
    }
    cleaned
}

async fn sweep_kind(world: &World, by: AnyCleaner, scopes: &[Scope], options: &SweepOptions) -> Cleaned {
    let began = Instant::now();
    let mut cleaned = Cleaned::nothing();
    let spared = |name: &str| options.spare_contexts && Names::of_context(name);
    let journaled: Vec<Entry> = world.journal().open(world.owner());
    let journaled: Vec<Entry> =
        journaled.into_iter().filter(|entry| entry.kind == by.kind && !spared(&entry.name)).collect();
    let known: BTreeSet<&str> = journaled.iter().filter_map(|entry| entry.id.as_deref()).collect();
    let mut ours: BTreeMap<String, Entry> = BTreeMap::new();
    let mut skipped = 0;
    let mut listed_all = true;
    for scope in scopes {
        match retried(options, || (by.list)(scope, world)).await {
            Ok(entries) => {
                for entry in entries {
                    let id = entry.label().to_owned();
                    let named = world.names().matches(&entry.name) && !spared(&entry.name);
                    if named || known.contains(id.as_str()) {
                        ours.insert(id, entry);
                    } else {
                        skipped += 1;
                    }
                }
            }
            Err(failure) => {
                listed_all = false;
                tracing::warn!(kind = by.kind, %failure, "cannot list what is to be cleaned up");
                let entry =
                    Entry { kind: by.kind.into(), name: String::new(), id: None, scope: scope.clone() };
                cleaned.failed(entry, format!("cannot be listed: {failure}"));
            }
        }
    }
    for entry in &journaled {
        match &entry.id {
            // Created, but not listed: deleted by id all the same, since lists can lag behind.
            Some(id) => {
                ours.entry(id.clone()).or_insert_with(|| entry.clone());
            }
            // Never answered, looked for where it would be, and not found by its name: nothing came of it.
            None if listed_all
                && scopes.iter().any(|scope| scope.owner == entry.scope.owner)
                && !ours.values().any(|found| found.name == entry.name) =>
            {
                forget(world.journal().nothing_came(&entry.kind, &entry.name));
            }
            None => (),
        }
    }
    let known = &known;
    let results: Vec<(Entry, crate::Result<bool>)> = futures::stream::iter(ours.into_values())
        .map(|entry| async move {
            // A list may still show what has gone a moment ago, and the journal knows better.
            let stale =
                !known.contains(entry.label()) && matches!((by.is_gone)(&entry, world).await, Ok(true));
            let result =
                if stale { Ok(false) } else { remove(world, by, &entry, options).await.map(|()| true) };
            (entry, result)
        })
        .buffer_unordered(options.workers.max(1))
        .collect()
        .await;
    for (entry, result) in results {
        match result {
            Ok(was_there) => {
                forget(world.journal().gone(&entry.kind, entry.label()));
                forget(world.journal().nothing_came(&entry.kind, &entry.name));
                if was_there {
                    cleaned.deleted(by.kind);
                }
            }
            Err(failure) => {
                tracing::warn!(kind = by.kind, id = entry.label(), %failure, "left behind");
                cleaned.failed(entry, failure.to_string());
            }
        }
    }
    if skipped > 0 || cleaned.kinds.contains_key(by.kind) {
        let row = cleaned.kinds.entry(by.kind.to_owned()).or_default();
        row.skipped += skipped;
        row.seconds = began.elapsed().as_secs_f64();
    }
    cleaned
}

async fn remove(world: &World, cleaner: AnyCleaner, entry: &Entry, options: &SweepOptions) -> crate::Result {
    retried(options, || (cleaner.delete)(entry, world)).await?;
    let deadline = Instant::now() + options.timeout;
    let mut pause = Duration::from_millis(25).min(options.interval);
    loop {
        let answer = (cleaner.is_gone)(entry, world).await;
        match answer {
            Ok(true) => return Ok(()),
            Ok(false) if Instant::now() >= deadline => {
                let message =
                    format!("was deleted, but is still there after {} s", options.timeout.as_secs_f64());
                return Err(crate::Failure::new("Timeout", message));
            }
            Err(failure) if Instant::now() >= deadline => return Err(failure),
            Ok(false) | Err(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(options.interval);
    }
}

/// Repeats what fails, with growing pauses: a busy cloud answers 409, 429 or 503 for a while.
async fn retried<T, F: Future<Output = crate::Result<T>>>(
    options: &SweepOptions,
    ask: impl Fn() -> F,
) -> crate::Result<T> {
    let mut pause = Duration::from_millis(200).min(options.interval);
    for _ in 1..options.attempts.max(1) {
        match ask().await {
            Ok(value) => return Ok(value),
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(Duration::from_secs(10));
    }
    ask().await
}

/// A journal that cannot be written any more is said once per entry, and stops no cleanup.
fn forget(written: Result<(), crate::journal::JournalError>) {
    if let Err(error) = written {
        tracing::warn!(%error, "the journal is not up to date");
    }
}
