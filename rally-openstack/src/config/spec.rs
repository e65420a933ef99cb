//! An environment's spec for `existing@openstack` is Rally's, with application credentials, tokens and ids added.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::problem::Problems;
use super::words::{Fields, Words, auth_url};
use super::{
    ApplicationCredential, CloudConfig, ConfigError, Credential, Domain, Interface, Login, Project, Scope,
    Site, TlsSettings, User, redacted,
};
use crate::client::Waits;

/// A cloud that exists: where it is, and who may use it.
///
/// `Serialize` shows no secret; [`exposed`](Self::exposed) does, for whoever stores an environment.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExistingCloud {
    /// Keystone's address, with or without its version.
    pub auth_url: String,
    /// Who may do everything; needed to create temporary projects and users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<ExistingUser>,
    /// Users who exist already and may be used for the load.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<ExistingUser>,
    /// The region whose endpoints are used; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_name: Option<String>,
    /// Which endpoints are used: public, internal or admin; public when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<String>,
    /// Accept any certificate of a server.
    #[serde(default)]
    pub https_insecure: bool,
    /// PEM file of certificate authorities that are trusted beside the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https_cacert: Option<String>,
    /// PEM file of the client's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https_cert: Option<String>,
    /// PEM file of the client's private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https_key: Option<String>,
    /// Endpoints that are used instead of the catalogue's, by service type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoint_overrides: BTreeMap<String, String>,
    /// Rally's wait options that differ from its defaults, in seconds: `nova_server_boot_timeout`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waits: BTreeMap<String, f64>,
    /// Rally's choice of API versions and service types by client; accepted and not needed, for versions are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_info: Option<Value>,
    /// Accepted from old specs and not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Accepted from old specs and not used: this client does not profile.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "redacted_option")]
    #[schemars(with = "Option<String>")]
    pub profiler_hmac_key: Option<SecretString>,
    /// Accepted from old specs and not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiler_conn_str: Option<String>,
}

macro_rules! user {
    ($($(#[$doc:meta])* $name:ident,)+; secret: $($(#[$secret_doc:meta])* $secret:ident,)+) => {
        /// A user of the cloud: by name or id, with a password, a token or an application credential.
        #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[non_exhaustive]
        pub struct ExistingUser {
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $name: Option<String>,)+
            $(
                $(#[$secret_doc])*
                #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "redacted_option")]
                #[schemars(with = "Option<String>")]
                pub $secret: Option<SecretString>,
            )+
        }

        impl ExistingUser {
            /// The names of the fields.
            const WORDS: &[&str] = &[$(stringify!($name),)+ $(stringify!($secret),)+];

            /// The fields as JSON, secrets and all.
            fn exposed(&self) -> Value {
                let mut map = Map::new();
                $(if let Some(text) = &self.$name { map.insert(stringify!($name).into(), text.as_str().into()); })+
                $(if let Some(text) = &self.$secret {
                    map.insert(stringify!($secret).into(), text.expose_secret().into());
                })+
                Value::Object(map)
            }
        }
    };
}

user! {
    /// The name of the user.
    username,
    /// The id of the user, instead of the name.
    user_id,
    /// The name of the project.
    project_name,
    /// The id of the project, instead of the name.
    project_id,
    /// The old word for `project_name`.
    tenant_name,
    /// The old word for `project_id`.
    tenant_id,
    /// The name of the user's domain; the domain with the id `default` when none is given.
    user_domain_name,
    /// The id of the user's domain.
    user_domain_id,
    /// The name of the project's domain.
    project_domain_name,
    /// The id of the project's domain.
    project_domain_id,
    /// The name of the domain to be used where there is no project.
    domain_name,
    /// The id of the domain to be used where there is no project.
    domain_id,
    /// `all` for the whole cloud.
    system_scope,
    /// The id of an application credential.
    application_credential_id,
    /// The name of an application credential of this user.
    application_credential_name,
    ;
    secret:
    /// The password of the user.
    password,
    /// A token that somebody else got; it is not renewed.
    token,
    /// The secret of the application credential.
    application_credential_secret,
}

#[expect(clippy::ref_option, reason = "serde passes the field as it is")]
fn redacted_option<S: serde::Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => redacted(secret, to),
        None => to.serialize_none(),
    }
}

