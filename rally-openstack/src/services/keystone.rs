//! Identity. Everything here but reading is for administrators.

use std::borrow::Cow;

use rally_core::{Scope, atomic};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{all, one};
use crate::client::{CloudError, Endpoint, Named};
use crate::cloud::{Account, Identified};

/// The kinds under which the journal knows what keystone holds.
pub(crate) const USER: &str = "keystone.user";
pub(crate) const PROJECT: &str = "keystone.project";
pub(crate) const ROLE: &str = "keystone.role";

/// A role of a user in a project.
const GRANT: &str = "/projects/{project}/users/{user}/roles/{role}";

/// Identity, as one account uses it.
#[derive(Clone, Debug)]
pub struct Keystone {
    account: Account,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The domain it belongs to.
    #[serde(default)]
    pub domain_id: String,
    /// Whether it may log in.
    #[serde(default)]
    pub enabled: bool,
}

/// A project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The domain it belongs to.
    #[serde(default)]
    pub domain_id: String,
}

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Role {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

macro_rules! identified {
    ($($resource:ty),+) => { $(
        impl Identified for $resource {
            fn id(&self) -> Cow<'_, str> {
                self.id.as_str().into()
            }
        }
    )+ };
}

identified!(User, Project, Role);

/// A password in a task. `Debug` does not show it; its schema marks it as something to be written and never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Password(SecretString);

impl Password {
    /// The text, for the one request that needs it.
    pub(crate) fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Password {
    /// A plan holds what the task said, or it would not be the same plan.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.expose_secret())
    }
}

impl JsonSchema for Password {
    fn schema_name() -> Cow<'static, str> {
        "password".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "password", "writeOnly": true})
    }
}

/// What a new user is like.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UserCreate {
    /// The password; without one the user cannot log in by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// The id of the project in which the user gets a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// The domain, by name or id (default: `Default`).
    pub domain_name: String,
    /// Whether the user may log in (default: yes).
    pub enabled: bool,
    /// The role that the user gets in `project_id` (default: `member`).
    pub default_role: String,
}

impl Default for UserCreate {
    fn default() -> Self {
        let (domain_name, default_role) = ("Default".into(), "member".into());
        Self { password: None, project_id: None, domain_name, enabled: true, default_role }
    }
}

impl Keystone {
    pub(crate) fn new(account: Account) -> Self {
        Self { account }
    }

    fn api(&self) -> Result<Endpoint, CloudError> {
        self.account.service("identity")
    }

    /// Creates a user, and gives him a role where a project is named: `keystone_v3.create_user`.
    pub async fn create_user(&self, create: &UserCreate) -> Result<User, CloudError> {
        let work = async {
            let domain = self.domain_id(&create.domain_name).await?;
            let user = self.new_user(&self.account.name(), &domain, create).await?;
            if let Some(project) = &create.project_id
                && let Some(role) = role_named(&self.list_roles().await?, &create.default_role)
            {
                self.add_role(role, &user, project).await?;
            }
            Ok(user)
        };
        atomic("keystone_v3.create_user", work).await
    }

    /// All users of the cloud, or of the domain that the account manages: `keystone_v3.list_users`.
    pub async fn list_users(&self) -> Result<Vec<User>, CloudError> {
        atomic("keystone_v3.list_users", async { all(&self.api()?, "/users", &[], "users").await }).await
    }

    /// Deletes a user: `keystone_v3.delete_user`.
    pub async fn delete_user(&self, user: &User) -> Result<(), CloudError> {
        atomic("keystone_v3.delete_user", self.delete(USER, "/users/{id}", &user.id)).await
    }

    /// Creates a project: `keystone_v3.create_project`.
    pub async fn create_project(&self, domain: &str) -> Result<Project, CloudError> {
        let work = async { self.new_project(&self.account.name(), &self.domain_id(domain).await?).await };
        atomic("keystone_v3.create_project", work).await
    }

    /// All projects: `keystone_v3.list_projects`.
    pub async fn list_projects(&self) -> Result<Vec<Project>, CloudError> {
        atomic("keystone_v3.list_projects", async { all(&self.api()?, "/projects", &[], "projects").await })
            .await
    }

    /// Deletes a project: `keystone_v3.delete_project`.
    pub async fn delete_project(&self, project: &Project) -> Result<(), CloudError> {
        atomic("keystone_v3.delete_project", self.delete(PROJECT, "/projects/{id}", &project.id)).await
    }

