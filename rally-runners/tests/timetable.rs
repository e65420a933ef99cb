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
    fn a_steady_rate_is_the_ramp_without_a_slope(rate in 0.01..1e5f64, number in 1..1_000_000u32) {
        let due = Timetable::steady(rate).due(number.into()).as_secs_f64();
        prop_assert!((due * rate - f64::from(number - 1)).abs() < 1e-3);
    }
}
