//! One function sends every request of this crate: it signs, times and notes it, and repeats it once after a 401.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::future::BoxFuture;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Serialize;
use tracing::Instrument;
use tracing::field::Empty;
use url::Url;

use super::auth::{self, Granted, Identity};
use super::call::{Answer, Endpoint};
use super::catalog::Catalog;
use super::connection::Connection;
use super::error::CloudError;
use super::kinds::Kind;
use super::note::{InFlight, Purpose};
use super::tls;
use super::token::{Token, Tokens};
use crate::config::Credential;

pub(crate) const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
pub(crate) const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");

/// A user who has logged in. Cheap to clone; clones share one token, which is renewed when it has to be.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    connection: Connection,
    credential: Credential,
    tokens: Tokens,
    identity: Identity,
    catalog: Arc<Catalog>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("identity", &self.0.identity).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(connection: Connection, credential: Credential, granted: Granted) -> Self {
        let renewable = !matches!(credential.login, crate::config::Login::Token { .. });
        let catalog = connection.shared(granted.catalog);
        let tokens = Tokens::new(granted.token, renewable);
        Self(Arc::new(Inner { connection, credential, tokens, identity: granted.identity, catalog }))
    }

    /// The way to the cloud that this user shares with others.
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// Who logged in, and for what.
    pub fn credential(&self) -> &Credential {
        &self.0.credential
    }

    /// Who that is, as keystone sees it.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The id of the user.
    pub fn user_id(&self) -> &str {
        &self.0.identity.user.id
    }

    /// The id of the project that the token is for, if it is for one.
    pub fn project_id(&self) -> Option<&str> {
        self.0.identity.project.as_ref().map(|project| project.id.as_str())
    }

    /// The services of the cloud.
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    /// A service by any of the names of its type: `compute`, `volumev3`, `block-storage`.
    ///
    /// Sends nothing. The error names the types, regions and interfaces that there are.
    pub fn service(&self, service_type: &str) -> Result<Endpoint, CloudError> {
        let kind = Kind::of(service_type);
        let base = self.0.catalog.base(&kind, self.0.connection.site(), self.project_id())?;
        Ok(Endpoint::new(self.clone(), kind, base))
    }

    /// Whether the catalogue (or an override) has such a service in the region and interface that are used.
    pub fn has_service(&self, service_type: &str) -> bool {
        self.service(service_type).is_ok()
    }

    /// A token that is good now, for the few calls that carry one in their body or in a header of their own.
    pub async fn token(&self) -> Result<SecretString, CloudError> {
        let token = self.valid_token().await?;
        Ok(token.value.to_str().unwrap_or_default().into())
    }

    async fn valid_token(&self) -> Result<Arc<Token>, CloudError> {
        self.0.tokens.valid(&|| self.login()).await
    }

    async fn token_instead_of(&self, refused: &Arc<Token>) -> Result<Option<Arc<Token>>, CloudError> {
        self.0.tokens.instead_of(refused, &|| self.login()).await
    }

    fn login(&self) -> BoxFuture<'_, Result<Token, CloudError>> {
        Box::pin(async { Ok(auth::grant(&self.0.connection, &self.0.credential).await?.token) })
    }
}

/// A request before it is signed.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) service: Cow<'static, str>,
    pub(crate) method: Method,
    pub(crate) route: Cow<'static, str>,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) purpose: Purpose,
    /// Whether the body of a successful answer is only counted, not kept.
    pub(crate) discard: bool,
}

impl Outgoing {
    pub(crate) fn new(
        service: Cow<'static, str>,
        method: Method,
        route: impl Into<Cow<'static, str>>,
        url: impl AsRef<str>,
    ) -> Result<Self, CloudError> {
        let route = route.into();
        match Url::parse(url.as_ref()) {
            Ok(url) => Ok(Self {
                service,
                method,
                route,
                url,
                headers: HeaderMap::new(),
                body: None,
                purpose: Purpose::Call,
                discard: false,
            }),
            Err(error) => Err(CloudError::BadCall { service, route, reason: format!("its URL: {error}") }),
        }
    }

    /// With this as its body, as JSON.
    pub(crate) fn json(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), CloudError> {
        let bytes = serde_json::to_vec(value).map_err(|error| CloudError::BadCall {
            service: self.service.clone(),
            route: self.route.clone(),
            reason: format!("its body: {error}"),
        })?;
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        self.body = Some(bytes.into());
        Ok(())
    }

    /// The method's name as a note keeps it.
    pub(crate) fn method_name(&self) -> Cow<'static, str> {
        for known in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] {
            if self.method == known {
                return Cow::Borrowed(known);
            }
        }
        Cow::Owned(self.method.to_string())
    }
}

