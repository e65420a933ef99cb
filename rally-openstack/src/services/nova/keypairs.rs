//! Keypairs, which belong to users and not to projects.

use rally_core::atomic;
use serde_json::{Value, json};

use super::{Keypair, Nova};
use crate::client::{Call, CloudError, Endpoint, Microversion};
use crate::services::{absent_is_fine, exists, one, read};

/// The kind under which the journal knows keypairs.
pub(crate) const KEYPAIR: &str = "nova.keypair";

const ONE: &str = "/os-keypairs/{name}";

/// From here on an administrator may name the owner of a keypair.
const OF_OTHERS: Microversion = Microversion::new(2, 10);

/// What the journal calls a keypair.
pub(crate) fn id_of(name: &str, user: &str) -> String {
    format!("{name}@{user}")
}

impl Nova {
    /// Creates a keypair: `nova.create_keypair`.
    pub async fn create_keypair(&self) -> Result<Keypair, CloudError> {
        let work = async {
            let name = self.account.name();
            let body = json!({"keypair": {"name": name}});
            let request = one(self.api()?.post("/os-keypairs", &[]).body(&body), "keypair");
            self.account.create(KEYPAIR, &name, request).await
        };
        atomic("nova.create_keypair", work).await
    }

    /// The user's keypairs: `nova.list_keypairs`.
    pub async fn list_keypairs(&self) -> Result<Vec<Keypair>, CloudError> {
        atomic("nova.list_keypairs", self.keypairs()).await
    }

    /// A keypair by its name: `nova.get_keypair`.
    pub async fn get_keypair(&self, name: &str) -> Result<Keypair, CloudError> {
        atomic("nova.get_keypair", async { one(self.api()?.get(ONE, &[name]), "keypair").await }).await
    }

    /// Deletes a keypair: `nova.delete_keypair`.
    pub async fn delete_keypair(&self, keypair: &Keypair) -> Result<(), CloudError> {
        let work = async {
            self.api()?.delete(ONE, &[&keypair.name]).done().await?;
            self.account.gone(KEYPAIR, &id_of(&keypair.name, self.account.session().user_id()));
            Ok(())
        };
        atomic("nova.delete_keypair", work).await
    }

    pub(crate) async fn keypairs(&self) -> Result<Vec<Keypair>, CloudError> {
        let api = self.api()?;
        let items = api.get("/os-keypairs", &[]).list("keypairs").await?;
        let user = self.account.session().user_id();
        let keypair = |mut item: Value| {
            let mut keypair: Keypair = read(&api, "/os-keypairs", item["keypair"].take())?;
            user.clone_into(&mut keypair.user_id);
            Ok(keypair)
        };
        items.into_iter().map(keypair).collect()
    }

    /// Deletes a keypair by what the journal calls it; one of another user as an administrator.
    pub(crate) async fn remove_keypair(&self, id: &str) -> Result<(), CloudError> {
        absent_is_fine(self.keypair_call(id, |api, name| api.delete(ONE, &[name]))?.done().await)
    }

    /// Whether there is such a keypair.
    pub(crate) async fn has_keypair(&self, id: &str) -> Result<bool, CloudError> {
        exists(self.keypair_call(id, |api, name| api.get(ONE, &[name]))?).await
    }

    fn keypair_call(&self, id: &str, call: impl Fn(Endpoint, &str) -> Call) -> Result<Call, CloudError> {
        let (name, user) = id.rsplit_once('@').unwrap_or((id, ""));
        let api = self.api()?;
        Ok(if user.is_empty() || user == self.account.session().user_id() {
            call(api, name)
        } else {
            call(api.at(OF_OTHERS), name).query("user_id", user)
        })
    }
}
