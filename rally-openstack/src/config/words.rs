//! Whether they come from YAML, from variables or from JSON, the words of a login are the same and are judged once.

use std::collections::BTreeMap;

use rally_core::{Problem, ProblemKind, did_you_mean};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::problem::Problems;
use super::{ApplicationCredential, Credential, Domain, Login, Project, Scope, User};

/// The words of a login, as the cloud's own client libraries spell them.
pub(super) const LOGIN_WORDS: &[&str] = &[
    "username",
    "user_id",
    "password",
    "project_name",
    "project_id",
    "tenant_name",
    "tenant_id",
    "user_domain_name",
    "user_domain_id",
    "project_domain_name",
    "project_domain_id",
    "default_domain_name",
    "default_domain_id",
    "default_domain",
    "domain_name",
    "domain_id",
    "system_scope",
    "token",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
];

/// What was given for a login, and how its source names each word in messages.
pub(super) struct Words<'a> {
    pub(super) given: BTreeMap<&'static str, SecretString>,
    /// The way to log in, if the source says it.
    pub(super) auth_type: Option<String>,
    /// `username` → `OS_USERNAME`, or `admin.username`.
    pub(super) label: &'a dyn Fn(&str) -> String,
}

impl Words<'_> {
    fn get(&self, word: &str) -> Option<&SecretString> {
        self.given.get(word)
    }

    fn text(&self, word: &str) -> Option<String> {
        self.get(word).map(|text| text.expose_secret().to_owned())
    }

    fn first(&self, words: &[&str]) -> Option<String> {
        words.iter().find_map(|word| self.text(word))
    }

    fn has(&self, word: &str) -> bool {
        self.given.contains_key(word)
    }

    fn missing(&self, word: &str, problems: &mut Problems) {
        problems.missing((self.label)(word));
    }

    /// Judges the words; every one that is missing or contradicts another is a problem.
    pub(super) fn credential(&self, problems: &mut Problems) -> Option<Credential> {
        let login = match self.method(problems)? {
            Method::Password => {
                let user = self.user(problems);
                let password = self.get("password").cloned();
                if password.is_none() {
                    self.missing("password", problems);
                }
                Some(Login::Password { user: user?, password: password? })
            }
            Method::Token => {
                let token = self.get("token").cloned();
                if token.is_none() {
                    self.missing("token", problems);
                }
                Some(Login::Token { token: token? })
            }
            Method::ApplicationCredential => self.application_credential(problems),
        };
        let scope = match login {
            Some(Login::ApplicationCredential { .. }) => Some(Scope::Inherent),
            _ => self.scope(problems),
        };
        Some(Credential { login: login?, scope: scope? })
    }

    fn method(&self, problems: &mut Problems) -> Option<Method> {
        let Some(said) = &self.auth_type else {
            let is_application = self.has("application_credential_id")
                || self.has("application_credential_name")
                || self.has("application_credential_secret");
            return Some(match () {
                () if is_application => Method::ApplicationCredential,
                () if self.has("token") && !self.has("password") => Method::Token,
                () => Method::Password,
            });
        };
        match said.as_str() {
            // v2password too: there is no keystone v2 any more, and the words are the same.
            "password" | "v3password" | "v2password" => Some(Method::Password),
            "token" | "v3token" | "v2token" => Some(Method::Token),
            "v3applicationcredential" | "application_credential" => Some(Method::ApplicationCredential),
            other => {
                let known = "password, token and v3applicationcredential are supported";
                problems.push(
                    Problem::new(
                        ProblemKind::Shape,
                        (self.label)("auth_type"),
                        format!("`{other}` is no known way to log in"),
                    )
                    .hint(known),
                );
                None
            }
        }
    }

    fn application_credential(&self, problems: &mut Problems) -> Option<Login> {
        let secret = self.get("application_credential_secret").cloned();
        if secret.is_none() {
            self.missing("application_credential_secret", problems);
        }
        let credential =
            match (self.text("application_credential_id"), self.text("application_credential_name")) {
                (Some(id), _) => Some(ApplicationCredential::Id(id)),
                // Its name is unique among one user's only.
                (None, Some(name)) => {
                    self.user(problems).map(|user| ApplicationCredential::Name { name, user })
                }
                (None, None) => {
                    self.missing("application_credential_id", problems);
                    None
                }
            };
        Some(Login::ApplicationCredential { credential: credential?, secret: secret? })
    }

    fn user(&self, problems: &mut Problems) -> Option<User> {
        if let Some(id) = self.text("user_id") {
            return Some(User::Id(id));
        }
        let Some(name) = self.text("username") else {
            self.missing("username", problems);
            return None;
        };
        Some(User::Name { name, domain: self.domain("user_domain_id", "user_domain_name") })
    }

    /// The domain of a name: its own, or else the default for all names, or else the domain that is there at all.
    fn domain(&self, id: &str, name: &str) -> Domain {
        let pairs = [
            (id, name),
            ("default_domain_id", "default_domain_name"),
            ("default_domain", ""),
            ("domain_id", "domain_name"),
        ];
        pairs
            .iter()
            .find_map(|(id, name)| {
                self.text(id).map(Domain::Id).or_else(|| self.text(name).map(Domain::Name))
            })
            .unwrap_or_default()
    }

    fn scope(&self, problems: &mut Problems) -> Option<Scope> {
        let project = match self.first(&["project_id", "tenant_id"]) {
            Some(id) => Some(Project::Id(id)),
            None => self.first(&["project_name", "tenant_name"]).map(|name| Project::Name {
                name,
                domain: self.domain("project_domain_id", "project_domain_name"),
            }),
        };
        let domain =
            self.text("domain_id").map(Domain::Id).or_else(|| self.text("domain_name").map(Domain::Name));
        match (self.text("system_scope"), project, domain) {
            (Some(_), Some(_), _) => {
                let at = (self.label)("system_scope");
                problems.add(at, "a login is either for a project or for the system, and both are given");
                None
            }
            (Some(scope), None, _) if scope != "all" => {
                problems.add((self.label)("system_scope"), format!("`{scope}` is not `all`"));
                None
            }
            (Some(_), None, _) => Some(Scope::System),
            (None, Some(project), _) => Some(Scope::Project(project)),
            (None, None, Some(domain)) => Some(Scope::Domain(domain)),
            (None, None, None) => Some(Scope::Inherent),
        }
    }
}

