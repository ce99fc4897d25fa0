//! What a job knows at one instant at which nothing is on its way between subtasks. In memory only.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    state::Snapshot,
    time::{PartitionProgress, Watermark},
};

/// What the subtasks of a job know, by the names of the pipeline. Any number of subtasks can take it
/// up again.
#[derive(Clone, Debug, Default)]
pub struct JobSnapshot {
    /// How far each source has come.
    pub sources: BTreeMap<Arc<str>, SourceSnapshot>,
    /// What each keyed stage knows.
    pub stages: BTreeMap<Arc<str>, StageSnapshot>,
    /// Rows that sinks hold back, to put them in order.
    pub sinks: BTreeMap<Arc<str>, StageSnapshot>,
}

/// How far a source has come. Where its partitions are to be read on is for whoever feeds it to know.
#[derive(Clone, Debug, Default)]
pub struct SourceSnapshot {
    /// How far those behind it have been told that event time is.
    pub watermark: Watermark,
    /// The partitions that are being read.
    pub partitions: Vec<PartitionSnapshot>,
}

/// How far a partition has come.
#[derive(Clone, Debug)]
pub struct PartitionSnapshot {
    /// What it is called.
    pub name: Arc<str>,
    /// Its watermark.
    pub progress: PartitionProgress,
}

/// What the subtasks of a stage or of a sink know.
#[derive(Clone, Debug, Default)]
pub struct StageSnapshot {
    /// How far its input has come: the same for all subtasks, since watermarks go to all of them.
    pub watermark: Watermark,
    /// One a subtask that knows something.
    pub subtasks: Vec<Snapshot>,
}
