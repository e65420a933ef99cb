//! `existing@openstack`: a cloud that is there already is logged in to before anything is measured on it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use rally_core::{Meta, Platform, Result, World, register};

use crate::client::{ApiVersion, CloudError, Connection, HttpOptions, Session, Waits};
use crate::config::{CloudConfig, Credential, ExistingCloud};

/// A cloud and who may use it: what the platform puts into the world for contexts and validators.
#[derive(Clone, Debug)]
pub struct OpenStack {
    connection: Connection,
    admin: Option<Session>,
    users: Vec<Credential>,
    waits: Arc<Waits>,
}

impl OpenStack {
    /// Logs the administrator in, if one is named. Users log in when a context takes them.
    pub async fn connect(config: CloudConfig, options: &HttpOptions) -> Result<Self, CloudError> {
        let connection = Connection::new(&config.site, options)?;
        let mut waits = Waits::default();
        for (option, seconds) in &config.waits {
            waits
                .set(option, *seconds)
                .map_err(|error| CloudError::Setting { what: "waits".into(), reason: error.to_string() })?;
        }
        let admin = match config.admin {
            Some(credential) => Some(connection.login(credential).await?),
            None => None,
        };
        Ok(Self { connection, admin, users: config.users, waits: Arc::new(waits) })
    }

    /// What all users share: sockets, trust, the place of keystone.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The administrator, if the environment names one.
    pub fn admin(&self) -> Option<&Session> {
        self.admin.as_ref()
    }

    /// The users who exist already.
    pub fn users(&self) -> &[Credential] {
        &self.users
    }

    /// How long operations may take, and how often they are looked at.
    pub fn waits(&self) -> &Arc<Waits> {
        &self.waits
    }
}

impl Platform for ExistingCloud {
    const META: Meta = Meta::new("existing").platform("openstack");
    const CONTEXTS: &'static [(&'static str, &'static str)] =
        &[("users@openstack", "{}"), ("cleanup@openstack", r#"["nova", "neutron", "glance"]"#)];

    /// Logs in, and states as facts where the cloud is, which services it has and what each of them speaks.
    async fn connect(&self, world: &mut World) -> Result {
        let cloud = OpenStack::connect(self.config()?, &HttpOptions::from_env()).await?;
        let session = match (cloud.admin(), cloud.users().first()) {
            (Some(admin), _) => Some(admin.clone()),
            (None, Some(user)) => Some(cloud.connection().login(user.clone()).await?),
            (None, None) => None,
        };
        let site = cloud.connection().site();
        world.fact("auth url", site.auth_url.as_str());
        world.fact("region", site.region.as_deref().unwrap_or("any"));
        world.fact("interface", site.interface.as_str());
        if site.tls.insecure {
            world.fact("tls", "certificates are not checked");
        }
        if let Some(session) = session {
            for (service, spoken) in services(&session).await {
                world.fact(service, spoken);
            }
        }
        world.insert(cloud)?;
        Ok(())
    }
}

register!(platform: ExistingCloud);

/// Each service that can be reached in the region, by its official type, and what it speaks.
async fn services(session: &Session) -> Vec<(String, String)> {
    /// A service that is down must not keep the others from being measured.
    const PATIENCE: Duration = Duration::from_secs(5);
    let mut endpoints: Vec<_> = session
        .catalog()
        .services()
        .iter()
        .filter_map(|service| session.service(&service.service_type).ok())
        .collect();
    // One service may stand in the catalogue under several types.
    endpoints.sort_by(|a, b| a.service().cmp(b.service()));
    endpoints.dedup_by(|a, b| a.service() == b.service());
    let ask = endpoints.iter().map(async |endpoint| {
        let spoken = match tokio::time::timeout(PATIENCE, endpoint.versions()).await {
            Ok(Ok(versions)) => describe(&versions),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        (endpoint.service().to_owned(), spoken)
    });
    join_all(ask).await
}

/// The newest version and its microversions: `v2.1 (2.1 to 2.93)`.
fn describe(versions: &[ApiVersion]) -> String {
    let newest =
        versions.iter().find(|version| version.status.eq_ignore_ascii_case("current")).or(versions.last());
    match newest {
        Some(ApiVersion { id, microversions: Some((lowest, highest)), .. }) => {
            format!("{id} ({lowest} to {highest})")
        }
        Some(version) => version.id.clone(),
        None => "no version".to_owned(),
    }
}
