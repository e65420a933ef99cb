//! One suite for every cloud: what the scenarios and cleaners here rely on, each as a named check.
//!
//! A simulator that passes it can stand for a real cloud, and a cloud that does not pass it will be measured wrongly.
//! The suite needs an administrator and makes two projects of its own, which it removes together with all that it
//! made in them. An image called `cirros…` and a flavor `m1.tiny` must be there.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

use futures::future::BoxFuture;
use rally_core::{Cleaned, Context, Failure, Journal, Registry, ResourceType, Result, World};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{CloudError, HttpOptions, Microversion};
use crate::cloud::Account;
use crate::config::{CloudConfig, Credential, Login};
use crate::contexts::{UserCleanup, UserPool, Users};
use crate::platform::OpenStack;
use crate::resources::{Flavor, GlanceImage, Image, NovaFlavor};
use crate::services::nova::{self, ServerCreate};
use crate::services::{self, UserCreate};

/// What became of one check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// What was checked.
    pub name: &'static str,
    /// How the cloud differs, if it does.
    pub failure: Option<Failure>,
}

/// A cloud with two projects, and who is in them.
struct Stage {
    world: World,
    admin: Account,
    one: Account,
    two: Account,
    image: services::Image,
    flavor: nova::Flavor,
}

type Check = for<'a> fn(&'a Stage) -> BoxFuture<'a, Result>;

/// Makes a table of the checks: their names and functions.
macro_rules! checks {
    ($($check:ident),+ $(,)?) => {
        const CHECKS: &[(&str, Check)] = &[$((stringify!($check), |stage| Box::pin($check(stage)))),+];
    };
}

checks! {
    login_gives_user_project_and_catalogue,
    wrong_password_is_refused_without_repeating_it,
    what_is_missing_is_404_everywhere,
    boot_becomes_active_and_deletion_ends_in_404,
    a_server_belongs_to_its_project,
    a_server_can_be_paused_suspended_and_locked,
    a_quota_refuses_with_403,
    a_microversion_decides_what_is_shown,
    lists_come_in_pages,
    names_are_unique_where_they_must_be,
    keypairs_belong_to_users,
    a_flavor_comes_and_goes,
    keystone_finds_by_part_of_a_name,
    default_security_group_outlives_its_project,
}

/// Runs all checks on this cloud, one after the other.
///
/// An error means that the suite could not begin; differences of the cloud are in the list. The last entry says
/// whether everything could be removed again.
pub async fn suite(config: &CloudConfig) -> Result<Vec<Checked>> {
    let mut world = World::new(Uuid::new_v4(), Registry::linked()?, Journal::in_memory());
    world.insert(OpenStack::connect(config.clone(), &HttpOptions::default()).await?)?;
    let users = Users { tenants: 2, existing: Some(false), ..Users::default() };
    let ready = users.setup(&mut world).await;
    let mut checked = Vec::new();
    let world = match ready {
        Ok(()) => {
            let stage = Stage::new(world).await?;
            for (name, check) in CHECKS {
                let failure = check(&stage).await.err();
                checked.push(Checked { name, failure });
            }
            stage.world
        }
        Err(failure) => {
            users.cleanup(&world).await;
            return Err(failure.context("the suite's own projects could not be made"));
        }
    };
    let mut cleaned = Cleaned::nothing();
    cleaned.merge(UserCleanup(vec!["nova".into()]).cleanup(&world).await);
    cleaned.merge(users.cleanup(&world).await);
    let left =
        cleaned.left.first().map(|left| Failure::msg(format!("{:?} is left: {}", left.entry, left.why)));
    checked.push(Checked { name: "everything_can_be_removed", failure: left });
    Ok(checked)
}

impl Stage {
    async fn new(world: World) -> Result<Self> {
        let pool = world.get::<UserPool>()?;
        let [one, two] = pool.tenants() else { return Err(Failure::msg("two projects were asked for")) };
        let (one, two) = (one.users[0].account.clone(), two.users[0].account.clone());
        let admin = Account::admin(&world)?;
        let (Image::Spec(image), Flavor::Spec(flavor)) = (Image::named("^cirros"), Flavor::named("m1.tiny"))
        else {
            return Err(Failure::msg("an argument that was just written is a specification"));
        };
        let image = GlanceImage::resolve(image, &world).await?;
        let flavor = NovaFlavor::resolve(flavor, &world).await?;
        Ok(Self { world, admin, one, two, image, flavor })
    }

