//! One HTTP request as a task file describes it, and the client that sends it.

mod body;
mod tls;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rally_core::action::{self, Request};
use rally_core::{Failure, Result};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Proxy, RequestBuilder, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

pub use self::body::Fields;

/// How many redirects are followed.
const REDIRECTS: usize = 30;

/// A request: where it goes, what it carries, how it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HttpCall {
    /// Where the request goes.
    #[schemars(extend("pattern" = "^[hH][tT][tT][pP][sS]?://", "examples" = ["http://localhost:8080/"]))]
    pub url: String,
    /// The method.
    #[serde(default = "get")]
    #[schemars(extend("pattern" = "^[A-Za-z]+$"))]
    pub method: String,
    /// What is added to the URL behind the question mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Fields>,
    /// Headers of the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Cookies of the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cookies: BTreeMap<String, String>,
    /// The body: a text, or the fields of a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Fields>,
    /// The body, as any value that is sent as JSON; without effect beside `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// Name and password, sent in a header of HTTP's basic authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<(String, String)>,
    /// After how many seconds the request is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub timeout: Option<f64>,
    /// Whether an answer that says where to go is followed, up to 30 times.
    #[serde(default = "yes")]
    pub allow_redirects: bool,
    /// Whether the certificate of the server is checked, or the path of a file with the authorities to trust instead
    /// of the platform's.
    #[serde(default)]
    pub verify: Verify,
    /// The URLs of the proxies for `http` and `https`; those that the environment names are not used.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub proxies: BTreeMap<Scheme, String>,
    /// Whether the body of the answer is left unread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
}

/// How the certificates of servers are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Verify {
    /// By the platform's authorities, or not at all.
    Platform(bool),
    /// By the authorities in this file.
    File(String),
}

/// What a proxy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// URLs that begin with `http:`.
    Http,
    /// URLs that begin with `https:`.
    Https,
}

fn get() -> String {
    "GET".into()
}

fn yes() -> bool {
    true
}

impl Default for Verify {
    fn default() -> Self {
        Self::Platform(true)
    }
}

impl HttpCall {
    /// A request of this method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: method.into(),
            params: None,
            headers: BTreeMap::new(),
            cookies: BTreeMap::new(),
            data: None,
            json: None,
            auth: None,
            timeout: None,
            allow_redirects: true,
            verify: Verify::default(),
            proxies: BTreeMap::new(),
            stream: false,
        }
    }

    /// A `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Sends it and notes it under the action that is open. The answer's body is not read yet.
    pub(crate) async fn send(&self, clients: &Clients) -> Result<Answer> {
        let (method, url) = self.target()?;
        let client = clients.of(self)?;
        let request = self.fill(client.request(method.clone(), url.clone()))?;
        let mut call = InFlight::new(method, &url);
        match request.send().await {
            Ok(response) => {
                call.status = Some(response.status().as_u16());
                Ok(Answer { response, call })
            }
            Err(error) => Err(call.failure(error)),
        }
    }

    fn target(&self) -> Result<(Method, Url)> {
        let mut url = Url::parse(&self.url)
            .map_err(|error| Failure::new("InvalidUrl", format!("`{}`: {error}", self.url)))?;
        match &self.params {
            Some(Fields::Text(text)) => url.set_query(Some(text)),
            Some(Fields::Map(map)) => {
                url.query_pairs_mut().extend_pairs(body::pairs(map));
            }
            None => (),
        }
        Ok((Method::from_bytes(self.method.to_ascii_uppercase().as_bytes())?, url))
    }

    fn fill(&self, mut request: RequestBuilder) -> Result<RequestBuilder> {
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            request = request.header("cookie", cookies.collect::<Vec<_>>().join("; "));
        }
        if let Some((name, password)) = &self.auth {
            request = request.basic_auth(name, Some(password));
        }
        if let Some(seconds) = self.timeout {
            request = request.timeout(Duration::try_from_secs_f64(seconds)?);
        }
        let typed = self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
        let body = match (&self.data, &self.json) {
            (Some(Fields::Text(text)), _) => Some((None, text.clone())),
            (Some(Fields::Map(map)), _) => Some((Some("application/x-www-form-urlencoded"), body::form(map))),
            (None, Some(json)) => Some((Some("application/json"), json.to_string())),
            (None, None) => None,
        };
        let Some((kind, body)) = body else { return Ok(request) };
        if let Some(kind) = kind.filter(|_| !typed) {
            request = request.header("content-type", kind);
        }
        Ok(request.body(body))
    }
}

