//! Everything that a checkpoint holds.

use std::{collections::BTreeMap, sync::Arc};

use super::JobSnapshot;
use crate::time::Timestamp;

/// Everything that a checkpoint holds.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Greater than that of any checkpoint of the job before it.
    pub number: u64,
    /// The name of the pipeline.
    pub job: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the input has ended and all of it has been worked off.
    pub is_complete: bool,
    /// What makes the state of each stage that has some fit it.
    pub stages: BTreeMap<Arc<str>, String>,
    /// The digests of the components that each stage calls.
    pub components: BTreeMap<Arc<str>, String>,
    /// What the subtasks know.
    pub snapshot: JobSnapshot,
}

/// What it took to write a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteSummary {
    /// Bytes that were written for it.
    pub bytes_written: u64,
    /// Bytes that it refers to, whenever they were written.
    pub bytes_total: u64,
    /// Files that were written for it.
    pub files: usize,
}
