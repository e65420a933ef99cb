//! Tokens, rights and the things that an administrator makes.

use std::time::Duration;

use rally_sim::{Sim, SimOptions};
use serde_json::json;

use crate::support::{Sent, User, id, instant, password_login};

#[tokio::test]
async fn a_wrong_password_is_refused_in_keystones_words() {
    let sim = instant().await;
    let stranger = User::stranger(&sim.auth_url());
    for login in [
        password_login("admin", "wrong", "admin"),
        password_login("nobody", "password", "admin"),
        password_login("admin", "password", "nowhere"),
        password_login("demo", "password", "admin"),
    ] {
        let answer = stranger.post("identity", "/auth/tokens", &login).await;
        assert_eq!(answer.header("www-authenticate"), format!("Keystone uri=\"{}\"", sim.auth_url()));
        let body = answer.expect(401);
        assert_eq!(
            body,
            json!({"error": {"code": 401, "message": "The request you have made requires authentication.",
                "title": "Unauthorized"}})
        );
    }
    stranger.post("identity", "/auth/tokens", &json!({})).await.problem(400);
    stranger.post("identity", "/auth/tokens", &json!({"auth": {}})).await.problem(400);
}

#[tokio::test]
async fn a_token_has_the_scope_that_was_asked_for() {
    let sim = instant().await;
    let stranger = User::stranger(&sim.auth_url());
    let mut login = password_login("admin", "password", "admin");
    for (scope, key) in [
        (json!({"project": {"name": "admin", "domain": {"id": "default"}}}), "project"),
        (json!({"system": {"all": true}}), "system"),
    ] {
        login["auth"]["scope"] = scope;
        let token = stranger.post("identity", "/auth/tokens", &login).await.expect(201);
        assert!(token["token"][key].is_object() && token["token"]["catalog"].is_array(), "{token}");
        assert_eq!(
            token["token"]["roles"].as_array().unwrap().len(),
            3,
            "admin implies member implies reader"
        );
    }
    login["auth"]["scope"] = json!({"domain": {"id": "default"}});
    stranger.post("identity", "/auth/tokens", &login).await.problem(401);
    login["auth"].as_object_mut().unwrap().remove("scope");
    let unscoped = stranger.post("identity", "/auth/tokens", &login).await;
    let mut user = stranger.clone();
    user.token = Some(unscoped.header("x-subject-token").to_owned());
    let token = unscoped.expect(201);
    assert!(token["token"].get("catalog").is_none() && token["token"].get("roles").is_none());
    let projects = user.get("identity", "/auth/projects").await.expect(200);
    assert_eq!(projects["projects"][0]["name"], "admin");
    // With the unscoped token comes a scoped one, which ends with it.
    let again = json!({"auth": {"identity": {"methods": ["token"], "token": {"id": user.token}},
        "scope": {"project": {"id": projects["projects"][0]["id"]}}}});
    let scoped = stranger.post("identity", "/auth/tokens", &again).await.expect(201);
    assert_eq!(scoped["token"]["methods"], json!(["token", "password"]));
    assert_eq!(scoped["token"]["expires_at"], token["token"]["expires_at"]);
}

#[tokio::test]
async fn tokens_are_validated_revoked_and_expire() {
    let sim = Sim::start(SimOptions::instant().with_token_ttl(Duration::from_mins(10))).await.unwrap();
    let admin = User::admin(&sim).await;
    let mut demo = User::demo(&sim).await;
    let subject = ("x-subject-token".to_owned(), demo.token.clone().unwrap());
    let mut asking = admin.clone();
    asking.headers.push(subject);
    let token = asking.get("identity", "/auth/tokens").await.expect(200);
    assert_eq!(token["token"]["user"]["name"], "demo");
    assert_eq!(asking.call("HEAD", "identity", "/auth/tokens", Sent::Nothing).await.status, 200);
    assert_eq!(asking.delete("identity", "/auth/tokens").await.status, 204);
    asking.get("identity", "/auth/tokens").await.problem(404);
    demo.get("compute", "/servers").await.problem(401);

    demo = User::demo(&sim).await;
    sim.advance(Duration::from_mins(9));
    demo.get("compute", "/servers").await.expect(200);
    sim.advance(Duration::from_mins(1));
    demo.get("compute", "/servers").await.problem(401);
    demo.get("network", "/v2.0/networks").await.problem(401);
    assert!(demo.get("image", "/v2/images").await.text().contains("<h1>401 Unauthorized</h1>"));

    demo = User::demo(&sim).await;
    sim.expire_tokens();
    let refused = demo.get("compute", "/servers").await;
    assert!(refused.header("www-authenticate").starts_with("Keystone uri="));
    refused.problem(401);
    User::demo(&sim).await.get("compute", "/servers").await.expect(200);
}

#[tokio::test]
async fn only_administrators_manage() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    for (method, path, rule) in [
        ("GET", "/users".to_owned(), "list_users"),
        ("GET", "/projects".to_owned(), "list_projects"),
        ("POST", "/projects".to_owned(), "create_project"),
        ("GET", "/roles".to_owned(), "list_roles"),
        ("GET", "/users/another".to_owned(), "get_user"),
        ("DELETE", format!("/users/{}", demo.id()), "delete_user"),
        ("GET", "/role_assignments".to_owned(), "list_role_assignments"),
    ] {
        let refused = demo.call(method, "identity", &path, Sent::Json(&json!({}))).await.problem(403);
        assert_eq!(
            refused,
            format!("You are not authorized to perform the requested action: identity:{rule}.")
        );
    }
    demo.get("identity", &format!("/users/{}", demo.id())).await.expect(200);
    demo.get("identity", &format!("/projects/{}", demo.project())).await.expect(200);
    assert_eq!(sim.inventory().count("keystone.project"), 3);
}

