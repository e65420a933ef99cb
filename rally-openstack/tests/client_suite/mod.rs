//! One suite for the simulator and for a real cloud: what it asks for, both must answer alike.
//!
//! Every function takes an administrator's configuration, and takes away what it has created.

use rally_core::Platform;
use rally_openstack::client::{CloudError, Connection, Endpoint, HttpOptions, Microversion, Session, Waits};
use rally_openstack::config::{
    ApplicationCredential, CloudConfig, Credential, Domain, ExistingCloud, Login, Project, Scope, User,
};
use rally_openstack::platform::OpenStack;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

/// A name that no two tests of one run share, and that tells who left it.
fn name(what: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("client-test-{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn admin(config: &CloudConfig) -> Credential {
    config.admin.clone().unwrap()
}

fn connect(config: &CloudConfig) -> Connection {
    Connection::new(&config.site, &HttpOptions::default()).unwrap()
}

async fn session(config: &CloudConfig) -> Session {
    connect(config).login(admin(config)).await.unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}"))
}

/// Every login that is described in `config`, run one after the other.
pub(crate) async fn logins(config: &CloudConfig) {
    by_password(config).await;
    by_token(config).await;
    by_application_credential(config).await;
    for_other_scopes(config).await;
    refusals(config).await;
}

async fn by_password(config: &CloudConfig) {
    let first = session(config).await;
    let identity = first.identity().clone();
    assert!(identity.roles.iter().any(|role| role == "admin"), "{identity:?}");
    assert!(!first.catalog().services().is_empty());

    // By ids instead of names.
    let Login::Password { password, .. } = admin(config).login else { panic!("a password is needed") };
    let by_id = Credential::password(
        User::Id(first.user_id().into()),
        password,
        Project::Id(first.project_id().unwrap().into()),
    );
    let second = first.connection().login(by_id).await.unwrap();
    assert_eq!(*second.identity(), identity);
    assert!(std::ptr::eq(first.catalog(), second.catalog()), "users of one cloud share one catalogue");

    let unscoped = first.connection().login(admin(config).scoped(Scope::Unscoped)).await.unwrap();
    assert_eq!(unscoped.project_id(), None);
    let error = unscoped.service("compute").unwrap_err().to_string();
    assert!(error.contains("is the token scoped to a project?"), "{error}");
}

async fn by_token(config: &CloudConfig) {
    let first = session(config).await;
    let token = first.token().await.unwrap();
    let login = Login::Token { token };
    let as_it_is = first.connection().login(Credential::new(login.clone(), Scope::Inherent)).await.unwrap();
    assert_eq!(as_it_is.project_id(), first.project_id());
    assert!(as_it_is.has_service("compute"));
    as_it_is.service("identity").unwrap().get("/users/{id}", &[first.user_id()]).done().await.unwrap();

    let project = Scope::Project(Project::Id(first.project_id().unwrap().into()));
    let exchanged = first.connection().login(Credential::new(login, project)).await.unwrap();
    assert_eq!(exchanged.user_id(), first.user_id());

    let unknown = Login::Token { token: "not-a-token-at-all".into() };
    let error = first.connection().login(Credential::new(unknown, Scope::Inherent)).await.unwrap_err();
    assert!(matches!(error, CloudError::LoginRefused(_)), "{error:?}");
    assert!(!error.to_string().contains("not-a-token-at-all"), "{error}");
}

async fn by_application_credential(config: &CloudConfig) {
    let first = session(config).await;
    let keystone = first.service("identity").unwrap();
    let user = first.user_id();
    let body = json!({"application_credential": {"name": name("ac"), "secret": "very-secret-words"}});
    let made = keystone
        .post("/users/{user_id}/application_credentials", &[user])
        .body(&body)
        .member("application_credential")
        .await
        .unwrap();
    let secret = || SecretString::from("very-secret-words");
    let by_id = ApplicationCredential::Id(text(&made, "id").into());
    let by_name =
        ApplicationCredential::Name { name: text(&made, "name").into(), user: User::Id(user.into()) };
    for credential in [by_id, by_name] {
        let login = Login::ApplicationCredential { credential, secret: secret() };
        let session = first.connection().login(Credential::new(login, Scope::Inherent)).await.unwrap();
        assert_eq!(session.project_id(), first.project_id());
    }
    let wrong = Login::ApplicationCredential {
        credential: ApplicationCredential::Id(text(&made, "id").into()),
        secret: "wrong-secret-words".into(),
    };
    let error = first.connection().login(Credential::new(wrong, Scope::Inherent)).await.unwrap_err();
    assert!(matches!(error, CloudError::LoginRefused(_)), "{error:?}");
    keystone
        .delete("/users/{user_id}/application_credentials/{id}", &[user, text(&made, "id")])
        .done()
        .await
        .unwrap();
}

