//! A cloud is found by its name in clouds.yaml, and its secrets in secure.yaml beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rally_core::{Problem, ProblemKind, did_you_mean};
use serde_json::Value;

use super::problem::Problems;
use super::words::{Fields, LOGIN_WORDS, Words, auth_url};
use super::{CloudConfig, ConfigError, Interface, Site, TlsSettings, yaml};

/// Where clouds.yaml and secure.yaml are looked for; of each the first that exists is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudFiles {
    /// Places of clouds.yaml, in order.
    pub clouds: Vec<PathBuf>,
    /// Places of secure.yaml, in order.
    pub secure: Vec<PathBuf>,
    /// What `~` stands for in paths inside these files.
    pub home: Option<PathBuf>,
}

impl CloudFiles {
    /// The usual places: `OS_CLIENT_CONFIG_FILE`, the working directory, the user's configuration, `/etc/openstack`.
    ///
    /// Reads the named variables only: `OS_CLIENT_CONFIG_FILE`, `OS_CLIENT_SECURE_FILE`, `XDG_CONFIG_HOME`, `HOME`.
    pub fn search(vars: &BTreeMap<String, String>) -> Self {
        let path = |name: &str| vars.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = path("HOME");
        let config = path("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
        let folders = [
            Some(PathBuf::new()),
            config.map(|config| config.join("openstack")),
            Some(PathBuf::from("/etc/openstack")),
        ];
        let places = |first: Option<PathBuf>, stem: &str| {
            let in_folder = |folder: &PathBuf| {
                ["yaml", "yml", "json"].map(|extension| folder.join(format!("{stem}.{extension}")))
            };
            first.into_iter().chain(folders.iter().flatten().flat_map(in_folder)).collect()
        };
        Self {
            clouds: places(path("OS_CLIENT_CONFIG_FILE"), "clouds"),
            secure: places(path("OS_CLIENT_SECURE_FILE"), "secure"),
            home,
        }
    }

    /// This file, and secure.yaml beside it.
    pub fn at(clouds: impl Into<PathBuf>) -> Self {
        let clouds = clouds.into();
        Self { secure: vec![clouds.with_file_name("secure.yaml")], clouds: vec![clouds], home: None }
    }

    /// The names of all clouds, in the order of the file; none when there is no file.
    pub fn names(&self) -> Result<Vec<String>, ConfigError> {
        let read = self.read()?;
        Ok(read.map(|(_, clouds)| clouds.keys().cloned().collect()).unwrap_or_default())
    }

    /// The cloud of this name. Who it names becomes the administrator, whatever his roles.
    pub fn cloud(&self, name: &str) -> Result<CloudConfig, ConfigError> {
        let mut problems = Problems::default();
        let looked = || {
            let places: Vec<_> = self.clouds.iter().map(|path| path.display().to_string()).collect();
            format!("looked at {}", places.join(", "))
        };
        let Some((path, clouds)) = self.read()? else {
            problems.push(
                Problem::new(ProblemKind::Shape, name, "there is no clouds.yaml that could name it")
                    .hint(looked()),
            );
            return problems.or("clouds.yaml", None);
        };
        let source = path.display().to_string();
        let Some(cloud) = clouds.get(name) else {
            let names = clouds.keys().map(String::as_str);
            let all = names.clone().collect::<Vec<_>>().join(", ");
            let hint = did_you_mean(name, names).unwrap_or_else(|| format!("it has {all}"));
            let what = "no cloud has this name";
            problems.push(Problem::new(ProblemKind::Shape, name, what).hint(format!("{hint}; {}", looked())));
            return problems.or(source, None);
        };
        let config = self.parse(&format!("clouds.{name}"), cloud, &mut problems);
        problems.or(source, config)
    }

    /// The clouds of the first file, secrets put in.
    fn read(&self) -> Result<Option<Clouds<'_>>, ConfigError> {
        let Some((path, mut file)) = first(&self.clouds)? else { return Ok(None) };
        if let Some((_, secure)) = first(&self.secure)? {
            merge(&mut file, secure);
        }
        let mut problems = Problems::default();
        let clouds = file.get_mut("clouds").map(Value::take).and_then(|clouds| match clouds {
            Value::Object(clouds) => Some(clouds),
            _ => None,
        });
        if clouds.is_none() {
            problems.add("clouds", "must be an object with one field for each cloud");
        }
        problems.or(path.display().to_string(), clouds).map(|clouds| Some((path, clouds)))
    }