/// An answer whose body is still to come.
pub(crate) struct Answer {
    response: Response,
    call: InFlight,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// `GET http://localhost/x`
    pub(crate) fn what(&self) -> String {
        self.call.what()
    }

    /// Reads the body to its end and keeps so many bytes of it.
    pub(crate) async fn body(mut self, keep: usize) -> Result<Vec<u8>> {
        let mut kept = Vec::new();
        loop {
            match self.response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = keep - kept.len();
                    kept.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                }
                Ok(None) => return Ok(kept),
                Err(error) => return Err(self.call.failure(error)),
            }
        }
    }
}

/// A request on its way. However it ends, dropped half-way as well, it is noted with the time it took.
struct InFlight {
    method: Method,
    /// Who is asked, without any password.
    authority: String,
    path: String,
    scheme: String,
    started: Instant,
    status: Option<u16>,
}

impl InFlight {
    fn new(method: Method, url: &Url) -> Self {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Self {
            method,
            authority: format!("{}{port}", url.host_str().unwrap_or_default()),
            path: url.path().to_owned(),
            scheme: url.scheme().to_owned(),
            started: Instant::now(),
            status: None,
        }
    }

    fn what(&self) -> String {
        format!("{} {}://{}{}", self.method, self.scheme, self.authority, self.path)
    }

    fn failure(&self, error: reqwest::Error) -> Failure {
        let (kind, what) = if error.is_timeout() {
            ("RequestTimeout", "got no answer in time")
        } else if error.is_connect() {
            ("ConnectionError", "found no connection")
        } else if error.is_redirect() {
            ("TooManyRedirects", "was sent from place to place")
        } else {
            ("RequestError", "failed")
        };
        let mut failure = Failure::from(error.without_url()).context(format!("{} {what}", self.what()));
        failure.kind = kind.into();
        failure
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let (service, path) = (std::mem::take(&mut self.authority), std::mem::take(&mut self.path));
        let method: Cow<'static, str> = self.method.to_string().into();
        let request = Request::new(service, method, path, self.started.elapsed());
        action::note(match self.status {
            Some(status) => request.status(status),
            None => request,
        });
    }
}

/// What clients differ in.
#[derive(Clone, Debug, PartialEq)]
struct Settings {
    verify: Verify,
    redirects: bool,
    proxies: BTreeMap<Scheme, String>,
}

/// The clients of one plugin, one for each way to connect that its requests have. A clone has the same ones.
#[derive(Clone, Default)]
pub(crate) struct Clients(Arc<Mutex<Vec<(Settings, Client)>>>);

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

/// Clients are no part of what a plugin says.
impl PartialEq for Clients {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Clients {
    fn of(&self, call: &HttpCall) -> Result<Client> {
        let settings = Settings {
            verify: call.verify.clone(),
            redirects: call.allow_redirects,
            proxies: call.proxies.clone(),
        };
        // The lock is held while a client is made, so that iterations that start together make one.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = known.iter().find(|(of, _)| *of == settings) {
            return Ok(client.clone());
        }
        let client = client(&settings)?;
        known.push((settings, client.clone()));
        Ok(client)
    }
}

fn client(settings: &Settings) -> Result<Client> {
    let mut builder = Client::builder()
        .user_agent(concat!("rally/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls::config(&settings.verify)?)
        .http1_only()
        .no_proxy()
        .tcp_nodelay(true)
        // Every request is that of another user, who has to connect first.
        .pool_max_idle_per_host(0)
        .redirect(if settings.redirects { Policy::limited(REDIRECTS) } else { Policy::none() });
    for (scheme, url) in &settings.proxies {
        builder = builder.proxy(match scheme {
            Scheme::Http => Proxy::http(url)?,
            Scheme::Https => Proxy::https(url)?,
        });
    }
    Ok(builder.build()?)
}
