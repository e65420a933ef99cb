//! When starts are due: pure arithmetic, without a clock.
//!
//! A rate is a function of time, `r(t)` in starts per second. Its integral `C(t)` is how many starts are due by `t`,
//! so start `n` (counted from 1, the first one at once) is due at the `t` where `C(t)` is `n - 1`. That time depends
//! on `n` alone: a late start makes no later one late, and errors do not add up.
//!
//! Here `r` is a staircase: `start` for `every` seconds, `start + step` for as long, and so on until `end`, which
//! stays. On such a staircase `C` is made of straight lines, its value at the foot of each step has a closed form,
//! and the step that a start falls on is found by bisection.
//!
//! Users who know nothing of each other do not come on a grid but as a **Poisson process**: how many come in one time
//! says nothing about how many come in another. With `E(n)` the sum of `n` random numbers whose distribution is
//! exponential with the mean 1, start `n` of such a process is due where `C(t)` is `E(n)`. The rate `r(t)` is kept in
//! the mean, of many starts and at any time; the random numbers come from a seed, so a run can be repeated.

use std::time::Duration;

/// The latest time that a timetable gives: a century. What is due later is never due.
pub const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// When each start is due, in time since the first one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timetable {
    start: f64,
    /// From one step to the next; negative when the rate goes down.
    step: f64,
    end: f64,
    every: f64,
    /// How many steps there are before the last one, which has no end.
    steps: u64,
}

impl Timetable {
    /// The same rate for ever, in starts per second.
    pub fn steady(rate: f64) -> Self {
        Self { start: rate, step: 0.0, end: rate, every: 1.0, steps: 0 }
    }

    /// From one rate to another, up or down, by so much every so many seconds; the last step is as small as it needs
    /// to be. Without a step the rate is `end` from the beginning.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest integer"
    )]
    pub fn ramp(start: f64, end: f64, step: f64, every: f64) -> Self {
        let steps = ((end - start) / step).abs().ceil();
        // Not finite without a step: the ramp would never arrive.
        let steps = if steps.is_finite() && every > 0.0 { steps as u64 } else { 0 };
        Self { start, step: step.abs().copysign(end - start), end, every, steps }
    }

    /// When start `number` (counted from 1) is due.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 starts, which takes centuries")]
    pub fn due(&self, number: u64) -> Duration {
        self.reaches(number.saturating_sub(1) as f64)
    }

    /// When each start is due, one after the other, if they come as a Poisson process at this rate.
    ///
    /// The time of a start depends on its number and the seed alone, and is not before that of the start before it.
    pub fn poisson(self, seed: u64) -> impl Iterator<Item = Duration> + Send {
        let mut sum = 0.0;
        (1..).map(move |number| {
            sum += exponential(seed, number);
            self.reaches(sum)
        })
    }

    /// When the integral of the rate reaches this many starts.
    #[expect(clippy::cast_precision_loss, reason = "a staircase of 2^53 steps has no end that anyone sees")]
    fn reaches(&self, before: f64) -> Duration {
        let step = self.step_of(before);
        let into = (before - self.starts_before(step)) / self.rate(step);
        // Also for a rate that has come down to nothing: the quotient is infinite then, or not a number.
        Duration::try_from_secs_f64(step as f64 * self.every + into).map_or(NEVER, |due| due.min(NEVER))
    }

    /// The last step on which a start may fall that this many others precede.
    fn step_of(&self, before: f64) -> u64 {
        let (mut low, mut high) = (0, self.steps);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.starts_before(middle) <= before { low = middle } else { high = middle - 1 }
        }
        low
    }

    /// How many starts are due before this step: the sum of the rates of the steps below it, each held for `every`.
    #[expect(clippy::cast_precision_loss, reason = "a staircase of 2^53 steps has no end that anyone sees")]
    fn starts_before(&self, step: u64) -> f64 {
        let step = step as f64;
        self.every * (step * self.start + self.step * (step * (step - 1.0) / 2.0))
    }

    /// The rate on this step.
    #[expect(clippy::cast_precision_loss, reason = "a staircase of 2^53 steps has no end that anyone sees")]
    fn rate(&self, step: u64) -> f64 {
        if step >= self.steps { self.end } else { self.start + self.step * step as f64 }
    }
}

/// The n-th random number of this seed, of an exponential distribution with the mean 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
fn exponential(seed: u64, number: u64) -> f64 {
    /// Another stream than those that iterations draw from, which mix the seed itself.
    const STREAM: u64 = 0x706f_6973_736f_6e21;
    // The finaliser of SplitMix64, the same on every machine.
    let mut z = (seed ^ STREAM).wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // Above 0, whose logarithm nobody could wait for, and up to 1.
    let even = ((z >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    -even.ln()
}
