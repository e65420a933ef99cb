//! What the load makes of an iteration, on a paused clock.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::future::pending;
use std::panic::panic_any;
use std::sync::Arc;
use std::time::Duration;

use rally_core::action::pause;
use rally_core::erased::AnyScenario;
use rally_core::testing::{TestLoad, world};
use rally_core::{
    Chart, Event, Failure, Iteration, IterationResult, LoadBuilder, Outcome, Output, Result, atomic,
};
use tokio::sync::mpsc;
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

/// Runs iteration 1 of this closure.
async fn once<F, Fut>(timeout: Option<Duration>, body: F) -> Arc<IterationResult>
where
    F: Fn(Iteration) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result> + Send + 'static,
{
    let (to, from) = mpsc::channel(2);
    let load =
        LoadBuilder::new(AnyScenario::from_fn("Test.once", body), Arc::new(world())).events(to).build();
    load.iterate(1, timeout).await;
    drop(load);
    finished(from).await.pop().unwrap()
}

/// The results that came through a channel, once nobody sends any more.
async fn finished(mut events: mpsc::Receiver<Event>) -> Vec<Arc<IterationResult>> {
    let mut results = Vec::new();
    while let Some(event) = events.recv().await {
        if let Event::Finished(result) = event {
            results.push(result);
        }
    }
    results
}

