//! How each kind of resource is found, deleted and seen to be gone.
//!
//! Kinds carry Rally's names of services and resources, in the singular, and Rally's order. Those of a project are
//! looked for as one of its users, or as the administrator when none of them can log in any more; those of the whole
//! cloud as the administrator.

mod kinds;

use std::time::Duration;

use rally_core::{Entry, Result, Scope, World};
use serde::Deserialize;
use serde_json::json;

use crate::client::{CloudError, Endpoint};
use crate::cloud::Account;
use crate::contexts::UserPool;
use crate::services::{all, exists};

pub(crate) use self::kinds::reach;

/// How long the cloud may still be busy with a request whose answer was lost.
const SETTLE: Duration = Duration::from_secs(2);

/// Where resources of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In a project.
    Project,
    /// In the cloud as a whole.
    Cloud,
}

/// Gives the cloud time to finish what it was asked for, if there is an entry whose answer never came: listed at
/// once, the resource might not be there yet, and would be taken for one that never came to be.
pub(crate) async fn settle<'a>(entries: impl IntoIterator<Item = &'a Entry>) {
    if entries.into_iter().any(|entry| entry.id.is_none()) {
        tokio::time::sleep(SETTLE).await;
    }
}

/// A row of the table: how resources of one kind are listed, deleted and looked for.
struct Kind {
    name: &'static str,
    reach: Reach,
    service: &'static str,
    list: &'static str,
    member: &'static str,
    one: &'static str,
    /// The query that narrows the list to a project.
    filter: Option<&'static str>,
    /// What an administrator has to add to see what is not his own.
    seen_by_admin: Option<(&'static str, &'static str)>,
    /// Whether the list can be narrowed to names like ours.
    by_name: bool,
    /// Whether a conflict may mean that it is locked.
    unlocking: bool,
}

/// What every list has of its items.
#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

impl Kind {
    const fn of_project(
        name: &'static str,
        service: &'static str,
        list: &'static str,
        member: &'static str,
        one: &'static str,
    ) -> Self {
        let (reach, filter, seen_by_admin, by_name, unlocking) = (Reach::Project, None, None, false, false);
        Self { name, reach, service, list, member, one, filter, seen_by_admin, by_name, unlocking }
    }

    const fn of_cloud(
        name: &'static str,
        service: &'static str,
        list: &'static str,
        member: &'static str,
        one: &'static str,
    ) -> Self {
        let mut row = Self::of_project(name, service, list, member, one);
        row.reach = Reach::Cloud;
        row
    }

    const fn filter(mut self, query: &'static str) -> Self {
        self.filter = Some(query);
        self
    }

    const fn seen_by_admin(mut self, query: (&'static str, &'static str)) -> Self {
        self.seen_by_admin = Some(query);
        self
    }

    const fn by_name(mut self) -> Self {
        self.by_name = true;
        self
    }

    const fn unlocking(mut self) -> Self {
        self.unlocking = true;
        self
    }

    async fn list(&self, scope: &Scope, world: &World) -> Result<Vec<Entry>> {
        let project = scope.owner.as_deref();
        if project.is_some() != (self.reach == Reach::Project) {
            return Ok(Vec::new());
        }
        let account = Account::of_scope(scope, world)?;
        let names_like_ours = stem(world);
        let mut query: Vec<(&str, &str)> = self.filter.zip(project).into_iter().collect();
        if account.session().project_id() != project {
            query.extend(self.seen_by_admin);
        }
        if self.by_name {
            query.push(("name__contains", &names_like_ours));
        }
        let items: Vec<Item> = all(&account.service(self.service)?, self.list, &query, self.member).await?;
        // Nova lists a server for a moment after it has said that it is deleted.
        let there = items.into_iter().filter(|item| item.status.as_deref() != Some("DELETED"));
        let entry = |item: Item| Entry::new(self.name, item.name.unwrap_or_default(), item.id, scope.clone());
        Ok(there.map(entry).collect())
    }

    async fn delete(&self, entry: &Entry, world: &World) -> Result {
        let (api, id) = (self.api(entry, world)?, entry.label());
        let mut result = api.delete(self.one, &[id]).done().await;
        if self.unlocking && result.as_ref().is_err_and(CloudError::is_conflict) {
            api.post(format!("{}/action", self.one), &[id]).body(&json!({"unlock": null})).done().await?;
            result = api.delete(self.one, &[id]).done().await;
        }
        match result {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn is_gone(&self, entry: &Entry, world: &World) -> Result<bool> {
        Ok(!exists(self.api(entry, world)?.get(self.one, &[entry.label()])).await?)
    }

    fn api(&self, entry: &Entry, world: &World) -> Result<Endpoint> {
        Ok(Account::of_scope(&entry.scope, world)?.service(self.service)?)
    }
}

/// What all names of the workload have in common.
pub(crate) fn stem(world: &World) -> String {
    format!("_rally_{}_", &world.owner().simple().to_string()[..8])
}

/// Who can reach a keypair: its owner, else the administrator.
fn owner_of(keypair: &str, world: &World) -> Result<Account> {
    let owner = || {
        let (_, user) = keypair.rsplit_once('@')?;
        world.find::<UserPool>()?.users().find(|known| known.id == user).map(|known| known.account.clone())
    };
    owner().map_or_else(|| Account::admin(world), Ok)
}
