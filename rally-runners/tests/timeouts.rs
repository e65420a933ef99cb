//! What a timeout can interrupt and what it cannot. Blocked threads do not know of a paused clock, so these tests run
//! on the real one, for a few milliseconds.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rally_core::testing::TestLoad;
use rally_core::{Iteration, Outcome};
use rally_runners::Constant;

const MS: Duration = Duration::from_millis(1);

/// One iteration that has a millisecond.
fn one() -> Constant {
    Constant { timeout: 0.001, ..Constant::default() }
}

#[tokio::test]
async fn a_blocking_call_beside_the_iteration_is_left_behind() {
    let (to_call, from_test) = mpsc::channel::<()>();
    let (to_test, from_call) = mpsc::channel();
    let from_test = Arc::new(Mutex::new(from_test));
    let load = TestLoad::of(move |_: Iteration| {
        let (from_test, to_test) = (Arc::clone(&from_test), to_test.clone());
        async move {
            // Blocks until this test says so: longer than any timeout.
            let call = move || {
                from_test.lock().unwrap().recv().unwrap();
                to_test.send("the call went on").unwrap();
            };
            Ok(tokio::task::spawn_blocking(call).await?)
        }
    });
    let results = load.run(&one()).await.unwrap();
    assert_eq!(results[0].outcome, Outcome::TimedOut);
    to_call.send(()).unwrap();
    assert_eq!(from_call.recv().unwrap(), "the call went on");
}

#[tokio::test]
async fn an_iteration_that_blocks_is_interrupted_at_its_next_await() {
    let load = TestLoad::of(|_: Iteration| async {
        std::thread::sleep(5 * MS);
        std::future::pending::<()>().await;
        Ok(())
    });
    let results = load.run(&one()).await.unwrap();
    assert_eq!(results[0].outcome, Outcome::TimedOut);
    assert!(results[0].elapsed >= 5 * MS);
}

#[tokio::test]
async fn an_iteration_that_never_awaits_ends_by_itself_and_its_duration_tells() {
    let load = TestLoad::of(|_: Iteration| async {
        std::thread::sleep(5 * MS);
        Ok(())
    });
    let results = load.run(&one()).await.unwrap();
    assert_eq!(results[0].outcome, Outcome::Passed);
    assert!(results[0].elapsed >= 5 * MS);
}
