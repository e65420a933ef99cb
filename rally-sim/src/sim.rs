//! A simulator is a value: it serves while it lives and is gone when it is dropped.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;

use crate::faults::Faults;
use crate::http::Service;
use crate::http::serve::{Cloud, serve};
use crate::inventory::Inventory;
use crate::net::{Cut, Door};
use crate::options::SimOptions;
use crate::record::Request;
use crate::state::State;

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port could not be opened, mostly because something else listens there.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port asked for; 0 is any.
        port: u16,
        /// What the operating system says.
        source: std::io::Error,
    },
}

/// A cloud on 127.0.0.1 that ends when it is dropped.
///
/// It runs on the tokio runtime in which it was started, a current-thread one too, and needs its I/O and time drivers.
/// Any number live beside each other.
pub struct Sim {
    cloud: Arc<Cloud>,
    door: Door,
    admin_password: String,
    /// Dropping it ends the server.
    _stop: oneshot::Sender<()>,
}

impl Sim {
    /// Starts serving.
    ///
    /// Fails if the port is taken.
    pub async fn start(options: SimOptions) -> Result<Self, Error> {
        let port = options.port;
        let door = Door::open(port).await.map_err(|source| Error::Listen { port, source })?;
        let admin_password = options.admin_password.clone();
        let cloud = Arc::new(Cloud::new(State::new(options, format!("http://{}", door.address()))));
        let (stop, stopped) = oneshot::channel::<()>();
        let service = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&cloud))
            .into_make_service_with_connect_info::<Cut>();
        let listening = door.clone();
        tokio::spawn(async move {
            // Neither can fail: the listener never gives up, and a dropped sender is the signal.
            let _ = axum::serve(listening, service)
                .with_graceful_shutdown(async move {
                    let _ = stopped.await;
                })
                .await;
        });
        Ok(Self { cloud, door, admin_password, _stop: stop })
    }

    /// `http://127.0.0.1:PORT`; the services lie below it, at `/identity`, `/compute`, `/image`, `/network` and
    /// `/placement`.
    pub fn url(&self) -> String {
        self.cloud.url.clone()
    }

    /// The Identity endpoint, what goes into `OS_AUTH_URL`.
    pub fn auth_url(&self) -> String {
        let keystone = Service::Keystone.facts();
        format!("{}{}{}", self.cloud.url, keystone.prefix, keystone.version)
    }

    /// The environment variables of the administrator, as in an `openrc` file.
    pub fn openrc(&self) -> Vec<(String, String)> {
        let auth_url = self.auth_url();
        let pairs = [
            ("OS_AUTH_URL", auth_url.as_str()),
            ("OS_USERNAME", "admin"),
            ("OS_PASSWORD", &self.admin_password),
            ("OS_PROJECT_NAME", "admin"),
            ("OS_USER_DOMAIN_NAME", "Default"),
            ("OS_PROJECT_DOMAIN_NAME", "Default"),
            ("OS_REGION_NAME", "RegionOne"),
            ("OS_IDENTITY_API_VERSION", "3"),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What goes wrong; to be changed at any time.
    pub fn faults(&self) -> Faults {
        self.cloud.faults.clone()
    }

    /// Every token given out so far is refused (401) from now on.
    pub fn expire_tokens(&self) {
        self.cloud.state().keystone.expire_tokens();
    }

    /// Puts the cloud's clock forward, so that boots end and tokens expire without anybody waiting.
    ///
    /// The latency of an answer is not affected.
    pub fn advance(&self, time: Duration) {
        self.cloud.state().advance(time);
    }

    /// Everything that exists now.
    pub fn inventory(&self) -> Inventory {
        self.cloud.state().inventory()
    }

    /// The last ten thousand requests, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.cloud.log().all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.cloud.log().clear();
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("url", &self.cloud.url).finish_non_exhaustive()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.door.close();
    }
}
