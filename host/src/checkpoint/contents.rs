//! What a checkpoint holds, and what is told of one.

use std::{collections::BTreeMap, sync::Arc};

use super::JobSnapshot;
use crate::time::Timestamp;

/// Everything that a checkpoint holds.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Greater than that of every checkpoint before it.
    pub number: u64,
    /// The pipeline's name.
    pub job: String,
    /// When it was made, by the clock.
    pub created_at: Timestamp,
    /// Whether the input has ended: there is nothing left to do.
    pub is_complete: bool,
    /// What the state of each stage that keeps some must fit to, by the stage's name.
    pub stages: BTreeMap<Arc<str>, String>,
    /// The components of each stage that calls some, by the stage's name.
    pub components: StageComponents,
    /// What the job knew.
    pub snapshot: JobSnapshot,
}

/// The components of each stage, by the stage's name.
pub type StageComponents = BTreeMap<Arc<str>, Vec<UsedComponent>>;

/// A component that a stage has called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedComponent {
    /// What the pipeline file called it, whatever was used in its place; `None` in checkpoints of format 1.
    pub library: Option<String>,
    /// Its digest, in hexadecimal.
    pub digest: String,
}

/// What writing a checkpoint has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteSummary {
    /// The bytes of its new files.
    pub bytes_written: u64,
    /// The bytes of all of its state, with what earlier checkpoints had written already.
    pub bytes_total: u64,
    /// How many files it is in.
    pub files: usize,
}

/// A checkpoint in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its number.
    pub number: u64,
    /// Whether the job has gone on without it, so that it does not count any more.
    pub is_discarded: bool,
    /// What is known of it; otherwise, why it does not count.
    pub contents: Result<Overview, String>,
}

/// What a checkpoint's manifest tells without its state.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When it was made.
    pub created_at: Timestamp,
    /// The bytes of its state.
    pub bytes_total: u64,
    /// How many of them were written for it.
    pub bytes_written: u64,
    /// Whether the input had ended.
    pub is_complete: bool,
    /// The components that its job ran with.
    pub components: StageComponents,
    /// The snapshot without the tables of its state.
    pub snapshot: JobSnapshot,
}
