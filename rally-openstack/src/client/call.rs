//! A call is a route's template, its parameters and a body; what is noted is the template, never an id.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::auth::secret_header;
use super::error::{ApiError, CloudError};
use super::fault;
use super::kinds::Kind;
use super::microversion::{ApiVersion, Microversion, is_version, parse_versions, version_for};
use super::note::Purpose;
use super::session::{self, Outgoing, Session};

/// What a parameter keeps as it is in a path; everything else is percent-encoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One service as one user sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Endpoint {
    session: Session,
    target: Arc<Target>,
}

#[derive(Clone, Debug)]
struct Target {
    kind: Cow<'static, Kind>,
    base: String,
    version: Option<Microversion>,
    headers: HeaderMap,
}

impl Endpoint {
    pub(crate) fn new(session: Session, kind: Cow<'static, Kind>, base: String) -> Self {
        Self { session, target: Arc::new(Target { kind, base, version: None, headers: HeaderMap::new() }) }
    }

    /// Whose requests these are.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The official type of the service, under which its requests are noted.
    pub fn service(&self) -> &str {
        &self.target.kind.name
    }

    /// The URL under which the routes stand, without a slash at its end: `http://h:9696/v2.0`.
    pub fn url(&self) -> &str {
        &self.target.base
    }

    /// The microversion that requests ask for.
    pub fn microversion(&self) -> Option<Microversion> {
        self.target.version
    }

    /// A request to `route`, in which each `{name}` stands for the next of `params`: `get("/servers/{id}", &[id])`.
    ///
    /// The route begins with a slash and continues [`url`](Self::url). Parameters are percent-encoded.
    pub fn get(&self, route: impl Into<Cow<'static, str>>, params: &[&str]) -> Call {
        self.call(Method::GET, route, params)
    }

    /// The same with `POST`.
    pub fn post(&self, route: impl Into<Cow<'static, str>>, params: &[&str]) -> Call {
        self.call(Method::POST, route, params)
    }

    /// The same with `PUT`.
    pub fn put(&self, route: impl Into<Cow<'static, str>>, params: &[&str]) -> Call {
        self.call(Method::PUT, route, params)
    }

    /// The same with `PATCH`.
    pub fn patch(&self, route: impl Into<Cow<'static, str>>, params: &[&str]) -> Call {
        self.call(Method::PATCH, route, params)
    }

    /// The same with `DELETE`.
    pub fn delete(&self, route: impl Into<Cow<'static, str>>, params: &[&str]) -> Call {
        self.call(Method::DELETE, route, params)
    }

    /// The same with `HEAD`.
    pub fn head(&self, route: impl Into<Cow<'static, str>>, params: &[&str]) -> Call {
        self.call(Method::HEAD, route, params)
    }

    fn call(&self, method: Method, route: impl Into<Cow<'static, str>>, params: &[&str]) -> Call {
        let route = route.into();
        let (url, problem) = match fill(&self.target.base, &route, params) {
            Ok(url) => (url, None),
            Err(problem) => (String::new(), Some(problem)),
        };
        Call {
            endpoint: self.clone(),
            method,
            route,
            url,
            headers: self.target.headers.clone(),
            body: None,
            purpose: Purpose::Call,
            discard: false,
            problem,
        }
    }

    /// The same service asked for exactly this microversion; nobody checks whether it speaks it.
    #[must_use]
    pub fn at(&self, version: Microversion) -> Self {
        let mut target = Target::clone(&self.target);
        target.version = Some(version);
        for (name, value) in target.kind.headers(version) {
            if let Ok(value) = HeaderValue::try_from(value) {
                target.headers.insert(name, value);
            }
        }
        Self { session: self.session.clone(), target: Arc::new(target) }
    }

    /// The same service with the highest microversion of this range that it speaks.
    ///
    /// Asks for the version document once for all users; an error when the ranges do not meet.
    pub async fn within(&self, range: RangeInclusive<Microversion>) -> Result<Self, CloudError> {
        let versions = self.versions().await?;
        let offered = version_for(&versions, &self.target.base).and_then(|version| version.microversions);
        match offered {
            Some((lowest, highest)) if lowest <= *range.end() && *range.start() <= highest => {
                Ok(self.at(highest.min(*range.end())))
            }
            _ => {
                let wanted = format!("microversion {} to {}", range.start(), range.end());
                Err(CloudError::no_version(self.target.kind.name.clone(), offered, wanted))
            }
        }
    }

