//! Any address of a keystone leads to its version 3, and a login says precisely which of the three things is wrong:
//! the address, what answers there, or the credential.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::Answer;
use super::catalog::{Catalog, RawService};
use super::connection::Connection;
use super::error::{CloudError, Refused};
use super::microversion::is_version;
use super::note::Purpose;
use super::session::{AUTH_TOKEN, Outgoing, SUBJECT_TOKEN, send};
use super::token::Token;
use crate::config::{ApplicationCredential, Credential, Domain, Login, Project, Scope, User};

/// Who a session is, as keystone sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The user.
    pub user: Named,
    /// The domain that the user belongs to.
    pub user_domain: Option<Named>,
    /// The project that the token is for.
    pub project: Option<Named>,
    /// The domain of that project.
    pub project_domain: Option<Named>,
    /// The domain that the token is for, where it is for no project.
    pub domain: Option<Named>,
    /// Whether the token is for the whole cloud.
    pub system: bool,
    /// The names of the user's roles there.
    pub roles: Vec<String>,
}

/// Something of keystone's, with its id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// What a login gives.
pub(crate) struct Granted {
    pub(crate) token: Token,
    pub(crate) identity: Identity,
    pub(crate) catalog: Catalog,
}

#[derive(Deserialize)]
struct Body {
    token: TokenBody,
}

#[derive(Deserialize)]
struct TokenBody {
    expires_at: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    user: InDomain,
    project: Option<InDomain>,
    domain: Option<Named>,
    system: Option<Value>,
    #[serde(default)]
    roles: Vec<Named>,
    #[serde(default)]
    catalog: Vec<RawService>,
}

#[derive(Deserialize)]
struct InDomain {
    id: String,
    #[serde(default)]
    name: String,
    domain: Option<Named>,
}

const IDENTITY: Cow<'static, str> = Cow::Borrowed("identity");
const TOKENS: &str = "/auth/tokens";

/// Logs in. Boxed, because a login happens inside requests and a login is a request.
pub(crate) fn grant<'a>(
    connection: &'a Connection,
    credential: &'a Credential,
) -> BoxFuture<'a, Result<Granted, CloudError>> {
    Box::pin(async move {
        let base = connection.identity_url().await?;
        let url = format!("{base}{TOKENS}");
        let mut out = Outgoing::new(IDENTITY, Method::POST, TOKENS, url)?;
        out.purpose = Purpose::Access;
        let mut given = None;
        if let (Login::Token { token }, Scope::Inherent) = (&credential.login, &credential.scope) {
            // Nothing else is wanted of this token than what it is: it is looked at, not exchanged.
            let value = secret_header(token)?;
            out.method = Method::GET;
            out.headers.insert(AUTH_TOKEN, value.clone());
            out.headers.insert(SUBJECT_TOKEN, value.clone());
            given = Some(value);
        } else {
            out.json(&json!({ "auth": body(credential) }))?;
        }
        let born = Instant::now();
        let answer = send(connection, None, &out).await?;
        granted(base, credential, &answer, given, born)
    })
}

fn granted(
    base: &str,
    credential: &Credential,
    answer: &Answer,
    given: Option<HeaderValue>,
    born: Instant,
) -> Result<Granted, CloudError> {
    let status = answer.status();
    match status {
        200..=299 => {}
        401 | 403 => return Err(refused(base, credential, answer)),
        // Keystone says so of a token that it does not know.
        404 if given.is_some() => return Err(refused(base, credential, answer)),
        _ => return Err(answer.error()),
    }
    let token: TokenBody = answer.json_as::<Body>()?.token;
    let value = match given.or_else(|| answer.headers().get(SUBJECT_TOKEN).cloned()) {
        Some(mut value) => {
            value.set_sensitive(true);
            value
        }
        None => return Err(answer.bad_body("it has no X-Subject-Token header")),
    };
    let lifetime = token.expires_at.zip(token.issued_at).map(|(end, start)| {
        let seconds = end.duration_since(start);
        Duration::try_from(seconds).unwrap_or_default()
    });
    let catalog = Catalog::new(token.catalog, token.project.as_ref().map(|project| project.id.as_str()));
    let (user, user_domain) = token.user.split();
    let (project, project_domain) = token.project.map(InDomain::split).unzip();
    let identity = Identity {
        user,
        user_domain,
        project,
        project_domain: project_domain.flatten(),
        domain: token.domain,
        system: token.system.is_some(),
        roles: token.roles.into_iter().map(|role| role.name).collect(),
    };
    Ok(Granted { token: Token { value, born, lifetime }, identity, catalog })
}

impl InDomain {
    fn split(self) -> (Named, Option<Named>) {
        (Named { id: self.id, name: self.name }, self.domain)
    }
}

fn refused(base: &str, credential: &Credential, answer: &Answer) -> CloudError {
    let (_, mut message) = answer.explanation();
    let secret = match &credential.login {
        Login::Password { password: secret, .. }
        | Login::Token { token: secret }
        | Login::ApplicationCredential { secret, .. } => secret.expose_secret(),
    };
    // A server that quotes the request must not make us print it.
    if !secret.is_empty() {
        message = message.replace(secret, "***");
    }
    Box::new(Refused {
        who: Who(credential).to_string(),
        url: base.to_owned(),
        status: answer.status(),
        message,
        request_id: answer.request_id().map(str::to_owned),
    })
    .into()
}