async fn for_other_scopes(config: &CloudConfig) {
    let first = session(config).await;
    let system = first.connection().login(admin(config).scoped(Scope::System)).await.unwrap();
    assert!(system.identity().system && system.project_id().is_none());

    let keystone = first.service("identity").unwrap();
    let domain = first.identity().user_domain.clone().unwrap();
    let roles = keystone.get("/roles", &[]).query("name", "admin").list("roles").await.unwrap();
    let grant = [domain.id.as_str(), first.user_id(), text(&roles[0], "id")];
    let route = "/domains/{domain_id}/users/{user_id}/roles/{role_id}";
    // Some cloud may have granted it to its administrator already: then it stays.
    let had = keystone.head(route, &grant).done().await.is_ok();
    keystone.put(route, &grant).done().await.unwrap();
    for scope in [Domain::Id(domain.id.clone()), Domain::Name(domain.name.clone())] {
        let session = first.connection().login(admin(config).scoped(Scope::Domain(scope))).await.unwrap();
        assert_eq!(session.identity().domain.as_ref().map(|d| &d.id), Some(&domain.id));
    }
    if !had {
        keystone.delete(route, &grant).done().await.unwrap();
    }
}

async fn refusals(config: &CloudConfig) {
    let connection = connect(config);
    let Login::Password { user, .. } = admin(config).login else { panic!() };
    let wrong = Credential::new(
        Login::Password { user, password: "wrong-password".into() },
        admin(config).scope.clone(),
    );
    let error = connection.login(wrong).await.unwrap_err();
    assert!(matches!(error, CloudError::LoginRefused(_)), "{error:?}");
    assert!(error.is_not_ready() && error.status() == Some(401));
    assert!(!format!("{error} {error:?}").contains("wrong-password"));

    let nowhere = Project::Name { name: "no-such-project".into(), domain: Domain::default() };
    let error = connection.login(admin(config).scoped(Scope::Project(nowhere))).await.unwrap_err();
    assert!(error.to_string().contains("for project no-such-project of domain id default"), "{error}");
}

/// Every form of an auth URL leads to the same keystone.
pub(crate) async fn discovery(config: &CloudConfig) {
    let given = config.site.auth_url.as_str().trim_end_matches('/');
    let root = given.strip_suffix("/v3").or(given.strip_suffix("/v2.0")).unwrap_or(given);
    for form in ["", "/", "/v3", "/v3/", "/v2.0", "/v2.0/"] {
        let mut site = config.site.clone();
        site.auth_url = Url::parse(&format!("{root}{form}")).unwrap();
        let connection = Connection::new(&site, &HttpOptions::default()).unwrap();
        assert_eq!(connection.identity_url().await.unwrap(), format!("{root}/v3"), "{form}");
        connection.login(admin(config)).await.unwrap();
    }
    let mut site = config.site.clone();
    site.auth_url = Url::parse(session(config).await.service("network").unwrap().url()).unwrap();
    let error = Connection::new(&site, &HttpOptions::default()).unwrap().identity_url().await.unwrap_err();
    assert!(matches!(error, CloudError::NotKeystone { .. }), "{error:?}");
}

/// Each service says in its own shape that a thing does not exist.
pub(crate) async fn not_found(config: &CloudConfig) {
    let session = session(config).await;
    let id = "00000000-0000-4000-8000-000000000000";
    for (service, route) in [
        ("compute", "/servers/{id}"),
        ("volumev3", "/volumes/{id}"),
        ("image", "/images/{id}"),
        ("network", "/networks/{id}"),
        ("identity", "/users/{id}"),
    ] {
        if !session.has_service(service) {
            continue;
        }
        let error = session.service(service).unwrap().get(route, &[id]).json().await.unwrap_err();
        assert!(error.is_not_found(), "{service}: {error:?}");
        let CloudError::Api(error) = error else { panic!("{error:?}") };
        assert_eq!(error.route, route);
        assert!(error.message.contains(id) && !error.message.contains(['{', '<']), "{error}");
        assert!(error.request_id.is_some(), "{error:?}");
    }
    let error = session.service("weather").unwrap_err().to_string();
    assert!(error.contains("no public endpoint of weather") && error.contains("compute"), "{error}");
}