    /// The API versions that the service names in its version document; asked for once for all users.
    pub async fn versions(&self) -> Result<Arc<[ApiVersion]>, CloudError> {
        let root = unversioned(&self.target.base);
        let cell = self.session.connection().versions_of(root);
        let fetch = async || {
            let mut last = None;
            // The root names them all; behind some proxies only the versioned URL leads to the service.
            for url in [root, &self.target.base] {
                let service = self.target.kind.name.clone();
                let mut out = Outgoing::new(service, Method::GET, "/", format!("{url}/"))?;
                out.purpose = Purpose::Access;
                let answer = session::send(self.session.connection(), Some(&self.session), &out).await?;
                let versions = answer.json().map(|document| parse_versions(&document)).unwrap_or_default();
                if !versions.is_empty() {
                    return Ok(versions.into());
                }
                last.get_or_insert(answer);
            }
            Err(last.map_or_else(
                || CloudError::no_version(self.target.kind.name.clone(), None, "a version document".into()),
                |answer| answer.checked().map_or_else(|e| e, |a| a.bad_body("it is no version document")),
            ))
        };
        cell.get_or_try_init(fetch).await.map(Arc::clone)
    }
}

/// The part of a URL before its API version.
fn unversioned(base: &str) -> &str {
    let mut end = 0;
    for segment in base.split('/') {
        // Behind `scheme://host`, which is never a version.
        if end > base.find("://").map_or(0, |at| at + 3) && is_version(segment) {
            return base[..end].trim_end_matches('/');
        }
        end += segment.len() + 1;
    }
    base
}

/// The base, continued by the route with its parameters in place.
fn fill(base: &str, route: &str, params: &[&str]) -> Result<String, String> {
    let mut url = String::with_capacity(base.len() + route.len() + 40 * params.len());
    url.push_str(base);
    let mut params = params.iter();
    let mut rest = route;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else {
            return Err("a brace is not closed".into());
        };
        url.push_str(before);
        match params.next() {
            // A URL takes dots for "here" and "one up", even when they are encoded.
            Some(&("" | "." | "..")) => return Err(format!("{{{name}}} is empty or dots")),
            Some(value) => url.extend(utf8_percent_encode(value, UNRESERVED)),
            None => return Err(format!("nothing is given for {{{name}}}")),
        }
        rest = after;
    }
    url.push_str(rest);
    match params.next() {
        Some(_) => Err("more parameters than places".into()),
        None => Ok(url),
    }
}

/// A request that is not sent yet; send it with one of [`json`](Self::json), [`member`](Self::member),
/// [`list`](Self::list), [`done`](Self::done), [`answer`](Self::answer), or [`wait`](Self::wait) with it.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    pub(super) endpoint: Endpoint,
    method: Method,
    pub(super) route: Cow<'static, str>,
    pub(super) url: String,
    headers: HeaderMap,
    body: Option<Bytes>,
    purpose: Purpose,
    discard: bool,
    problem: Option<String>,
}

impl Call {
    /// With one more pair in its query string.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.url.push(if self.url.contains('?') { '&' } else { '?' });
        self.url.extend(byte_serialize(name.as_bytes()));
        self.url.push('=');
        self.url.extend(byte_serialize(value.to_string().as_bytes()));
        self
    }

    /// With this as its body, as JSON.
    pub fn body(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                self.body = Some(bytes.into());
                self
            }
            Err(error) => self.wrong(format_args!("its body: {error}")),
        }
    }

    /// With these bytes as its body.
    pub fn bytes(self, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        let mut call = self.header(CONTENT_TYPE.as_str(), content_type);
        call.body = Some(bytes.into());
        call
    }

    /// With a header; one that is there already is replaced.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
                self
            }
            _ => self.wrong(format_args!("header {name}")),
        }
    }

    /// With a header that no log shows.
    pub fn secret_header(mut self, name: &str, value: &SecretString) -> Self {
        match (HeaderName::try_from(name), secret_header(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
                self
            }
            _ => self.wrong(format_args!("header {name}")),
        }
    }

    /// Noted as one of many that ask whether something is ready yet.
    pub fn poll(mut self) -> Self {
        self.purpose = Purpose::Poll;
        self
    }

    fn wrong(mut self, what: std::fmt::Arguments<'_>) -> Self {
        let problem = self.problem.get_or_insert_default();
        if !problem.is_empty() {
            problem.push_str("; ");
        }
        // Writing into a string cannot fail.
        let _infallible = problem.write_fmt(what);
        self
    }

    /// Sends it; an answer that is no success becomes an error.
    pub async fn answer(self) -> Result<Answer, CloudError> {
        let service = self.endpoint.target.kind.name.clone();
        if let Some(reason) = self.problem {
            return Err(CloudError::BadCall { service, route: self.route, reason });
        }
        let mut out = Outgoing::new(service, self.method, self.route, &self.url)?;
        out.headers = self.headers;
        out.body = self.body;
        out.purpose = self.purpose;
        out.discard = self.discard;
        let session = &self.endpoint.session;
        session::send(session.connection(), Some(session), &out).await?.checked()
    }

    /// Sends it and reads the answer as JSON; null when the answer has no body.
    pub async fn json(self) -> Result<Value, CloudError> {
        self.answer().await?.json()
    }

    /// Sends it and reads the answer as JSON of this shape.
    pub async fn json_as<T: DeserializeOwned>(self) -> Result<T, CloudError> {
        self.answer().await?.json_as()
    }

    /// Sends it and gives one member of the answer: `server` of `{"server": …}`.
    pub async fn member(self, name: &str) -> Result<Value, CloudError> {
        self.answer().await?.member(name)
    }

    /// Sends it; only its success matters.
    pub async fn done(self) -> Result<(), CloudError> {
        self.answer().await.map(drop)
    }

    /// Sends it, reads the body to its end without keeping it, and gives its length in bytes.
    pub async fn download(mut self) -> Result<u64, CloudError> {
        self.discard = true;
        self.answer().await.map(|answer| answer.length())
    }
}

