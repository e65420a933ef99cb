//! What all users of a cloud share stands here, so that a thousand users cost one pool of sockets.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OnceCell;

use super::auth;
use super::catalog::Catalog;
use super::error::CloudError;
use super::http::{self, HttpOptions};
use super::microversion::ApiVersion;
use super::session::Session;
use crate::config::{Credential, Site};

/// The way to one cloud: sockets, trust, the place of keystone, what the services speak. Cheap to clone.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    http: reqwest::Client,
    site: Site,
    ca_sources: String,
    identity: OnceCell<String>,
    versions: Mutex<HashMap<String, VersionsCell>>,
    catalogs: Mutex<Vec<Weak<Catalog>>>,
}

/// Filled once by whoever comes first, while the others wait.
pub(crate) type VersionsCell = Arc<OnceCell<Arc<[ApiVersion]>>>;

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("site", &self.0.site).finish_non_exhaustive()
    }
}

impl Connection {
    /// A way to this cloud; no request is sent yet, but the files that the settings name are read.
    pub fn new(site: &Site, options: &HttpOptions) -> Result<Self, CloudError> {
        let (http, ca_sources) = http::client(&site.tls, options)?;
        Ok(Self::from_parts(http, ca_sources, site))
    }

    /// A way to this cloud through a client that the caller has made; the site's TLS settings are not applied to it.
    ///
    /// The client should follow redirects only within one host, for a token is sent along.
    pub fn with_client(site: &Site, client: reqwest::Client) -> Self {
        Self::from_parts(client, "trust is the caller's".to_owned(), site)
    }

    /// The same way for other regions, interfaces or endpoints; sockets are shared, TLS settings stay as they are.
    #[must_use]
    pub fn for_site(&self, site: &Site) -> Self {
        Self::from_parts(self.0.http.clone(), self.0.ca_sources.clone(), site)
    }

    fn from_parts(http: reqwest::Client, ca_sources: String, site: &Site) -> Self {
        Self(Arc::new(Shared {
            http,
            site: site.clone(),
            ca_sources,
            identity: OnceCell::new(),
            versions: Mutex::default(),
            catalogs: Mutex::default(),
        }))
    }

    /// Where the cloud is.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// Where certificate authorities were found, in words.
    pub fn ca_sources(&self) -> &str {
        &self.0.ca_sources
    }

    /// Logs a user in: one request, and one or two more before the first login of all to find keystone.
    pub async fn login(&self, credential: Credential) -> Result<Session, CloudError> {
        let granted = auth::grant(self, &credential).await?;
        Ok(Session::new(self.clone(), credential, granted))
    }

    /// Where keystone's version 3 is, without a slash at the end: found once, by asking.
    pub async fn identity_url(&self) -> Result<&str, CloudError> {
        self.0.identity.get_or_try_init(|| auth::discover(self)).await.map(String::as_str)
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// The place where the version document of this endpoint is kept.
    pub(crate) fn versions_of(&self, base: &str) -> VersionsCell {
        let mut all = self.0.versions.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(base) {
            Some(cell) => Arc::clone(cell),
            None => Arc::clone(all.entry(base.to_owned()).or_default()),
        }
    }

    /// The one copy of a catalogue that several users have.
    pub(crate) fn shared(&self, catalog: Catalog) -> Arc<Catalog> {
        let mut all = self.0.catalogs.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.strong_count() > 0);
        if let Some(known) = all.iter().filter_map(Weak::upgrade).find(|known| **known == catalog) {
            return known;
        }
        let new = Arc::new(catalog);
        all.push(Arc::downgrade(&new));
        new
    }
}
