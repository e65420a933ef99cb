//! When the runner `rps` starts iterations, on a paused clock. A start may come up to 1 ms, the timer's own grid,
//! after it is due.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use rally_core::erased::AnyScenario;
use rally_core::testing::{TestLoad, world};
use rally_core::{Event, Iteration, IterationResult, LoadBuilder, Outcome, Runner};
use rally_runners::{Arrivals, Ramp, Rate, Rps, WhenFull};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

/// A load whose iterations take as long as `took` says.
fn load(took: impl Fn(u64) -> Duration + Send + Sync + 'static) -> TestLoad {
    TestLoad::of(move |it: Iteration| {
        let took = took(it.number());
        async move {
            sleep(took).await;
            Ok(())
        }
    })
}

/// The results in the order of their numbers.
async fn run(load: &TestLoad, runner: &Rps) -> Vec<Arc<IterationResult>> {
    let mut results = load.run(runner).await.unwrap();
    results.sort_by_key(|result| result.number);
    results
}

fn count(results: &[Arc<IterationResult>], outcome: Outcome) -> usize {
    results.iter().filter(|result| result.outcome == outcome).count()
}

/// The most starts in any window of one second that is open at its end.
fn most_per_second(times: &[Duration]) -> usize {
    let within =
        |from: &Duration| times.iter().filter(|time| **time >= *from && **time < *from + 1000 * MS).count();
    times.iter().map(within).max().unwrap()
}

#[tokio::test(start_paused = true)]
async fn starts_are_due_on_a_grid_and_come_on_time() {
    let results = run(&load(|_| MS), &Rps { times: 50, rps: Rate::Steady(8.0), ..Rps::default() }).await;
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result.due.unwrap(), u32::try_from(index).unwrap() * Duration::from_millis(125));
        assert!(result.lag().unwrap() <= MS, "{:?}", result.lag());
    }
    assert_eq!(count(&results, Outcome::Passed), 50);
}

#[tokio::test(start_paused = true)]
async fn slow_iterations_shift_no_start() {
    let load = load(|_| Duration::from_mins(1));
    let results = run(&load, &Rps { times: 100, rps: Rate::Steady(10.0), ..Rps::default() }).await;
    assert!(results.iter().all(|result| result.lag().unwrap() <= MS));
    assert_eq!(results[99].due.unwrap(), 9900 * MS);
}