    async fn boot(&self, account: &Account) -> Result<nova::Server, CloudError> {
        account.nova().boot_server(&self.image, &self.flavor, &ServerCreate::default()).await
    }
}

async fn login_gives_user_project_and_catalogue(stage: &Stage) -> Result {
    let cloud = stage.world.get::<OpenStack>()?;
    let session = cloud.connection().login(stage.one.session().credential().clone()).await?;
    same("the user", session.user_id(), stage.one.session().user_id())?;
    same("the project", session.project_id(), stage.one.session().project_id())?;
    for service in ["identity", "compute", "image", "network"] {
        session.service(service)?;
    }
    Ok(())
}

async fn wrong_password_is_refused_without_repeating_it(stage: &Stage) -> Result {
    let cloud = stage.world.get::<OpenStack>()?;
    let credential = stage.one.session().credential();
    let Login::Password { user, .. } = &credential.login else {
        return Err(Failure::msg("not a password login"));
    };
    let wrong = "wrong-and-not-to-be-shown";
    let login = Login::Password { user: user.clone(), password: wrong.into() };
    let error =
        refusal(cloud.connection().login(Credential::new(login, credential.scope.clone())).await, 401)?;
    holds("the error keeps the password to itself", !error.to_string().contains(wrong))
}

async fn what_is_missing_is_404_everywhere(stage: &Stage) -> Result {
    let nobody = Uuid::new_v4().to_string();
    for (service, route) in [
        ("compute", "/servers/{id}"),
        ("compute", "/flavors/{id}"),
        ("compute", "/os-keypairs/{id}"),
        ("image", "/images/{id}"),
        ("network", "/networks/{id}"),
        ("network", "/security-groups/{id}"),
        ("identity", "/users/{id}"),
        ("identity", "/projects/{id}"),
    ] {
        let api = stage.admin.service(service)?;
        for call in [api.get(route, &[&nobody]), api.delete(route, &[&nobody])] {
            let error = refusal(call.done().await, 404)?;
            let CloudError::Api(error) = error else { return Err(Failure::msg(format!("{route}: {error}"))) };
            holds(route, !error.message.is_empty())?;
        }
    }
    Ok(())
}

async fn boot_becomes_active_and_deletion_ends_in_404(stage: &Stage) -> Result {
    let nova = stage.one.nova();
    let server = stage.boot(&stage.one).await?;
    same("the status after a boot", server.status.as_str(), "ACTIVE")?;
    same("the project", Some(server.project_id.as_str()), stage.one.session().project_id())?;
    let listed = nova.list_servers(false).await?;
    holds(
        "a list without details has id and name",
        listed.iter().any(|s| s.id == server.id && s.name == server.name),
    )?;
    holds("a list without details has no status", listed.iter().all(|s| s.status.is_empty()))?;
    nova.delete_server(&server, false).await?;
    let api = stage.one.service("compute")?;
    let waits = stage.one.waits();
    api.get("/servers/{id}", &[&server.id]).wait("server", waits.nova_server_delete).until_gone().await?;
    refusal(api.delete("/servers/{id}", &[&server.id]).done().await, 404)?;
    let server = stage.boot(&stage.one).await?;
    Ok(nova.delete_server(&server, true).await?)
}

async fn a_server_belongs_to_its_project(stage: &Stage) -> Result {
    let server = stage.boot(&stage.one).await?;
    refusal(stage.two.nova().show_server(&server.id).await, 404)?;
    holds("a stranger does not list it", stage.two.nova().list_servers(true).await?.is_empty())?;
    refusal(stage.two.nova().pause_server(&server).await, 404)?;
    let api = stage.admin.service("compute")?;
    let project = stage.one.session().project_id().unwrap_or_default();
    let of_project = |project: &str| {
        api.get("/servers", &[]).query("all_tenants", 1).query("project_id", project).list("servers")
    };
    let found = of_project(project).await?;
    same("the administrator lists it by its project", found.len(), 1)?;
    same("and no other project has one", of_project(&Uuid::new_v4().simple().to_string()).await?.len(), 0)?;
    Ok(stage.admin.nova().delete_server(&server, false).await?)
}

