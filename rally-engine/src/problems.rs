//! Problems as they are found: each once, and not more than anybody reads.

use std::collections::HashSet;

use rally_core::{Problem, ProblemKind};

/// How many problems are told. A text of 10 MB can have more than memory holds.
pub(crate) const MOST: usize = 1_000;

/// What is wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    /// The same, to find them by.
    said: HashSet<Problem>,
}

impl Problems {
    pub(crate) fn put(&mut self, problem: Problem) {
        // In format 1 several workloads may name one unknown scenario at one place.
        if !self.is_full() && self.said.insert(problem.clone()) {
            self.list.push(problem);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether no more are taken, so that nobody need look for them.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MOST
    }

    /// All of them, in the order in which they were found; the last one says if there may be more.
    pub(crate) fn into_vec(mut self) -> Vec<Problem> {
        if self.is_full() {
            let what = format!("these are {MOST} problems; there may be more");
            self.list.push(Problem::new(ProblemKind::Shape, "", what));
        }
        self.list
    }
}
