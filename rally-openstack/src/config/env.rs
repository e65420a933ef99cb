//! `OS_*` variables are enough to reach a cloud; what is missing is said together with what was found.

use std::collections::BTreeMap;

use rally_core::{Problem, ProblemKind};
use secrecy::SecretString;

use super::problem::Problems;
use super::words::{self, LOGIN_WORDS, Words, parse_bool};
use super::{CloudConfig, CloudFiles, ConfigError, Interface, Site, TlsSettings};

const SOURCE: &str = "the OS_* variables";

impl CloudConfig {
    /// The cloud that the process's environment names: by `OS_CLOUD` in clouds.yaml, or else by `OS_AUTH_URL` and its
    /// kin. Nothing when it names neither.
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        let vars: BTreeMap<String, String> = std::env::vars().collect();
        let set = |name: &str| vars.get(name).filter(|value| !value.is_empty());
        if let Some(cloud) = set("OS_CLOUD") {
            return CloudFiles::search(&vars).cloud(cloud).map(Some);
        }
        if set("OS_AUTH_URL").is_none() {
            return Ok(None);
        }
        Self::from_vars(vars).map(Some)
    }

    /// The cloud that these variables name. Who they name becomes the administrator, whatever his roles.
    ///
    /// Empty variables count as absent. `OS_CLOUD` is not looked at: see [`CloudFiles`].
    pub fn from_vars<K, V>(vars: impl IntoIterator<Item = (K, V)>) -> Result<Self, ConfigError>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let vars: BTreeMap<String, String> = vars
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(name, value)| name.starts_with("OS_") && !value.is_empty())
            .collect();
        let mut problems = Problems::default();
        let site = site(&vars, &mut problems);
        let label = |word: &str| format!("OS_{}", word.to_ascii_uppercase());
        let variable = |word: &str| vars.get(&label(word));
        let given = LOGIN_WORDS
            .iter()
            .filter_map(|word| Some((*word, SecretString::from(variable(word)?.as_str()))))
            .collect();
        let auth_type = variable("auth_type").or_else(|| variable("auth_plugin")).cloned();
        let admin = Words { given, auth_type, label: &label }.credential(&mut problems);
        let config = site.zip(admin).map(|(site, admin)| Self::new(site, admin));
        problems.or(SOURCE, config).map_err(|mut error| {
            let found: Vec<&str> = vars.keys().map(String::as_str).collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            // Values are left out: one of them is the password.
            error.source = format!("{SOURCE} (set: {found})");
            error
        })
    }
}

