//! Who the iterations are: projects and their users, each with a session.

use std::collections::BTreeMap;
use std::sync::Arc;

use rally_core::{Failure, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Account;

/// The projects and users of a workload, in a fixed order.
#[derive(Clone, Debug)]
pub struct UserPool {
    tenants: Vec<Arc<Tenant>>,
    choice: UserChoice,
    admin: Option<Account>,
    existing: bool,
}

/// A project and its users.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tenant {
    /// The id of the project.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its users; never empty.
    pub users: Vec<TenantUser>,
}

/// A user of a project.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TenantUser {
    /// The id of the user.
    pub id: String,
    /// The user's login.
    pub account: Account,
}

/// How each iteration gets its user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserChoice {
    /// Any of them, with equal chances.
    #[default]
    Random,
    /// One after the other: every project once with its first user, then every project with its second, and so on.
    RoundRobin,
}

impl UserPool {
    /// The projects of these logins, each with its users; projects are ordered by id, users as they are given.
    ///
    /// A login without a project belongs to none and is left out; with nobody left there is no pool.
    pub fn new(
        accounts: impl IntoIterator<Item = Account>,
        choice: UserChoice,
        admin: Option<Account>,
        existing: bool,
    ) -> Result<Self> {
        let mut tenants: BTreeMap<String, Tenant> = BTreeMap::new();
        for account in accounts {
            let session = account.session().clone();
            let Some(project) = &session.identity().project else { continue };
            let (id, name) = (project.id.clone(), project.name.clone());
            let tenant = tenants.entry(id.clone()).or_insert_with(|| Tenant { id, name, users: Vec::new() });
            tenant.users.push(TenantUser { id: session.user_id().to_owned(), account });
        }
        if tenants.is_empty() {
            return Err(Failure::new("NoUsers", "no user of the environment has a project to work in"));
        }
        Ok(Self { tenants: tenants.into_values().map(Arc::new).collect(), choice, admin, existing })
    }

    /// The projects, ordered by id.
    pub fn tenants(&self) -> &[Arc<Tenant>] {
        &self.tenants
    }

    /// All users, project by project.
    pub fn users(&self) -> impl Iterator<Item = &TenantUser> {
        self.tenants.iter().flat_map(|tenant| &tenant.users)
    }

    /// The administrator, where the environment has one.
    pub fn admin(&self) -> Option<&Account> {
        self.admin.as_ref()
    }

    /// Whether the users were there before the run and stay when it is over.
    pub fn is_existing(&self) -> bool {
        self.existing
    }

    /// A project by its id.
    pub fn tenant(&self, id: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == id).map(Arc::as_ref)
    }

    /// A login of this project.
    pub fn of_project(&self, id: &str) -> Option<&Account> {
        self.tenant(id).map(|tenant| &tenant.users[0].account)
    }

    /// Whose turn it is in iteration `number`, counted from 1.
    pub(crate) fn choose(&self, number: u64, seed: u64) -> (&Arc<Tenant>, &TenantUser) {
        let (tenant, user) = match self.choice {
            UserChoice::Random => {
                let mut ticket = modulo(seed, self.users().count());
                let mut tenant = 0;
                while ticket >= self.tenants[tenant].users.len() {
                    ticket -= self.tenants[tenant].users.len();
                    tenant += 1;
                }
                (tenant, ticket)
            }
            UserChoice::RoundRobin => {
                let (turn, tenants) = (number.saturating_sub(1), self.tenants.len() as u64);
                let tenant = modulo(turn, self.tenants.len());
                (tenant, modulo(turn / tenants.max(1), self.tenants[tenant].users.len()))
            }
        };
        let tenant = &self.tenants[tenant];
        (tenant, &tenant.users[user])
    }
}

fn modulo(number: u64, length: usize) -> usize {
    // The remainder is smaller than the length, which is one.
    usize::try_from(number % (length as u64).max(1)).unwrap_or_default()
}
