//! How long each operation may take, and how often it is asked after at most: Rally's numbers, as ceilings.

use std::time::Duration;

use rally_core::did_you_mean;

/// The bounds of one wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// For how long at most; one last look is taken when it is over.
    pub timeout: Duration,
    /// The longest pause between two looks; the first ones follow each other faster.
    pub interval: Duration,
}

impl Limit {
    /// These bounds, in seconds.
    pub const fn seconds(timeout: u64, interval: u64) -> Self {
        Self { timeout: Duration::from_secs(timeout), interval: Duration::from_secs(interval) }
    }
}

/// An option that no wait has, or a value that is no duration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownWait {
    /// No wait has such an option.
    #[error("there is no wait option `{name}`{}", .hint.as_deref().map(|h| format!("; {h}")).unwrap_or_default())]
    Option {
        /// What was asked for.
        name: String,
        /// The nearest ones.
        hint: Option<String>,
    },
    /// The value is negative, endless or too small to be waited for.
    #[error("`{name}` cannot be {value} seconds")]
    Value {
        /// The option.
        name: String,
        /// The value, in seconds.
        value: f64,
    },
}

macro_rules! waits {
    ($($(#[$doc:meta])* $name:ident: $timeout:literal / $interval:literal;)+) => {
        /// The bounds of every wait, named as Rally's options are: `nova_server_boot` stands for
        /// `nova_server_boot_timeout` and `nova_server_boot_poll_interval`.
        ///
        /// Rally's pre-poll delays are not kept: the first looks are quick and become rarer up to the interval, so an
        /// operation that takes 200 milliseconds is measured as such.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Waits {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\n", stringify!($timeout), " s at most, looked at every ", stringify!($interval), " s at least.")]
                pub $name: Limit,
            )+
        }

        impl Default for Waits {
            fn default() -> Self {
                Self { $($name: Limit::seconds($timeout, $interval),)+ }
            }
        }

        impl Waits {
            /// The names of all waits, in alphabetical order within each service.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            fn get_mut(&mut self, name: &str) -> Option<&mut Limit> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

waits! {
    /// A volume's backup is restored.
    cinder_backup_restore: 600 / 2;
    /// A volume, a snapshot or a backup becomes available.
    cinder_volume_create: 600 / 2;
    /// A volume, a snapshot or a backup is gone.
    cinder_volume_delete: 600 / 2;
    /// An image becomes active.
    glance_image_create: 120 / 1;
    /// An image is gone.
    glance_image_delete: 120 / 1;
    /// An image is imported.
    glance_image_import: 120 / 2;
    /// A stack is checked.
    heat_stack_check: 3600 / 1;
    /// A stack is created.
    heat_stack_create: 3600 / 1;
    /// A stack is gone.
    heat_stack_delete: 3600 / 1;
    /// A stack is restored from a snapshot.
    heat_stack_restore: 3600 / 1;
    /// A stack is resumed.
    heat_stack_resume: 3600 / 1;
    /// A stack has another size.
    heat_stack_scale: 3600 / 1;
    /// A snapshot of a stack is taken.
    heat_stack_snapshot: 3600 / 1;
    /// A stack is suspended.
    heat_stack_suspend: 3600 / 1;
    /// A stack is updated.
    heat_stack_update: 3600 / 1;
    /// A node is enrolled.
    ironic_node_create: 300 / 1;
    /// A node is gone.
    ironic_node_delete: 300 / 1;
    /// A pod runs.
    k8s_pod_create: 1200 / 1;
    /// A replication controller has its pods.
    k8s_rc_create: 1200 / 1;
    /// A cluster is created.
    magnum_cluster_create: 2400 / 2;
    /// An access rule is active.
    manila_access_create: 300 / 3;
    /// An access rule is gone.
    manila_access_delete: 180 / 2;
    /// A share becomes available.
    manila_share_create: 300 / 3;
    /// A share is gone.
    manila_share_delete: 180 / 2;
    /// A workflow's execution ends.
    mistral_execution: 200 / 1;
    /// A load balancer of neutron's own is active.
    neutron_create_loadbalancer: 500 / 2;
    /// A volume is attached; Rally uses the values of a reverted resize.
    nova_attach_volume: 200 / 2;
    /// A volume is detached.
    nova_detach_volume: 200 / 2;
    /// A floating address shows up in, or vanishes from, a server's addresses.
    nova_floating_ip: 60 / 1;
    /// A server is active.
    nova_server_boot: 300 / 2;
    /// A server is gone.
    nova_server_delete: 300 / 2;
    /// A server's snapshot is active.
    nova_server_image_create: 300 / 2;
    /// A server's snapshot is gone.
    nova_server_image_delete: 300 / 2;
    /// A server runs on another host.
    nova_server_live_migrate: 400 / 2;
    /// A server waits on another host for its confirmation.
    nova_server_migrate: 400 / 2;
    /// A server is paused.
    nova_server_pause: 300 / 2;
    /// A server is active after a reboot.
    nova_server_reboot: 300 / 2;
    /// A server is active with another image.
    nova_server_rebuild: 300 / 1;
    /// A server is in rescue mode.
    nova_server_rescue: 300 / 2;
    /// A server waits with another flavor for its confirmation.
    nova_server_resize: 400 / 4;
    /// A resize is confirmed.
    nova_server_resize_confirm: 200 / 2;
    /// A resize is taken back.
    nova_server_resize_revert: 200 / 2;
    /// A suspended server is active.
    nova_server_resume: 300 / 2;
    /// A server is shelved.
    nova_server_shelve: 300 / 2;
    /// A stopped server is active.
    nova_server_start: 300 / 1;
    /// A server is off.
    nova_server_stop: 300 / 2;
    /// A server is suspended.
    nova_server_suspend: 300 / 2;
    /// A paused server is active.
    nova_server_unpause: 300 / 2;
    /// A server is out of rescue mode.
    nova_server_unrescue: 300 / 2;
    /// A shelved server is active.
    nova_server_unshelve: 300 / 2;
    /// A load balancer is active.
    octavia_create_loadbalancer: 500 / 2;
    /// A load balancer is gone; its poll interval is an addition to Rally's options.
    octavia_delete_loadbalancer: 50 / 2;
    /// Something is gone that cleanup has deleted.
    resource_deletion: 600 / 1;
    /// A server answers a ping.
    vm_ping: 120 / 1;
    /// An audit ends.
    watcher_audit_launch: 300 / 2;
}

impl Waits {
    /// Sets one of Rally's options, `nova_server_boot_timeout` or `nova_server_boot_poll_interval`, to these seconds.
    pub fn set(&mut self, option: &str, seconds: f64) -> Result<(), UnknownWait> {
        let unknown = || {
            let options = Self::NAMES
                .iter()
                .flat_map(|name| [format!("{name}_timeout"), format!("{name}_poll_interval")]);
            let options: Vec<_> = options.collect();
            let hint = did_you_mean(option, options.iter().map(String::as_str));
            UnknownWait::Option { name: option.to_owned(), hint }
        };
        let bad = || UnknownWait::Value { name: option.to_owned(), value: seconds };
        let (name, is_timeout) = match option.strip_suffix("_timeout") {
            Some(name) => (name, true),
            None => (option.strip_suffix("_poll_interval").ok_or_else(unknown)?, false),
        };
        let limit = self.get_mut(name).ok_or_else(unknown)?;
        let value = Duration::try_from_secs_f64(seconds).map_err(|_negative| bad())?;
        match is_timeout {
            true => limit.timeout = value,
            // A pause of nothing would ask as fast as the cloud answers.
            false if value.is_zero() => return Err(bad()),
            false => limit.interval = value,
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn options_are_set_by_rallys_names() {
        let mut waits = Waits::default();
        waits.set("nova_server_boot_timeout", 12.5).unwrap();
        waits.set("nova_server_boot_poll_interval", 0.5).unwrap();
        assert_eq!(waits.nova_server_boot.timeout, Duration::from_millis(12_500));
        assert_eq!(waits.nova_server_boot.interval, Duration::from_millis(500));
        let error = waits.set("nova_server_bot_timeout", 1.0).unwrap_err().to_string();
        assert!(error.contains("`nova_server_boot_timeout`"), "{error}");
        assert!(waits.set("nova_server_boot_prepoll_delay", 1.0).is_err());
        assert!(waits.set("nova_server_boot_timeout", -1.0).is_err());
        assert!(waits.set("nova_server_boot_poll_interval", 0.0).is_err());
    }
}
