//! Images.

use std::borrow::Cow;

use rally_core::atomic;
use serde::{Deserialize, Serialize};

use super::all;
use crate::client::{CloudError, Endpoint};
use crate::cloud::{Account, Identified};

/// How many images a page holds: as many as Rally asks for.
const PAGE: &str = "200";

/// Images, as one account uses them.
#[derive(Clone, Debug)]
pub struct Glance {
    account: Account,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name; an image need not have one.
    #[serde(default)]
    pub name: Option<String>,
    /// `queued`, `saving`, `active`, …
    #[serde(default)]
    pub status: String,
    /// `public`, `private`, `shared` or `community`.
    #[serde(default)]
    pub visibility: String,
    /// The project it belongs to.
    #[serde(default)]
    pub owner: Option<String>,
    /// How large its file is, in bytes.
    #[serde(default)]
    pub size: Option<u64>,
    /// The least root disk it needs, in GiB.
    #[serde(default)]
    pub min_disk: u64,
    /// The least memory it needs, in MiB.
    #[serde(default)]
    pub min_ram: u64,
}

impl Identified for Image {
    fn id(&self) -> Cow<'_, str> {
        self.id.as_str().into()
    }
}

impl Glance {
    pub(crate) fn new(account: Account) -> Self {
        Self { account }
    }

    fn api(&self) -> Result<Endpoint, CloudError> {
        self.account.service("image")
    }

    /// All active images that the account sees: `glance_v2.list_images`.
    pub async fn list_images(&self) -> Result<Vec<Image>, CloudError> {
        atomic("glance_v2.list_images", self.images(&[("status", "active")])).await
    }

    /// An image by its id: `glance_v2.get_image`.
    pub async fn get_image(&self, id: &str) -> Result<Image, CloudError> {
        let work = async { self.api()?.get("/images/{id}", &[id]).json_as().await };
        atomic("glance_v2.get_image", work).await
    }

    /// Images by glance's own filters, outside any action.
    pub(crate) async fn images(&self, filters: &[(&str, &str)]) -> Result<Vec<Image>, CloudError> {
        let query: Vec<(&str, &str)> = filters.iter().copied().chain([("limit", PAGE)]).collect();
        all(&self.api()?, "/images", &query, "images").await
    }
}
