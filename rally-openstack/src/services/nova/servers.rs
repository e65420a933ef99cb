//! Servers: from boot to deletion, and what is done to them in between.

use rally_core::atomic;
use serde_json::{Value, json};

use super::{Flavor, Hypervisor, Nic, Nics, Nova, Server, ServerCreate};
use crate::client::{CloudError, Limit, Waits};
use crate::services::{Image, all, one, read};

/// The kind under which the journal knows servers.
pub(crate) const SERVER: &str = "nova.server";

const SERVERS: &str = "/servers";
const ONE: &str = "/servers/{id}";

/// The status that ends an action on a server, and how long it may take.
type Until = (&'static str, fn(&Waits) -> Limit);

/// Writes one method per entry: the request of an action on a server, and the status that ends it.
macro_rules! server_actions {
    ($($(#[$doc:meta])* $method:ident = $name:literal: $body:expr $(=> $status:literal within $wait:ident)?;)+) => {
        impl Nova {
            $(
                $(#[$doc])*
                pub async fn $method(&self, server: &Server) -> Result<(), CloudError> {
                    let until: &[Until] = &[$(($status, |waits| waits.$wait))?];
                    atomic($name, self.act(server, $body, until.first())).await
                }
            )+
        }
    };
}

server_actions! {
    /// Pauses a server: `nova.pause_server`.
    pause_server = "nova.pause_server": json!({"pause": null}) => "PAUSED" within nova_server_pause;
    /// Lets a paused server go on: `nova.unpause_server`.
    unpause_server = "nova.unpause_server": json!({"unpause": null}) => "ACTIVE" within nova_server_unpause;
    /// Suspends a server: `nova.suspend_server`.
    suspend_server = "nova.suspend_server": json!({"suspend": null}) => "SUSPENDED" within nova_server_suspend;
    /// Lets a suspended server go on: `nova.resume_server`.
    resume_server = "nova.resume_server": json!({"resume": null}) => "ACTIVE" within nova_server_resume;
    /// Stops a server: `nova.stop_server`.
    stop_server = "nova.stop_server": json!({"os-stop": null}) => "SHUTOFF" within nova_server_stop;
    /// Starts a stopped server: `nova.start_server`.
    start_server = "nova.start_server": json!({"os-start": null}) => "ACTIVE" within nova_server_start;
    /// Reboots a server as by its power switch: `nova.reboot_server`.
    reboot_server = "nova.reboot_server": json!({"reboot": {"type": "HARD"}}) => "ACTIVE" within nova_server_reboot;
    /// Reboots a server by its operating system: `nova.soft_reboot_server`.
    soft_reboot_server = "nova.soft_reboot_server": json!({"reboot": {"type": "SOFT"}}) => "ACTIVE" within nova_server_reboot;
    /// Protects a server from changes: `nova.lock_server`.
    lock_server = "nova.lock_server": json!({"lock": null});
    /// Allows changes again: `nova.unlock_server`.
    unlock_server = "nova.unlock_server": json!({"unlock": null});
}

impl Nova {
    /// Boots a server and waits until it is active: `nova.boot_server`.
    ///
    /// Without an image it boots from one of its block devices.
    pub async fn boot_server(
        &self,
        image: impl Into<Option<&Image>>,
        flavor: &Flavor,
        create: &ServerCreate,
    ) -> Result<Server, CloudError> {
        let image = image.into().map(|image| image.id.as_str());
        let work = async {
            let api = self.api()?;
            let nics = self.nics(create).await?;
            let name = self.account.name();
            let body = create.body(&name, image, &flavor.id, nics.as_ref());
            let versioned = create.microversion().map_or_else(|| api.clone(), |version| api.at(version));
            let request = one(versioned.post(SERVERS, &[]).body(&body), "server");
            let server: Server = self.account.create(SERVER, &name, request).await?;
            let active = api.get(ONE, &[&server.id]).wait("server", self.account.waits().nova_server_boot);
            read(&api, ONE, active.until(&["ACTIVE"]).await?)
        };
        atomic("nova.boot_server", work).await
    }

    /// Deletes a server and waits until it is gone: `nova.delete_server`, or `nova.force_delete_server` when it is
    /// deleted at once, whatever the cloud does with deleted servers otherwise.
    pub async fn delete_server(&self, server: &Server, force: bool) -> Result<(), CloudError> {
        let work = async {
            let api = self.api()?;
            if force {
                let body = json!({"forceDelete": null});
                api.post("/servers/{id}/action", &[&server.id]).body(&body).done().await?;
            } else {
                api.delete(ONE, &[&server.id]).done().await?;
            }
            let gone = api.get(ONE, &[&server.id]).wait("server", self.account.waits().nova_server_delete);
            gone.until_gone().await?;
            self.account.gone(SERVER, &server.id);
            Ok(())
        };
        atomic(if force { "nova.force_delete_server" } else { "nova.delete_server" }, work).await
    }

    /// All servers of the project, with or without their details: `nova.list_servers`.
    pub async fn list_servers(&self, detailed: bool) -> Result<Vec<Server>, CloudError> {
        let route = if detailed { "/servers/detail" } else { SERVERS };
        atomic("nova.list_servers", async { all(&self.api()?, route, &[], "servers").await }).await
    }

    /// A server as it is now: `nova.show_server`.
    pub async fn show_server(&self, id: &str) -> Result<Server, CloudError> {
        atomic("nova.show_server", async { one(self.api()?.get(ONE, &[id]), "server").await }).await
    }

    /// Puts another image on a server: `nova.rebuild_server`.
    pub async fn rebuild_server(&self, server: &Server, image: &Image) -> Result<(), CloudError> {
        let body = json!({"rebuild": {"imageRef": image.id}});
        let until: Until = ("ACTIVE", |waits| waits.nova_server_rebuild);
        atomic("nova.rebuild_server", self.act(server, body, Some(&until))).await
    }

    /// The output of a server's console, or the last `length` lines of it: `nova.get_console_output_server`.
    pub async fn get_console_output(
        &self,
        server: &Server,
        length: Option<u32>,
    ) -> Result<String, CloudError> {
        let body = json!({"os-getConsoleOutput": {"length": length}});
        let work = async {
            let output =
                self.api()?.post("/servers/{id}/action", &[&server.id]).body(&body).member("output").await?;
            Ok(output.as_str().unwrap_or_default().to_owned())
        };
        atomic("nova.get_console_output_server", work).await
    }

    /// All hypervisors: `nova.list_hypervisors`. For administrators.
    pub async fn list_hypervisors(&self, detailed: bool) -> Result<Vec<Hypervisor>, CloudError> {
        let route = if detailed { "/os-hypervisors/detail" } else { "/os-hypervisors" };
        atomic("nova.list_hypervisors", async { all(&self.api()?, route, &[], "hypervisors").await }).await
    }

    /// What is done to a server by a request to it, and the status it then has.
    async fn act(&self, server: &Server, body: Value, until: Option<&Until>) -> Result<(), CloudError> {
        let api = self.api()?;
        api.post("/servers/{id}/action", &[&server.id]).body(&body).done().await?;
        if let Some((status, limit)) = until {
            let limit = limit(self.account.waits());
            api.get(ONE, &[&server.id]).wait("server", limit).until(&[status]).await?;
        }
        Ok(())
    }

    /// The networks of a new server: those it names, with ids in the place of names, or those that a context made.
    async fn nics(&self, create: &ServerCreate) -> Result<Option<Nics>, CloudError> {
        let of = |id: &str| Nics::Each(vec![Nic { net_id: Some(id.to_owned()), ..Nic::default() }]);
        match &create.nics {
            None if create.auto_assign_nic => Ok(self.turn.as_deref().map(of)),
            None => Ok(self.network.as_deref().map(of)),
            Some(Nics::Each(nics)) => {
                let mut nics = nics.clone();
                for nic in &mut nics {
                    if let Some(name) = nic.net_name.take() {
                        nic.net_id = Some(self.account.neutron().network_named(&name).await?.id);
                    }
                }
                Ok(Some(Nics::Each(nics)))
            }
            given => Ok(given.clone()),
        }
    }
}