fn site(vars: &BTreeMap<String, String>, problems: &mut Problems) -> Option<Site> {
    let auth_url = vars.get("OS_AUTH_URL").map(String::as_str);
    let auth_url = words::auth_url("OS_AUTH_URL".into(), auth_url, problems);
    let insecure = vars.get("OS_INSECURE").map(|text| (text, parse_bool(text)));
    if let Some((text, None)) = insecure {
        problems.add("OS_INSECURE", format!("`{text}` is neither true nor false"));
    }
    let mut interface = Interface::default();
    // The newer name wins.
    if let Some(name) = ["OS_INTERFACE", "OS_ENDPOINT_TYPE"].into_iter().find(|name| vars.contains_key(*name))
    {
        match Interface::parse(&vars[name]) {
            Some(parsed) => interface = parsed,
            None => problems.push(
                Problem::new(ProblemKind::Shape, name, format!("`{}` is no interface", vars[name]))
                    .hint("public, internal or admin"),
            ),
        }
    }
    let endpoint_overrides = vars
        .iter()
        .filter_map(|(name, url)| {
            let service = name.strip_prefix("OS_")?.strip_suffix("_ENDPOINT_OVERRIDE")?;
            Some((service.to_ascii_lowercase().replace('_', "-"), url.clone()))
        })
        .collect();
    let path = |name: &str| vars.get(name).map(Into::into);
    Some(Site {
        region: vars.get("OS_REGION_NAME").cloned(),
        interface,
        tls: TlsSettings {
            cacert: path("OS_CACERT"),
            cert: path("OS_CERT"),
            key: path("OS_KEY"),
            insecure: insecure.and_then(|(_, flag)| flag).unwrap_or(false),
        },
        endpoint_overrides,
        ..Site::new(auth_url?)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::{ApplicationCredential, Domain, Login, Project, Scope, User};
    use super::*;

    const BASE: [(&str, &str); 4] = [
        ("OS_AUTH_URL", "http://h:5000/v3"),
        ("OS_USERNAME", "admin"),
        ("OS_PASSWORD", "hunter2"),
        ("OS_PROJECT_NAME", "demo"),
    ];

    fn read(more: &[(&str, &str)]) -> Result<CloudConfig, ConfigError> {
        CloudConfig::from_vars(BASE.iter().chain(more).copied())
    }

    fn admin(more: &[(&str, &str)]) -> (Login, Scope) {
        let admin = read(more).unwrap().admin.unwrap();
        (admin.login, admin.scope)
    }

    #[test]
    fn an_openrc_without_domains_means_the_default_domain() {
        let (login, scope) = admin(&[]);
        let Login::Password { user, .. } = login else { panic!("{login:?}") };
        assert_eq!(user, User::Name { name: "admin".into(), domain: Domain::Id("default".into()) });
        assert_eq!(scope, Scope::Project(Project::Name { name: "demo".into(), domain: Domain::default() }));
    }

    #[test]
    fn domain_ids_and_names_are_both_understood() {
        let (login, scope) = admin(&[("OS_USER_DOMAIN_ID", "u1"), ("OS_PROJECT_DOMAIN_NAME", "Projects")]);
        let Login::Password { user: User::Name { domain, .. }, .. } = login else { panic!("{login:?}") };
        assert_eq!(domain, Domain::Id("u1".into()));
        let Scope::Project(Project::Name { domain, .. }) = scope else { panic!("{scope:?}") };
        assert_eq!(domain, Domain::Name("Projects".into()));
        let (login, _) = admin(&[("OS_DEFAULT_DOMAIN", "d1")]);
        let Login::Password { user: User::Name { domain, .. }, .. } = login else { panic!("{login:?}") };
        assert_eq!(domain, Domain::Id("d1".into()));
    }

    #[test]
    fn every_scope_can_be_said() {
        let without_project = |more: &[(&str, &str)]| {
            let vars = BASE[..3].iter().chain(more).copied();
            CloudConfig::from_vars(vars).unwrap().admin.unwrap().scope
        };
        assert_eq!(without_project(&[("OS_SYSTEM_SCOPE", "all")]), Scope::System);
        assert_eq!(without_project(&[("OS_DOMAIN_ID", "d")]), Scope::Domain(Domain::Id("d".into())));
        assert_eq!(without_project(&[]), Scope::Inherent);
        assert_eq!(without_project(&[("OS_TENANT_ID", "t")]), Scope::Project(Project::Id("t".into())));
        let error = read(&[("OS_SYSTEM_SCOPE", "all")]).unwrap_err();
        assert_eq!(error.problems[0].at, "OS_SYSTEM_SCOPE");
    }

    #[test]
    fn other_ways_to_log_in() {
        let vars = [
            ("OS_AUTH_URL", "http://h:5000"),
            ("OS_AUTH_TYPE", "v3applicationcredential"),
            ("OS_APPLICATION_CREDENTIAL_ID", "a1"),
            ("OS_APPLICATION_CREDENTIAL_SECRET", "s"),
        ];
        let admin = CloudConfig::from_vars(vars).unwrap().admin.unwrap();
        let Login::ApplicationCredential { credential, .. } = admin.login else { panic!() };
        assert_eq!((credential, admin.scope), (ApplicationCredential::Id("a1".into()), Scope::Inherent));

        let vars = [("OS_AUTH_URL", "http://h:5000"), ("OS_TOKEN", "t")];
        let admin = CloudConfig::from_vars(vars).unwrap().admin.unwrap();
        assert!(matches!((admin.login, admin.scope), (Login::Token { .. }, Scope::Inherent)));
    }

    #[test]
    fn the_site_is_read_to_the_last_variable() {
        let site = read(&[
            ("OS_REGION_NAME", "One"),
            ("OS_ENDPOINT_TYPE", "internalURL"),
            ("OS_CACERT", "/ca.pem"),
            ("OS_CERT", "/c.pem"),
            ("OS_KEY", "/k.pem"),
            ("OS_INSECURE", "True"),
            ("OS_COMPUTE_ENDPOINT_OVERRIDE", "http://mine:8774/v2.1"),
        ])
        .unwrap()
        .site;
        assert_eq!((site.region.as_deref(), site.interface), (Some("One"), Interface::Internal));
        assert!(site.tls.insecure && site.tls.cacert == Some("/ca.pem".into()));
        assert_eq!(site.endpoint_overrides["compute"], "http://mine:8774/v2.1");
        assert!(!read(&[]).unwrap().site.tls.insecure);
    }

    #[test]
    fn all_problems_come_at_once_with_the_variables_that_were_found() {
        let vars = [
            ("OS_AUTH_URL", "keystone"),
            ("OS_INSECURE", "maybe"),
            ("OS_INTERFACE", "outer"),
            ("OS_PASSWORD", ""),
        ];
        let error = CloudConfig::from_vars(vars).unwrap_err();
        let fields: Vec<_> = error.problems.iter().map(|problem| problem.at.as_str()).collect();
        assert_eq!(fields, ["OS_AUTH_URL", "OS_INSECURE", "OS_INTERFACE", "OS_USERNAME", "OS_PASSWORD"]);
        assert!(error.to_string().contains("(set: OS_AUTH_URL, OS_INSECURE, OS_INTERFACE)"), "{error}");
        let error = CloudConfig::from_vars([("PATH", "/bin")]).unwrap_err();
        assert!(error.to_string().contains("(set: none)"), "{error}");
        assert_eq!(read(&[("OS_AUTH_TYPE", "v3oidcpassword")]).unwrap_err().problems[0].at, "OS_AUTH_TYPE");
    }

    #[test]
    fn no_secret_is_shown() {
        let config = read(&[]).unwrap();
        let json = serde_json::to_string(&config).unwrap();
        assert!(json.contains("***"), "{json}");
        for shown in [json, format!("{config:?}"), format!("{config:#?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let error = CloudConfig::from_vars([("OS_AUTH_URL", "http://admin:hunter2@h:5000")]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
