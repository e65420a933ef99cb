//! The cloud that a program measures is named the way other OpenStack clients have it named.

use std::collections::BTreeMap;

use rally_core::Env;

use crate::config::{CloudConfig, CloudFiles, ConfigError};

/// The platform that these environments are of.
const PLATFORM: &str = "existing@openstack";

/// The cloud that this process's environment names, by `OS_CLOUD` or by `OS_AUTH_URL` and its kin; nothing when it
/// names none.
pub fn from_environment() -> Result<Option<Env>, ConfigError> {
    Ok(CloudConfig::from_env()?.map(|config| from_config(&config)))
}

/// The cloud of this name in clouds.yaml.
pub fn from_cloud(name: &str) -> Result<Env, ConfigError> {
    let vars: BTreeMap<String, String> = std::env::vars().collect();
    let mut env = from_config(&CloudFiles::search(&vars).cloud(name)?);
    name.clone_into(&mut env.name);
    Ok(env)
}

/// The cloud that these `OS_*` variables name; `OS_CLOUD` is not among them.
pub fn from_vars<K: Into<String>, V: Into<String>>(
    vars: impl IntoIterator<Item = (K, V)>,
) -> Result<Env, ConfigError> {
    CloudConfig::from_vars(vars).map(|config| from_config(&config))
}

/// The environment of a configuration; its name is the address of keystone.
pub fn from_config(config: &CloudConfig) -> Env {
    let mut url = config.site.auth_url.clone();
    // Some people write a login into the address, and a name is shown. Both calls fail where no login can be.
    let _no_login = (url.set_username(""), url.set_password(None));
    Env::new(url.as_str(), PLATFORM, config.to_spec())
}
