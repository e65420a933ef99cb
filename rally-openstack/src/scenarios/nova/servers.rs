//! `NovaServers`.

use rally_core::{Iteration, Meta, Result, Scenario, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::resources::{Flavor, Image};
use crate::scenarios::{NOVA, Sleep, USERS, openstack, yes};
use crate::services::nova::ServerCreate;
use crate::validators;

/// A scenario that boots an image on a flavor.
const fn boots(name: &'static str) -> Meta {
    openstack(name).contexts(&[USERS, NOVA]).validators(&[&validators::NOVA, &validators::IMAGE_FITS])
}

/// Boot a server, and delete it after a pause.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BootAndDeleteServer {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// The pause between the two.
    #[serde(flatten)]
    pub sleep: Sleep,
    /// Whether it is deleted at once, whatever the cloud does with deleted servers otherwise (default: no).
    #[serde(default)]
    pub force_delete: bool,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Scenario for BootAndDeleteServer {
    const META: Meta = boots("NovaServers.boot_and_delete_server");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let server = nova.boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        self.sleep.rest(it).await;
        Ok(nova.delete_server(&server, self.force_delete).await?)
    }
}

/// Boot a server, and leave it to the cleanup.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BootServer {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Scenario for BootServer {
    const META: Meta = boots("NovaServers.boot_server");

    async fn run(&self, it: &Iteration) -> Result {
        Cloud::of(it)?.nova().boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        Ok(())
    }
}

/// List all servers of a project.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListServers {
    /// Whether the list shows everything about each server (default: yes).
    #[serde(default = "yes")]
    pub detailed: bool,
}

impl Default for ListServers {
    fn default() -> Self {
        Self { detailed: true }
    }
}

impl Scenario for ListServers {
    const META: Meta = openstack("NovaServers.list_servers").validators(&[&validators::NOVA]);

    async fn run(&self, it: &Iteration) -> Result {
        Cloud::of(it)?.nova().list_servers(self.detailed).await?;
        Ok(())
    }
}

/// Boot a server, and list all servers of its project.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BootAndListServer {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// Whether the list shows everything about each server (default: yes).
    #[serde(default = "yes")]
    pub detailed: bool,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Default for BootAndListServer {
    fn default() -> Self {
        let (image, flavor, server) = Default::default();
        Self { image, flavor, detailed: true, server }
    }
}

impl Scenario for BootAndListServer {
    const META: Meta = boots("NovaServers.boot_and_list_server");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        nova.boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        nova.list_servers(self.detailed).await?;
        Ok(())
    }
}

/// Boot a server, and look at it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BootAndShowServer {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Scenario for BootAndShowServer {
    const META: Meta = boots("NovaServers.boot_and_show_server");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let server = nova.boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        nova.show_server(&server.id).await?;
        Ok(())
    }
}

/// Boot a server, and read what its console shows.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BootAndGetConsoleOutput {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// How many lines from the end are read (default: all).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Scenario for BootAndGetConsoleOutput {
    const META: Meta = boots("NovaServers.boot_and_get_console_output");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let server = nova.boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        nova.get_console_output(&server, self.length).await?;
        Ok(())
    }
}

/// Boot a server, pause it, let it go on, and delete it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PauseAndUnpauseServer {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// Whether it is deleted at once, whatever the cloud does with deleted servers otherwise (default: no).
    #[serde(default)]
    pub force_delete: bool,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Scenario for PauseAndUnpauseServer {
    const META: Meta = boots("NovaServers.pause_and_unpause_server");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let server = nova.boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        nova.pause_server(&server).await?;
        nova.unpause_server(&server).await?;
        Ok(nova.delete_server(&server, self.force_delete).await?)
    }
}

/// Boot a server, suspend it, resume it, and delete it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SuspendAndResumeServer {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// Whether it is deleted at once, whatever the cloud does with deleted servers otherwise (default: no).
    #[serde(default)]
    pub force_delete: bool,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Scenario for SuspendAndResumeServer {
    const META: Meta = boots("NovaServers.suspend_and_resume_server");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let server = nova.boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        nova.suspend_server(&server).await?;
        nova.resume_server(&server).await?;
        Ok(nova.delete_server(&server, self.force_delete).await?)
    }
}

/// Boot a server, lock it, unlock it after a pause, and delete it.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BootLockUnlockAndDelete {
    /// The image it boots from.
    pub image: Image,
    /// Its flavor.
    pub flavor: Flavor,
    /// The pause between lock and unlock.
    #[serde(flatten)]
    pub sleep: Sleep,
    /// Whether it is deleted at once, whatever the cloud does with deleted servers otherwise (default: no).
    #[serde(default)]
    pub force_delete: bool,
    /// What else it is created with.
    #[serde(flatten)]
    pub server: ServerCreate,
}

impl Scenario for BootLockUnlockAndDelete {
    const META: Meta = boots("NovaServers.boot_lock_unlock_and_delete");

    async fn run(&self, it: &Iteration) -> Result {
        let nova = Cloud::of(it)?.nova();
        let server = nova.boot_server(self.image.get()?, self.flavor.get()?, &self.server).await?;
        nova.lock_server(&server).await?;
        self.sleep.rest(it).await;
        nova.unlock_server(&server).await?;
        Ok(nova.delete_server(&server, self.force_delete).await?)
    }
}

register!(
    scenario: BootAndDeleteServer, BootServer, ListServers, BootAndListServer, BootAndShowServer,
    BootAndGetConsoleOutput, PauseAndUnpauseServer, SuspendAndResumeServer, BootLockUnlockAndDelete
);
