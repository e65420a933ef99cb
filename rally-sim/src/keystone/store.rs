//! A token is a note of who logged in where; what it is worth is worked out anew at each request.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use jiff::Timestamp;

use super::missing;
use crate::http::{Actor, Object, Problem, text};
use crate::inventory::Inventory;
use crate::table::Table;

/// Where roles are held and what a token is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    #[default]
    None,
    Project(String),
    Domain(String),
    System,
}

/// This user has this role there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Assignment {
    pub(crate) user: String,
    pub(crate) scope: Scope,
    pub(crate) role: String,
}

/// Who logged in, how and until when.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) user: String,
    pub(crate) scope: Scope,
    pub(crate) methods: Vec<String>,
    pub(crate) audit_ids: Vec<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// The same by the cloud's clock.
    pub(crate) expires: Instant,
    /// Id of the application credential with which it was got.
    pub(crate) credential: Option<String>,
}

/// An application credential: some roles of a user in a project, under a secret of their own.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) secret: String,
    pub(crate) project: String,
    /// As shown, without the secret.
    pub(crate) row: Object,
}

/// What Keystone knows.
#[derive(Default)]
pub(crate) struct Keystone {
    pub(crate) domains: Table<Object>,
    pub(crate) projects: Table<Object>,
    pub(crate) users: Table<Object>,
    pub(crate) groups: Table<Object>,
    pub(crate) roles: Table<Object>,
    pub(crate) services: Table<Object>,
    pub(crate) endpoints: Table<Object>,
    pub(crate) passwords: HashMap<String, String>,
    pub(crate) assignments: BTreeSet<Assignment>,
    pub(crate) credentials: Table<Credential>,
    tokens: HashMap<String, Token>,
    /// Expired tokens are thrown out when there are this many.
    tokens_until_sweep: usize,
}

/// Which roles come with which.
const IMPLIED: [(&str, &str); 2] = [("admin", "member"), ("member", "reader")];
const KNOWN: [&str; 3] = ["admin", "member", "reader"];

impl Keystone {
    pub(crate) fn keep_token(&mut self, id: String, token: Token) {
        let now = token.issued_at;
        self.tokens.insert(id, token);
        if self.tokens.len() > self.tokens_until_sweep {
            self.tokens.retain(|_, token| token.expires_at > now);
            self.tokens_until_sweep = (2 * self.tokens.len()).max(1024);
        }
    }

    pub(crate) fn forget_token(&mut self, id: &str) {
        self.tokens.remove(id);
    }

    /// Forgets the tokens of one user, as a change of the password does.
    pub(crate) fn forget_tokens_of(&mut self, user: &str) {
        self.tokens.retain(|_, token| token.user != user);
    }

    pub(crate) fn expire_tokens(&mut self) {
        self.tokens.clear();
    }

    /// A token that is still valid.
    pub(crate) fn token(&self, id: &str, now: Instant) -> Option<&Token> {
        self.tokens.get(id).filter(|token| token.expires > now)
    }

    /// Who comes with this token.
    pub(crate) fn actor(&self, id: &str, now: Instant) -> Result<Actor, Problem> {
        let token = self.token(id, now).ok_or_else(Problem::unauthorized)?;
        if let Scope::Project(project) = &token.scope
            && !self.projects.contains(project)
        {
            return Err(missing("project", project));
        }
        if !self.users.contains(&token.user) {
            return Err(missing("user", &token.user));
        }
        let (roles, other_roles) = self.names_by_token(token);
        if token.scope != Scope::None && roles.is_empty() && other_roles.is_empty() {
            return Err(Problem::unauthorized());
        }
        let (user, scope) = (token.user.clone(), token.scope.clone());
        Ok(Actor { user, scope, roles, other_roles })
    }

    /// Ids of the roles that a user holds there, without those implied.
    pub(crate) fn roles_of<'a>(&'a self, user: &str, scope: &Scope) -> impl Iterator<Item = &'a str> {
        let first = Assignment { user: user.to_owned(), scope: scope.clone(), role: String::new() };
        let (user, scope) = (user.to_owned(), scope.clone());
        let from_here = self.assignments.range(first..);
        from_here
            .take_while(move |held| held.user == user && held.scope == scope)
            .map(|held| held.role.as_str())
    }

    /// The same for a token: an application credential may hold back some.
    fn roles_by_token<'a>(&'a self, token: &Token) -> Vec<&'a str> {
        let held: Vec<&str> = self.roles_of(&token.user, &token.scope).collect();
        let Some(credential) = &token.credential else { return held };
        let Some(credential) = self.credentials.get(credential) else { return Vec::new() };
        let granted = credential.row.get("roles").and_then(serde_json::Value::as_array).into_iter().flatten();
        granted.filter_map(|role| role.get("id").and_then(serde_json::Value::as_str)).collect()
    }

    /// Names of the roles that come with a token.
    pub(crate) fn names_by_token(&self, token: &Token) -> (BTreeSet<&'static str>, BTreeSet<String>) {
        self.names(self.roles_by_token(token))
    }

    /// Names of roles and of those they imply.
    fn names<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> (BTreeSet<&'static str>, BTreeSet<String>) {
        let (mut known, mut others) = (BTreeSet::new(), BTreeSet::new());
        for id in ids {
            let Some(role) = self.roles.get(id) else { continue };
            let name = text(role, "name");
            match KNOWN.iter().find(|known| **known == name) {
                Some(name) => {
                    known.insert(*name);
                }
                None => {
                    others.insert(name.to_owned());
                }
            }
        }
        for (role, implied) in IMPLIED {
            if known.contains(role) {
                known.insert(implied);
            }
        }
        (known, others)
    }

    /// The role with this name.
    pub(crate) fn role_named(&self, name: &str) -> Option<&Object> {
        self.roles.iter().find(|role| text(role, "name") == name)
    }

    /// The things that exist, for the inventory.
    pub(crate) fn list(&self, inventory: &mut Inventory) {
        for (kind, table) in [
            ("project", &self.projects),
            ("user", &self.users),
            ("role", &self.roles),
            ("group", &self.groups),
        ] {
            for row in table.iter() {
                inventory.add(&format!("keystone.{kind}"), text(row, "id"), text(row, "name"));
            }
        }
        for Credential { id, row, .. } in self.credentials.iter() {
            inventory.add("keystone.application_credential", id, text(row, "name"));
        }
        for Assignment { user, scope, role } in &self.assignments {
            let place = match scope {
                Scope::Project(id) | Scope::Domain(id) => id.as_str(),
                Scope::System => "system",
                Scope::None => "",
            };
            let name = self.roles.get(role).map_or("", |role| text(role, "name"));
            inventory.add("keystone.role_assignment", &format!("{user}@{place}:{role}"), name);
        }
    }
}