impl ExistingCloud {
    /// The spec as JSON with its secrets: what [`CloudConfig::from_spec`] reads, for an environment that is stored.
    pub fn exposed(&self) -> Value {
        let mut spec = serde_json::to_value(self).unwrap_or_default();
        if let Some(admin) = &self.admin {
            spec["admin"] = admin.exposed();
        }
        if !self.users.is_empty() {
            spec["users"] = self.users.iter().map(ExistingUser::exposed).collect();
        }
        if let Some(key) = &self.profiler_hmac_key {
            spec["profiler_hmac_key"] = key.expose_secret().into();
        }
        spec
    }

    /// The cloud that this spec means.
    pub fn config(&self) -> Result<CloudConfig, ConfigError> {
        CloudConfig::from_spec(&self.exposed())
    }
}

impl CloudConfig {
    /// Reads an environment's spec for `existing@openstack`. Fields that nobody knows are refused.
    pub fn from_spec(spec: &Value) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        let config = Fields::of("", spec, &mut problems).and_then(|fields| parse(fields, &mut problems));
        problems.or("existing@openstack", config)
    }

    /// This configuration as an environment's spec, with its secrets.
    pub fn to_spec(&self) -> Value {
        let site = &self.site;
        let path = |path: Option<&PathBuf>| path.map(|path| path.display().to_string());
        let mut spec = json!({
            "auth_url": site.auth_url,
            "region_name": site.region,
            "endpoint_type": site.interface,
            "https_insecure": site.tls.insecure,
            "https_cacert": path(site.tls.cacert.as_ref()),
            "https_cert": path(site.tls.cert.as_ref()),
            "https_key": path(site.tls.key.as_ref()),
            "endpoint_overrides": site.endpoint_overrides,
            "waits": self.waits,
            "admin": self.admin.as_ref().map(|admin| user_of(admin).exposed()),
        });
        if !self.users.is_empty() {
            spec["users"] = self.users.iter().map(|user| user_of(user).exposed()).collect();
        }
        if let Some(map) = spec.as_object_mut() {
            map.retain(|_, value| !value.is_null());
        }
        spec
    }
}

fn parse(mut fields: Fields<'_>, problems: &mut Problems) -> Option<CloudConfig> {
    let url = fields.text("auth_url", problems);
    let url = auth_url(fields.path("auth_url"), url.as_deref(), problems);
    let region = fields.text("region_name", problems);
    let interface = fields.text("endpoint_type", problems).map(|text| {
        Interface::parse(&text).unwrap_or_else(|| {
            problems.add("endpoint_type", format!("`{text}` is neither public, internal nor admin"));
            Interface::default()
        })
    });
    let mut path = |key| fields.text(key, problems).map(Into::into);
    let (cacert, cert, key) = (path("https_cacert"), path("https_cert"), path("https_key"));
    let insecure = fields.flag("https_insecure", problems).unwrap_or(false);
    let mut endpoint_overrides = BTreeMap::new();
    for (service, value) in
        fields.value("endpoint_overrides").and_then(Value::as_object).into_iter().flatten()
    {
        match value.as_str() {
            Some(url) => _ = endpoint_overrides.insert(service.clone(), url.to_owned()),
            None => problems.add(format!("endpoint_overrides.{service}"), "must be a URL"),
        }
    }
    let waits = waits(&mut fields, problems);
    for unused in ["api_info", "endpoint", "profiler_hmac_key", "profiler_conn_str"] {
        fields.value(unused);
    }
    let admin_spec = fields.value("admin");
    let admin = admin_spec.and_then(|value| user("admin", value, problems));
    let mut users = Vec::new();
    match fields.value("users") {
        Some(Value::Array(list)) => {
            let all = list.iter().enumerate();
            users.extend(all.filter_map(|(n, value)| user(&format!("users[{n}]"), value, problems)));
            if list.is_empty() && admin_spec.is_none() {
                problems.add("users", "is empty, and there is no admin");
            }
        }
        Some(_) => problems.add("users", "must be a list"),
        None if admin_spec.is_none() => problems.add("admin", "is missing, and there are no users"),
        None => {}
    }
    fields.refuse_others(problems);
    let tls = TlsSettings { cacert, cert, key, insecure };
    let site =
        Site { region, interface: interface.unwrap_or_default(), tls, endpoint_overrides, ..Site::new(url?) };
    Some(CloudConfig { site, admin, users, waits })
}

