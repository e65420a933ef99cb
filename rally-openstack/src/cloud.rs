//! A cloud as one iteration sees it: the services of its user and, where there is one, of the administrator.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use rally_core::{Failure, Iteration, Journal, Names, Result, Scope, World};
use serde_json::Value;
use uuid::Uuid;

use crate::client::{CloudError, Endpoint, Session, Waits};
use crate::contexts::{Tenant, TenantNetworks, UserPool};
use crate::platform::OpenStack;
use crate::services::{Glance, Keystone, Neutron, Nova};

/// The cloud as the user of one iteration sees it.
///
/// ```no_run
/// # use rally_core::{Iteration, Result};
/// use rally_openstack::cloud::Cloud;
///
/// async fn run(it: &Iteration) -> Result {
///     let servers = Cloud::of(it)?.nova().list_servers(true).await?;
///     assert!(servers.len() < 10);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Cloud {
    user: Account,
    admin: Option<Account>,
    tenant: Arc<Tenant>,
    network: Option<String>,
    turn: Option<String>,
}

impl Cloud {
    /// The cloud as this iteration's user sees it. Who that is depends on the iteration's number or its seed alone.
    pub fn of(it: &Iteration) -> Result<Self> {
        let pool = it.world().get::<UserPool>()?;
        let (tenant, user) = pool.choose(it.number(), it.seed());
        let networks =
            it.world().find::<TenantNetworks>().map(|networks| networks.of(&tenant.id)).unwrap_or_default();
        let turn = usize::try_from(it.number() - 1).unwrap_or_default().checked_rem(networks.len());
        Ok(Self {
            user: user.account.clone(),
            admin: pool.admin().cloned(),
            network: networks.first().cloned(),
            turn: turn.map(|turn| networks[turn].clone()),
            tenant: Arc::clone(tenant),
        })
    }

    /// The user of this iteration.
    pub fn user(&self) -> &Account {
        &self.user
    }

    /// The project of this iteration.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The administrator; an error where the environment has none.
    pub fn admin(&self) -> Result<&Account> {
        self.admin.as_ref().ok_or_else(no_admin)
    }

    /// The user's session, for services that have no type here: `cloud.session().service("dns")`.
    pub fn session(&self) -> &Session {
        self.user.session()
    }

    /// Compute, as the user.
    pub fn nova(&self) -> Nova {
        self.user.nova().on_networks(self.network.as_deref(), self.turn.as_deref())
    }

    /// Images, as the user.
    pub fn glance(&self) -> Glance {
        self.user.glance()
    }

    /// Networks, as the user.
    pub fn neutron(&self) -> Neutron {
        self.user.neutron()
    }

    /// Identity, as the user.
    pub fn keystone(&self) -> Keystone {
        self.user.keystone()
    }
}

/// One login, and what is created in its name. A clone is the same account.
#[derive(Clone, Debug)]
pub struct Account(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    session: Session,
    scope: Scope,
    journal: Journal,
    owner: Uuid,
    names: Names,
    waits: Arc<Waits>,
}

/// Something that the cloud gives an id.
pub trait Identified {
    /// The id, under which the journal keeps it and its cleaner deletes it.
    fn id(&self) -> Cow<'_, str>;
}

impl Identified for Value {
    /// Its member `id`, as in the answer to almost every creation.
    fn id(&self) -> Cow<'_, str> {
        self["id"].as_str().unwrap_or_default().into()
    }
}

impl Account {
    /// The account behind this session; what it creates is this world's workload's.
    pub fn new(world: &World, session: Session, waits: Arc<Waits>) -> Self {
        let region = session.connection().site().region.clone();
        let scope = session.project_id().map_or_else(Scope::global, Scope::owner).region(region);
        let (journal, owner, names) = (world.journal().clone(), world.owner(), world.names().clone());
        Self(Arc::new(Inner { session, scope, journal, owner, names, waits }))
    }

    /// The administrator's account; an error where the environment has none.
    pub fn admin(world: &World) -> Result<Self> {
        let cloud = world.get::<OpenStack>()?;
        let session = cloud.admin().cloned().ok_or_else(no_admin)?;
        Ok(Self::new(world, session, Arc::clone(cloud.waits())))
    }

