//! Waiting looks often at first and then ever more rarely, takes one last look when its time is over, and forgives the
//! cloud a few failed looks.

use std::time::{Duration, Instant};

use rally_core::action::pause;
use serde_json::Value;

use super::call::Call;
use super::error::CloudError;
use super::limits::Limit;

/// The first pause; each next one is half as long again, up to the limit's interval.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How many looks in a row may fail for a reason that may pass.
const FORGIVEN: u32 = 5;

/// Statuses of something that has been deleted and is still listed.
const GONE: [&str; 3] = ["DELETED", "SOFT_DELETED", "DELETE_COMPLETE"];

/// A call that is repeated until what it shows is as it should be.
///
/// Each look is noted as a poll; the pauses between them count as waiting of the open action.
#[derive(Clone, Debug)]
#[must_use = "nothing is waited for until `until`, `until_gone` or `until_true` is called"]
pub struct Wait {
    call: Call,
    member: Option<&'static str>,
    what: String,
    status_at: &'static str,
    limit: Limit,
}

impl Call {
    /// Waits for the resource that this call shows: under `member` of the answer, or the answer itself.
    pub fn wait(self, member: impl Into<Option<&'static str>>, limit: Limit) -> Wait {
        let member = member.into();
        let path = self.url.split('?').next().unwrap_or_default();
        let id = path.rsplit('/').next().unwrap_or_default();
        let what = format!("{} {id}", member.unwrap_or(self.endpoint.service()));
        Wait { call: self.poll(), member, what, status_at: "status", limit }
    }
}

impl Wait {
    /// How errors name what is waited for; `server ID` when it is not said.
    pub fn naming(mut self, what: impl Into<String>) -> Self {
        self.what = what.into();
        self
    }

    /// Where the resource says its status: `stack_status`, `provisioning_status`; `status` when it is not said.
    pub fn status_at(mut self, key: &'static str) -> Self {
        self.status_at = key;
        self
    }

    /// Waits until the status is one of these, whatever the letter case, and gives the resource as it is then.
    ///
    /// An error status that is none of these ends it at once, with what the cloud says about the cause.
    pub async fn until(self, statuses: &[&str]) -> Result<Value, CloudError> {
        let wanted = statuses.join(" or ");
        self.watch(&wanted, |look| {
            let Look::There { status, .. } = look else { return Verdict::GoOn };
            if statuses.iter().any(|wanted| wanted.eq_ignore_ascii_case(status)) {
                Verdict::Done
            } else if is_error(status) {
                Verdict::Wrong
            } else {
                Verdict::GoOn
            }
        })
        .await
    }

    /// Waits until the resource is as `wanted` describes it for a reader and `is_so` tests it.
    ///
    /// An error status ends it at once, unless the test is passed.
    pub async fn until_true(
        self,
        wanted: &str,
        is_so: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Value, CloudError> {
        self.watch(wanted, |look| match look {
            Look::There { resource, .. } if is_so(resource) => Verdict::Done,
            Look::There { status, .. } if is_error(status) => Verdict::Wrong,
            _ => Verdict::GoOn,
        })
        .await
    }

    /// Waits until the resource cannot be found any more, or says itself that it is deleted.
    ///
    /// An error status ends it, unless the resource had it from the beginning: what is broken may be deleted too.
    pub async fn until_gone(self) -> Result<(), CloudError> {
        let mut first: Option<String> = None;
        self.watch("gone", |look| match look {
            Look::Gone => Verdict::Done,
            Look::There { status, .. } => {
                if GONE.iter().any(|gone| gone.eq_ignore_ascii_case(status)) {
                    return Verdict::Done;
                }
                let first = first.get_or_insert_with(|| (*status).to_owned());
                if is_error(status) && *first != **status { Verdict::Wrong } else { Verdict::GoOn }
            }
        })
        .await
        .map(drop)
    }

    async fn watch(
        self,
        wanted: &str,
        mut judge: impl FnMut(&Look<'_>) -> Verdict + Send,
    ) -> Result<Value, CloudError> {
        let started = Instant::now();
        let deletion = wanted == "gone";
        let (mut sleep, mut failed, mut last) = (FIRST_PAUSE, 0, String::from("unknown"));
        loop {
            // Taken before the look, so that one more look follows the moment at which the time is over.
            let is_last = started.elapsed() >= self.limit.timeout;
            match self.look().await {
                Ok(resource) => {
                    failed = 0;
                    let status = resource[self.status_at].as_str().unwrap_or_default();
                    match judge(&Look::There { resource: &resource, status }) {
                        Verdict::Done => return Ok(resource),
                        Verdict::GoOn => {}
                        Verdict::Wrong => {
                            let (status, fault) = (status.to_owned(), fault_of(&resource));
                            return Err(CloudError::WentWrong {
                                what: self.what,
                                wanted: wanted.into(),
                                status,
                                fault,
                            });
                        }
                    }
                    if !status.is_empty() {
                        status.clone_into(&mut last);
                    }
                }
                Err(error) if deletion && error.is_not_found() => {
                    judge(&Look::Gone);
                    return Ok(Value::Null);
                }
                Err(error) if error.is_transient() && failed < FORGIVEN && !is_last => {
                    failed += 1;
                    tracing::debug!(%error, failed, "a look failed and is repeated");
                }
                Err(error) => return Err(error),
            }
            if is_last {
                let time = started.elapsed();
                return Err(CloudError::WaitTimeout {
                    what: self.what,
                    wanted: wanted.into(),
                    last,
                    waited: time,
                });
            }
            let left = self.limit.timeout.saturating_sub(started.elapsed());
            pause(sleep.min(self.limit.interval).min(left)).await;
            sleep = (sleep * 3 / 2).min(self.limit.interval);
        }
    }

    async fn look(&self) -> Result<Value, CloudError> {
        match self.member {
            Some(member) => self.call.clone().member(member).await,
            None => self.call.clone().json().await,
        }
    }
}

enum Look<'a> {
    There { resource: &'a Value, status: &'a str },
    Gone,
}

enum Verdict {
    Done,
    GoOn,
    Wrong,
}

/// Whether a status is one that nothing good follows from by itself.
fn is_error(status: &str) -> bool {
    let status = status.to_ascii_uppercase();
    matches!(status.as_str(), "ERROR" | "FAILED" | "KILLED")
        || status.starts_with("ERROR_")
        || status.ends_with("_FAILED")
        || status.ends_with("_ERROR")
}

/// What the cloud says about the cause, in any of the places where services say it.
fn fault_of(resource: &Value) -> Option<String> {
    let places = [
        &resource["fault"]["message"],
        &resource["stack_status_reason"],
        &resource["status_reason"],
        &resource["fail_reason"],
        &resource["last_error"],
    ];
    places.into_iter().find_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_are_told_from_states_on_the_way() {
        for status in ["ERROR", "error", "error_deleting", "CREATE_FAILED", "killed"] {
            assert!(is_error(status), "{status}");
        }
        for status in ["BUILD", "deleting", "VERIFY_RESIZE", "", "CREATE_IN_PROGRESS"] {
            assert!(!is_error(status), "{status}");
        }
    }

    #[test]
    fn the_cause_is_found_where_each_service_says_it() {
        let nova = json!({"status": "ERROR", "fault": {"message": "No valid host was found.", "code": 500}});
        assert_eq!(fault_of(&nova).unwrap(), "No valid host was found.");
        assert_eq!(
            fault_of(&json!({"stack_status_reason": "Resource CREATE failed"})).unwrap(),
            "Resource CREATE failed"
        );
        assert_eq!(fault_of(&json!({"status": "error", "fail_reason": null})), None);
    }
}