/// The wait options, each tried on the defaults.
fn waits(fields: &mut Fields<'_>, problems: &mut Problems) -> BTreeMap<String, f64> {
    let mut waits = BTreeMap::new();
    for (option, value) in fields.value("waits").and_then(Value::as_object).into_iter().flatten() {
        let at = format!("waits.{option}");
        match value.as_f64().map(|seconds| (seconds, Waits::default().set(option, seconds))) {
            Some((seconds, Ok(()))) => _ = waits.insert(option.clone(), seconds),
            Some((_, Err(error))) => problems.add(at, error.to_string()),
            None => problems.add(at, "must be a number of seconds"),
        }
    }
    waits
}

fn user(at: &str, value: &Value, problems: &mut Problems) -> Option<Credential> {
    let label = |word: &str| format!("{at}.{word}");
    let mut fields = Fields::of(at, value, problems)?;
    let given = fields.words(ExistingUser::WORDS, problems);
    fields.refuse_others(problems);
    let mut credential = Words { given, auth_type: None, label: &label }.credential(problems)?;
    // Rally writes `default` where it means the domain with that id; its name is `Default` in most clouds.
    let by_id = |domain: &mut Domain| {
        if matches!(domain, Domain::Name(name) if name == "default") {
            *domain = Domain::default();
        }
    };
    if let Login::Password { user: User::Name { domain, .. }, .. }
    | Login::ApplicationCredential {
        credential: ApplicationCredential::Name { user: User::Name { domain, .. }, .. },
        ..
    } = &mut credential.login
    {
        by_id(domain);
    }
    if let Scope::Project(Project::Name { domain, .. }) | Scope::Domain(domain) = &mut credential.scope {
        by_id(domain);
    }
    Some(credential)
}