/// The `auth` object of a login.
fn body(credential: &Credential) -> Value {
    let (method, inner) = match &credential.login {
        Login::Password { user, password } => {
            let mut user = user_json(user);
            user.insert("password".into(), password.expose_secret().into());
            ("password", json!({ "user": user }))
        }
        Login::Token { token } => ("token", json!({ "id": token.expose_secret() })),
        Login::ApplicationCredential { credential, secret } => {
            let mut inner = match credential {
                ApplicationCredential::Id(id) => json!({ "id": id }),
                ApplicationCredential::Name { name, user } => {
                    json!({ "name": name, "user": user_json(user) })
                }
            };
            inner["secret"] = secret.expose_secret().into();
            ("application_credential", inner)
        }
    };
    let mut auth = json!({ "identity": { "methods": [method], method: inner } });
    let scope = match &credential.scope {
        Scope::Project(Project::Id(id)) => json!({ "project": { "id": id } }),
        Scope::Project(Project::Name { name, domain }) => {
            json!({ "project": { "name": name, "domain": domain_json(domain) } })
        }
        Scope::Domain(domain) => json!({ "domain": domain_json(domain) }),
        Scope::System => json!({ "system": { "all": true } }),
        Scope::Unscoped => json!("unscoped"),
        Scope::Inherent => return auth,
    };
    auth["scope"] = scope;
    auth
}

fn user_json(user: &User) -> Map<String, Value> {
    let mut map = Map::new();
    match user {
        User::Id(id) => {
            map.insert("id".into(), id.as_str().into());
        }
        User::Name { name, domain } => {
            map.insert("name".into(), name.as_str().into());
            map.insert("domain".into(), domain_json(domain));
        }
    }
    map
}

fn domain_json(domain: &Domain) -> Value {
    match domain {
        Domain::Id(id) => json!({ "id": id }),
        Domain::Name(name) => json!({ "name": name }),
    }
}

/// A header whose value no log shows.
pub(crate) fn secret_header(secret: &SecretString) -> Result<HeaderValue, CloudError> {
    // The library's own message would be safe too, but it says nothing.
    let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(|_| CloudError::Setting {
        what: "token".into(),
        reason: "it holds characters that no token has".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A credential in words, without its secret.
struct Who<'a>(&'a Credential);

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.login {
            Login::Password { user, .. } => user.fmt(f)?,
            Login::Token { .. } => f.write_str("a token")?,
            Login::ApplicationCredential { credential: ApplicationCredential::Id(id), .. } => {
                write!(f, "application credential {id}")?;
            }
            Login::ApplicationCredential {
                credential: ApplicationCredential::Name { name, user }, ..
            } => {
                write!(f, "application credential {name} of {user}")?;
            }
        }
        match &self.0.scope {
            Scope::Project(Project::Id(id)) => write!(f, " for project id {id}"),
            Scope::Project(Project::Name { name, domain }) => write!(f, " for project {name} of {domain}"),
            Scope::Domain(domain) => write!(f, " for {domain}"),
            Scope::System => f.write_str(" for the system"),
            Scope::Unscoped | Scope::Inherent => Ok(()),
        }
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "user id {id}"),
            Self::Name { name, domain } => write!(f, "user {name} of {domain}"),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "domain id {id}"),
            Self::Name(name) => write!(f, "domain {name}"),
        }
    }
}

/// Finds version 3 behind an auth URL in any of its forms.
///
/// The address that the user gave is kept: a version document may name a host that only the cloud itself knows.
pub(crate) async fn discover(connection: &Connection) -> Result<String, CloudError> {
    let given = connection.site().auth_url.as_str().trim_end_matches('/');
    let (root, version) = match given.rsplit_once('/') {
        Some((root, last)) if is_version(last) => (root, Some(last)),
        _ => (given, None),
    };
    let third = format!("{root}/v3");
    // Most clouds answer the first; some show only one of the two to the outside.
    let candidates = if version == Some("v3") { [third.as_str(), root] } else { [root, &third] };
    let mut found = Vec::new();
    for candidate in candidates {
        let route = if candidate == root { "/" } else { "/v3" };
        let url = if candidate == root { format!("{root}/") } else { candidate.to_owned() };
        let mut out = Outgoing::new(IDENTITY, Method::GET, route, url)?;
        out.purpose = Purpose::Access;
        let answer = send(connection, None, &out).await?;
        match offered(&answer) {
            Ok(versions) if versions.iter().any(|id| id.starts_with("v3")) => return Ok(third.clone()),
            Ok(versions) => found.push(format!("{candidate} offers only {}", versions.join(", "))),
            Err(_) if answer.status() >= 500 => return Err(answer.error()),
            Err(reason) => found.push(format!("{candidate} {reason}")),
        }
    }
    Err(CloudError::NotKeystone { url: given.to_owned(), reason: found.join("; ") })
}

/// The identity versions in an answer, or what the answer is instead.
fn offered(answer: &Answer) -> Result<Vec<String>, String> {
    let document = answer.json().unwrap_or_default();
    // Other services have version documents too: keystone's list is wrapped once more, and its media types say what it is.
    let list = match (&document["versions"]["values"], &document["version"]) {
        (Value::Array(list), _) => list.as_slice(),
        (_, one @ Value::Object(_)) => std::slice::from_ref(one),
        _ if !document["versions"].is_null() => return Err("is another OpenStack service".into()),
        _ => {
            let kind = answer.header("content-type").unwrap_or("nothing");
            return Err(format!("answered {} with {kind}", answer.status()));
        }
    };
    let is_identity = |entry: &Value| {
        let types = entry["media-types"].as_array().map(Vec::as_slice).unwrap_or_default();
        types.is_empty()
            || types.iter().any(|kind| kind["type"].as_str().is_some_and(|t| t.contains("identity")))
    };
    let ids: Vec<String> = list
        .iter()
        .filter(|entry| is_identity(entry))
        .filter_map(|entry| entry["id"].as_str().map(str::to_owned))
        .collect();
    if ids.is_empty() { Err("is another OpenStack service".into()) } else { Ok(ids) }
}
