//! What a simulated cloud is like is decided by one value before it starts.

use std::time::Duration;

use rand::Rng;

/// How long something takes: always the same, or drawn anew each time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency(Shape);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Fixed(Duration),
    Uniform(Duration, Duration),
    LogNormal { median: Duration, sigma: f64 },
}

impl Latency {
    /// No time at all.
    pub const ZERO: Self = Self::fixed(Duration::ZERO);

    /// Always `time`.
    #[must_use]
    pub const fn fixed(time: Duration) -> Self {
        Self(Shape::Fixed(time))
    }

    /// Anything from `low` to `high`, equally likely; the two may be given in either order.
    #[must_use]
    pub fn uniform(low: Duration, high: Duration) -> Self {
        Self(Shape::Uniform(low.min(high), low.max(high)))
    }

    /// Half of the draws lie below `median`; a few lie far above, more of them with a greater `sigma` (0.2 is a calm
    /// cloud, 1.0 a bad day). No draw exceeds twenty medians, so that no test waits for an outlier.
    #[must_use]
    pub const fn lognormal(median: Duration, sigma: f64) -> Self {
        Self(Shape::LogNormal { median, sigma })
    }

    /// One draw.
    pub(crate) fn draw(self, random: &mut impl Rng) -> Duration {
        match self.0 {
            Shape::Fixed(time) => time,
            Shape::Uniform(low, high) => low + high.saturating_sub(low).mul_f64(random.random::<f64>()),
            Shape::LogNormal { median, sigma } => {
                // Box and Muller: two uniform numbers make a normal one. The first must not be zero.
                let (u, v) = (1.0 - random.random::<f64>(), random.random::<f64>());
                let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                median.mul_f64((sigma * normal).exp().clamp(0.0, 20.0))
            }
        }
    }
}

/// What a simulated cloud is like.
///
/// ```
/// use std::time::Duration;
/// use rally_sim::{Latency, SimOptions};
///
/// let quick = SimOptions::default().with_boot(Latency::fixed(Duration::from_millis(5))).with_servers_quota(100);
/// assert_eq!(quick.servers_quota, 100);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SimOptions {
    /// From the request until a server is ACTIVE, and as long for every action on one (default: around 250 ms).
    pub boot: Latency,
    /// From the request until a deleted server is gone (default: around 120 ms).
    pub delete: Latency,
    /// Before each answer (default: 0 to 2 ms).
    pub api: Latency,
    /// TCP port on 127.0.0.1; 0 takes a free one (default: 0).
    pub port: u16,
    /// For how long a token is valid (default: one hour, as in Keystone).
    pub token_ttl: Duration,
    /// The most servers, flavors or images one page of a list holds (default: 1000).
    pub page_limit: usize,
    /// Where the random numbers start: the same seed and the same requests give the same ids and times. None (the
    /// default) starts anywhere.
    pub seed: Option<u64>,
    /// Password of the user `admin` (default: `password`).
    pub admin_password: String,
    /// Servers that one project may have unless its quota says otherwise (default: 10, as in Nova); -1 for no limit.
    /// The quotas for cores and memory follow: 2 cores and 5 GiB for each server.
    pub servers_quota: i64,
    /// Share of boots, 0 to 1, that end in ERROR with "No valid host was found." (default: 0).
    pub boot_errors: f64,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            boot: Latency::lognormal(Duration::from_millis(250), 0.25),
            delete: Latency::lognormal(Duration::from_millis(120), 0.25),
            api: Latency::uniform(Duration::ZERO, Duration::from_millis(2)),
            port: 0,
            token_ttl: Duration::from_hours(1),
            page_limit: 1000,
            seed: None,
            admin_password: "password".to_owned(),
            servers_quota: 10,
            boot_errors: 0.0,
        }
    }
}

/// Writes `with_…` for each field: the type is non-exhaustive, so nobody else can fill it by name.
macro_rules! setters {
    ($($setter:ident $field:ident: $type:ty = $value:expr,)*) => {
        impl SimOptions {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                #[must_use]
                pub fn $setter(mut self, $field: $type) -> Self {
                    self.$field = $value;
                    self
                }
            )*
        }
    };
}

setters! {
    with_boot boot: Latency = boot,
    with_delete delete: Latency = delete,
    with_api api: Latency = api,
    with_port port: u16 = port,
    with_token_ttl token_ttl: Duration = token_ttl,
    with_page_limit page_limit: usize = page_limit,
    with_seed seed: u64 = Some(seed),
    with_admin_password admin_password: impl Into<String> = admin_password.into(),
    with_servers_quota servers_quota: i64 = servers_quota,
    with_boot_errors boot_errors: f64 = boot_errors,
}

impl SimOptions {
    /// Every latency is zero: a server is ACTIVE, and a deleted one gone, by the next request.
    #[must_use]
    pub fn instant() -> Self {
        Self { boot: Latency::ZERO, delete: Latency::ZERO, api: Latency::ZERO, ..Self::default() }
    }
}
