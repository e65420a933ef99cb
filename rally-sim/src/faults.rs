//! Faults are switched on while the cloud runs, and each hits only the requests it names.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// An error with this HTTP status and the body that the service gives it; 429 and 503 carry `Retry-After: 1`.
    Status(u16),
    /// The same with another `Retry-After`, in whole seconds.
    RetryAfter(u16, u64),
    /// The answer comes this much later.
    Delay(Duration),
    /// The connection is closed and there is no answer.
    Drop,
    /// 200 with a body that is no JSON, though its type says so.
    Garbage,
    /// 502 with a page of HTML, as a proxy in front of the cloud sends it.
    Html,
}

/// A rule: which requests go wrong, how many of them, and how.
///
/// ```
/// use rally_sim::{Effect, Fault};
///
/// let fault = Fault::new("POST", "/servers", Effect::Status(503)).share(0.25).first(3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    method: String,
    route: String,
    share: f64,
    left: Option<u64>,
    applied: bool,
    effect: Effect,
}

impl Fault {
    /// Every request with this method (`*`: any) whose route ends like this one.
    ///
    /// A route is a path with its variable parts in braces: `/servers`, `/servers/{id}`,
    /// `/compute/v2.1/servers/{server_id}/action`. What stands in the braces does not matter. `*` is every route, and
    /// `/compute/*` every route that begins so.
    #[must_use]
    pub fn new(method: &str, route: &str, effect: Effect) -> Self {
        let (method, route) = (method.to_ascii_uppercase(), route.to_owned());
        Self { method, route, share: 1.0, left: None, applied: false, effect }
    }

    /// Only this share of them, 0 to 1, chosen at random.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Only the first `times` of those that would be hit.
    #[must_use]
    pub fn first(mut self, times: u64) -> Self {
        self.left = Some(times);
        self
    }

    /// The cloud does what was asked, and only its answer is lost: a server is made, and the client reads an error.
    #[must_use]
    pub fn applied(mut self) -> Self {
        self.applied = true;
        self
    }

    fn fits(&self, method: &str, route: &str) -> bool {
        if self.left == Some(0) || (self.method != "*" && self.method != method) {
            return false;
        }
        if self.route == "*" {
            return true;
        }
        if let Some(start) = self.route.strip_suffix("/*") {
            let (start, route): (Vec<_>, Vec<_>) = (parts(start).collect(), parts(route).collect());
            return route.len() > start.len() && start.iter().zip(&route).all(|(a, b)| same(a, b));
        }
        let (mut wanted, mut given) = (parts(&self.route).rev(), parts(route).rev());
        wanted.all(|part| given.next().is_some_and(|given| same(part, given)))
    }
}

fn parts(route: &str) -> impl DoubleEndedIterator<Item = &str> {
    route.split('/').filter(|part| !part.is_empty())
}

fn same(wanted: &str, given: &str) -> bool {
    wanted == given || (wanted.starts_with('{') && given.starts_with('{'))
}

/// The faults of one simulator; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

/// What befalls one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) effect: Effect,
    /// The request is carried out first.
    pub(crate) applied: bool,
}

impl Faults {
    /// This share (0 to 1) of the requests with this method and route fails with this HTTP status; see [`Fault::new`]
    /// for what fits a route.
    pub fn fail(&self, method: &str, route: &str, share: f64, status: u16) {
        self.with(Fault::new(method, route, Effect::Status(status)).share(share));
    }

    /// Adds a rule. Where several fit a request, delays add up and of the others the oldest wins.
    pub fn with(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Nothing goes wrong from now on.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The delay and the fault of one request.
    pub(crate) fn hit(&self, random: &mut impl Rng, method: &str, route: &str) -> (Duration, Option<Hit>) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut delay, mut hit) = (Duration::ZERO, None);
        for fault in faults.iter_mut() {
            let slows = matches!(fault.effect, Effect::Delay(_));
            if (hit.is_some() && !slows)
                || !fault.fits(method, route)
                || random.random::<f64>() >= fault.share
            {
                continue;
            }
            if let Some(left) = &mut fault.left {
                *left -= 1;
            }
            match &fault.effect {
                Effect::Delay(time) => delay += *time,
                effect => hit = Some(Hit { effect: effect.clone(), applied: fault.applied }),
            }
        }
        (delay, hit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_fits_by_its_end() {
        let fits = |pattern: &str, route: &str| Fault::new("GET", pattern, Effect::Drop).fits("GET", route);
        assert!(fits("/servers", "/compute/v2.1/servers"));
        assert!(fits("/servers/{id}", "/compute/v2.1/servers/{server_id}"));
        assert!(fits("/compute/*", "/compute/v2.1/servers"));
        assert!(fits("*", ""));
        assert!(!fits("/servers", "/compute/v2.1/servers/{server_id}"));
        assert!(!fits("/servers", "/servers/servers_of_another_kind"));
        assert!(!fits("/image/*", "/compute/v2.1/servers"));
        assert!(!Fault::new("POST", "*", Effect::Drop).fits("GET", "/servers"));
    }
}
