//! What just happened: one stream, many readers.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::report::IterationResult;

/// What just happened in a workload.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A part of the run begins, other than an iteration.
    Entered {
        /// Which part.
        stage: Stage,
    },
    /// A part of the run is over.
    Left {
        /// Which part.
        stage: Stage,
        /// How long it took.
        took: Duration,
        /// Why it failed, if it did.
        failure: Option<Arc<Failure>>,
    },
    /// An iteration begins.
    Started {
        /// Its number, counted from 1.
        number: u64,
    },
    /// An iteration ended, in whatever way, or was planned and never started.
    Finished(Arc<IterationResult>),
    /// A second of the load has passed.
    Tick {
        /// Whole seconds since the load began.
        second: u64,
    },
}

/// A part of a workload's run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The setup of the context of this name.
    Setup(Arc<str>),
    /// The load: from the start of the runner to its end.
    Load {
        /// How many iterations the runner will start, where that can be told.
        planned: Option<u64>,
    },
    /// The cleanup of the context of this name.
    Cleanup(Arc<str>),
}

/// Why no more iterations start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause", content = "detail")]
#[non_exhaustive]
pub enum Stop {
    /// An SLA failed and the run was asked to end then.
    Sla(String),
    /// The user, or the program that embeds the run, asked for it.
    Requested,
    /// As `Requested`, and iterations under way were interrupted as well.
    Aborted,
    /// A reader of the events asked for it, for this reason.
    Reporter(String),
}