    fn parse(&self, at: &str, cloud: &Value, problems: &mut Problems) -> Option<CloudConfig> {
        let mut fields = Fields::of(at, cloud, problems)?;
        let null = Value::Null;
        let inner = fields.value("auth").unwrap_or(&null);
        let mut auth = Fields::of(fields.path("auth"), inner, problems)?;
        // Some files have the words of a login beside `auth` instead of in it.
        let mut given = fields.words(LOGIN_WORDS, problems);
        given.extend(auth.words(LOGIN_WORDS, problems));
        let url = auth.text("auth_url", problems).or_else(|| fields.text("auth_url", problems));
        if let (None, Some(profile)) = (&url, fields.text("profile", problems)) {
            let what = format!("is missing, and vendor profiles such as `{profile}` are not read");
            problems.add(auth.path("auth_url"), what);
        }
        let url = auth_url(auth.path("auth_url"), url.as_deref(), problems);
        let auth_type = fields.text("auth_type", problems);
        let label = |word: &str| match word {
            "auth_type" => format!("{at}.auth_type"),
            word => format!("{at}.auth.{word}"),
        };
        let admin = Words { given, auth_type, label: &label }.credential(problems);
        let site = self.site(&mut fields, cloud, problems);
        Some(CloudConfig::new(Site { auth_url: url?, ..site? }, admin?))
    }

    fn site(&self, fields: &mut Fields<'_>, cloud: &Value, problems: &mut Problems) -> Option<Site> {
        // Replaced by the caller, who reads it out of `auth`.
        let mut site = Site::new(url::Url::parse("http://unset").ok()?);
        site.region = fields.text("region_name", problems).or_else(|| {
            // A list of regions means its first one, which is a name or an object with a name.
            let first = fields.value("regions")?.get(0)?;
            first.as_str().or_else(|| first["name"].as_str()).map(str::to_owned)
        });
        for key in ["interface", "endpoint_type"] {
            let Some(text) = fields.text(key, problems) else { continue };
            match Interface::parse(&text) {
                Some(interface) => {
                    site.interface = interface;
                    break;
                }
                None => problems.add(fields.path(key), format!("`{text}` is no interface")),
            }
        }
        let mut path = |key| fields.text(key, problems).map(|text| self.expand(&text));
        let (cacert, cert, key) = (path("cacert"), path("cert"), path("key"));
        let insecure = match fields.flag("verify", problems) {
            Some(verify) => !verify,
            None => fields.flag("insecure", problems).unwrap_or(false),
        };
        site.tls = TlsSettings { cacert, cert, key, insecure };
        for (key, value) in cloud.as_object().into_iter().flatten() {
            if let (Some(service), Some(url)) = (key.strip_suffix("_endpoint_override"), value.as_str()) {
                site.endpoint_overrides.insert(service.replace('_', "-"), url.to_owned());
            }
        }
        Some(site)
    }

    fn expand(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => text.into(),
        }
    }
}

/// Where the clouds were found, and the clouds by name.
type Clouds<'a> = (&'a Path, serde_json::Map<String, Value>);

/// The first of these files that exists, read.
fn first(places: &[PathBuf]) -> Result<Option<(&Path, Value)>, ConfigError> {
    let Some(path) = places.iter().find(|path| path.is_file()) else { return Ok(None) };
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    match read.and_then(|text| yaml::parse(&text)) {
        Ok(value) => Ok(Some((path, value))),
        Err(what) => Err(ConfigError {
            source: path.display().to_string(),
            problems: vec![Problem::new(ProblemKind::Text, "", what)],
        }),
    }
}