/// The gate. Any answer is an `Ok`, whatever its status; an error means that there is none.
///
/// What is timed and noted is one exchange: from before the request is sent until the last byte of the answer is
/// there. Getting a token is another exchange with a note of its own; reading JSON out of the answer is not timed.
pub(crate) async fn send(
    connection: &Connection,
    signer: Option<&Session>,
    out: &Outgoing,
) -> Result<Answer, CloudError> {
    let Some(session) = signer else { return Box::pin(exchange(connection, None, out, 1)).await };
    let token = session.valid_token().await?;
    // Boxed: an exchange is large, and would make every future around it large as well.
    let answer = Box::pin(exchange(connection, Some(&token.value), out, 1)).await?;
    if answer.status() != 401 {
        return Ok(answer);
    }
    match session.token_instead_of(&token).await? {
        Some(new) => Box::pin(exchange(connection, Some(&new.value), out, 2)).await,
        None => Ok(answer),
    }
}

async fn exchange(
    connection: &Connection,
    token: Option<&HeaderValue>,
    out: &Outgoing,
    attempt: u32,
) -> Result<Answer, CloudError> {
    let method = out.method_name();
    let span = tracing::debug_span!(
        "request",
        service = &*out.service,
        method = &*method,
        route = &*out.route,
        attempt,
        status = Empty,
        request_id = Empty,
    );
    let work = async {
        let mut request = reqwest::Request::new(out.method.clone(), out.url.clone());
        request.headers_mut().clone_from(&out.headers);
        if let Some(token) = token {
            request.headers_mut().insert(AUTH_TOKEN, token.clone());
        }
        if let Some(body) = &out.body {
            *request.body_mut() = Some(body.clone().into());
        }
        let mut flight = InFlight {
            service: &out.service,
            method: &method,
            route: &out.route,
            purpose: out.purpose,
            attempt,
            started: Instant::now(),
            status: None,
            request_id: None,
        };
        let failed = |flight: &InFlight<'_>, error| failure(connection, out, &method, flight.started, error);
        let mut response = match connection.http().execute(request).await {
            Ok(response) => response,
            Err(error) => return Err(failed(&flight, error)),
        };
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        flight.status = Some(status);
        flight.request_id = request_id(&headers).map(str::to_owned);
        let span = tracing::Span::current();
        span.record("status", status);
        if let Some(id) = &flight.request_id {
            span.record("request_id", id.as_str());
        }
        let (body, length) = if out.discard && (200..300).contains(&status) {
            let mut length = 0;
            loop {
                match response.chunk().await {
                    Ok(Some(part)) => length += part.len() as u64,
                    Ok(None) => break (Bytes::new(), length),
                    Err(error) => return Err(failed(&flight, error)),
                }
            }
        } else {
            match response.bytes().await {
                Ok(body) => (body.clone(), body.len() as u64),
                Err(error) => return Err(failed(&flight, error)),
            }
        };
        tracing::debug!(seconds = flight.started.elapsed().as_secs_f64(), bytes = length, "answered");
        Ok(Answer::new(out, status, headers, body, length))
    };
    work.instrument(span).await
}

/// The id that a service gave a request, in any of its spellings.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["x-openstack-request-id", "x-compute-request-id", "x-trans-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
}

/// What went wrong on the way, in the words of a caller.
fn failure(
    connection: &Connection,
    out: &Outgoing,
    method: &str,
    started: Instant,
    error: reqwest::Error,
) -> CloudError {
    let host = out.url.host_str().unwrap_or("?");
    let host = match out.url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let request = || format!("{method} {} {}", out.service, out.route);
    // A URL may carry a signature.
    let error = error.without_url();
    let reason = innermost(&error);
    if let Some(reason) = tls::handshake_failure(&error) {
        return CloudError::Tls { host, reason, sources: connection.ca_sources().to_owned() };
    }
    if error.is_connect() {
        let reason = if error.is_timeout() {
            format!("no connection within {:.1} s", started.elapsed().as_secs_f64())
        } else {
            reason
        };
        return CloudError::Unreachable { host, reason, source: error.into() };
    }
    if error.is_timeout() {
        return CloudError::Timeout { host, request: request(), after: started.elapsed() };
    }
    if error.is_builder() {
        return CloudError::BadCall { service: out.service.clone(), route: out.route.clone(), reason };
    }
    CloudError::Broken { host, request: request(), reason, source: error.into() }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    // "Connection refused (os error 111)": the number helps nobody.
    let text = inner.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