/// A list in pages of one holds what the list as a whole holds.
pub(crate) async fn paging(config: &CloudConfig) {
    let session = session(config).await;
    for (service, route, list) in [
        ("compute", "/flavors", "flavors"),
        ("image", "/images", "images"),
        ("network", "/networks", "networks"),
    ] {
        let endpoint = session.service(service).unwrap();
        let ids = |all: Vec<Value>| {
            let mut ids: Vec<_> = all.iter().map(|item| text(item, "id").to_owned()).collect();
            ids.sort();
            ids
        };
        let whole = ids(endpoint.get(route, &[]).list(list).await.unwrap());
        let paged = ids(endpoint.get(route, &[]).query("limit", 1).list(list).await.unwrap());
        assert_eq!(paged, whole, "{service}");
        let most = endpoint.get(route, &[]).query("limit", 1).list_at_most(list, 1).await.unwrap();
        assert_eq!(most.len(), whole.len().min(1));
    }
}

/// Services speak the microversions that their documents promise, and hear only their own header.
pub(crate) async fn microversions(config: &CloudConfig) {
    let session = session(config).await;
    let nova = session.service("compute").unwrap();
    let nova = nova.within(Microversion::new(2, 1)..=Microversion::new(2, 60)).await.unwrap();
    assert_eq!(nova.microversion(), Some(Microversion::new(2, 60)));
    let answer = nova.get("/servers", &[]).answer().await.unwrap();
    assert_eq!(answer.header("openstack-api-version"), Some("compute 2.60"));
    let future = Microversion::new(2, 900)..=Microversion::new(2, 999);
    let error = nova.within(future).await.unwrap_err().to_string();
    assert!(error.contains("compute offers microversions 2.1 to 2."), "{error}");

    if let Ok(cinder) = session.service("block-storage") {
        let cinder = cinder.within(Microversion::new(3, 0)..=Microversion::new(3, 50)).await.unwrap();
        let answer = cinder.get("/volumes", &[]).answer().await.unwrap();
        assert_eq!(answer.header("openstack-api-version"), Some("volume 3.50"));
    }
    if let Ok(placement) = session.service("placement") {
        let placement = placement.within(Microversion::new(1, 0)..=Microversion::new(1, 20)).await.unwrap();
        assert_eq!(placement.microversion(), Some(Microversion::new(1, 20)));
    }
    for service in ["identity", "image", "network"] {
        let versions = session.service(service).unwrap().versions().await.unwrap();
        assert!(!versions.is_empty(), "{service}");
    }
}

/// A server is booted, watched until it is active, deleted and watched until it is gone.
pub(crate) async fn waiting(config: &CloudConfig) {
    let session = session(config).await;
    let waits = Waits::default();
    let nova = session.service("compute").unwrap().at(Microversion::new(2, 60));
    let image = first_of(&session, "image", "/images", "images").await;
    let flavors = nova.get("/flavors", &[]).list("flavors").await.unwrap();
    let small = flavors.iter().find(|flavor| text(flavor, "name") == "m1.tiny").unwrap_or(&flavors[0]);
    let body = json!({"server": {
        "name": name("server"), "imageRef": image, "flavorRef": text(small, "id"), "networks": "none",
    }});
    let server = nova.post("/servers", &[]).body(&body).member("server").await.unwrap();
    let id = text(&server, "id").to_owned();
    let show = |nova: &Endpoint| nova.get("/servers/{id}", &[&id]);
    let active = show(&nova).wait("server", waits.nova_server_boot).until(&["active"]).await.unwrap();
    assert_eq!(text(&active, "status"), "ACTIVE");
    nova.delete("/servers/{id}", &[&id]).done().await.unwrap();
    show(&nova).wait("server", waits.nova_server_delete).until_gone().await.unwrap();
}

async fn first_of(session: &Session, service: &str, route: &'static str, list: &str) -> String {
    let all = session.service(service).unwrap().get(route, &[]).list(list).await.unwrap();
    text(&all[0], "id").to_owned()
}

/// The platform logs in, states its facts and gives the world its cloud.
pub(crate) async fn platform(config: &CloudConfig) {
    let spec: ExistingCloud = serde_json::from_value(config.to_spec()).unwrap();
    let mut world = rally_core::testing::world();
    spec.connect(&mut world).await.unwrap();
    let facts = world.facts();
    assert_eq!(facts["auth url"], config.site.auth_url.as_str());
    assert!(facts["compute"].starts_with("v2.1 (2.1 to 2."), "{facts:?}");
    assert!(facts["identity"].starts_with("v3."), "{facts:?}");
    let cloud = world.get::<OpenStack>().unwrap();
    assert!(cloud.admin().unwrap().has_service("compute") && cloud.users().is_empty());

    let mut wrong = config.to_spec();
    wrong["admin"]["password"] = "wrong-password".into();
    let spec: ExistingCloud = serde_json::from_value(wrong).unwrap();
    let failure = spec.connect(&mut rally_core::testing::world()).await.unwrap_err();
    assert!(failure.message.contains("refused the login of user"), "{failure}");
}