/// Puts `over` into `under`: objects key by key, everything else in place of what was there.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (under, over) => *under = over,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::Login;
    use super::*;
    use secrecy::ExposeSecret;
    use tempfile::TempDir;

    const CLOUDS: &str = "
clouds:
  devstack:
    region_name: One
    interface: internal
    cacert: ~/ca.pem
    volume_endpoint_override: http://mine:8776/v3
    auth:
      auth_url: http://h:5000
      username: admin
      project_name: demo
      user_domain_id: default
  broken:
    verify: perhaps
    interface: outer
    auth: {username: 7, project_name: p}
";

    fn files(secure: &str) -> (TempDir, CloudFiles) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("clouds.yaml"), CLOUDS).unwrap();
        std::fs::write(folder.path().join("secure.yaml"), secure).unwrap();
        let mut files = CloudFiles::at(folder.path().join("clouds.yaml"));
        files.home = Some("/home/me".into());
        (folder, files)
    }

    #[test]
    fn secrets_come_from_the_file_beside() {
        let (_folder, files) = files("clouds: {devstack: {auth: {password: hunter2}}}");
        let config = files.cloud("devstack").unwrap();
        let Some(Login::Password { password, .. }) = config.admin.map(|admin| admin.login) else { panic!() };
        assert_eq!(password.expose_secret(), "hunter2");
        assert_eq!(config.site.region.as_deref(), Some("One"));
        assert_eq!(config.site.interface, Interface::Internal);
        assert_eq!(config.site.tls.cacert, Some("/home/me/ca.pem".into()));
        assert_eq!(config.site.endpoint_overrides["volume"], "http://mine:8776/v3");
        assert_eq!(files.names().unwrap(), ["devstack", "broken"]);
    }

    #[test]
    fn an_unknown_cloud_is_answered_with_the_near_ones_and_the_places() {
        let (folder, files) = files("");
        let error = files.cloud("devstak").unwrap_err().to_string();
        assert!(error.contains("did you mean `devstack`?"), "{error}");
        assert!(error.contains(&folder.path().join("clouds.yaml").display().to_string()), "{error}");
        let nowhere = CloudFiles::at("/nonexistent/clouds.yaml").cloud("x").unwrap_err().to_string();
        assert!(nowhere.contains("looked at /nonexistent/clouds.yaml"), "{nowhere}");
    }

    #[test]
    fn all_problems_of_a_cloud_come_at_once() {
        let (_folder, files) = files("");
        let error = files.cloud("broken").unwrap_err();
        let fields: Vec<_> = error.problems.iter().map(|problem| problem.at.as_str()).collect();
        let expected = [
            "clouds.broken.auth.username",
            "clouds.broken.auth.auth_url",
            "clouds.broken.auth.password",
            "clouds.broken.interface",
            "clouds.broken.verify",
        ];
        assert_eq!(fields, expected, "{error}");
    }

    #[test]
    fn a_broken_file_is_named_and_not_quoted() {
        let (folder, files) = files("clouds: {devstack: {auth: {password: hunter2}");
        let error = files.cloud("devstack").unwrap_err().to_string();
        assert!(error.contains(&folder.path().join("secure.yaml").display().to_string()), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn the_usual_places_in_their_order() {
        let vars = [("OS_CLIENT_CONFIG_FILE", "/mine.yaml"), ("HOME", "/home/me")];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let places: Vec<_> =
            CloudFiles::search(&vars).clouds.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(places[0], "/mine.yaml");
        assert_eq!(places[1], "clouds.yaml");
        assert_eq!(places[4], "/home/me/.config/openstack/clouds.yaml");
        assert_eq!(places[7], "/etc/openstack/clouds.yaml");
    }
}