/// The cloud's answer, complete.
#[derive(Clone, Debug)]
pub struct Answer {
    service: Cow<'static, str>,
    method: Cow<'static, str>,
    route: Cow<'static, str>,
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    length: u64,
}

impl Answer {
    pub(crate) fn new(out: &Outgoing, status: u16, headers: HeaderMap, body: Bytes, length: u64) -> Self {
        let (service, method, route) = (out.service.clone(), out.method_name(), out.route.clone());
        Self { service, method, route, status, headers, body, length }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header as text; nothing when it is absent or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers as text, lower-case names; those that are no text are left out.
    pub fn header_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// The id that the service gave the request.
    pub fn request_id(&self) -> Option<&str> {
        session::request_id(&self.headers)
    }

    /// The body; empty after a [`download`](Call::download).
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How many bytes the body had.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The body as JSON; null when it is empty.
    pub fn json(&self) -> Result<Value, CloudError> {
        if self.body.is_empty() { Ok(Value::Null) } else { self.json_as() }
    }

    /// The body as JSON of this shape.
    pub fn json_as<T: DeserializeOwned>(&self) -> Result<T, CloudError> {
        serde_json::from_slice(&self.body).map_err(|error| self.bad_body(error))
    }

    /// One member of the body: `server` of `{"server": …}`.
    pub fn member(&self, name: &str) -> Result<Value, CloudError> {
        match self.json()? {
            Value::Object(mut map) => {
                map.swap_remove(name).ok_or_else(|| self.bad_body(format_args!("it has no member `{name}`")))
            }
            _ => Err(self.bad_body("it is no object")),
        }
    }

    /// Itself if it is a success, else an error in the service's own words.
    pub(crate) fn checked(self) -> Result<Self, CloudError> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.error()) }
    }

    pub(crate) fn explanation(&self) -> (Option<String>, String) {
        fault::read(self.header("content-type").unwrap_or_default(), &self.body)
    }

    pub(crate) fn error(&self) -> CloudError {
        let (code, message) = self.explanation();
        Box::new(ApiError {
            service: self.service.clone(),
            method: self.method.clone(),
            route: self.route.clone(),
            status: self.status,
            code,
            message,
            request_id: self.request_id().map(str::to_owned),
        })
        .into()
    }

    pub(crate) fn bad_body(&self, reason: impl Display) -> CloudError {
        CloudError::BadBody {
            service: self.service.clone(),
            method: self.method.clone(),
            route: self.route.clone(),
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded_and_counted() {
        assert_eq!(fill("http://h/v2", "/a/{id}/b", &["x y/ü"]).unwrap(), "http://h/v2/a/x%20y%2F%C3%BC/b");
        assert_eq!(fill("http://h", "/{a}/{b}", &["1", "2"]).unwrap(), "http://h/1/2");
        assert_eq!(fill("http://h", "/{a}", &[]).unwrap_err(), "nothing is given for {a}");
        assert_eq!(fill("http://h", "/a", &["1"]).unwrap_err(), "more parameters than places");
        assert!(fill("http://h", "/{a}", &[".."]).is_err() && fill("http://h", "/{a}", &[""]).is_err());
        assert!(fill("http://h", "/{a", &["1"]).is_err());
    }

    #[test]
    fn the_root_stands_before_the_version() {
        assert_eq!(unversioned("http://h:8776/v3/abc"), "http://h:8776");
        assert_eq!(unversioned("https://h/compute/v2.1"), "https://h/compute");
        assert_eq!(unversioned("http://v3/placement"), "http://v3/placement");
    }
}
