//! What the measuring itself takes of this machine, so that a reader sees when the client was the bottleneck.

use std::time::{Duration, Instant};

use rally_core::report::ClientCost;

/// The kernel counts processor time in these units; Linux shows 100 a second to programs on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time and wall time at one moment.
pub(crate) struct Reading {
    cpu: Option<f64>,
    at: Instant,
}

impl Reading {
    pub(crate) fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").ok();
        Self { cpu: stat.as_deref().and_then(cpu_seconds), at: Instant::now() }
    }

    /// The cost since an earlier reading.
    #[expect(clippy::cast_precision_loss, reason = "a number of processors")]
    pub(crate) fn since(&self, earlier: &Self) -> ClientCost {
        let mut cost = ClientCost::default();
        let wall = self.at.duration_since(earlier.at).max(Duration::from_nanos(1)).as_secs_f64();
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        cost.cpu_seconds = self.cpu.zip(earlier.cpu).map(|(now, then)| now - then);
        cost.cpu_share = cost.cpu_seconds.map(|cpu| (cpu / wall / processors).min(1.0));
        cost.peak_memory = std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(peak_memory);
        cost
    }
}

/// User and system time from `/proc/self/stat`; the second field may hold spaces and brackets.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let ticks = |field: &str| field.parse::<f64>().ok();
    Some((ticks(fields.next()?)? + ticks(fields.next()?)?) / TICKS_PER_SECOND)
}

/// The largest resident size from `/proc/self/status`, in bytes.
fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 1 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(peak_memory("Name:\tx\nVmHWM:\t    2048 kB\n"), Some(2 * 1024 * 1024));
        assert_eq!((cpu_seconds(""), peak_memory("")), (None, None));
    }
}