/// A credential in the words of a spec.
fn user_of(credential: &Credential) -> ExistingUser {
    let mut spec = ExistingUser::default();
    let put_user = |spec: &mut ExistingUser, user: &User| match user {
        User::Id(id) => spec.user_id = Some(id.clone()),
        User::Name { name, domain } => {
            spec.username = Some(name.clone());
            match domain {
                Domain::Id(id) => spec.user_domain_id = Some(id.clone()),
                Domain::Name(name) => spec.user_domain_name = Some(name.clone()),
            }
        }
    };
    match &credential.login {
        Login::Password { user, password } => {
            put_user(&mut spec, user);
            spec.password = Some(password.clone());
        }
        Login::Token { token } => spec.token = Some(token.clone()),
        Login::ApplicationCredential { credential, secret } => {
            spec.application_credential_secret = Some(secret.clone());
            match credential {
                ApplicationCredential::Id(id) => spec.application_credential_id = Some(id.clone()),
                ApplicationCredential::Name { name, user } => {
                    spec.application_credential_name = Some(name.clone());
                    put_user(&mut spec, user);
                }
            }
        }
    }
    match &credential.scope {
        Scope::Project(Project::Id(id)) => spec.project_id = Some(id.clone()),
        Scope::Project(Project::Name { name, domain }) => {
            spec.project_name = Some(name.clone());
            match domain {
                Domain::Id(id) => spec.project_domain_id = Some(id.clone()),
                Domain::Name(name) => spec.project_domain_name = Some(name.clone()),
            }
        }
        Scope::Domain(Domain::Id(id)) => spec.domain_id = Some(id.clone()),
        Scope::Domain(Domain::Name(name)) => spec.domain_name = Some(name.clone()),
        Scope::System => spec.system_scope = Some("all".into()),
        Scope::Unscoped | Scope::Inherent => {}
    }
    spec
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn full() -> Value {
        json!({
            "auth_url": "http://h:5000/v3",
            "region_name": "One",
            "endpoint_type": "internal",
            "https_insecure": false,
            "https_cacert": "/ca.pem",
            "admin": {"username": "admin", "password": "hunter2", "project_name": "admin", "user_domain_name": "default"},
            "users": [
                {"username": "u", "password": "hunter3", "tenant_name": "t", "project_domain_id": "p"},
                {"application_credential_id": "a", "application_credential_secret": "hunter4"},
            ],
        })
    }

    #[test]
    fn rallys_spec_is_read() {
        let config = CloudConfig::from_spec(&full()).unwrap();
        assert_eq!(config.site.interface, Interface::Internal);
        assert_eq!(config.users.len(), 2);
        let Login::Password { user: User::Name { domain, .. }, .. } = config.admin.unwrap().login else {
            panic!()
        };
        assert_eq!(domain, Domain::Id("default".into()));
        let scope = &config.users[0].scope;
        assert_eq!(
            *scope,
            Scope::Project(Project::Name { name: "t".into(), domain: Domain::Id("p".into()) })
        );
    }

    #[test]
    fn all_problems_come_at_once_and_each_names_its_field() {
        let spec = json!({
            "auth_url": "ftp://h", "endpoint_type": "outer", "https_insecure": 7, "pasword": "x", "waits": {"nova_server_bot_timeout": 3},
            "admin": {"username": "a", "pasword": "hunter2"},
            "users": [{"password": 12345, "username": "u"}],
        });
        let error = CloudConfig::from_spec(&spec).unwrap_err();
        let fields: Vec<_> = error.problems.iter().map(|problem| problem.at.as_str()).collect();
        let expected = [
            "auth_url",
            "endpoint_type",
            "https_insecure",
            "waits.nova_server_bot_timeout",
            "admin.pasword",
            "admin.password",
            "users[0].password",
            "pasword",
        ];
        assert_eq!(fields, expected, "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("did you mean `password`?"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("12345"), "{text}");
        let nobody = CloudConfig::from_spec(&json!({"auth_url": "http://h"})).unwrap_err();
        assert_eq!(nobody.problems[0].at, "admin");
        assert!(CloudConfig::from_spec(&json!([])).is_err());
    }

    #[test]
    fn the_struct_and_the_text_mean_the_same() {
        let spec: ExistingCloud = serde_json::from_value(full()).unwrap();
        let from_struct = spec.config().unwrap();
        let from_text = CloudConfig::from_spec(&full()).unwrap();
        assert_eq!(format!("{from_struct:?}"), format!("{from_text:?}"));
        let again = CloudConfig::from_spec(&from_text.to_spec()).unwrap();
        assert_eq!(again.to_spec(), from_text.to_spec());
        assert_eq!(spec.exposed()["admin"]["password"], "hunter2");
    }

    #[test]
    fn no_secret_is_shown() {
        let spec: ExistingCloud = serde_json::from_value(full()).unwrap();
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(json.matches("***").count(), 3, "{json}");
        for shown in [json, format!("{spec:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }

    #[test]
    fn the_schema_knows_every_field() {
        let schema = serde_json::to_value(schemars::schema_for!(ExistingCloud)).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        assert!(schema["properties"]["https_cacert"]["description"].is_string());
    }
}
