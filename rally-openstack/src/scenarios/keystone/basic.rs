//! `KeystoneBasic`: what an administrator does in keystone.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::scenarios::{ADMIN_KEYSTONE, USERS, openstack};
use crate::services::{Keystone, UserCreate};
use crate::validators;

/// A scenario of this group.
const fn basic(name: &'static str) -> Meta {
    openstack(name).contexts(&[USERS, ADMIN_KEYSTONE]).validators(&[&validators::ADMIN])
}

/// Keystone, as this iteration's administrator.
fn keystone(it: &Iteration) -> Result<Keystone> {
    Ok(Cloud::of(it)?.admin()?.keystone())
}

/// Create a user, and list all users.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndListUsers {
    /// What the user is like.
    #[serde(flatten)]
    pub user: UserCreate,
    /// Old arguments.
    #[serde(flatten)]
    pub old: Old,
}

/// Arguments of old task files that have no effect.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Old {
    /// Not used; accepted from old task files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_length: Option<u32>,
}

impl Scenario for CreateAndListUsers {
    const META: Meta = basic("KeystoneBasic.create_and_list_users");

    async fn run(&self, it: &Iteration) -> Result {
        let keystone = keystone(it)?;
        keystone.create_user(&self.user).await?;
        keystone.list_users().await?;
        Ok(())
    }
}

/// Create a user.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateUser {
    /// What the user is like.
    #[serde(flatten)]
    pub user: UserCreate,
    /// Old arguments.
    #[serde(flatten)]
    pub old: Old,
}

impl Scenario for CreateUser {
    const META: Meta = basic("KeystoneBasic.create_user");

    async fn run(&self, it: &Iteration) -> Result {
        keystone(it)?.create_user(&self.user).await?;
        Ok(())
    }
}

/// Create a user, and delete it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateDeleteUser {
    /// What the user is like.
    #[serde(flatten)]
    pub user: UserCreate,
    /// Old arguments.
    #[serde(flatten)]
    pub old: Old,
}

impl Scenario for CreateDeleteUser {
    const META: Meta = basic("KeystoneBasic.create_delete_user");

    async fn run(&self, it: &Iteration) -> Result {
        let keystone = keystone(it)?;
        let user = keystone.create_user(&self.user).await?;
        Ok(keystone.delete_user(&user).await?)
    }
}

/// Create a project, and list all projects.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndListTenants {
    /// Old arguments.
    #[serde(flatten)]
    pub old: Old,
}

impl Scenario for CreateAndListTenants {
    const META: Meta = basic("KeystoneBasic.create_and_list_tenants");

    async fn run(&self, it: &Iteration) -> Result {
        let keystone = keystone(it)?;
        keystone.create_project("Default").await?;
        keystone.list_projects().await?;
        Ok(())
    }
}

/// Create a role, and delete it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndDeleteRole {}

impl Scenario for CreateAndDeleteRole {
    const META: Meta = basic("KeystoneBasic.create_and_delete_role");

    async fn run(&self, it: &Iteration) -> Result {
        let keystone = keystone(it)?;
        let role = keystone.create_role().await?;
        Ok(keystone.delete_role(&role).await?)
    }
}

/// Create a role, and look at it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAndGetRole {}

impl Scenario for CreateAndGetRole {
    const META: Meta = basic("KeystoneBasic.create_and_get_role");

    async fn run(&self, it: &Iteration) -> Result {
        let keystone = keystone(it)?;
        let role = keystone.create_role().await?;
        keystone.get_role(&role.id).await?;
        Ok(())
    }
}

register!(
    scenario: CreateAndListUsers, CreateUser, CreateDeleteUser, CreateAndListTenants, CreateAndDeleteRole,
    CreateAndGetRole
);
