//! Temporary projects and users are written down before they are made, and removed by what was written down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use rally_core::cleaner::{SweepOptions, sweep};
use rally_core::{Cleaned, Entry, Failure, Names, Result, Scope, World, did_you_mean};
use secrecy::SecretString;
use uuid::Uuid;

use super::Users;
use crate::cleanup;
use crate::client::Named;
use crate::cloud::Account;
use crate::config::{Credential, Project as ProjectRef, User as UserRef};
use crate::platform::OpenStack;
use crate::services::{Keystone, Password, Project, Role, UserCreate, keystone};

/// What all temporary projects and users are made by.
struct Maker<'a> {
    users: &'a Users,
    keystone: Keystone,
    names: &'a Names,
    project_domain: String,
    user_domain: String,
    role: Role,
    world: &'a World,
}

impl Users {
    /// Makes the projects, then their users, and logs these in.
    pub(super) async fn create(&self, world: &World, admin: &Account) -> Result<Vec<Account>> {
        let keystone = admin.keystone();
        let identity = admin.session().identity();
        let project_domain =
            domain(&keystone, self.project_domain.as_deref(), identity.project_domain.as_ref()).await?;
        let user_domain =
            domain(&keystone, self.user_domain.as_deref(), identity.user_domain.as_ref()).await?;
        let roles = keystone.roles().await?;
        let role =
            keystone::role_named(&roles, &self.role).ok_or_else(|| no_role(&self.role, &roles))?.clone();
        let maker =
            Maker { users: self, keystone, names: world.names(), project_domain, user_domain, role, world };

        let (tenants, each) = (self.tenants.max(1), self.users_per_tenant.max(1) as usize);
        let projects = all_or_stop((0..tenants).map(|_| maker.project()).collect(), self.workers()).await?;
        let homes = projects.iter().flat_map(|project| std::iter::repeat_n(&project.id, each));
        all_or_stop(homes.map(|project| maker.user(project)).collect(), self.workers()).await
    }
}

impl Maker<'_> {
    async fn project(&self) -> Result<Project> {
        Ok(self.keystone.new_project(&self.names.context(), &self.project_domain).await?)
    }

    async fn user(&self, project: &str) -> Result<Account> {
        let password = self.users.user_password.clone().unwrap_or_else(random_password);
        let project_id = Some(project.to_owned());
        let create = UserCreate { password: Some(password.clone()), project_id, ..UserCreate::default() };
        let user = self.keystone.new_user(&self.names.context(), &self.user_domain, &create).await?;
        self.keystone.add_role(&self.role, &user, project).await?;
        let cloud = self.world.get::<OpenStack>()?;
        let (user, project) = (UserRef::Id(user.id), ProjectRef::Id(project.to_owned()));
        let session = cloud.connection().login(Credential::password(user, password, project)).await?;
        Ok(Account::new(self.world, session, Arc::clone(cloud.waits())))
    }
}

/// The id of the domain that a task names, or else of the administrator's own.
async fn domain(keystone: &Keystone, given: Option<&str>, own: Option<&Named>) -> Result<String> {
    match (given, own) {
        (Some(given), _) => Ok(keystone.domain_id(given).await?),
        (None, Some(own)) => Ok(own.id.clone()),
        (None, None) => Ok("default".to_owned()),
    }
}

/// Does all of the work, so much at a time. After a failure nothing new begins, but what has begun is finished: a
/// request whose answer nobody waits for may still make something.
async fn all_or_stop<T>(work: Vec<impl Future<Output = Result<T>>>, workers: usize) -> Result<Vec<T>> {
    let failed = AtomicBool::new(false);
    let work: Vec<_> = work.into_iter().map(|one| unless(&failed, one)).collect();
    let results: Vec<Option<Result<T>>> = futures::stream::iter(work).buffered(workers).collect().await;
    results.into_iter().flatten().collect()
}

/// Does it unless something else has failed; says when it fails itself.
async fn unless<T>(failed: &AtomicBool, work: impl Future<Output = Result<T>>) -> Option<Result<T>> {
    if failed.load(Ordering::Relaxed) {
        return None;
    }
    let result = work.await;
    failed.fetch_or(result.is_err(), Ordering::Relaxed);
    Some(result)
}

/// Removes the temporary users, then their projects.
pub(super) async fn remove(world: &World, workers: usize) -> Cleaned {
    let ours = |kind: &str| matches!(kind, keystone::USER | keystone::PROJECT);
    let made: Vec<Entry> =
        world.journal().open(world.owner()).into_iter().filter(|entry| ours(&entry.kind)).collect();
    if made.is_empty() {
        return Cleaned::nothing();
    }
    cleanup::settle(&made).await;
    let mut options = SweepOptions::default();
    options.workers = workers;
    sweep(world, &[Scope::global()], ours, &options).await
}

/// Long and mixed enough for any cloud's rules.
fn random_password() -> Password {
    format!("Aa1-{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())[..44].to_owned().into()
}

fn no_role(wanted: &str, roles: &[Role]) -> Failure {
    let names = roles.iter().map(|role| role.name.as_str());
    let known: Vec<&str> = names.clone().collect();
    let hint = did_you_mean(wanted, names).unwrap_or_else(|| format!("there are {}", known.join(", ")));
    Failure::new("NoRole", format!("the cloud has no role `{wanted}`; {hint}"))
}

impl From<Password> for SecretString {
    fn from(password: Password) -> Self {
        password.secret().clone()
    }
}
