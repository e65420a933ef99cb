//! One model says where a cloud is and who logs in; clouds.yaml, `OS_*` variables and an environment's spec are
//! three ways to write it down.
//!
//! Secrets are [`SecretString`]s: neither `Debug` nor `Serialize` shows them.

mod clouds;
mod env;
mod problem;
mod spec;
mod words;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

pub use clouds::CloudFiles;
pub use problem::ConfigError;
pub use spec::{ExistingCloud, ExistingUser};

/// A cloud and the people who use it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CloudConfig {
    /// Where the cloud is and how to speak to it.
    pub site: Site,
    /// Who may do everything, if anybody.
    pub admin: Option<Credential>,
    /// Users who exist already; empty when only an administrator is known.
    pub users: Vec<Credential>,
    /// Rally's wait options that differ from its defaults, in seconds: `nova_server_boot_timeout`.
    pub waits: BTreeMap<String, f64>,
}

impl CloudConfig {
    /// A cloud with an administrator and nobody else.
    pub fn new(site: Site, admin: Credential) -> Self {
        Self { site, admin: Some(admin), users: Vec::new(), waits: BTreeMap::new() }
    }
}

/// Where a cloud is, and how to speak to it: what all its users share.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Site {
    /// Keystone, in any of its forms: `http://h:5000`, `https://h/identity`, with or without `/v3`.
    pub auth_url: Url,
    /// The region whose endpoints are used; any when absent.
    pub region: Option<String>,
    /// Which of a service's endpoints are used.
    pub interface: Interface,
    /// How servers are trusted, and how this client proves who it is.
    pub tls: TlsSettings,
    /// Endpoints that are used instead of the catalogue's, by service type.
    pub endpoint_overrides: BTreeMap<String, String>,
}

impl Site {
    /// The cloud behind this keystone: any region, public endpoints, the platform's certificate authorities.
    pub fn new(auth_url: Url) -> Self {
        Self {
            auth_url,
            region: None,
            interface: Interface::Public,
            tls: TlsSettings::default(),
            endpoint_overrides: BTreeMap::new(),
        }
    }
}

/// Which of a service's endpoints are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interface {
    /// For everybody.
    #[default]
    Public,
    /// For the cloud's own services and for clients inside its network.
    Internal,
    /// For administrators.
    Admin,
}

impl Interface {
    /// Reads `public` as well as the older `publicURL`, whatever the letter case.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        match lower.strip_suffix("url").unwrap_or(&lower) {
            "public" => Some(Self::Public),
            "internal" => Some(Self::Internal),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// The word in a catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

/// How servers are trusted, and how this client proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TlsSettings {
    /// PEM file of certificate authorities that are trusted beside the platform's.
    pub cacert: Option<PathBuf>,
    /// PEM file of the client's certificate and its chain; it may hold the key too.
    pub cert: Option<PathBuf>,
    /// PEM file of the client's private key.
    pub key: Option<PathBuf>,
    /// Whether any certificate of a server is accepted; never true unless somebody asked for it.
    pub insecure: bool,
}

/// Who logs in, and for what.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Credential {
    /// How the user proves who he is.
    pub login: Login,
    /// What the token is for.
    pub scope: Scope,
}

impl Credential {
    /// This login for this scope.
    pub fn new(login: Login, scope: Scope) -> Self {
        Self { login, scope }
    }

    /// A user with a password, in a project.
    pub fn password(user: User, password: impl Into<SecretString>, project: Project) -> Self {
        Self::new(Login::Password { user, password: password.into() }, Scope::Project(project))
    }

    /// The same login for another scope.
    #[must_use]
    pub fn scoped(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

/// How a user proves who he is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Login {
    /// By a password.
    Password {
        /// Whose.
        user: User,
        /// The password.
        #[serde(serialize_with = "redacted")]
        password: SecretString,
    },
    /// By a token that somebody else got; it cannot be renewed.
    Token {
        /// The token.
        #[serde(serialize_with = "redacted")]
        token: SecretString,
    },
    /// By an application credential, which brings its own scope.
    ApplicationCredential {
        /// Which.
        credential: ApplicationCredential,
        /// Its secret.
        #[serde(serialize_with = "redacted")]
        secret: SecretString,
    },
}

/// An application credential is named by its id, or by its name and its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationCredential {
    /// By its id.
    Id(String),
    /// By its name.
    Name {
        /// Its name, unique among its owner's.
        name: String,
        /// Its owner.
        user: User,
    },
}

/// A user is named by his id, or by his name in a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum User {
    /// By his id.
    Id(String),
    /// By his name.
    Name {
        /// His name.
        name: String,
        /// The domain in which the name is unique.
        domain: Domain,
    },
}

/// A project is named by its id, or by its name in a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Project {
    /// By its id.
    Id(String),
    /// By its name.
    Name {
        /// Its name.
        name: String,
        /// The domain in which the name is unique.
        domain: Domain,
    },
}

/// A domain is named by its id or by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
}

impl Default for Domain {
    /// The domain that every cloud is born with: its id is `default`, whatever its name.
    fn default() -> Self {
        Self::Id("default".into())
    }
}

/// What a token is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A project's resources.
    Project(Project),
    /// A domain's users and projects.
    Domain(Domain),
    /// The whole cloud.
    System,
    /// Nothing but the user himself.
    Unscoped,
    /// What the login brings along: an application credential's project, a token's scope, a user's default project.
    #[default]
    Inherent,
}

/// Writes the fact that there is a secret, not the secret.
fn redacted<S: Serializer>(_secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("***")
}