#[tokio::test(start_paused = true)]
async fn an_iteration_is_timed_with_its_actions_requests_and_outputs() {
    let result = once(None, |it: Iteration| async move {
        sleep(5 * MS).await;
        it.output(Output::additive("time", Chart::Lines, [("a", 1.0)])?);
        atomic("step", async {
            pause(20 * MS).await;
            Ok(())
        })
        .await
    })
    .await;
    assert_eq!((result.number, result.outcome, result.elapsed), (1, Outcome::Passed, 25 * MS));
    let step = &result.actions[0];
    assert_eq!((step.started, step.duration, step.waited, step.failed), (5 * MS, 20 * MS, 20 * MS, false));
    assert_eq!(result.outputs.len(), 1);
    assert!(result.failure.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_error_is_a_failure_with_its_type() {
    let result = once(None, |_| async { Ok("x".parse::<u32>().map(drop)?) }).await;
    assert_eq!(result.outcome, Outcome::Failed);
    assert_eq!(result.failure.as_ref().unwrap().kind, "ParseIntError");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_iteration_and_its_message_is_kept() {
    let worded = once(None, |it: Iteration| async move {
        atomic("step", async {
            sleep(7 * MS).await;
            assert!(it.number() > 1, "iteration {} is too early", it.number());
            Ok(())
        })
        .await
    })
    .await;
    let failure = worded.failure.clone().unwrap();
    assert_eq!((worded.outcome, failure.kind.as_str()), (Outcome::Failed, "Panic"));
    assert_eq!(failure.message, "iteration 1 is too early");
    assert!(worded.actions[0].failed);
    assert_eq!(worded.actions[0].duration, 7 * MS);

    let literal = once(None, |_| async { panic_any("a literal") }).await;
    assert_eq!(literal.failure.as_ref().unwrap().message, "a literal");
    let mute = once(None, |_| async { panic_any(7) }).await;
    assert!(mute.failure.as_ref().unwrap().message.contains("without a message"));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_interrupts_and_what_was_done_is_kept() {
    let result = once(Some(30 * MS), |_| async {
        atomic("done", async {
            sleep(10 * MS).await;
            Ok::<_, Failure>(())
        })
        .await?;
        atomic("outer", atomic("inner", pending::<Result>())).await
    })
    .await;
    assert_eq!((result.outcome, result.elapsed), (Outcome::TimedOut, 30 * MS));
    let failure = result.failure.as_ref().unwrap();
    assert_eq!((failure.kind.as_str(), failure.message.contains("0.03 s")), ("Timeout", true), "{failure}");
    let [done, outer] = result.actions.as_slice() else { panic!("{:?}", result.actions) };
    assert!(!done.failed && outer.failed && outer.children[0].failed);
    assert_eq!((outer.duration, outer.children[0].duration), (20 * MS, 20 * MS));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_is_not_reached_changes_nothing() {
    let result = once(Some(30 * MS), |_| async {
        sleep(29 * MS).await;
        Ok(())
    })
    .await;
    assert_eq!((result.outcome, result.elapsed), (Outcome::Passed, 29 * MS));
}

#[tokio::test(start_paused = true)]
async fn an_abort_interrupts_and_open_actions_are_recorded() {
    let (to, from) = mpsc::channel(8);
    let body = |_| atomic("outer", atomic("inner", pending::<Result>()));
    let TestLoad { stop, abort, .. } = TestLoad::of(|_| async { Ok(()) });
    let scenario = AnyScenario::from_fn("Test.pending", body);
    let load = LoadBuilder::new(scenario, Arc::new(world())).tokens(stop, abort.clone()).events(to).build();
    let running = tokio::spawn(load.iterate(4, None));
    sleep(40 * MS).await;
    assert!(!load.is_stopped());
    abort.cancel();
    assert!(load.is_stopped(), "an abort is a stop as well");
    running.await.unwrap();
    drop(load);

    let results = finished(from).await;
    let result = &results[0];
    assert_eq!((result.number, result.outcome, result.elapsed), (4, Outcome::Aborted, 40 * MS));
    assert_eq!(result.failure.as_ref().unwrap().kind, "Aborted");
    let outer = &result.actions[0];
    assert_eq!((outer.name.as_ref(), outer.failed, outer.duration), ("outer", true, 40 * MS));
    assert_eq!((outer.children[0].name.as_ref(), outer.children[0].failed), ("inner", true));
}

#[tokio::test(start_paused = true)]
async fn a_stop_interrupts_nothing() {
    let test = TestLoad::of(|_| async {
        sleep(10 * MS).await;
        Ok(())
    });
    let running = tokio::spawn(test.load.iterate(1, None));
    sleep(MS).await;
    test.stop.cancel();
    test.load.stopped().await;
    running.await.unwrap();
    assert!(!test.abort.is_cancelled());
    assert_eq!(test.load.epoch().elapsed(), 10 * MS);
}

#[tokio::test(start_paused = true)]
async fn idle_time_is_not_counted() {
    let result = once(None, |it: Iteration| async move {
        sleep(10 * MS).await;
        it.idle(500 * MS).await;
        it.idle(Duration::ZERO).await;
        it.idle_between(100 * MS, 100 * MS).await;
        Ok(())
    })
    .await;
    assert_eq!((result.elapsed, result.idle, result.duration()), (610 * MS, 600 * MS, 10 * MS));
}

#[tokio::test(start_paused = true)]
async fn idle_time_that_was_drawn_is_within_its_bounds() {
    let result = once(None, |it: Iteration| async move {
        it.idle_between(100 * MS, 200 * MS).await;
        Ok(())
    })
    .await;
    // The timer's own grid is a millisecond.
    assert!(result.idle >= 100 * MS && result.idle <= 201 * MS, "{:?}", result.idle);
}

#[tokio::test(start_paused = true)]
async fn the_plan_is_recorded_beside_the_start() {
    let (to, from) = mpsc::channel(8);
    let scenario = AnyScenario::from_fn("Test.nothing", |_| async { Ok(()) });
    let load = LoadBuilder::new(scenario, Arc::new(world())).events(to).build();
    let epoch = load.epoch();
    sleep(50 * MS).await;
    load.iterate_at(1, epoch + 30 * MS, None).await;
    load.dropped(2, epoch + 40 * MS).await;
    drop(load);

    let results = finished(from).await;
    assert_eq!(
        (results[0].due, results[0].started, results[0].lag()),
        (Some(30 * MS), 50 * MS, Some(20 * MS))
    );
    let dropped = &results[1];
    assert_eq!((dropped.number, dropped.outcome, dropped.due), (2, Outcome::Dropped, Some(40 * MS)));
    assert_eq!(dropped.elapsed, Duration::ZERO);
}

/// Which of three scenarios with weights 1, 2 and 7 each of 1,000 iterations runs.
async fn mixed(seed: u64) -> Vec<usize> {
    let (to, from) = mpsc::channel(2000);
    let nothing = |name: &'static str| AnyScenario::from_fn(name, |_| async { Ok(()) });
    let load = LoadBuilder::new(nothing("a"), Arc::new(world()))
        .mix(nothing("b"), 2)
        .mix(nothing("c"), 7)
        .seed(seed)
        .events(to)
        .build();
    for number in 1..=1000 {
        load.iterate(number, None).await;
    }
    drop(load);
    finished(from).await.iter().map(|result| result.scenario).collect()
}

#[tokio::test(start_paused = true)]
async fn a_mix_keeps_its_weights_and_a_seed_repeats_it() {
    let chosen = mixed(1).await;
    let count = |which: usize| chosen.iter().filter(|scenario| **scenario == which).count();
    assert!((70..130).contains(&count(0)), "{}", count(0));
    assert!((150..250).contains(&count(1)), "{}", count(1));
    assert!((650..750).contains(&count(2)), "{}", count(2));
    assert_eq!(chosen, mixed(1).await);
    assert_ne!(chosen, mixed(2).await);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_iteration_of_a_mix_is_of_the_scenario_that_would_have_run() {
    let (to, from) = mpsc::channel(200);
    let nothing = |name: &'static str| AnyScenario::from_fn(name, |_| async { Ok(()) });
    let load = LoadBuilder::new(nothing("a"), Arc::new(world())).mix(nothing("b"), 1).events(to).build();
    for number in 1..=50 {
        load.iterate(number, None).await;
        load.dropped(number, load.epoch()).await;
    }
    drop(load);
    for pair in finished(from).await.chunks(2) {
        assert_eq!(pair[0].scenario, pair[1].scenario);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_stretches_no_duration() {
    // Room for one event: the load waits for the reader, who takes a second for each.
    let (to, mut from) = mpsc::channel(1);
    let scenario = AnyScenario::from_fn("Test.short", |_| async {
        sleep(5 * MS).await;
        Ok(())
    });
    let load = LoadBuilder::new(scenario, Arc::new(world())).events(to).build();
    let reader = tokio::spawn(async move {
        let mut elapsed = Vec::new();
        while let Some(event) = from.recv().await {
            sleep(1000 * MS).await;
            if let Event::Finished(result) = event {
                elapsed.push(result.elapsed);
            }
        }
        elapsed
    });
    for number in 1..=5 {
        load.iterate(number, None).await;
    }
    drop(load);
    assert_eq!(reader.await.unwrap(), [5 * MS; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_gone_hangs_nothing() {
    let (to, from) = mpsc::channel(1);
    let scenario = AnyScenario::from_fn("Test.nothing", |_| async { Ok(()) });
    let load = LoadBuilder::new(scenario, Arc::new(world())).events(to).build();
    drop(from);
    for number in 1..=5 {
        load.iterate(number, None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn seeds_differ_between_iterations_and_repeat_with_the_run() {
    async fn seeds(seed: u64) -> Vec<u64> {
        let (to, mut from) = mpsc::unbounded_channel();
        let scenario = AnyScenario::from_fn("Test.seed", move |it: Iteration| {
            let to = to.clone();
            async move {
                to.send(it.seed())?;
                Ok(())
            }
        });
        let load = LoadBuilder::new(scenario, Arc::new(world())).seed(seed).build();
        for number in 1..=20 {
            load.iterate(number, None).await;
        }
        drop(load);
        let mut seeds = Vec::new();
        while let Some(seed) = from.recv().await {
            seeds.push(seed);
        }
        seeds
    }
    let first = seeds(9).await;
    assert_eq!(first, seeds(9).await);
    assert_ne!(first, seeds(10).await);
    let mut distinct = first.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 20);
}
