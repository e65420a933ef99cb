//! What the timetable promises, for any rate.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use proptest::prelude::*;
use rally_runners::timetable::{NEVER, Timetable};

fn seconds(timetable: &Timetable, numbers: std::ops::RangeInclusive<u64>) -> Vec<f64> {
    numbers.map(|number| timetable.due(number).as_secs_f64()).collect()
}

#[test]
fn a_steady_rate_is_a_grid_that_begins_at_once() {
    assert_eq!(seconds(&Timetable::steady(4.0), 1..=5), [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(seconds(&Timetable::steady(0.1), 1..=3), [0.0, 10.0, 20.0]);
    // A billion starts later the grid is where it should be: nothing adds up.
    assert_eq!(Timetable::steady(1000.0).due(1_000_000_001), Duration::from_secs(1_000_000));
}

#[test]
fn a_ramp_climbs_in_steps_and_stays() {
    let ramp = Timetable::ramp(2.0, 4.0, 1.0, 1.0);
    let first = [0.0, 0.5];
    let second = [1.0, 4.0 / 3.0, 5.0 / 3.0];
    let last = [2.0, 2.25, 2.5, 2.75, 3.0, 3.25];
    let expected = [&first[..], &second, &last].concat();
    for (due, expected) in seconds(&ramp, 1..=11).into_iter().zip(expected) {
        assert!((due - expected).abs() < 1e-9, "{due} is not {expected}");
    }
}

#[test]
fn a_step_may_take_longer_than_a_second_and_the_last_one_may_be_smaller() {
    // 1/s for 10 s, 4/s for 10 s, then 6/s although the next step would be 7/s.
    let ramp = Timetable::ramp(1.0, 6.0, 3.0, 10.0);
    assert_eq!(ramp.due(11), Duration::from_secs(10));
    assert_eq!(ramp.due(51), Duration::from_secs(20));
    assert_eq!(ramp.due(57), Duration::from_secs(21));
}

#[test]
fn a_ramp_from_a_rate_to_itself_is_steady() {
    let (ramp, steady) = (Timetable::ramp(5.0, 5.0, 1.0, 1.0), Timetable::steady(5.0));
    assert_eq!(seconds(&ramp, 1..=100), seconds(&steady, 1..=100));
    // So is one without a step: it would never arrive, so it begins at its end.
    assert_eq!(seconds(&Timetable::ramp(1.0, 5.0, 0.0, 1.0), 1..=100), seconds(&steady, 1..=100));
}

#[test]
fn a_rate_may_come_down_and_at_nothing_nothing_is_due() {
    let down = Timetable::ramp(4.0, 1.0, 1.0, 1.0);
    // 4 + 3 + 2 starts in the first three seconds, then one per second.
    assert_eq!(seconds(&down, 10..=12), [3.0, 4.0, 5.0]);
    let out = Timetable::ramp(2.0, 0.0, 1.0, 1.0);
    assert_eq!(out.due(3), Duration::from_secs(1));
    assert_eq!([out.due(4), out.due(5)], [NEVER, NEVER]);
}

#[test]
fn what_no_clock_can_hold_is_never() {
    assert_eq!(Timetable::steady(1e-300).due(2), NEVER);
    assert_eq!(Timetable::steady(1e-300).due(1), Duration::ZERO);
    assert_eq!(Timetable::steady(f64::MAX).due(u64::MAX), Duration::ZERO);
    // Fine steps do not cost memory or time.
    assert!(Timetable::ramp(1.0, 1e12, 1.0, 1.0).due(1_000_000) < Duration::from_mins(25));
}

#[test]
fn poisson_gaps_are_exponential_and_the_seed_decides_on_them() {
    let gaps = |seed: u64| -> Vec<f64> {
        let dues: Vec<f64> =
            Timetable::steady(10.0).poisson(seed).take(10_000).map(|d| d.as_secs_f64()).collect();
        std::iter::once(dues[0]).chain(dues.windows(2).map(|pair| pair[1] - pair[0])).collect()
    };
    let found = gaps(7);
    let share = |least: f64| {
        let longer = found.iter().filter(|gap| **gap > least).count();
        f64::from(u32::try_from(longer).unwrap()) / 10_000.0
    };
    // Longer than so many means with the probability e^-so many: two hundredths are four deviations and more.
    for means in [0.1, 0.5, 1.0, 2.0, 4.0_f64] {
        assert!((share(means / 10.0) - (-means).exp()).abs() < 0.02, "{means}: {}", share(means / 10.0));
    }
    // Neighbours know nothing of each other: as many long ones follow a long one as follow a short one.
    let long = |gap: &f64| *gap > 0.1;
    let after: Vec<bool> =
        found.windows(2).filter(|pair| long(&pair[0])).map(|pair| long(&pair[1])).collect();
    let again = f64::from(u32::try_from(after.iter().filter(|long| **long).count()).unwrap());
    assert!((again / f64::from(u32::try_from(after.len()).unwrap()) - (-1.0_f64).exp()).abs() < 0.05);
    assert_eq!(found, gaps(7));
    assert_ne!(found, gaps(8));
}

#[test]
fn poisson_starts_at_nothing_are_never_due() {
    assert_eq!(Timetable::ramp(2.0, 0.0, 1.0, 1.0).poisson(1).nth(50), Some(NEVER));
    assert_eq!(Timetable::steady(1e-300).poisson(1).next(), Some(NEVER));
}

/// The integral of the rate of a staircase, summed up step by step instead of by its closed form.
fn due_by(start: f64, end: f64, step: f64, every: f64, time: f64) -> f64 {
    let (mut rate, mut foot, mut sum) = (start, 0.0, 0.0);
    while foot + every <= time && (end - rate) * step > 0.0 {
        sum += rate * every;
        foot += every;
        rate = if step > 0.0 { (rate + step).min(end) } else { (rate + step).max(end) };
    }
    sum + rate * (time - foot)
}

prop_compose! {
    fn ramps()(start in 1.0..50.0f64, end in 1.0..50.0f64, step in 1.0..20.0f64, every in 1.0..20.0f64)
        -> (f64, f64, f64, f64) { (start, end, step, every) }
}

proptest! {
    #[test]
    fn no_start_is_due_before_the_one_before_it((start, end, step, every) in ramps()) {
        let dues = seconds(&Timetable::ramp(start, end, step, every), 1..=2000);
        prop_assert!(dues[0] <= 0.0);
        prop_assert!(dues.is_sorted());
    }

    #[test]
    fn no_window_holds_more_than_the_highest_rate((start, end, step, every) in ramps(), window in 0.1..30.0f64) {
        let dues = seconds(&Timetable::ramp(start, end, step, every), 1..=2000);
        // A window that is open at one end holds at most this many points of a grid.
        let most = (start.max(end) * window + 1e-6).ceil();
        for (first, from) in dues.iter().enumerate() {
            let held = dues[first..].iter().take_while(|due| **due < from + window - 1e-6).count();
            prop_assert!(f64::from(u32::try_from(held).unwrap()) <= most, "{held} starts from {from} on");
        }
    }

    #[test]
    fn due_is_the_inverse_of_the_integral((start, end, step, every) in ramps(), number in 1..5000u32) {
        let due = Timetable::ramp(start, end, step, every).due(number.into()).as_secs_f64();
        let started = due_by(start, end, step.copysign(end - start), every, due);
        // A nanosecond's worth of starts at the highest rate, and some rounding.
        prop_assert!((started - f64::from(number - 1)).abs() < 1e-6, "{started} starts are due at {due}");
    }

    #[test]
    fn poisson_keeps_the_rate_in_the_mean((start, end, step, every) in ramps(), seed in any::<u64>()) {
        let ramp = Timetable::ramp(start, end, step, every);
        let dues: Vec<f64> = ramp.poisson(seed).take(2000).map(|due| due.as_secs_f64()).collect();
        prop_assert!(dues.is_sorted());
        // The time of a start depends on its number and the seed alone, however it is asked for.
        prop_assert_eq!(ramp.poisson(seed).nth(999), ramp.poisson(seed).skip(500).nth(499));
        let expected = |from: f64, to: f64| {
            let by = |time| due_by(start, end, step.copysign(end - start), every, time);
            by(to) - by(from)
        };
        for upto in [500, 1000, 2000] {
            // Six deviations: a fifth of a billion such tests fail.
            let off = expected(0.0, dues[upto - 1]) - f64::from(u32::try_from(upto).unwrap());
            prop_assert!(off.abs() < 6.0 * f64::from(u32::try_from(upto).unwrap()).sqrt(), "{off} of {upto}");
        }
    }

    #[test]
    fn poisson_starts_come_together_no_more_than_chance_has_it(
        (start, end, step, every) in ramps(), window in 0.1..30.0f64, seed in any::<u64>()
    ) {
        let ramp = Timetable::ramp(start, end, step, every);
        let dues: Vec<f64> = ramp.poisson(seed).take(2000).map(|due| due.as_secs_f64()).collect();
        let mean = start.max(end) * window;
        let most = mean + 8.0 * mean.sqrt() + 10.0;
        for (first, from) in dues.iter().enumerate() {
            let held = dues[first..].iter().take_while(|due| **due < from + window).count();
            prop_assert!(f64::from(u32::try_from(held).unwrap()) <= most, "{held} starts from {from} on");
        }
    }

    #[test]
    fn a_steady_rate_is_the_ramp_without_a_slope(rate in 0.01..1e5f64, number in 1..1_000_000u32) {
        let due = Timetable::steady(rate).due(number.into()).as_secs_f64();
        prop_assert!((due * rate - f64::from(number - 1)).abs() < 1e-3);
    }
}
