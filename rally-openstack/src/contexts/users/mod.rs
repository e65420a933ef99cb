//! Temporary projects and users, or those that the environment lists.

mod pool;
mod temporary;

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use rally_core::{Cleaned, Context, Failure, Meta, Result, World, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::pool::{Tenant, TenantUser, UserChoice, UserPool};
use crate::cloud::Account;
use crate::platform::OpenStack;
use crate::services::Password;

/// Provide the users of the load: temporary ones, or those that the environment lists.
///
/// Each user logs in once, before the first iteration, so that no iteration pays for it.
///
/// Which of the two it is:
///
/// * the environment lists no users: temporary ones, made and removed by its administrator;
/// * it lists some, and neither `tenants` nor `users_per_tenant` is given: those;
/// * it lists some, and one of the two is given: temporary ones, if there is an administrator, else an error;
/// * `existing: true` or `existing: false` says it outright.
///
/// The report says which it was. Nothing that belongs to existing users or their projects is changed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Users {
    /// How many temporary projects (default: 1).
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(range(min = 1))]
    pub tenants: u32,
    /// How many temporary users each project has (default: 1).
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(range(min = 1))]
    pub users_per_tenant: u32,
    /// How many projects or users are made, logged in or removed at a time (default: 20).
    #[schemars(range(min = 1))]
    pub resource_management_workers: u32,
    /// The domain of temporary projects, by id or name (default: the administrator's).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_domain: Option<String>,
    /// The domain of temporary users, by id or name (default: the administrator's).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_domain: Option<String>,
    /// The password of temporary users (default: a random one for each).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_password: Option<Password>,
    /// How each iteration gets its user (default: random).
    pub user_choice_method: UserChoice,
    /// The role of temporary users in their project (default: `member`). Letter case and underscores at its ends do
    /// not count.
    pub role: String,
    /// Whether the users are those that the environment lists (default: as described above).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Default for Users {
    /// As from an empty configuration: zero stands for a number that is not given.
    fn default() -> Self {
        Self {
            tenants: 0,
            users_per_tenant: 0,
            resource_management_workers: 20,
            project_domain: None,
            user_domain: None,
            user_password: None,
            user_choice_method: UserChoice::Random,
            role: "member".into(),
            existing: None,
        }
    }
}

impl Context for Users {
    const META: Meta = Meta::new("users").platform("openstack");
    const ORDER: u32 = 100;

    async fn setup(&self, world: &mut World) -> Result {
        let cloud = world.get::<OpenStack>()?;
        let listed = cloud.users().len();
        let admin = Account::admin(world).ok();
        let existing = self.wants_existing(listed, admin.is_some())?;
        let accounts = match &admin {
            Some(admin) if !existing => self.create(world, admin).await?,
            _ => self.log_in(world).await?,
        };
        let pool = UserPool::new(accounts, self.user_choice_method, admin, existing)?;
        let (projects, users) = (pool.tenants().len(), pool.users().count());
        let how = match (existing, listed) {
            (true, _) => "existing",
            (false, 0) => "temporary",
            (false, _) => "temporary, although the environment lists users, because their number was given",
        };
        world.fact("users", format!("{users} in {projects} projects ({how})"));
        world.insert(pool)?;
        Ok(())
    }

    async fn cleanup(&self, world: &World) -> Cleaned {
        // What was made stands in the journal, whether or not the setup came to its end.
        temporary::remove(world, self.workers()).await
    }
}

impl Users {
    fn workers(&self) -> usize {
        self.resource_management_workers.max(1) as usize
    }

    /// The rule that the documentation of the struct tells.
    fn wants_existing(&self, listed: usize, is_admin: bool) -> Result<bool> {
        let numbers_given = self.tenants > 0 || self.users_per_tenant > 0;
        let existing = self.existing.unwrap_or(listed > 0 && !numbers_given);
        match (existing, listed, is_admin) {
            (true, 0, _) => {
                Err(Failure::new("NoUsers", "`existing: true`, but the environment lists no users"))
            }
            (false, 0, false) => Err(Failure::new(
                "NoUsers",
                "the environment lists neither users nor an administrator who could make some",
            )),
            (false, _, false) => Err(Failure::new(
                "NoAdmin",
                "temporary users need an administrator, and the environment names none: leave out `tenants` and \
                 `users_per_tenant` to use the users that it lists",
            )),
            _ => Ok(existing),
        }
    }

    /// Logs in the users that the environment lists.
    async fn log_in(&self, world: &World) -> Result<Vec<Account>> {
        let cloud = world.get::<OpenStack>()?;
        let logins: Vec<_> =
            cloud.users().iter().map(|user| cloud.connection().login(user.clone())).collect();
        let sessions: Vec<_> = futures::stream::iter(logins).buffered(self.workers()).try_collect().await?;
        let waits = cloud.waits();
        Ok(sessions.into_iter().map(|session| Account::new(world, session, Arc::clone(waits))).collect())
    }
}

register!(context: Users);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn rule(config: serde_json::Value, listed: usize, is_admin: bool) -> Option<bool> {
        serde_json::from_value::<Users>(config).unwrap().wants_existing(listed, is_admin).ok()
    }

    #[test]
    fn existing_users_are_chosen_by_the_rule_and_never_by_accident() {
        use serde_json::json;
        let none = json!({});
        assert_eq!(rule(none.clone(), 0, true), Some(false));
        assert_eq!(rule(none.clone(), 2, true), Some(true));
        assert_eq!(
            rule(json!({"user_choice_method": "round_robin", "user_domain": "x"}), 2, true),
            Some(true)
        );
        assert_eq!(rule(json!({"tenants": 1}), 2, true), Some(false));
        assert_eq!(rule(json!({"tenants": 1}), 2, false), None);
        assert_eq!(rule(json!({"existing": true, "tenants": 1}), 2, false), Some(true));
        assert_eq!(rule(json!({"existing": true}), 0, true), None);
        assert_eq!(rule(json!({"existing": false}), 2, true), Some(false));
        assert_eq!(rule(none, 0, false), None);
    }

    #[test]
    fn the_default_is_the_empty_configuration_and_stays_it() {
        let default = serde_json::to_value(Users::default()).unwrap();
        let empty: Users = serde_json::from_value(serde_json::json!({})).unwrap();
        assert_eq!(serde_json::to_value(empty).unwrap(), default);
        assert!(default.get("tenants").is_none() && default.get("existing").is_none(), "{default}");
        let given = Users { tenants: 1, ..Users::default() };
        assert_eq!(serde_json::to_value(given).unwrap()["tenants"], 1);
    }

    #[test]
    fn a_password_is_not_shown() {
        let users = Users { user_password: Some("hidden".into()), ..Users::default() };
        assert!(!format!("{users:?}").contains("hidden"));
    }
}