#[tokio::test(start_paused = true)]
async fn due_times_count_from_the_beginning_of_the_load() {
    let load = load(|_| MS);
    sleep(1500 * MS).await;
    let results = run(&load, &Rps { times: 4, rps: Rate::Steady(1.0), ..Rps::default() }).await;
    let lags: Vec<Duration> = results.iter().map(|result| result.lag().unwrap()).collect();
    assert_eq!(lags, [1500 * MS, 500 * MS, Duration::ZERO, Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn a_ramp_never_exceeds_its_end() {
    let ramp = Rate::Ramp(Ramp { start: 2.0, end: 4.0, step: 1.0, ..Ramp::default() });
    let results = run(&load(|_| 700 * MS), &Rps { times: 100, rps: ramp, ..Rps::default() }).await;
    let dues: Vec<Duration> = results.iter().map(|result| result.due.unwrap()).collect();
    let starts: Vec<Duration> = results.iter().map(|result| result.started).collect();
    assert_eq!(most_per_second(&dues), 4);
    assert_eq!(most_per_second(&starts), 4);
    // 2 starts in the first second, 3 in the second, 4 in each of those that follow.
    let upto = |second: u32| dues.iter().filter(|due| **due < second * 1000 * MS).count();
    assert_eq!([upto(1), upto(2), upto(3), upto(10)], [2, 5, 9, 37]);
}

#[tokio::test(start_paused = true)]
async fn a_ramp_comes_down_and_stays() {
    let ramp = Rate::Ramp(Ramp { start: 6.0, end: 2.0, step: 2.0, ..Ramp::default() });
    let results = run(&load(|_| 700 * MS), &Rps { times: 20, rps: ramp, ..Rps::default() }).await;
    let upto = |second: u32| results.iter().filter(|result| result.due.unwrap() < second * 1000 * MS).count();
    // 6 starts in the first second, 4 in the second, 2 in each of those that follow.
    assert_eq!([upto(1), upto(2), upto(3), upto(7)], [6, 10, 12, 20]);
    assert!(results.iter().all(|result| result.lag().unwrap() <= MS));
}

#[tokio::test(start_paused = true)]
async fn poisson_arrivals_come_on_time_and_depend_on_the_seed_of_the_load() {
    let runner = Rps { times: 200, rps: Rate::Steady(10.0), arrivals: Arrivals::Poisson, ..Rps::default() };
    let starts = async |seed: u64| {
        let (to, mut from) = tokio::sync::mpsc::channel(1000);
        let slow = |_| async {
            sleep(5000 * MS).await;
            Ok(())
        };
        let scenario = AnyScenario::from_fn("Test.slow", slow);
        let load = LoadBuilder::new(scenario, Arc::new(world())).seed(seed).events(to).build();
        runner.run(&load).await.unwrap();
        drop(load);
        let mut results = Vec::new();
        while let Some(event) = from.recv().await {
            if let Event::Finished(result) = event {
                results.push(result);
            }
        }
        results.sort_by_key(|result| result.number);
        assert!(results.iter().all(|result| result.lag().unwrap() <= MS));
        results.iter().map(|result| result.due.unwrap()).collect::<Vec<_>>()
    };
    let dues = starts(3).await;
    assert_eq!(dues, runner.dues(3).take(200).collect::<Vec<_>>());
    assert_ne!(dues, starts(4).await);
    let regular = Rps { arrivals: Arrivals::Regular, ..runner.clone() };
    assert_ne!(dues, regular.dues(3).take(200).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn at_full_concurrency_starts_queue_and_their_lag_shows() {
    let runner = Rps { times: 10, rps: Rate::Steady(10.0), max_concurrency: Some(1), ..Rps::default() };
    let results = run(&load(|_| 250 * MS), &runner).await;
    assert_eq!(count(&results, Outcome::Passed), 10);
    for (index, result) in results.iter().enumerate() {
        let index = u32::try_from(index).unwrap();
        assert_eq!((result.due.unwrap(), result.started), (index * 100 * MS, index * 250 * MS));
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_catches_up_without_shifting_later_starts() {
    // The first one blocks the only slot for a second; after it there is time enough for all.
    let load = load(|number| if number == 1 { 1050 * MS } else { MS });
    let runner = Rps { times: 30, rps: Rate::Steady(10.0), max_concurrency: Some(1), ..Rps::default() };
    let results = run(&load, &runner).await;
    assert!(results[1].lag().unwrap() > 900 * MS);
    assert!(results[12..].iter().all(|result| result.lag().unwrap() <= MS));
}

#[tokio::test(start_paused = true)]
async fn at_full_concurrency_starts_are_dropped_if_that_is_asked_for() {
    let runner = Rps {
        times: 10,
        rps: Rate::Steady(10.0),
        max_concurrency: Some(1),
        when_full: WhenFull::Drop,
        ..Rps::default()
    };
    let results = run(&load(|_| 250 * MS), &runner).await;
    // Starts at 0, 300, 600 and 900 ms; the two that are due while each of them runs are dropped.
    let passed: Vec<u64> =
        results.iter().filter(|result| result.passed()).map(|result| result.number).collect();
    assert_eq!(passed, [1, 4, 7, 10]);
    assert_eq!((results.len(), count(&results, Outcome::Dropped)), (10, 6));
    assert!(results.iter().all(|result| result.lag().unwrap() <= MS));
    assert_eq!(results[1].due.unwrap(), 100 * MS);
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_bounded_by_the_number_of_iterations_alone() {
    let results = run(
        &load(|_| Duration::from_hours(1)),
        &Rps { times: 500, rps: Rate::Steady(100.0), ..Rps::default() },
    )
    .await;
    assert!(results.iter().all(|result| result.lag().unwrap() <= MS));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_for_a_due_time() {
    let load = load(|_| MS);
    let stop = async {
        sleep(2500 * MS).await;
        load.stop.cancel();
    };
    let runner = Rps { times: 100, rps: Rate::Steady(1.0), ..Rps::default() };
    let (results, ()) = tokio::join!(run(&load, &runner), stop);
    assert_eq!(results.len(), 3);
    assert_eq!(load.load.epoch().elapsed(), 2500 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_for_a_slot_and_what_runs_is_waited_for() {
    let load = load(|_| 10_000 * MS);
    let stop = async {
        sleep(2500 * MS).await;
        load.stop.cancel();
    };
    let runner = Rps { times: 100, rps: Rate::Steady(10.0), max_concurrency: Some(2), ..Rps::default() };
    let (results, ()) = tokio::join!(run(&load, &runner), stop);
    assert_eq!((results.len(), count(&results, Outcome::Passed)), (2, 2));
    assert_eq!(load.load.epoch().elapsed(), 10_100 * MS);
}

#[tokio::test(start_paused = true)]
async fn an_abort_interrupts_what_runs() {
    let load = load(|_| 10_000 * MS);
    let abort = async {
        sleep(250 * MS).await;
        load.abort.cancel();
    };
    let runner = Rps { times: 100, rps: Rate::Steady(10.0), ..Rps::default() };
    let (results, ()) = tokio::join!(run(&load, &runner), abort);
    assert_eq!((results.len(), count(&results, Outcome::Aborted)), (3, 3));
    assert_eq!(load.load.epoch().elapsed(), 250 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_frees_a_slot() {
    let runner =
        Rps { times: 5, rps: Rate::Steady(1.0), timeout: 0.5, max_concurrency: Some(1), ..Rps::default() };
    let results = run(&load(|_| Duration::from_hours(1)), &runner).await;
    assert_eq!(count(&results, Outcome::TimedOut), 5);
    assert!(results.iter().all(|result| result.lag().unwrap() <= MS && result.elapsed == 500 * MS));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_iteration_and_shifts_nothing() {
    let load = TestLoad::of(|it: Iteration| async move {
        assert!(it.number() != 2, "number two is out of order");
        Ok(())
    });
    let runner = Rps { times: 5, rps: Rate::Steady(4.0), max_concurrency: Some(1), ..Rps::default() };
    let results = run(&load, &runner).await;
    assert_eq!((count(&results, Outcome::Failed), count(&results, Outcome::Passed)), (1, 4));
    assert!(results.iter().all(|result| result.lag().unwrap() <= MS));
}

#[test]
fn what_will_start_is_told() {
    assert_eq!(Rps { times: 9, ..Rps::default() }.planned(), Some(9));
}
