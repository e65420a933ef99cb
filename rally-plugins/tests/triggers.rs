//! When the triggers fire.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use rally_core::{Trigger, Unit};
use rally_plugins::triggers::{Event, Periodic};
use serde_json::json;

/// All numbers up to 20 at which it fires.
fn fires(trigger: &impl Trigger) -> Vec<u64> {
    (0..=20).filter(|at| trigger.fires(*at)).collect()
}

#[test]
fn an_event_fires_where_it_is_told_to() {
    let event: Event = serde_json::from_value(json!({"unit": "iteration", "at": [5, 2]})).unwrap();
    assert_eq!(event, Event::iterations([2, 5]));
    assert_eq!((event.unit(), fires(&event)), (Unit::Iteration, vec![2, 5]));
    let time = Event::seconds([0, 3]);
    assert_eq!((time.unit(), fires(&time)), (Unit::Time, vec![0, 3]));
    assert_eq!(json!(time), json!({"unit": "time", "at": [0, 3]}));
}

#[test]
fn a_period_begins_with_the_first_iteration_or_with_the_load() {
    assert_eq!(fires(&Periodic::iterations(5)), [1, 6, 11, 16]);
    assert_eq!(fires(&Periodic::seconds(5)), [0, 5, 10, 15, 20]);
    assert_eq!((Periodic::iterations(1).unit(), Periodic::seconds(1).unit()), (Unit::Iteration, Unit::Time));
    assert_eq!(json!(Periodic::seconds(5)), json!({"unit": "time", "step": 5}));
}

#[test]
fn a_period_has_a_start_and_an_end_that_belongs_to_it() {
    let periodic: Periodic =
        serde_json::from_value(json!({"unit": "iteration", "step": 4, "start": 1, "end": 9})).unwrap();
    assert_eq!(fires(&periodic), [1, 5, 9]);
    let later = Periodic { start: Some(3), end: Some(10), ..Periodic::seconds(4) };
    assert_eq!(fires(&later), [3, 7]);
    assert!(fires(&Periodic { step: 0, ..Periodic::seconds(1) }).is_empty());
}