async fn a_server_can_be_paused_suspended_and_locked(stage: &Stage) -> Result {
    let nova = stage.one.nova();
    let server = stage.boot(&stage.one).await?;
    nova.pause_server(&server).await?;
    refusal(nova.pause_server(&server).await, 409)?;
    nova.unpause_server(&server).await?;
    nova.suspend_server(&server).await?;
    nova.resume_server(&server).await?;
    nova.stop_server(&server).await?;
    nova.start_server(&server).await?;
    nova.lock_server(&server).await?;
    refusal(nova.delete_server(&server, false).await, 409)?;
    nova.unlock_server(&server).await?;
    Ok(nova.delete_server(&server, false).await?)
}

async fn a_quota_refuses_with_403(stage: &Stage) -> Result {
    const QUOTA: &str = "/os-quota-sets/{project}";
    let (api, project) =
        (stage.admin.service("compute")?, stage.two.session().project_id().unwrap_or_default());
    let set = api.put(QUOTA, &[project]).body(&json!({"quota_set": {"instances": 0}})).done();
    set.await?;
    let refused = refusal(stage.boot(&stage.two).await, 403);
    api.delete(QUOTA, &[project]).done().await?;
    let error = refused?;
    holds("a full quota is told from other refusals", error.is_over_limit())?;
    let server = stage.boot(&stage.two).await?;
    Ok(stage.two.nova().delete_server(&server, false).await?)
}

async fn a_microversion_decides_what_is_shown(stage: &Stage) -> Result {
    let create = ServerCreate { description: Some("about it".into()), ..ServerCreate::default() };
    let nova = stage.one.nova();
    let server = nova.boot_server(&stage.image, &stage.flavor, &create).await?;
    let api = stage.one.service("compute")?;
    let old = api.get("/servers/{id}", &[&server.id]).member("server").await?;
    holds("the oldest version shows no description", old.get("description").is_none())?;
    let new = api.at(Microversion::new(2, 19)).get("/servers/{id}", &[&server.id]).member("server").await?;
    same("the description", &new["description"], &Value::from("about it"))?;
    nova.delete_server(&server, false).await?;
    refusal(api.at(Microversion::new(2, 999)).get("/servers", &[]).done().await, 406)?;
    let body = json!({"server": {"name": "no", "imageRef": stage.image.id, "flavorRef": stage.flavor.id,
                                 "description": "too early"}});
    refusal(api.post("/servers", &[]).body(&body).done().await, 400).map(drop)
}

async fn lists_come_in_pages(stage: &Stage) -> Result {
    let ids = |items: &[Value]| items.iter().map(|item| item["id"].to_string()).collect::<BTreeSet<_>>();
    for (service, route, list) in [
        ("compute", "/flavors", "flavors"),
        ("image", "/images", "images"),
        ("network", "/networks", "networks"),
    ] {
        let api = stage.admin.service(service)?;
        let before = ids(&api.get(route, &[]).list(list).await?);
        let paged = ids(&api.get(route, &[]).query("limit", 1).list(list).await?);
        let after = ids(&api.get(route, &[]).list(list).await?);
        // Others may use the cloud meanwhile; what is there all the time must be in the pages too.
        let lasting: BTreeSet<_> = before.intersection(&after).collect();
        holds(route, !lasting.is_empty() && lasting.iter().all(|id| paged.contains(*id)))?;
    }
    Ok(())
}

async fn names_are_unique_where_they_must_be(stage: &Stage) -> Result {
    let keystone = stage.admin.keystone();
    let user = keystone.create_user(&UserCreate::default()).await?;
    let api = stage.admin.service("identity")?;
    let again = json!({"user": {"name": user.name, "domain_id": user.domain_id}});
    refusal(api.post("/users", &[]).body(&again).done().await, 409)?;
    keystone.delete_user(&user).await?;
    refusal(keystone.delete_user(&user).await, 404)?;
    let role = keystone.create_role().await?;
    refusal(api.post("/roles", &[]).body(&json!({"role": {"name": role.name}})).done().await, 409)?;
    Ok(keystone.delete_role(&role).await?)
}

