//! A series of durations: exact values while they are few, a histogram when they are many.

use std::time::Duration;

use hdrhistogram::Histogram;
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::statistics::Statistics;

use crate::report::Summary;

/// Up to this many values the percentiles are exact.
pub const EXACT_LIMIT: usize = 65_536;

/// Significant digits of the histogram: a value is off by at most 0.1 %.
const DIGITS: u8 = 3;

/// A sample of durations. Grows to half a megabyte, then turns into a histogram of at most 300 KB.
#[derive(Clone, Debug, Default)]
pub struct Series {
    exact: Vec<f64>,
    many: Option<Box<Many>>,
}

/// What is kept of a sample that is too large to keep.
#[derive(Clone, Debug)]
struct Many {
    nanoseconds: Histogram<u64>,
    count: u64,
    min: f64,
    max: f64,
    // Welford's running mean and sum of squared differences: one pass, and stable.
    mean: f64,
    squares: f64,
}

impl Series {
    /// One more value.
    pub fn push(&mut self, value: Duration) {
        match &mut self.many {
            Some(many) => many.push(value.as_secs_f64()),
            None if self.exact.len() < EXACT_LIMIT => self.exact.push(value.as_secs_f64()),
            None => {
                let mut many = Many::new();
                self.exact.drain(..).for_each(|value| many.push(value));
                self.exact = Vec::new();
                many.push(value.as_secs_f64());
                self.many = Some(Box::new(many));
            }
        }
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.many.as_ref().map_or(self.exact.len() as u64, |many| many.count)
    }

    /// The value below which a share `p` (0 to 1) of the sample lies; nothing when it is empty.
    pub fn percentile(&self, p: f64) -> Option<f64> {
        if let Some(many) = &self.many {
            return Some(many.percentile(p));
        }
        let mut sorted = self.exact.clone();
        sorted.sort_by(f64::total_cmp);
        (!sorted.is_empty()).then(|| percentile(&sorted, p))
    }

    /// The sample in a few figures; nothing when it is empty.
    pub fn summary(&self) -> Option<Summary> {
        if let Some(many) = &self.many {
            return Some(many.summary());
        }
        let mut sorted = self.exact.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else { return None };
        let count = sorted.len() as u64;
        let mean = (&sorted).mean();
        let std_dev = (count > 1).then(|| (&sorted).std_dev());
        let mut summary = Summary::default();
        (summary.count, summary.min, summary.max, summary.mean) = (count, min, max, mean);
        summary.median = percentile(&sorted, 0.5);
        summary.p90 = percentile(&sorted, 0.9);
        summary.p95 = percentile(&sorted, 0.95);
        summary.p99 = percentile(&sorted, 0.99);
        (summary.std_dev, summary.exact) = (std_dev, true);
        summary.mean_ci95 = std_dev.and_then(|std_dev| mean_ci95(mean, std_dev, count));
        Some(summary)
    }
}

/// The value below which a share `p` (0 to 1) of a sorted sample lies, interpolated between neighbours as Rally does.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the index is between 0 and the length, which is at most 65,536"
)]
fn percentile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let k = last as f64 * p.clamp(0.0, 1.0);
    let (below, above) = (sorted[k.floor() as usize], sorted[k.ceil() as usize]);
    below + (above - below) * k.fract()
}

/// The interval that holds the true mean with 95 % confidence, by Student's t.
fn mean_ci95(mean: f64, std_dev: f64, count: u64) -> Option<(f64, f64)> {
    let count = to_f64(count);
    let t = StudentsT::new(0.0, 1.0, count - 1.0).ok()?.inverse_cdf(0.975);
    let half = t * std_dev / count.sqrt();
    Some((mean - half, mean + half))
}

#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 need no exact digits")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

