//! An action is a named, timed step of an iteration; actions nest, and the requests sent in one are noted under it.
//!
//! The cursor that says which action is open is task-local, so nesting follows polling: two actions joined by
//! `join!` are siblings, each with its own children. It is the only implicit state of this crate. `tokio::spawn`
//! leaves its scope; work that an action times is awaited in the task that opened the action.

use std::borrow::Cow;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::output::Output;

/// A finished step of an iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Action {
    /// The name that reports show: `nova.boot_server`.
    pub name: Cow<'static, str>,
    /// When it began, in seconds since its iteration began.
    #[serde(with = "crate::seconds")]
    pub started: Duration,
    /// How long it took, in seconds.
    #[serde(with = "crate::seconds")]
    pub duration: Duration,
    /// The part of `duration` that was spent in [`pause`]: sleeping between two polls, not waiting for an answer.
    #[serde(default, with = "crate::seconds")]
    pub waited: Duration,
    /// Whether it ended in an error, was interrupted, or holds an action that did.
    #[serde(default)]
    pub failed: bool,
    /// The actions inside it, in the order in which they began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Action>,
    /// The requests that were sent in it, and in none of its children, in the order in which they were answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
}

/// One request that an action sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// Who was asked.
    pub service: Cow<'static, str>,
    /// How: the method, such as `GET`.
    pub method: Cow<'static, str>,
    /// What was asked for: a template, such as `/servers/{id}`, so that requests of one kind share one route.
    pub route: Cow<'static, str>,
    /// The status of the answer; absent when none came.
    pub status: Option<u16>,
    /// From before it was sent until its answer was complete, in seconds.
    #[serde(with = "crate::seconds")]
    pub duration: Duration,
    /// The id that the other side gave the request, for its operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why it was sent.
    #[serde(default)]
    pub purpose: Purpose,
    /// 1 for the first attempt, 2 for its first repetition.
    pub attempt: u32,
}

/// Why a request was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// The scenario wants what it asks for.
    #[default]
    Call,
    /// Asked again and again until something is as it should be.
    Poll,
    /// To log in, or to find out where and how to ask.
    Access,
}

impl Request {
    /// A request of this kind; the rest is set by the methods below.
    pub fn new(
        service: impl Into<Cow<'static, str>>,
        method: impl Into<Cow<'static, str>>,
        route: impl Into<Cow<'static, str>>,
        duration: Duration,
    ) -> Self {
        Self {
            service: service.into(),
            method: method.into(),
            route: route.into(),
            status: None,
            duration,
            request_id: None,
            purpose: Purpose::Call,
            attempt: 1,
        }
    }

    /// With the status of its answer.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With the id that the other side gave it.
    #[must_use]
    pub fn request_id(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }

    /// With its purpose.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// With the number of the attempt, counted from 1.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

/// Times `work` as an action of the current iteration, under the action that is open now.
///
/// Outside an iteration this is a plain call of `work`. When the future is dropped half-way (a timeout, an abort)
/// the action is closed at that moment and marked as failed, so an interrupted iteration still shows where it stood.
pub async fn atomic<T, E>(
    name: impl Into<Cow<'static, str>>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Ok(here) = CURSOR.try_with(Cursor::clone) else {
        return work.await;
    };
    let node = here.recorder.open(name.into(), here.node);
    let mut guard = CloseOnDrop { recorder: &here.recorder, node, failed: true };
    let inside = Cursor { recorder: Arc::clone(&here.recorder), node: Some(node) };
    let result = CURSOR.scope(inside, work).await;
    guard.failed = result.is_err();
    result
}

/// Notes a request under the action that is open now; outside an iteration it does nothing.
pub fn note(request: Request) {
    // Outside an iteration there is no cursor and nobody who would read the note.
    let _outside = CURSOR.try_with(|here| here.recorder.note(here.node, request));
}

/// Sleeps, and counts the time as waiting of the action that is open now.
pub async fn pause(duration: Duration) {
    let before = Instant::now();
    tokio::time::sleep(duration).await;
    let _outside = CURSOR.try_with(|here| here.recorder.waited(here.node, before.elapsed()));
}

tokio::task_local! {
    static CURSOR: Cursor;
}

/// Where the next action or request belongs.
#[derive(Clone)]
struct Cursor {
    recorder: Arc<Recorder>,
    node: Option<usize>,
}

/// Closes its action wherever the future ends: at its last line, or dropped at one of its awaits.
struct CloseOnDrop<'a> {
    recorder: &'a Recorder,
    node: usize,
    failed: bool,
}

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.recorder.close(self.node, self.failed);
    }
}

/// Collects the actions of one iteration; lives outside the iteration's future, so that what was recorded
/// survives when the future is dropped.
#[derive(Debug)]
pub(crate) struct Recorder {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    nodes: Vec<Node>,
    loose: Vec<Request>,
    idle: Duration,
    outputs: Vec<Output>,
}

#[derive(Debug)]
struct Node {
    parent: Option<usize>,
    action: Action,
    open: bool,
}

