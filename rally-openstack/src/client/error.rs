//! An error says what a caller can do about it: ask for something else, wait, log in otherwise, repair the way to
//! the cloud.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use rally_core::did_you_mean;

use super::microversion::Microversion;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a call to the cloud did not give what it was made for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloudError {
    /// The cloud answered, and its answer is a refusal or a failure of its own.
    #[error(transparent)]
    Api(#[from] Box<ApiError>),

    /// No connection could be made.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The innermost cause, such as "connection refused".
        reason: String,
        /// What the HTTP library said.
        source: Source,
    },

    /// The connection broke before the answer was complete.
    #[error("the connection to {host} broke during {request}: {reason}")]
    Broken {
        /// Host and port.
        host: String,
        /// What was asked: method, service and route.
        request: String,
        /// The innermost cause.
        reason: String,
        /// What the HTTP library said.
        source: Source,
    },

    /// No answer came in time.
    #[error("{host} did not answer {request} within {:.1} s", .after.as_secs_f64())]
    Timeout {
        /// Host and port.
        host: String,
        /// What was asked: method, service and route.
        request: String,
        /// For how long the answer was waited for.
        after: Duration,
    },

    /// The TLS handshake failed: one side does not trust the other.
    #[error("{host} cannot be trusted: {reason} ({sources})")]
    Tls {
        /// Host and port.
        host: String,
        /// What is wrong with the certificate and, where it is known, who issued it.
        reason: String,
        /// Where certificate authorities were looked for, and how many each place held.
        sources: String,
    },

    /// A file or setting of the connection itself cannot be used; nothing was sent.
    #[error("the connection's setting {what} cannot be used: {reason}")]
    Setting {
        /// The setting, with the path where it is one.
        what: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The answer is not what the service's documentation promises.
    #[error("the answer of {service} to {method} {route} cannot be used: {reason}")]
    BadBody {
        /// The service.
        service: Cow<'static, str>,
        /// The method.
        method: Cow<'static, str>,
        /// The route as a template.
        route: Cow<'static, str>,
        /// What was missing or wrong.
        reason: String,
    },

    /// The call was never sent, because it was put together wrongly.
    #[error("the call of {service} {route} is put together wrongly: {reason}")]
    BadCall {
        /// The service.
        service: Cow<'static, str>,
        /// The route as a template.
        route: Cow<'static, str>,
        /// What is wrong.
        reason: String,
    },

    /// What was to be created could not be written down first, so it was not created.
    #[error("nothing is created that the journal does not know")]
    NotJournaled(#[from] rally_core::journal::JournalError),

    /// Keystone knows the way, but not the user, his password or his project.
    #[error(transparent)]
    LoginRefused(#[from] Box<Refused>),

    /// What answers at the auth URL is not keystone with version 3.
    #[error("{url} is not a keystone with version 3: {reason}")]
    NotKeystone {
        /// The auth URL as it was given.
        url: String,
        /// What was found there.
        reason: String,
    },

    /// The catalogue has no such endpoint.
    #[error("the catalogue has no {interface} endpoint of {service}{in_region}: {present}", in_region = in_region(.region.as_deref()))]
    NoEndpoint {
        /// The type that was asked for.
        service: String,
        /// The region that was asked for; any when absent.
        region: Option<String>,
        /// The interface that was asked for.
        interface: &'static str,
        /// What the catalogue has instead.
        present: String,
    },

    /// The service does not speak the microversion that is needed.
    #[error("{service} offers {offered}, but {wanted} is needed")]
    NoVersion {
        /// The service.
        service: Cow<'static, str>,
        /// The lowest and the highest it offers, in words.
        offered: String,
        /// What was asked for, in words.
        wanted: String,
    },

    /// A resource did not become what was waited for before its time was over.
    #[error("{what} did not become {wanted} within {:.1} s; its last status was {last}", .waited.as_secs_f64())]
    WaitTimeout {
        /// The resource.
        what: String,
        /// The state that was waited for.
        wanted: String,
        /// The last status that was seen.
        last: String,
        /// For how long it was watched.
        waited: Duration,
    },

    /// A resource went into an error status while something else was waited for.
    #[error("{what} went to {status} instead of {wanted}{}", fault_text(.fault.as_deref()))]
    WentWrong {
        /// The resource.
        what: String,
        /// The state that was waited for.
        wanted: String,
        /// The status it is in.
        status: String,
        /// What the cloud says about the cause.
        fault: Option<String>,
    },
}

fn in_region(region: Option<&str>) -> String {
    region.map(|region| format!(" in region {region}")).unwrap_or_default()
}

fn fault_text(fault: Option<&str>) -> String {
    fault.map(|fault| format!(": {fault}")).unwrap_or_default()
}

impl CloudError {
    /// The status of the cloud's answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(error) => Some(error.status),
            Self::LoginRefused(error) => Some(error.status),
            _ => None,
        }
    }

    /// The id by which the cloud's operators find the request in their logs.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.request_id.as_deref(),
            Self::LoginRefused(error) => error.request_id.as_deref(),
            _ => None,
        }
    }

    /// Whether the thing that was asked for does not exist (404).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the thing is in a state, or in use, that forbids what was asked (409).
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// Whether the user may not do it (403).
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Api(error) if error.status == 403)
    }

    /// Whether the cloud calls the request itself wrong (400).
    pub fn is_bad_request(&self) -> bool {
        self.status() == Some(400)
    }

    /// Whether a quota or a rate limit is in the way: 413 and 429, or a refusal that speaks of a quota.
    pub fn is_over_limit(&self) -> bool {
        let Self::Api(error) = self else { return false };
        let quota = || {
            let text = format!("{} {}", error.code.as_deref().unwrap_or_default(), error.message);
            text.to_ascii_lowercase().contains("quota")
        };
        matches!(error.status, 413 | 429) || (matches!(error.status, 403 | 409) && quota())
    }

    /// Whether the same request may well succeed a moment later: the cloud failed (5xx, 429), or the way to it did.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Api(error) => error.status >= 500 || error.status == 429,
            Self::Unreachable { .. } | Self::Broken { .. } | Self::Timeout { .. } => true,
            _ => false,
        }
    }

    /// Whether the environment is not ready to be measured: wrong address, wrong credentials, no trust, no endpoint.
    pub fn is_not_ready(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Tls { .. }
                | Self::Setting { .. }
                | Self::LoginRefused(_)
                | Self::NotKeystone { .. }
                | Self::NoEndpoint { .. }
                | Self::NoVersion { .. }
        )
    }

    pub(crate) fn no_version(
        service: Cow<'static, str>,
        offered: Option<(Microversion, Microversion)>,
        wanted: String,
    ) -> Self {
        let offered = match offered {
            Some((lowest, highest)) => format!("microversions {lowest} to {highest}"),
            None => "no microversions".to_owned(),
        };
        Self::NoVersion { service, offered, wanted }
    }

    /// With what the catalogue has: the near types, or else all of them.
    pub(crate) fn no_endpoint<'a>(
        service: &str,
        region: Option<&str>,
        interface: &'static str,
        types: impl Iterator<Item = &'a str> + Clone,
        elsewhere: &[String],
    ) -> Self {
        let present = if elsewhere.is_empty() {
            let all: Vec<&str> = types.clone().collect();
            match (all.as_slice(), did_you_mean(service, types)) {
                ([], _) => "it is empty; is the token scoped to a project?".to_owned(),
                (_, Some(hint)) => format!("{hint} It has {}", all.join(", ")),
                (_, None) => format!("it has {}", all.join(", ")),
            }
        } else {
            format!("it is there as {}", elsewhere.join(", "))
        };
        Self::NoEndpoint {
            service: service.to_owned(),
            region: region.map(str::to_owned),
            interface,
            present,
        }
    }
}

