//! A token is got with a password, with another token or with an application credential.

use serde_json::{Value, json};

use super::resources::projects_with_role;
use super::store::Token;
use super::{DOMAIN, Keystone, NO_JSON, Scope, catalog, listed};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, route, text};
use crate::state::{State, micros};

const TOKENS: &str = "/v3/auth/tokens";

pub(super) fn routes() -> Vec<Route> {
    vec![
        route("POST", TOKENS, log_in).open(),
        route("GET", TOKENS, validate),
        route("DELETE", TOKENS, revoke),
        route("GET", "/v3/auth/projects", projects),
    ]
}

/// What a client proves itself with.
struct Proof {
    user: String,
    methods: Vec<String>,
    /// Audit id of the token that was used, if one was.
    parent: Option<String>,
    /// When that token ends, and so the new one.
    until: Option<(jiff::Timestamp, std::time::Instant)>,
    credential: Option<String>,
    scope: Option<Scope>,
}

fn log_in(state: &mut State, call: &Call) -> Answer {
    let body = call.json(NO_JSON)?;
    let Some(auth) = body.get("auth") else { return Err(expecting("auth in request body")) };
    let Some(identity) = auth.get("identity") else {
        return Err(Problem::bad_request(
            "'identity' is a required property\n\nFailed validating 'required' in schema",
        ));
    };
    let Some(methods) = identity.get("methods").and_then(Value::as_array) else {
        return Err(Problem::bad_request(
            "'methods' is a required property\n\nFailed validating 'required' in schema",
        ));
    };
    let mut proof = None;
    for method in methods.iter().filter_map(Value::as_str) {
        let Some(given) = identity.get(method) else {
            return Err(expecting(&format!("{method} in identity")));
        };
        proof = Some(match method {
            "password" => by_password(&state.keystone, given)?,
            "token" => by_token(state, given)?,
            "application_credential" => by_credential(&state.keystone, given)?,
            _ => return Err(Problem::unauthorized()),
        });
    }
    let mut proof = proof.ok_or_else(Problem::unauthorized)?;
    let scope = match proof.scope.take() {
        Some(scope) => scope,
        None => scope(&state.keystone, &proof.user, auth.get("scope"))?,
    };
    let (id, token) = issue(state, proof, scope);
    let body = shown(state, &token);
    state.keystone.keep_token(id.clone(), token);
    Ok(Reply::json(201, &body).header("x-subject-token", &id))
}

fn expecting(what: &str) -> Problem {
    Problem::bad_request(format!(
        "Expecting to find {what}. The server could not comply with the request since it is either malformed or \
         otherwise incorrect. The client is assumed to be in error."
    ))
}

fn field<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a row is in the domain that `place` names by id or name.
fn in_domain(keystone: &Keystone, row: &Object, place: &Value) -> bool {
    let domain = place.get("domain").unwrap_or(&Value::Null);
    let wanted = match (field(domain, "id"), field(domain, "name")) {
        ("", "") => DOMAIN,
        ("", name) => {
            keystone.domains.iter().find(|row| text(row, "name") == name).map_or("", |row| text(row, "id"))
        }
        (id, _) => id,
    };
    text(row, "domain_id") == wanted
}

/// The enabled user whom a body names by id, or by name and domain.
fn user<'a>(keystone: &'a Keystone, named: &Value) -> Result<&'a str, Problem> {
    let row = match field(named, "id") {
        "" => keystone
            .users
            .iter()
            .find(|row| text(row, "name") == field(named, "name") && in_domain(keystone, row, named)),
        id => keystone.users.get(id),
    };
    let enabled = row.filter(|row| row.get("enabled") != Some(&Value::Bool(false)));
    enabled.map(|row| text(row, "id")).ok_or_else(Problem::unauthorized)
}

fn by_password(keystone: &Keystone, given: &Value) -> Result<Proof, Problem> {
    let named = given.get("user").unwrap_or(&Value::Null);
    let user = user(keystone, named)?;
    if keystone.passwords.get(user).map(String::as_str) != named.get("password").and_then(Value::as_str) {
        return Err(Problem::unauthorized());
    }
    // A user without a password cannot come in by sending none.
    if !keystone.passwords.contains_key(user) {
        return Err(Problem::unauthorized());
    }
    let (user, methods) = (user.to_owned(), vec!["password".to_owned()]);
    Ok(Proof { user, methods, parent: None, until: None, credential: None, scope: None })
}

fn by_token(state: &State, given: &Value) -> Result<Proof, Problem> {
    let id = field(given, "id");
    state.keystone.actor(id, state.now).map_err(|_| Problem::unauthorized())?;
    let token = state.keystone.token(id, state.now).ok_or_else(Problem::unauthorized)?;
    let methods = ["token"]
        .into_iter()
        .chain(token.methods.iter().map(String::as_str).filter(|method| *method != "token"));
    Ok(Proof {
        user: token.user.clone(),
        methods: methods.map(str::to_owned).collect(),
        parent: token.audit_ids.last().cloned(),
        until: Some((token.expires_at, token.expires)),
        credential: token.credential.clone(),
        scope: None,
    })
}

fn by_credential(keystone: &Keystone, given: &Value) -> Result<Proof, Problem> {
    let found = match field(given, "id") {
        "" => {
            let owner = user(keystone, given.get("user").unwrap_or(&Value::Null))?;
            let name = field(given, "name");
            keystone
                .credentials
                .iter()
                .find(|credential| credential.user == owner && text(&credential.row, "name") == name)
        }
        id => keystone.credentials.get(id),
    };
    let right = found.filter(|credential| credential.secret == field(given, "secret"));
    let credential = right.ok_or_else(Problem::unauthorized)?;
    Ok(Proof {
        user: credential.user.clone(),
        methods: vec!["application_credential".to_owned()],
        parent: None,
        until: None,
        credential: Some(credential.id.clone()),
        scope: Some(Scope::Project(credential.project.clone())),
    })
}

