//! Which cloud is measured is said by the user or not at all: nothing is ever simulated unasked.

use rally_core::{Env, Meta};
use rally_engine::plan::Plan;

use super::args::CloudChoice;
use super::error::Error;
use super::exit;

/// What is measured.
pub(super) struct Cloud {
    /// For the engine.
    pub(super) env: Env,
    /// For people: where it is and who logs in, never a secret.
    pub(super) what: String,
    /// The simulated cloud lives as long as this.
    #[cfg(all(feature = "openstack", feature = "sim"))]
    sim: Option<rally_sim::Sim>,
}

impl Cloud {
    fn new(env: Env, what: String) -> Self {
        Self {
            env,
            what,
            #[cfg(all(feature = "openstack", feature = "sim"))]
            sim: None,
        }
    }
}

/// The cloud that the options or the environment name. A task that needs none gets none unless an option asks for
/// one: it shall not fail because of an `OS_AUTH_URL` that somebody forgot in his shell.
///
/// `instead` is what else the user can do where none is named.
pub(super) async fn choose(
    choice: &CloudChoice,
    plan: &Plan,
    instead: Option<&'static str>,
) -> Result<Cloud, Error> {
    if let Some(asked) = existing::asked(choice).await? {
        return Ok(asked);
    }
    let Some(meta) = needing(plan) else {
        return Ok(Cloud::new(Env::none(), "none, since nothing in this task needs one".into()));
    };
    match existing::in_environment()? {
        Some(cloud) => Ok(cloud),
        None => Err(nothing_named(meta).details(instead)),
    }
}

/// The first plugin of the plan that needs a platform.
fn needing(plan: &Plan) -> Option<&Meta> {
    plan.workloads.iter().find_map(|workload| {
        let mut metas =
            workload.scenario.parts().chain(&workload.contexts).map(|part| part.registration.meta());
        metas.find(|meta| meta.platform != "default")
    })
}

#[cfg(feature = "openstack")]
fn nothing_named(meta: &Meta) -> Error {
    let mut ways = vec![
        "--cloud NAME, or OS_CLOUD=NAME: a cloud of clouds.yaml",
        "OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and so on: what an openrc file sets",
    ];
    if cfg!(feature = "sim") {
        ways.push("--sim: a simulated cloud, to try things out");
    }
    let what = format!("`{}` needs a cloud, and none is named; name one by", meta.name);
    Error::new(exit::NOT_READY, what).details(ways)
}

#[cfg(not(feature = "openstack"))]
fn nothing_named(meta: &Meta) -> Error {
    let what = format!("`{}` needs a platform `{}`, and this build has none", meta.name, meta.platform);
    Error::new(exit::NOT_READY, what)
}

#[cfg(not(feature = "openstack"))]
#[expect(
    clippy::unused_async,
    clippy::unnecessary_wraps,
    reason = "the signatures are those with a platform"
)]
mod existing {
    use super::{Cloud, CloudChoice, Error};

    pub(super) async fn asked(_choice: &CloudChoice) -> Result<Option<Cloud>, Error> {
        Ok(None)
    }

    pub(super) fn in_environment() -> Result<Option<Cloud>, Error> {
        Ok(None)
    }
}

#[cfg(feature = "openstack")]
mod existing {
    use std::collections::BTreeMap;

    use rally_core::Env;
    use rally_openstack::config::{
        ApplicationCredential, CloudConfig, CloudFiles, ConfigError, Credential, Domain, Login, Project,
        Scope, User,
    };

    use super::{Cloud, CloudChoice, Error};
    use crate::cli::exit;

    /// The cloud that an option names.
    #[cfg_attr(not(feature = "sim"), expect(clippy::unused_async, reason = "starting the simulator waits"))]
    pub(super) async fn asked(choice: &CloudChoice) -> Result<Option<Cloud>, Error> {
        #[cfg(feature = "sim")]
        if choice.sim {
            return simulated().await.map(Some);
        }
        match &choice.cloud {
            Some(name) => named(name, &variables()).map(Some),
            None => Ok(None),
        }
    }

    /// The cloud that the environment names: by `OS_CLOUD`, or else by `OS_AUTH_URL` and its kin.
    pub(super) fn in_environment() -> Result<Option<Cloud>, Error> {
        let variables = variables();
        let set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        if let Some(name) = set("OS_CLOUD") {
            return named(name, &variables).map(Some);
        }
        if set("OS_AUTH_URL").is_none() {
            return Ok(None);
        }
        let config = CloudConfig::from_vars(variables).map_err(unusable)?;
        let url = shown_url(&config);
        Ok(Some(cloud(url, "OS_AUTH_URL", &config)))
    }

    /// Variables that are no text belong to somebody else.
    fn variables() -> BTreeMap<String, String> {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(text).collect()
    }

    fn named(name: &str, variables: &BTreeMap<String, String>) -> Result<Cloud, Error> {
        let config = CloudFiles::search(variables).cloud(name).map_err(unusable)?;
        Ok(cloud(name.to_owned(), &format!("`{name}` of clouds.yaml"), &config))
    }

    #[cfg(feature = "sim")]
    async fn simulated() -> Result<Cloud, Error> {
        let sim = rally_sim::Sim::start(rally_sim::SimOptions::default()).await.map_err(|error| {
            Error::new(exit::NOT_READY, format!("the simulated cloud cannot be started: {error}"))
        })?;
        let config = CloudConfig::from_vars(sim.openrc()).map_err(unusable)?;
        let mut cloud = cloud("simulated".into(), "SIMULATED: no real cloud is measured", &config);
        cloud.sim = Some(sim);
        Ok(cloud)
    }

    fn unusable(error: ConfigError) -> Error {
        let what = format!("the cloud's configuration in {} cannot be used:", error.source);
        Error::new(exit::NOT_READY, what).details(error.problems)
    }

    fn cloud(name: String, source: &str, config: &CloudConfig) -> Cloud {
        let region = config.site.region.as_ref().map(|region| format!("region {region}"));
        let login = config.admin.as_ref().or(config.users.first()).map(who);
        let what: Vec<String> = [Some(shown_url(config)), region, login].into_iter().flatten().collect();
        let what = format!("{} ({source})", what.join(", "));
        Cloud::new(Env::new(name, "existing@openstack", config.to_spec()), what)
    }

    /// The address of keystone, without the login that some people write into URLs.
    fn shown_url(config: &CloudConfig) -> String {
        let mut url = config.site.auth_url.clone();
        // Both fail for URLs that cannot have a login, which then have none.
        let _ = (url.set_username(""), url.set_password(None));
        url.to_string()
    }

    fn who(credential: &Credential) -> String {
        let user = |user: &User| match user {
            User::Id(id) => id.clone(),
            User::Name { name, .. } => name.clone(),
        };
        let login = match &credential.login {
            Login::Password { user: of, .. } => format!("user {}", user(of)),
            Login::ApplicationCredential { credential: ApplicationCredential::Id(id), .. } => {
                format!("application credential {id}")
            }
            Login::ApplicationCredential {
                credential: ApplicationCredential::Name { name, user: of },
                ..
            } => format!("application credential {name} of {}", user(of)),
            Login::Token { .. } => "a token".into(),
            _ => "a login".into(),
        };
        let scope = match &credential.scope {
            Scope::Project(Project::Id(name) | Project::Name { name, .. }) => format!(", project {name}"),
            Scope::Domain(Domain::Id(name) | Domain::Name(name)) => format!(", domain {name}"),
            Scope::System => ", scope system".into(),
            Scope::Unscoped | Scope::Inherent => String::new(),
        };
        login + &scope
    }
}