    /// Who can reach what lives in this scope, for a [`Cleaner`](rally_core::Cleaner): a user of the project, else the
    /// administrator.
    pub fn of_scope(scope: &Scope, world: &World) -> Result<Self> {
        let of_project = || world.find::<UserPool>()?.of_project(scope.owner.as_deref()?).cloned();
        of_project().map_or_else(|| Self::admin(world), Ok)
    }

    /// The login.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// A service by the name of its type, `compute`. Sends nothing.
    pub fn service(&self, service_type: &str) -> Result<Endpoint, CloudError> {
        self.0.session.service(service_type)
    }

    /// How long operations may take, and how often they are looked at.
    pub fn waits(&self) -> &Waits {
        &self.0.waits
    }

    /// A new name for something that a scenario creates.
    pub fn name(&self) -> String {
        self.0.names.scenario()
    }

    /// Creates something in the account's project; see [`create_in`](Self::create_in).
    ///
    /// A service of another crate does the same as the services here: it names the kind for which it has registered
    /// a [`Cleaner`](rally_core::Cleaner).
    ///
    /// ```no_run
    /// # use rally_openstack::{client::CloudError, cloud::Account};
    /// # use serde_json::json;
    /// async fn create_zone(account: &Account) -> Result<String, CloudError> {
    ///     let (dns, name) = (account.service("dns")?, account.name());
    ///     let body = json!({"name": format!("{name}.org."), "email": "root@example.org"});
    ///     let zone = account.create("designate.zone", &name, dns.post("/zones", &[]).body(&body).json()).await?;
    ///     Ok(zone["id"].as_str().unwrap_or_default().to_owned())
    /// }
    /// ```
    pub fn create<'a, T: Identified + Send + 'a>(
        &'a self,
        kind: &'a str,
        name: &'a str,
        request: impl Future<Output = Result<T, CloudError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, CloudError>> {
        self.create_in(&self.0.scope, kind, name, request)
    }

    /// Creates something: writes down that it will, sends the request, writes down the id that it got.
    ///
    /// A refusal closes the entry. An answer that was lost leaves it open, and cleanup looks for the name.
    pub fn create_in<'a, T: Identified + Send + 'a>(
        &'a self,
        scope: &'a Scope,
        kind: &'a str,
        name: &'a str,
        request: impl Future<Output = Result<T, CloudError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, CloudError>> {
        Box::pin(async move {
            let intent = self.0.journal.intent(self.0.owner, kind, name, scope)?;
            match request.await {
                Ok(created) => {
                    let id = created.id().into_owned();
                    // Without an id the entry stays open by its name.
                    if !id.is_empty() {
                        intent.created(id)?;
                    }
                    Ok(created)
                }
                Err(error) => {
                    if is_definite(&error) {
                        intent.failed()?;
                    }
                    Err(error)
                }
            }
        })
    }

    /// Writes down that something was seen to be gone.
    pub fn gone(&self, kind: &str, id: &str) {
        // An entry that stays open makes cleanup ask once more than it must; that is no reason to fail.
        if let Err(error) = self.0.journal.gone(kind, id) {
            tracing::warn!(%error, "the journal is not up to date");
        }
    }

    /// Compute.
    pub fn nova(&self) -> Nova {
        Nova::new(self.clone())
    }

    /// Images.
    pub fn glance(&self) -> Glance {
        Glance::new(self.clone())
    }

    /// Networks.
    pub fn neutron(&self) -> Neutron {
        Neutron::new(self.clone())
    }

    /// Identity.
    pub fn keystone(&self) -> Keystone {
        Keystone::new(self.clone())
    }
}

/// Whether nothing can have come of the request: it was refused, or never reached the cloud.
fn is_definite(error: &CloudError) -> bool {
    match error {
        CloudError::Api(error) => (400..500).contains(&error.status),
        CloudError::Broken { .. } | CloudError::Timeout { .. } | CloudError::BadBody { .. } => false,
        _ => true,
    }
}

fn no_admin() -> Failure {
    Failure::new("NoAdmin", "this needs an administrator, and the environment names none")
}
