//! When runners start iterations, on a paused clock.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rally_core::testing::TestLoad;
use rally_core::{Failure, Iteration, IterationResult, Outcome, Runner};
use rally_runners::{Constant, ConstantForDuration, Serial};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);

/// How many iterations run at this moment, and how many did so at most.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        let done = work.await;
        self.now.fetch_sub(1, Ordering::Relaxed);
        done
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

/// A load whose iterations take as long as `took` says, and what shows how many of them run at a time.
fn load(took: impl Fn(u64) -> Duration + Send + Sync + 'static) -> (TestLoad, Arc<Gauge>) {
    let gauge = Arc::new(Gauge::default());
    let inside = Arc::clone(&gauge);
    let load = TestLoad::of(move |it: Iteration| {
        let (gauge, took) = (Arc::clone(&inside), took(it.number()));
        async move {
            gauge.around(sleep(took)).await;
            Ok(())
        }
    });
    (load, gauge)
}

fn numbers(results: &[Arc<IterationResult>]) -> Vec<u64> {
    results.iter().map(|result| result.number).collect()
}

fn sorted(results: &[Arc<IterationResult>]) -> Vec<u64> {
    let mut numbers = numbers(results);
    numbers.sort_unstable();
    numbers
}

fn count(results: &[Arc<IterationResult>], outcome: Outcome) -> usize {
    results.iter().filter(|result| result.outcome == outcome).count()
}

/// Runs the load, and cancels after a while: no more starts, or also an interruption of those that run.
async fn cut(
    load: &TestLoad,
    runner: &impl Runner,
    after: Duration,
    abort: bool,
) -> Vec<Arc<IterationResult>> {
    let token = if abort { load.abort.clone() } else { load.stop.clone() };
    let cancel = async {
        sleep(after).await;
        token.cancel();
    };
    let (results, ()) = tokio::join!(load.run(runner), cancel);
    results.unwrap()
}

#[tokio::test(start_paused = true)]
async fn serial_runs_one_after_the_other() {
    let (load, gauge) = load(|_| 10 * MS);
    let results = load.run(&Serial { times: 20 }).await.unwrap();
    assert_eq!(numbers(&results), (1..=20).collect::<Vec<_>>());
    assert_eq!(gauge.most(), 1);
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result.started, u32::try_from(index).unwrap() * 10 * MS);
        assert_eq!((result.outcome, result.due), (Outcome::Passed, None));
    }
}

#[tokio::test(start_paused = true)]
async fn serial_stops_behind_the_iteration_that_runs() {
    let (load, _) = load(|_| 10 * MS);
    let results = cut(&load, &Serial { times: 20 }, 35 * MS, false).await;
    assert_eq!(numbers(&results), [1, 2, 3, 4]);
    assert_eq!(count(&results, Outcome::Passed), 4);
}