/// An answer of the cloud that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// Who answered, by the official type: `compute`.
    pub service: Cow<'static, str>,
    /// The method of the request.
    pub method: Cow<'static, str>,
    /// Its route as a template, without ids.
    pub route: Cow<'static, str>,
    /// The status of the answer.
    pub status: u16,
    /// The cloud's own name for the error: `itemNotFound`, `NetworkNotFound`.
    pub code: Option<String>,
    /// The cloud's own explanation, as plain text.
    pub message: String,
    /// The id by which the cloud's operators find the request in their logs.
    pub request_id: Option<String>,
}

impl StdError for ApiError {}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.service, self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        write!(f, " to {} {}: {}", self.method, self.route, self.message)?;
        request_id(f, self.request_id.as_deref())
    }
}

/// Keystone's refusal of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Who wanted to log in and for what, without any secret: "user admin of domain default, project demo".
    pub who: String,
    /// The keystone that refused.
    pub url: String,
    /// The status of its answer, 401 as a rule.
    pub status: u16,
    /// Its explanation.
    pub message: String,
    /// The id by which the cloud's operators find the request in their logs.
    pub request_id: Option<String>,
}

impl StdError for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused the login of {}: {}", self.url, self.who, self.message)?;
        request_id(f, self.request_id.as_deref())
    }
}

fn request_id(f: &mut fmt::Formatter<'_>, id: Option<&str>) -> fmt::Result {
    id.map_or(Ok(()), |id| write!(f, " ({id})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(status: u16, code: &str, message: &str) -> CloudError {
        CloudError::from(Box::new(ApiError {
            service: "compute".into(),
            method: "POST".into(),
            route: "/servers".into(),
            status,
            code: Some(code.into()),
            message: message.into(),
            request_id: Some("req-1".into()),
        }))
    }

    #[test]
    fn an_answer_reads_as_one_sentence() {
        let error = api(404, "itemNotFound", "Instance x could not be found.");
        assert_eq!(
            error.to_string(),
            "compute answered 404 itemNotFound to POST /servers: Instance x could not be found. (req-1)"
        );
        assert!(error.is_not_found() && !error.is_transient());
        assert_eq!(error.request_id(), Some("req-1"));
    }

    #[test]
    fn quotas_hide_behind_several_statuses() {
        assert!(api(403, "forbidden", "Quota exceeded for instances: Requested 1").is_over_limit());
        assert!(api(409, "OverQuota", "no more networks").is_over_limit());
        assert!(api(413, "overLimit", "VolumeLimitExceeded").is_over_limit());
        assert!(!api(403, "forbidden", "Policy doesn't allow it").is_over_limit());
    }

    #[test]
    fn a_result_of_the_client_stays_small() {
        assert!(size_of::<CloudError>() < 128, "{}", size_of::<CloudError>());
    }
}