    /// Creates a role: `keystone_v3.create_role`.
    pub async fn create_role(&self) -> Result<Role, CloudError> {
        let work = async {
            let name = self.account.name();
            let body = json!({"role": {"name": name}});
            let request = one(self.api()?.post("/roles", &[]).body(&body), "role");
            self.account.create_in(&Scope::global(), ROLE, &name, request).await
        };
        atomic("keystone_v3.create_role", work).await
    }

    /// All roles: `keystone_v3.list_roles`.
    pub async fn list_roles(&self) -> Result<Vec<Role>, CloudError> {
        atomic("keystone_v3.list_roles", self.roles()).await
    }

    /// A role by its id: `keystone_v3.get_role`.
    pub async fn get_role(&self, id: &str) -> Result<Role, CloudError> {
        atomic("keystone_v3.get_role", async { one(self.api()?.get("/roles/{id}", &[id]), "role").await })
            .await
    }

    /// Deletes a role: `keystone_v3.delete_role`.
    pub async fn delete_role(&self, role: &Role) -> Result<(), CloudError> {
        atomic("keystone_v3.delete_role", self.delete(ROLE, "/roles/{id}", &role.id)).await
    }

    /// Gives a user a role in a project: `keystone_v3.add_role`.
    pub async fn add_role(&self, role: &Role, user: &User, project: &str) -> Result<(), CloudError> {
        let grant = [project, &user.id, &role.id];
        atomic("keystone_v3.add_role", async { self.api()?.put(GRANT, &grant).done().await }).await
    }

    /// Takes a role in a project away from a user: `keystone_v3.revoke_role`.
    pub async fn revoke_role(&self, role: &Role, user: &User, project: &str) -> Result<(), CloudError> {
        let grant = [project, &user.id, &role.id];
        atomic("keystone_v3.revoke_role", async { self.api()?.delete(GRANT, &grant).done().await }).await
    }

    async fn delete(&self, kind: &str, route: &'static str, id: &str) -> Result<(), CloudError> {
        self.api()?.delete(route, &[id]).done().await?;
        self.account.gone(kind, id);
        Ok(())
    }

    /// The id of a domain that is given by its id or its name. The account's own domains cost no request.
    pub(crate) async fn domain_id(&self, domain: &str) -> Result<String, CloudError> {
        let identity = self.account.session().identity();
        let own = [&identity.project_domain, &identity.user_domain, &identity.domain];
        let is_it = |named: &&Named| named.id == domain || named.name == domain;
        if let Some(known) = own.into_iter().flatten().find(is_it) {
            return Ok(known.id.clone());
        }
        let api = self.api()?;
        match api.get("/domains/{id}", &[domain]).member("domain").await {
            Ok(found) => Ok(found.id().into_owned()),
            Err(error) if error.is_not_found() => {
                let named: Vec<Value> = all(&api, "/domains", &[("name", domain)], "domains").await?;
                named.first().map(|found| found.id().into_owned()).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Creates a user under this name, outside any action.
    pub(crate) async fn new_user(
        &self,
        name: &str,
        domain: &str,
        create: &UserCreate,
    ) -> Result<User, CloudError> {
        let mut user = json!({"name": name, "domain_id": domain, "enabled": create.enabled});
        if let Some(project) = &create.project_id {
            user["default_project_id"] = project.as_str().into();
        }
        if let Some(password) = &create.password {
            user["password"] = password.secret().expose_secret().into();
        }
        let request = one(self.api()?.post("/users", &[]).body(&json!({ "user": user })), "user");
        self.account.create_in(&Scope::global(), USER, name, request).await
    }

    /// Creates a project under this name, outside any action.
    pub(crate) async fn new_project(&self, name: &str, domain: &str) -> Result<Project, CloudError> {
        let body = json!({"project": {"name": name, "domain_id": domain, "enabled": true}});
        let request = one(self.api()?.post("/projects", &[]).body(&body), "project");
        self.account.create_in(&Scope::global(), PROJECT, name, request).await
    }

    pub(crate) async fn roles(&self) -> Result<Vec<Role>, CloudError> {
        all(&self.api()?, "/roles", &[], "roles").await
    }
}

/// The role of this name as tolerantly as Rally finds it: letter case and underscores do not count.
pub(crate) fn role_named<'a>(roles: &'a [Role], name: &str) -> Option<&'a Role> {
    let plain = |name: &str| name.trim_matches('_').to_lowercase();
    let exact = roles.iter().find(|role| role.name == name);
    exact.or_else(|| roles.iter().find(|role| plain(&role.name) == plain(name)))
}