#[tokio::test(start_paused = true)]
async fn serial_is_interrupted_by_an_abort() {
    let (load, _) = load(|_| 10 * MS);
    let results = cut(&load, &Serial { times: 20 }, 35 * MS, true).await;
    assert_eq!(numbers(&results), [1, 2, 3, 4]);
    assert_eq!((results[3].outcome, results[3].elapsed), (Outcome::Aborted, 5 * MS));
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_in_a_load_that_is_stopped() {
    let (load, _) = load(|_| 10 * MS);
    load.stop.cancel();
    assert!(load.run(&Serial { times: 2 }).await.unwrap().is_empty());
    assert!(load.run(&Constant { times: 2, ..Constant::default() }).await.unwrap().is_empty());
    assert!(
        load.run(&ConstantForDuration { duration: 2.0, ..ConstantForDuration::default() })
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn constant_keeps_its_slots_full_and_no_more() {
    // Even ones take three times as long: a slot that is free does not wait for the others.
    let (load, gauge) = load(|number| if number.is_multiple_of(2) { 30 * MS } else { 10 * MS });
    let results = load.run(&Constant { times: 50, concurrency: 4, ..Constant::default() }).await.unwrap();
    assert_eq!(sorted(&results), (1..=50).collect::<Vec<_>>());
    assert_eq!(gauge.most(), 4);
    // 25 × 10 ms and 25 × 30 ms in four slots; the last one may be alone with a long one.
    assert!(load.load.epoch().elapsed() <= 280 * MS, "{:?}", load.load.epoch().elapsed());
    let mut by_number = results.clone();
    by_number.sort_by_key(|result| result.number);
    assert!(by_number.iter().map(|result| result.started).is_sorted());
}

#[tokio::test(start_paused = true)]
async fn constant_has_no_more_slots_than_iterations() {
    let (load, gauge) = load(|_| 10 * MS);
    let results = load.run(&Constant { times: 3, concurrency: 1000, ..Constant::default() }).await.unwrap();
    assert_eq!((results.len(), gauge.most()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn constant_stops_in_the_middle_and_waits_for_what_runs() {
    let (load, _) = load(|_| 10 * MS);
    let runner = Constant { times: 1000, concurrency: 5, ..Constant::default() };
    let results = cut(&load, &runner, 25 * MS, false).await;
    assert_eq!(sorted(&results), (1..=15).collect::<Vec<_>>());
    assert_eq!(count(&results, Outcome::Passed), 15);
    assert_eq!(load.load.epoch().elapsed(), 30 * MS);
}

#[tokio::test(start_paused = true)]
async fn constant_is_interrupted_by_an_abort_and_every_start_is_recorded() {
    let (load, _) = load(|_| 10 * MS);
    let runner = Constant { times: 1000, concurrency: 5, ..Constant::default() };
    let results = cut(&load, &runner, 25 * MS, true).await;
    assert_eq!((count(&results, Outcome::Passed), count(&results, Outcome::Aborted)), (10, 5));
    assert_eq!(load.load.epoch().elapsed(), 25 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_interrupts_and_the_slot_goes_on() {
    let (load, _) = load(|number| if number == 2 { Duration::from_hours(1) } else { 10 * MS });
    let runner = Constant { times: 10, concurrency: 2, timeout: 0.1, ..Constant::default() };
    let results = load.run(&runner).await.unwrap();
    assert_eq!((results.len(), count(&results, Outcome::TimedOut)), (10, 1));
    let late = results.iter().find(|result| result.number == 2).unwrap();
    assert_eq!((late.outcome, late.elapsed), (Outcome::TimedOut, 100 * MS));
    assert_eq!(late.failure.as_ref().unwrap().kind, "Timeout");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_zero_is_none() {
    let (load, _) = load(|_| Duration::from_secs(1_000_000));
    let results = load.run(&Constant::default()).await.unwrap();
    assert_eq!(count(&results, Outcome::Passed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_iteration_that_panics_or_fails_is_a_failed_one_and_the_rest_goes_on() {
    let load = TestLoad::of(|it: Iteration| async move {
        sleep(MS).await;
        assert!(it.number() != 3, "number three is out of order");
        if it.number() == 4 { Err(Failure::msg("refused")) } else { Ok(()) }
    });
    let results = load.run(&Constant { times: 8, concurrency: 2, ..Constant::default() }).await.unwrap();
    assert_eq!(sorted(&results), (1..=8).collect::<Vec<_>>());
    assert_eq!((count(&results, Outcome::Failed), count(&results, Outcome::Passed)), (2, 6));
    let panicked = results.iter().find(|result| result.number == 3).unwrap().failure.as_ref().unwrap();
    assert_eq!(panicked.kind, "Panic");
    assert!(panicked.message.contains("out of order"), "{panicked}");
}

#[tokio::test(start_paused = true)]
async fn iterations_that_never_wait_leave_time_for_a_stop() {
    let load = TestLoad::of(|_| async { Ok(()) });
    let runner = Constant { times: u64::MAX, concurrency: 3, ..Constant::default() };
    let stop = async {
        tokio::task::yield_now().await;
        load.stop.cancel();
    };
    let (results, ()) = tokio::join!(load.run(&runner), stop);
    assert!(results.unwrap().iter().all(|result| result.passed()));
    assert!(load.load.is_stopped());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_several_threads_every_number_comes_once() {
    let load = TestLoad::of(|_| async {
        tokio::task::yield_now().await;
        Ok(())
    });
    let results = load.run(&Constant { times: 5000, concurrency: 16, ..Constant::default() }).await.unwrap();
    assert_eq!(sorted(&results), (1..=5000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_duration_of_zero_is_one_iteration_per_slot() {
    let (load, gauge) = load(|_| 10 * MS);
    let runner = ConstantForDuration { duration: 0.0, concurrency: 3, ..ConstantForDuration::default() };
    assert_eq!(sorted(&load.run(&runner).await.unwrap()), [1, 2, 3]);
    assert_eq!(gauge.most(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_duration_ends_the_starts_and_not_the_iterations() {
    let (load, gauge) = load(|_| 300 * MS);
    let runner = ConstantForDuration { duration: 1.0, concurrency: 2, ..ConstantForDuration::default() };
    let results = load.run(&runner).await.unwrap();
    // Starts at 0, 0.3, 0.6 and 0.9 s, in each of two slots.
    assert_eq!(sorted(&results), (1..=8).collect::<Vec<_>>());
    assert_eq!((gauge.most(), count(&results, Outcome::Passed)), (2, 8));
    assert_eq!(load.load.epoch().elapsed(), 1200 * MS);
}

#[tokio::test(start_paused = true)]
async fn no_iteration_starts_when_the_duration_is_over() {
    let (load, _) = load(|_| 500 * MS);
    let results =
        load.run(&ConstantForDuration { duration: 1.0, ..ConstantForDuration::default() }).await.unwrap();
    assert_eq!(numbers(&results), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_duration_may_be_cut_short_by_a_stop_an_abort_or_a_timeout() {
    let runner = ConstantForDuration { duration: 100.0, concurrency: 2, timeout: 1.0 };
    let (stopped, _) = load(|_| 10 * MS);
    assert_eq!(cut(&stopped, &runner, 25 * MS, false).await.len(), 6);
    assert_eq!(stopped.load.epoch().elapsed(), 30 * MS);

    let (aborted, _) = load(|_| 10 * MS);
    let results = cut(&aborted, &runner, 25 * MS, true).await;
    assert_eq!((count(&results, Outcome::Passed), count(&results, Outcome::Aborted)), (4, 2));

    let (slow, _) = load(|_| Duration::from_hours(1));
    let results = slow.run(&ConstantForDuration { duration: 2.5, ..runner }).await.unwrap();
    assert_eq!((results.len(), count(&results, Outcome::TimedOut)), (6, 6));
}

#[tokio::test(start_paused = true)]
async fn a_duration_that_no_clock_holds_is_endless_and_can_be_stopped() {
    let (endless, _) = load(|_| Duration::from_hours(1));
    let runner = ConstantForDuration { duration: 1e300, concurrency: 1, timeout: 1e300 };
    let results = cut(&endless, &runner, Duration::from_hours(10) + MS, false).await;
    assert_eq!((results.len(), count(&results, Outcome::Passed)), (11, 11));
}

#[tokio::test(start_paused = true)]
async fn an_iteration_that_outlives_the_duration_is_awaited() {
    let (slow, _) = load(|_| Duration::from_hours(1));
    let runner = ConstantForDuration { duration: 2.0, timeout: 7200.0, ..ConstantForDuration::default() };
    let results = slow.run(&runner).await.unwrap();
    assert_eq!((results.len(), results[0].outcome), (1, Outcome::Passed));
}

#[tokio::test(start_paused = true)]
async fn the_duration_counts_from_the_start_of_the_runner() {
    let (load, _) = load(|_| 100 * MS);
    sleep(Duration::from_secs(5)).await;
    let began = Instant::now();
    let results =
        load.run(&ConstantForDuration { duration: 0.25, ..ConstantForDuration::default() }).await.unwrap();
    assert_eq!((results.len(), began.elapsed()), (3, 300 * MS));
}

#[test]
fn what_will_start_is_told_where_it_can_be() {
    assert_eq!(Serial { times: 7 }.planned(), Some(7));
    assert_eq!(Constant { times: 7, ..Constant::default() }.planned(), Some(7));
    assert_eq!(ConstantForDuration::default().planned(), None);
}
