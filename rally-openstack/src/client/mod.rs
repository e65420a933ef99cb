//! Every request to the cloud passes one gate, `session::send`, which signs, times and notes it.
//!
//! A [`Connection`] is what all users share: one pool of sockets, the place of keystone, the version documents.
//! A [`Session`] is one user who has logged in. An [`Endpoint`] is one service as that user sees it, a [`Call`] one
//! request to it:
//!
//! ```no_run
//! # async fn example(config: rally_openstack::config::CloudConfig) -> Result<(), rally_openstack::client::CloudError> {
//! use rally_openstack::client::{Connection, HttpOptions, Waits};
//! use serde_json::json;
//!
//! let connection = Connection::new(&config.site, &HttpOptions::default())?;
//! let session = connection.login(config.admin.unwrap()).await?;
//! let nova = session.service("compute")?;
//! let body = json!({"server": {"name": "one", "flavorRef": "1", "imageRef": "…"}});
//! let server = nova.post("/servers", &[]).body(&body).member("server").await?;
//! let id = server["id"].as_str().unwrap_or_default();
//! let waits = Waits::default();
//! nova.get("/servers/{id}", &[id]).wait("server", waits.nova_server_boot).until(&["ACTIVE"]).await?;
//! nova.delete("/servers/{id}", &[id]).done().await?;
//! nova.get("/servers/{id}", &[id]).wait("server", waits.nova_server_delete).until_gone().await?;
//! # Ok(())
//! # }
//! ```

mod auth;
mod call;
mod catalog;
mod connection;
mod error;
mod fault;
mod http;
mod kinds;
mod limits;
mod microversion;
mod note;
mod page;
mod session;
mod tls;
mod token;
mod wait;

pub use auth::{Identity, Named};
pub use call::{Answer, Call, Endpoint};
pub use catalog::{Catalog, CatalogService};
pub use connection::Connection;
pub use error::{ApiError, CloudError, Refused};
pub use http::{HttpOptions, Proxies};
pub use limits::{Limit, UnknownWait, Waits};
pub use microversion::{ApiVersion, Microversion};
pub use session::Session;
pub use wait::Wait;