async fn keypairs_belong_to_users(stage: &Stage) -> Result {
    let (one, two) = (stage.one.nova(), stage.two.nova());
    let keypair = one.create_keypair().await?;
    holds("nova makes the private key", keypair.private_key.is_some())?;
    refusal(two.get_keypair(&keypair.name).await, 404)?;
    holds("a stranger does not list it", two.list_keypairs().await?.is_empty())?;
    let again = json!({"keypair": {"name": keypair.name}});
    refusal(stage.one.service("compute")?.post("/os-keypairs", &[]).body(&again).done().await, 409)?;
    let id = nova::keypair_id(&keypair.name, stage.one.session().user_id());
    holds("the administrator sees it", stage.admin.nova().has_keypair(&id).await?)?;
    Ok(one.delete_keypair(&keypair).await?)
}

async fn a_flavor_comes_and_goes(stage: &Stage) -> Result {
    let create = nova::FlavorCreate::new(64, 1, 1);
    let nova = stage.admin.nova();
    let flavor = nova.create_flavor(&create).await?;
    same("the memory", stage.one.nova().get_flavor(&flavor.id).await?.ram, 64)?;
    refusal(stage.one.nova().create_flavor(&create).await, 403)?;
    nova.delete_flavor(&flavor).await?;
    refusal(nova.get_flavor(&flavor.id).await, 404).map(drop)
}

async fn keystone_finds_by_part_of_a_name(stage: &Stage) -> Result {
    let api = stage.admin.service("identity")?;
    let stem = crate::cleanup::stem(&stage.world);
    for list in ["users", "projects"] {
        let route = if list == "users" { "/users" } else { "/projects" };
        let found = api.get(route, &[]).query("name__contains", &stem).list(list).await?;
        same(route, found.len(), 2)?;
    }
    refusal(stage.one.service("identity")?.get("/users", &[]).done().await, 403).map(drop)
}

async fn default_security_group_outlives_its_project(stage: &Stage) -> Result {
    let keystone = stage.admin.keystone();
    let project = keystone.create_project("Default").await?;
    let neutron = stage.admin.neutron();
    let missing = || Failure::msg("asking for the groups of a project does not make its default group");
    let made = neutron.default_group(&project.id).await?.ok_or_else(missing)?;
    keystone.delete_project(&project).await?;
    let kept = neutron.default_group(&project.id).await?.ok_or_else(missing)?;
    same("the group of the deleted project", &kept, &made)?;
    neutron.remove_group(&kept.id).await?;
    let api = stage.one.service("network")?;
    let own = api.get("/security-groups", &[]).query("name", "default").list("security_groups").await?;
    same("groups of a project", own.len(), 1)?;
    let id = own[0]["id"].as_str().unwrap_or_default();
    refusal(api.delete("/security-groups/{id}", &[id]).done().await, 409).map(drop)
}

fn holds(what: &str, is_so: bool) -> Result {
    if is_so { Ok(()) } else { Err(Failure::msg(format!("{what}: this does not hold"))) }
}

#[expect(clippy::needless_pass_by_value, reason = "texts and numbers read better without a reference")]
fn same<T: PartialEq<U> + Debug, U: Debug>(what: impl Display, found: T, expected: U) -> Result {
    if found == expected {
        Ok(())
    } else {
        Err(Failure::msg(format!("{what}: {found:?} in place of {expected:?}")))
    }
}

/// The error that was expected.
fn refusal<T>(result: Result<T, CloudError>, status: u16) -> Result<CloudError> {
    match result {
        Err(error) if error.status() == Some(status) => Ok(error),
        Err(error) => Err(Failure::from(error).context(format!("a refusal with {status} was expected"))),
        Ok(_) => Err(Failure::msg(format!("a refusal with {status} was expected, and it succeeded"))),
    }
}