impl Many {
    fn new() -> Self {
        // Between one nanosecond and a day, growing as needed; 3 is a valid number of digits, so this cannot fail.
        let nanoseconds =
            Histogram::new(DIGITS).unwrap_or_else(|_| unreachable!("{DIGITS} digits are valid"));
        Self { nanoseconds, count: 0, min: f64::INFINITY, max: 0.0, mean: 0.0, squares: 0.0 }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates after 584 years")]
    fn push(&mut self, seconds: f64) {
        let nanoseconds = (seconds * 1e9) as u64;
        // The histogram grows with what it records; only where it can grow no more does it saturate.
        if self.nanoseconds.record(nanoseconds).is_err() {
            self.nanoseconds.saturating_record(nanoseconds);
        }
        self.count += 1;
        self.min = self.min.min(seconds);
        self.max = self.max.max(seconds);
        let from_mean = seconds - self.mean;
        self.mean += from_mean / to_f64(self.count);
        self.squares += from_mean * (seconds - self.mean);
    }

    fn percentile(&self, p: f64) -> f64 {
        let seconds = to_f64(self.nanoseconds.value_at_quantile(p)) / 1e9;
        seconds.clamp(self.min, self.max)
    }

    fn summary(&self) -> Summary {
        let at = |p| self.percentile(p);
        let std_dev = (self.squares / to_f64(self.count - 1)).sqrt();
        let mut summary = Summary::default();
        (summary.count, summary.min, summary.max, summary.mean) = (self.count, self.min, self.max, self.mean);
        (summary.median, summary.p90, summary.p95, summary.p99) = (at(0.5), at(0.9), at(0.95), at(0.99));
        summary.std_dev = Some(std_dev);
        summary.mean_ci95 = mean_ci95(self.mean, std_dev, self.count);
        summary
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn series(values: impl IntoIterator<Item = f64>) -> Series {
        let mut series = Series::default();
        values.into_iter().for_each(|value| series.push(Duration::from_secs_f64(value)));
        series
    }

    fn near(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not near {b}");
    }

    /// The figures of ten boots, as numpy's linear percentiles give them.
    #[test]
    fn percentiles_interpolate_like_rallys() {
        let summary = series([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]).summary().unwrap();
        assert_eq!((summary.min, summary.max, summary.count), (1.0, 10.0, 10));
        near(summary.median, 5.5, 1e-12);
        near(summary.p90, 9.1, 1e-12);
        near(summary.p95, 9.55, 1e-12);
        near(summary.std_dev.unwrap(), 3.027_650_354_097_491_7, 1e-12);
        let (low, high) = summary.mean_ci95.unwrap();
        // t(0.975, 9) = 2.262157…
        near(low, 5.5 - 2.262_157_162_854_1 * 3.027_650_354_097_491_7 / 10f64.sqrt(), 1e-6);
        near(high, 11.0 - low, 1e-9);
    }

    #[test]
    fn one_value_has_no_spread_and_none_has_no_summary() {
        let summary = series([0.25]).summary().unwrap();
        assert_eq!(
            (summary.median, summary.p95, summary.std_dev, summary.mean_ci95),
            (0.25, 0.25, None, None)
        );
        assert!(Series::default().summary().is_none());
    }

    #[test]
    fn any_percentile_can_be_asked_for() {
        let few = series([4.0, 1.0, 3.0, 2.0]);
        for (p, value) in [(0.0, 1.0), (0.5, 2.5), (1.0, 4.0)] {
            near(few.percentile(p).unwrap(), value, 1e-12);
        }
        let last = u32::try_from(EXACT_LIMIT).unwrap() + 1;
        let many = series((1..=last).map(f64::from));
        near(many.percentile(0.999).unwrap(), 0.999 * f64::from(last), 2e-3);
        assert_eq!(Series::default().percentile(0.5), None);
    }

    #[test]
    fn beyond_the_limit_a_histogram_takes_over_and_stays_within_a_thousandth() {
        let last = u32::try_from(EXACT_LIMIT).unwrap() + 20_000;
        let values: Vec<f64> =
            (0..last).map(|n| if n % 20 == 0 { 1.5 } else { 0.003 + f64::from(n % 997) * 1e-6 }).collect();
        let summary = series(values.iter().copied()).summary().unwrap();
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        assert!(!summary.exact);
        for (figure, p) in [(summary.median, 0.5), (summary.p90, 0.9), (summary.p99, 0.99)] {
            near(figure, percentile(&sorted, p), 2e-3);
        }
        near(summary.mean, (&sorted).mean(), 1e-9);
        near(summary.std_dev.unwrap(), (&sorted).std_dev(), 1e-9);
        assert_eq!((summary.min, summary.max), (sorted[0], 1.5));
    }
}
