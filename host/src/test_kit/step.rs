//! What a script does, one step after the other.

use std::{path::PathBuf, sync::Arc};

use super::ExpectedRow;
use crate::time::{Duration, Timestamp, Watermark};

/// A step of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A row comes.
    Row {
        /// The source; may be left out if there is one only.
        stream: Option<String>,
        /// The partition of the source, from 0.
        partition: usize,
        /// The row, a JSON object on one line.
        data: Arc<str>,
    },
    /// The rows so far make a batch.
    Flush,
    /// A source says how far event time has come.
    Watermark {
        /// The source; all of them if it is left out.
        stream: Option<String>,
        /// How far.
        watermark: Watermark,
    },
    /// The clock is set.
    Clock(Timestamp),
    /// Time passes.
    AdvanceClock(Duration),
    /// The job writes down what it knows, is dropped, and goes on from there.
    Restart {
        /// With so many subtasks from now on.
        parallelism: Option<usize>,
    },
    /// The job writes down what it knows, and goes on.
    Checkpoint,
    /// The job is lost, goes on from where it was written down, and gets the rows since then again.
    Crash,
    /// The component of a stage is replaced, or all are as the files have them now.
    Swap {
        /// The stage, and the path of the component.
        component: Option<(String, PathBuf)>,
    },
    /// The input ends.
    End,
    /// A row of reference data changes, or goes.
    Reference {
        /// The table; may be left out if there is one only.
        table: Option<String>,
        /// The row, a JSON object on one line; if it goes, its key at least.
        data: Arc<str>,
        /// Whether it goes.
        delete: bool,
    },
    /// Something must be so.
    Expect(Expectation),
}

/// What must be so.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// These rows have come out since the last look.
    New {
        /// The sink; all that take more than late rows if it is left out.
        sink: Option<String>,
        /// The rows.
        rows: Vec<ExpectedRow>,
        /// Whether they must have come in this order.
        ordered: bool,
    },
    /// These rows are there, after those that replace others have done so.
    All {
        /// The sink; all that take more than late rows if it is left out.
        sink: Option<String>,
        /// The rows.
        rows: Vec<ExpectedRow>,
    },
    /// These rows were late since the last look.
    SideOutput {
        /// The sink; all that take only late rows if it is left out.
        sink: Option<String>,
        /// The rows.
        rows: Vec<ExpectedRow>,
    },
    /// These dead letters have come since the last look.
    DeadLetters {
        /// The dead letters.
        rows: Vec<ExpectedRow>,
    },
    /// So many rows were late since the last look.
    Dropped(u64),
    /// So many rows of the last batch made a `process` stage hand nothing on.
    DuplicatesDropped(u64),
    /// The state of all stages has so many rows.
    StateRows(u64),
    /// Event time is here.
    Watermark {
        /// At this source; over all of them if it is left out.
        stream: Option<String>,
        /// At this sink instead.
        sink: Option<String>,
        /// Where.
        watermark: Watermark,
    },
    /// The step before must have failed.
    Failure {
        /// With this in its message.
        reason: Option<String>,
    },
}

impl Expectation {
    /// The name of the step.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::New { .. } => "expect_new",
            Self::All { .. } => "expect_all",
            Self::SideOutput { .. } => "expect_side_output",
            Self::DeadLetters { .. } => "expect_dead_letters",
            Self::Dropped(_) => "expect_dropped",
            Self::DuplicatesDropped(_) => "expect_duplicates_dropped",
            Self::StateRows(_) => "expect_state_rows",
            Self::Watermark { .. } => "expect_watermark",
            Self::Failure { .. } => "expect_failure",
        }
    }
}
