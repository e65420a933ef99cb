//! One client with one pool of sockets serves every user of a cloud.

use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, NoProxy, Proxy};

use super::error::CloudError;
use super::tls::{self, Trust};
use crate::config::TlsSettings;

/// Limits and ways of a connection; all durations are upper limits, none delays anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// For a connection to come about, with its TLS handshake. 30 seconds by default.
    pub connect: Duration,
    /// For the answer to begin, and then for each part of it to follow the one before. 180 seconds by default, as
    /// Rally's.
    pub silence: Duration,
    /// For a request as a whole; unlimited by default, since an upload may take its time.
    pub total: Option<Duration>,
    /// Sockets that are kept open without use, for each host. 256 by default.
    pub idle_sockets: usize,
    /// Proxies; none by default.
    pub proxies: Proxies,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            silence: Duration::from_mins(3),
            total: None,
            idle_sockets: 256,
            proxies: Proxies::default(),
        }
    }
}

impl HttpOptions {
    /// The defaults, with the proxies that the process's environment names.
    pub fn from_env() -> Self {
        Self { proxies: Proxies::from_vars(std::env::vars()), ..Self::default() }
    }
}

/// Which requests go through which proxy. Hosts on this machine are always reached directly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxies {
    /// For `http` URLs.
    pub http: Option<String>,
    /// For `https` URLs.
    pub https: Option<String>,
    /// Hosts, domains and address blocks that are reached directly, separated by commas.
    pub except: String,
}

impl Proxies {
    /// Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`; the lower-case spelling wins.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let (mut http, mut https, mut all, mut except) = Default::default();
        for (name, value) in vars {
            let slot: &mut Option<String> = match name.to_ascii_lowercase().as_str() {
                "http_proxy" => &mut http,
                "https_proxy" => &mut https,
                "all_proxy" => &mut all,
                "no_proxy" => &mut except,
                _ => continue,
            };
            let is_lower = name.starts_with(|c: char| c.is_ascii_lowercase());
            if !value.is_empty() && (is_lower || slot.is_none()) {
                *slot = Some(value);
            }
        }
        Self { http: http.or_else(|| all.clone()), https: https.or(all), except: except.unwrap_or_default() }
    }

    fn build(&self) -> Result<Vec<Proxy>, CloudError> {
        let except = NoProxy::from_string(&format!("localhost,127.0.0.0/8,::1,{}", self.except));
        let mut proxies = Vec::new();
        let mut add = |what: &str, made: Option<reqwest::Result<Proxy>>| {
            match made.transpose() {
                Ok(proxy) => proxies.extend(proxy.map(|proxy| proxy.no_proxy(except.clone()))),
                Err(error) => {
                    return Err(CloudError::Setting { what: what.into(), reason: error.to_string() });
                }
            }
            Ok(())
        };
        add("http_proxy", self.http.as_deref().map(Proxy::http))?;
        add("https_proxy", self.https.as_deref().map(Proxy::https))?;
        Ok(proxies)
    }
}

/// A client for these settings, and in words where its certificate authorities come from.
pub(crate) fn client(tls: &TlsSettings, options: &HttpOptions) -> Result<(Client, String), CloudError> {
    let Trust { config, sources } = tls::trust(tls)?;
    let mut builder = Client::builder()
        .user_agent(concat!("rally/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(config)
        .http1_only()
        .no_proxy()
        .redirect(Policy::custom(same_origin))
        .connect_timeout(options.connect)
        .read_timeout(options.silence)
        .tcp_nodelay(true)
        .pool_max_idle_per_host(options.idle_sockets);
    if let Some(total) = options.total {
        builder = builder.timeout(total);
    }
    for proxy in options.proxies.build()? {
        builder = builder.proxy(proxy);
    }
    let client = builder
        .build()
        .map_err(|error| CloudError::Setting { what: "http".into(), reason: error.to_string() })?;
    Ok((client, sources))
}

/// Follows a redirect only to where it came from: a token must not travel to another host.
fn same_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    const MOST: usize = 5;
    let here = attempt.previous().last();
    let same = here.is_some_and(|here| here.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= MOST { attempt.follow() } else { attempt.stop() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> Proxies {
        Proxies::from_vars(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_lower_case_spelling_wins_in_any_order() {
        let both = [("HTTP_PROXY", "http://big:1"), ("http_proxy", "http://small:1")];
        assert_eq!(vars(&both).http.unwrap(), "http://small:1");
        assert_eq!(vars(&[both[1], both[0]]).http.unwrap(), "http://small:1");
    }

    #[test]
    fn one_proxy_may_serve_both() {
        let all = vars(&[("ALL_PROXY", "http://p:1"), ("no_proxy", "a,b")]);
        assert_eq!((all.http, all.except.as_str()), (all.https, "a,b"));
        assert_eq!(vars(&[("http_proxy", "")]), Proxies::default());
    }
}