/// What a finished iteration left in its recorder.
pub(crate) struct Recorded {
    pub(crate) actions: Vec<Action>,
    pub(crate) requests: Vec<Request>,
    pub(crate) idle: Duration,
    pub(crate) outputs: Vec<Output>,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { started: Instant::now(), state: Mutex::default() })
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Runs `work` as the body of the iteration that this recorder belongs to.
    pub(crate) fn scope<F: Future>(self: Arc<Self>, work: F) -> impl Future<Output = F::Output> {
        CURSOR.scope(Cursor { recorder: self, node: None }, work)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A plugin that panicked while the lock was held left at worst a half-noted action.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, name: Cow<'static, str>, parent: Option<usize>) -> usize {
        let started = self.started.elapsed();
        let mut state = self.state();
        let action = Action {
            name,
            started,
            duration: Duration::ZERO,
            waited: Duration::ZERO,
            failed: false,
            children: Vec::new(),
            requests: Vec::new(),
        };
        state.nodes.push(Node { parent, action, open: true });
        state.nodes.len() - 1
    }

    fn close(&self, node: usize, failed: bool) {
        let now = self.started.elapsed();
        let mut state = self.state();
        // Absent when the iteration was collected before a forgotten clone of its future was dropped.
        if let Some(node) = state.nodes.get_mut(node) {
            node.action.duration = now.saturating_sub(node.action.started);
            node.action.failed |= failed;
            node.open = false;
        }
    }

    fn note(&self, node: Option<usize>, request: Request) {
        let mut state = self.state();
        match node {
            Some(node) => {
                if let Some(node) = state.nodes.get_mut(node) {
                    node.action.requests.push(request);
                }
            }
            None => state.loose.push(request),
        }
    }

    fn waited(&self, node: Option<usize>, time: Duration) {
        let mut state = self.state();
        if let Some(node) = node.and_then(|node| state.nodes.get_mut(node)) {
            node.action.waited += time;
        }
    }

    pub(crate) fn idle(&self, time: Duration) {
        self.state().idle += time;
    }

    pub(crate) fn output(&self, output: Output) {
        self.state().outputs.push(output);
    }

    /// Takes everything out and folds the flat list into a tree. Failure and waiting spread to the actions around.
    pub(crate) fn finish(&self) -> Recorded {
        let now = self.started.elapsed();
        let mut state = std::mem::take(&mut *self.state());
        let mut actions = Vec::new();
        // Children stand behind their parents, so one walk from the end folds every level.
        while let Some(mut node) = state.nodes.pop() {
            if node.open {
                node.action.duration = now.saturating_sub(node.action.started);
                node.action.failed = true;
            }
            node.action.children.reverse();
            match node.parent.and_then(|parent| state.nodes.get_mut(parent)) {
                Some(parent) => {
                    parent.action.failed |= node.action.failed;
                    parent.action.waited += node.action.waited;
                    parent.action.children.push(node.action);
                }
                None => actions.push(node.action),
            }
        }
        actions.reverse();
        Recorded { actions, requests: state.loose, idle: state.idle, outputs: state.outputs }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::Failure;

    fn names(actions: &[Action]) -> Vec<String> {
        actions
            .iter()
            .map(|a| {
                let inside = names(&a.children).join(",");
                if inside.is_empty() { a.name.to_string() } else { format!("{}({inside})", a.name) }
            })
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn nesting_follows_polling() {
        let recorder = Recorder::new();
        let leaf = |name: &'static str, ms| {
            atomic(name, async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                note(Request::new("svc", "GET", "/", Duration::from_millis(ms)));
                Ok::<_, Failure>(())
            })
        };
        let body = async {
            tokio::try_join!(
                atomic("a", async { tokio::try_join!(leaf("a1", 5), leaf("a2", 3)) }),
                leaf("b", 4)
            )
        };
        Arc::clone(&recorder).scope(body).await.unwrap();
        let left = recorder.finish();
        assert_eq!(names(&left.actions), ["a(a1,a2)", "b"]);
        assert!(left.actions[0].requests.is_empty());
        assert_eq!(left.actions[0].children[0].requests.len(), 1);
        assert_eq!(left.actions[0].duration, Duration::from_millis(5));
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupted_action_is_closed_and_failed_with_all_around_it() {
        let recorder = Recorder::new();
        let body = atomic("outer", atomic("inner", std::future::pending::<Result<(), Failure>>()));
        let scoped = Arc::clone(&recorder).scope(body);
        assert!(tokio::time::timeout(Duration::from_millis(20), scoped).await.is_err());
        let left = recorder.finish();
        let outer = &left.actions[0];
        assert!(outer.failed && outer.children[0].failed);
        assert_eq!(outer.duration, Duration::from_millis(20));
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_count_as_waiting_up_to_the_outermost_action() {
        let recorder = Recorder::new();
        let body = atomic("outer", async {
            atomic("inner", async {
                pause(Duration::from_millis(30)).await;
                Ok::<_, Failure>(())
            })
            .await
        });
        Arc::clone(&recorder).scope(body).await.unwrap();
        assert_eq!(recorder.finish().actions[0].waited, Duration::from_millis(30));
    }

    #[tokio::test]
    async fn outside_an_iteration_an_action_is_a_plain_call() {
        note(Request::new("svc", "GET", "/", Duration::ZERO));
        assert_eq!(atomic("x", async { Ok::<_, Failure>(7) }).await.unwrap(), 7);
    }
}
