//! One value holds the whole cloud, and time is read once for each request.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::glance::Glance;
use crate::http::Service;
use crate::inventory::Inventory;
use crate::keystone::Keystone;
use crate::neutron::Neutron;
use crate::nova::Nova;
use crate::options::SimOptions;

/// Everything there is.
pub(crate) struct State {
    pub(crate) options: SimOptions,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    pub(crate) random: StdRng,
    /// When the present request is carried out; by the cloud's clock, which may have been put forward.
    pub(crate) now: Instant,
    started: (Instant, Timestamp),
    ahead: Duration,
    pub(crate) keystone: Keystone,
    pub(crate) nova: Nova,
    pub(crate) glance: Glance,
    pub(crate) neutron: Neutron,
}

impl State {
    /// The cloud as it is before anybody comes.
    pub(crate) fn new(options: SimOptions, url: String) -> Self {
        let random = options.seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64);
        let now = Instant::now();
        let mut state = Self {
            url,
            random,
            now,
            started: (now, Timestamp::now()),
            ahead: Duration::ZERO,
            keystone: Keystone::default(),
            nova: Nova::new(),
            glance: Glance::default(),
            neutron: Neutron::default(),
            options,
        };
        crate::keystone::seed(&mut state);
        crate::glance::seed(&mut state);
        crate::neutron::seed(&mut state);
        state
    }

    /// Reads the clock and lets happen what is due.
    pub(crate) fn settle(&mut self) {
        self.now = Instant::now() + self.ahead;
        crate::nova::settle(self);
    }

    pub(crate) fn advance(&mut self, time: Duration) {
        self.ahead += time;
        self.settle();
    }

    /// An instant of the cloud's clock as the calendar has it.
    pub(crate) fn calendar(&self, instant: Instant) -> Timestamp {
        let (started, then) = self.started;
        // Far beyond the calendar's end nothing is sensible; the start is as good as any.
        jiff::SignedDuration::try_from(instant.saturating_duration_since(started))
            .ok()
            .and_then(|passed| then.checked_add(passed).ok())
            .unwrap_or(then)
    }

    /// Now, as `2026-01-31T12:00:00Z`.
    pub(crate) fn stamp(&self) -> String {
        seconds(self.calendar(self.now))
    }

    /// A new id with dashes, as Nova, Glance and Neutron give.
    pub(crate) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.random.random()).into_uuid().to_string()
    }

    /// A new id of 32 digits, as Keystone gives.
    pub(crate) fn hex_id(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.random.random()).into_uuid().simple().to_string()
    }

    /// Random letters and digits, for passwords and tokens.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        (&mut self.random).sample_iter(rand::distr::Alphanumeric).take(count).map(char::from).collect()
    }

    /// The address of a service, with its prefix.
    pub(crate) fn endpoint(&self, service: Service) -> String {
        format!("{}{}", self.url, service.facts().prefix)
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::default();
        self.keystone.list(&mut inventory);
        self.nova.list(&mut inventory);
        self.glance.list(&mut inventory);
        self.neutron.list(&mut inventory);
        inventory
    }
}

/// `2026-01-31T12:00:00Z`.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-01-31T12:00:00.000000`, without a zone.
pub(crate) fn micros(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000000").to_string()
}