enum Method {
    Password,
    Token,
    ApplicationCredential,
}

/// An `http` or `https` address of keystone.
pub(super) fn auth_url(at: String, text: Option<&str>, problems: &mut Problems) -> Option<Url> {
    let Some(text) = text else {
        problems.missing(at);
        return None;
    };
    match Url::parse(text.trim()) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            problems.add(at, format!("`{text}` begins neither with http:// nor with https://"));
            None
        }
        // What is in front of the @ is a secret, so the address is not quoted.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            problems.add(at, "has a user or a password in it; name them in their own fields");
            None
        }
        Ok(url) => Some(url),
        Err(error) => {
            problems.add(at, format!("`{text}` is no URL: {error}"));
            None
        }
    }
}

/// Reads the fields of an object one by one; what has the wrong type becomes a problem that quotes no value.
pub(super) struct Fields<'a> {
    at: String,
    map: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, which stands at this path; null counts as an object without fields.
    pub(super) fn of(at: impl Into<String>, value: &'a Value, problems: &mut Problems) -> Option<Self> {
        static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        let at = at.into();
        match value {
            Value::Object(map) => Some(Self { at, map, known: Vec::new() }),
            Value::Null => Some(Self { at, map: &EMPTY, known: Vec::new() }),
            other => {
                problems.add(at, format!("must be an object, not {}", type_of(other)));
                None
            }
        }
    }

    /// The path of a field.
    pub(super) fn path(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    /// The field itself; nothing when it is absent or null.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// A text; an empty one counts as absent.
    pub(super) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        match self.value(key)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            other => {
                let what = format!("must be a text, not {}", type_of(other));
                let problem = Problem::new(ProblemKind::Shape, self.path(key), what);
                problems.push(if other.is_number() { problem.hint("put it in quotes") } else { problem });
                None
            }
        }
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        match self.value(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if parse_bool(text).is_some() => parse_bool(text),
            other => {
                problems.add(self.path(key), format!("must be true or false, not {}", type_of(other)));
                None
            }
        }
    }

    /// Those of these words of a login that are there.
    pub(super) fn words(
        &mut self,
        known: &[&'static str],
        problems: &mut Problems,
    ) -> BTreeMap<&'static str, SecretString> {
        known
            .iter()
            .filter_map(|word| Some((*word, SecretString::from(self.text(word, problems)?))))
            .collect()
    }

    /// Refuses every field that nobody has asked for.
    pub(super) fn refuse_others(&self, problems: &mut Problems) {
        for key in self.map.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let hint = did_you_mean(key, self.known.iter().copied());
            problems
                .push(Problem::new(ProblemKind::Shape, self.path(key), "is no known field").maybe_hint(hint));
        }
    }
}

/// The words for yes and no that openrc files use.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "t" | "y" => Some(true),
        "" | "0" | "false" | "no" | "off" | "f" | "n" => Some(false),
        _ => None,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "this text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