#[tokio::test]
async fn projects_and_users_come_and_go() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    let project = json!({"project": {"name": "p", "domain_id": "default", "enabled": true}});
    let made = admin.post("identity", "/projects", &project).await.expect(201);
    let project_id = id(&made["project"]);
    let twice = admin.post("identity", "/projects", &project).await.problem(409);
    assert!(twice.starts_with("Conflict occurred attempting to store project"), "{twice}");
    let user = json!({"user": {"name": "u", "password": "secret", "default_project_id": project_id}});
    let made = admin.post("identity", "/users", &user).await.expect(201);
    assert!(made["user"].get("password").is_none());
    let user_id = id(&made["user"]);
    assert!(
        admin
            .post("identity", "/users", &user)
            .await
            .problem(409)
            .contains("with name u at domain ID default")
    );
    let found = admin.get("identity", "/users?name=u&domain_id=default").await.expect(200);
    assert_eq!(found["users"][0]["id"], json!(user_id));

    let login = password_login("u", "secret", "p");
    let stranger = User::stranger(&sim.auth_url());
    stranger.post("identity", "/auth/tokens", &login).await.problem(401);
    let roles = admin.get("identity", "/roles?name=member").await.expect(200);
    let grant = format!("/projects/{project_id}/users/{user_id}/roles/{}", id(&roles["roles"][0]));
    let check = |status| {
        let (admin, grant) = (admin.clone(), grant.clone());
        async move { assert_eq!(admin.call("HEAD", "identity", &grant, Sent::Nothing).await.status, status) }
    };
    check(404).await;
    for _ in 0..2 {
        assert_eq!(admin.call("PUT", "identity", &grant, Sent::Nothing).await.status, 204);
    }
    check(204).await;
    let held = admin
        .get("identity", &format!("/role_assignments?user.id={user_id}&include_names"))
        .await
        .expect(200);
    assert_eq!(held["role_assignments"][0]["role"]["name"], "member");
    assert_eq!(held["role_assignments"][0]["scope"]["project"]["name"], "p");

    let user = User::log_in(&sim.auth_url(), "u", "secret", "p").await;
    let renamed = json!({"user": {"name": "v"}});
    let path = format!("/users/{user_id}");
    let answer = admin.call("PATCH", "identity", &path, Sent::Json(&renamed)).await.expect(200);
    assert_eq!(answer["user"]["name"], "v");
    user.get("compute", "/servers").await.expect(200);

    // What goes takes its tokens with it.
    admin.delete("identity", &format!("/projects/{project_id}")).await.expect(204);
    user.get("compute", "/servers").await.problem(401);
    admin.delete("identity", &path).await.expect(204);
    admin.delete("identity", &path).await.problem(404);
    check(404).await;
}

#[tokio::test]
async fn an_application_credential_is_a_way_in() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    let path = format!("/users/{}/application_credentials", demo.id());
    let wish = json!({"application_credential": {"name": "ci", "roles": [{"name": "reader"}]}});
    let made = demo.post("identity", &path, &wish).await.expect(201);
    demo.post("identity", &path, &wish).await.problem(409);
    User::admin(&sim).await.post("identity", &path, &wish).await.problem(403);
    let credential = &made["application_credential"];
    let listed = demo.get("identity", &path).await.expect(200);
    assert!(listed["application_credentials"][0].get("secret").is_none());
    let stranger = User::stranger(&sim.auth_url());
    let login = |secret: &str| {
        let given = json!({"id": credential["id"], "secret": secret});
        json!({"auth": {"identity": {"methods": ["application_credential"], "application_credential": given}}})
    };
    let secret = credential["secret"].as_str().unwrap();
    let token = stranger.post("identity", "/auth/tokens", &login(secret)).await.expect(201);
    assert_eq!(token["token"]["project"]["id"], json!(demo.project()));
    assert_eq!(token["token"]["roles"].as_array().unwrap().len(), 1);
    assert_eq!(token["token"]["application_credential"]["restricted"], true);
    stranger.post("identity", "/auth/tokens", &login("wrong")).await.problem(401);
    demo.delete("identity", &format!("{path}/{}", id(credential))).await.expect(204);
    stranger.post("identity", "/auth/tokens", &login(secret)).await.problem(401);
}

#[tokio::test]
async fn versions_lead_the_way() {
    let sim = instant().await;
    let stranger = User::stranger(&sim.auth_url());
    let get = |path: &'static str| {
        let (stranger, url) = (stranger.clone(), format!("{}{path}", sim.url()));
        async move { stranger.send("GET", &url, Sent::Nothing).await.unwrap() }
    };
    assert_eq!(get("/identity").await.expect(300)["versions"]["values"][0]["id"], "v3.14");
    assert_eq!(get("/identity/v3").await.expect(200)["version"]["id"], "v3.14");
    assert_eq!(get("/identity/v2.0").await.status, 404);
    assert_eq!(get("/compute/").await.expect(200)["versions"][1]["version"], "2.93");
    assert_eq!(get("/compute/v2.1").await.expect(200)["version"]["min_version"], "2.1");
    assert_eq!(get("/image/").await.expect(300)["versions"][0]["status"], "CURRENT");
    assert_eq!(get("/image/versions").await.expect(200)["versions"][0]["id"], "v2.16");
    assert_eq!(get("/network/").await.expect(200)["versions"][0]["id"], "v2.0");
    assert_eq!(get("/placement").await.expect(200)["versions"][0]["max_version"], "1.39");
    assert!(get("/identity/v3").await.header("x-openstack-request-id").starts_with("req-"));
    // Everything else wants a token first.
    assert_eq!(get("/compute/v2.1/servers").await.status, 401);
    assert_eq!(get("/volume/v3").await.status, 404);
}
