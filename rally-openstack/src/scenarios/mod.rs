//! What can be measured: Rally's scenarios, by their names and with their arguments and actions.
//!
//! A module per service and a file per group; each struct is a scenario, and its fields are its arguments.

pub mod authenticate;
pub mod glance;
pub mod keystone;
pub mod nova;

use std::time::Duration;

use rally_core::{Iteration, Meta};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

type Companion = (&'static str, &'static str);

/// The users of the load.
const USERS: Companion = ("users@openstack", "{}");
/// Takes away what iterations leave in nova, as a user and as the administrator.
const NOVA: Companion = ("cleanup@openstack", r#"["nova"]"#);
const ADMIN_NOVA: Companion = ("admin_cleanup@openstack", r#"["nova"]"#);
/// Takes away what iterations leave in keystone.
const ADMIN_KEYSTONE: Companion = ("admin_cleanup@openstack", r#"["keystone"]"#);

/// A scenario of this platform, which needs users.
const fn openstack(name: &'static str) -> Meta {
    Meta::new(name).platform("openstack").contexts(&[USERS])
}

/// A pause that is not part of the iteration's duration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sleep {
    /// The shortest pause in between, in seconds (default: 0).
    #[schemars(range(min = 0.0))]
    pub min_sleep: f64,
    /// The longest pause in between, in seconds (default: 0).
    #[schemars(range(min = 0.0))]
    pub max_sleep: f64,
}

impl Sleep {
    /// Pauses for a time between the two.
    async fn rest(&self, it: &Iteration) {
        let [least, most] =
            [self.min_sleep, self.max_sleep].map(|s| Duration::try_from_secs_f64(s).unwrap_or_default());
        it.idle_between(least, most).await;
    }
}

fn yes() -> bool {
    true
}