/// The scope asked for, if the user has a role there; without one the user's default project, if that works.
fn scope(keystone: &Keystone, user: &str, asked: Option<&Value>) -> Result<Scope, Problem> {
    let has_role = |scope: &Scope| keystone.roles_of(user, scope).next().is_some();
    let Some(asked) = asked else {
        let default = keystone.users.get(user).map_or("", |row| text(row, "default_project_id"));
        let scope = Scope::Project(default.to_owned());
        return Ok(if has_role(&scope) { scope } else { Scope::None });
    };
    let scope = if let Some(named) = asked.get("project") {
        let row = match field(named, "id") {
            "" => {
                let same = |row: &&Object| {
                    text(row, "name") == field(named, "name") && in_domain(keystone, row, named)
                };
                keystone.projects.iter().find(same)
            }
            id => keystone.projects.get(id),
        };
        let enabled = row.filter(|row| row.get("enabled") != Some(&Value::Bool(false)));
        Scope::Project(text(enabled.ok_or_else(Problem::unauthorized)?, "id").to_owned())
    } else if let Some(named) = asked.get("domain") {
        let (id, name) = (field(named, "id"), field(named, "name"));
        let found = keystone.domains.iter().find(|row| text(row, "id") == id || text(row, "name") == name);
        Scope::Domain(text(found.ok_or_else(Problem::unauthorized)?, "id").to_owned())
    } else if asked.get("system").is_some() {
        Scope::System
    } else {
        return Ok(Scope::None);
    };
    if has_role(&scope) { Ok(scope) } else { Err(Problem::unauthorized()) }
}

/// A new token for what was proved.
fn issue(state: &mut State, proof: Proof, scope: Scope) -> (String, Token) {
    let issued_at = state.calendar(state.now);
    let expires = state.now + state.options.token_ttl;
    let (expires_at, expires) = proof.until.unwrap_or_else(|| (state.calendar(expires), expires));
    let audit_ids = [state.letters(22)].into_iter().chain(proof.parent).collect();
    let Proof { user, methods, credential, .. } = proof;
    let token = Token { user, scope, methods, audit_ids, issued_at, expires_at, expires, credential };
    (format!("gAAAAAB{}", state.letters(176)), token)
}

/// The body in which a token is described.
fn shown(state: &State, token: &Token) -> Value {
    let keystone = &state.keystone;
    let domain = |row: &Object| {
        let domain = keystone.domains.get(text(row, "domain_id"));
        json!({"id": row.get("domain_id"), "name": domain.map_or("", |row| text(row, "name"))})
    };
    let empty = Object::new();
    let user = keystone.users.get(&token.user).unwrap_or(&empty);
    let mut body = json!({
        "methods": token.methods,
        "user": {"domain": domain(user), "id": token.user, "name": user.get("name"), "password_expires_at": null},
        "audit_ids": token.audit_ids,
        "expires_at": format!("{}Z", micros(token.expires_at)),
        "issued_at": format!("{}Z", micros(token.issued_at)),
    });
    match &token.scope {
        Scope::None => return json!({"token": body}),
        Scope::Project(id) => {
            let row = keystone.projects.get(id).unwrap_or(&empty);
            body["project"] = json!({"domain": domain(row), "id": id, "name": row.get("name")});
            body["is_domain"] = json!(false);
        }
        Scope::Domain(id) => {
            body["domain"] = json!({"id": id, "name": keystone.domains.get(id).map(|row| text(row, "name"))});
        }
        Scope::System => body["system"] = json!({"all": true}),
    }
    let (known, others) = keystone.names_by_token(token);
    let names = known.iter().copied().chain(others.iter().map(String::as_str));
    let roles = names
        .filter_map(|name| keystone.role_named(name))
        .map(|role| json!({"id": role["id"], "name": role["name"]}));
    body["roles"] = roles.collect();
    body["catalog"] = catalog::catalog(state).into();
    if let Some(credential) = token.credential.as_deref().and_then(|id| keystone.credentials.get(id)) {
        let unrestricted = credential.row.get("unrestricted").and_then(Value::as_bool).unwrap_or(false);
        body["application_credential"] =
            json!({"id": credential.id, "name": text(&credential.row, "name"), "restricted": !unrestricted});
    }
    json!({"token": body})
}

/// The token that a call is about, which need not be the caller's.
fn subject<'a>(state: &State, call: &'a Call) -> Result<(&'a str, Token), Problem> {
    let id = call
        .header("x-subject-token")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Problem::not_found("No token in the request"))?;
    let token = state.keystone.token(id, state.now).cloned();
    let token = token.ok_or_else(|| Problem::not_found("Could not recognize Fernet token"))?;
    if !call.actor.is_admin() && call.actor.user != token.user {
        let rule = "You are not authorized to perform the requested action: identity:validate_token.";
        return Err(Problem::forbidden(rule));
    }
    Ok((id, token))
}

fn validate(state: &mut State, call: &Call) -> Answer {
    let (id, token) = subject(state, call)?;
    Ok(Reply::json(200, &shown(state, &token)).header("x-subject-token", id))
}

fn revoke(state: &mut State, call: &Call) -> Answer {
    let (id, _) = subject(state, call)?;
    state.keystone.forget_token(id);
    Ok(Reply::empty(204))
}

fn projects(state: &mut State, call: &Call) -> Answer {
    Ok(listed(state, call, "projects", &projects_with_role(state, &call.actor.user)))
}
