//! What a job knows at one consistent cut of its streams.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    connector::{ReadPosition, Transaction},
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
    /// What each sink holds back, and what it has staged; that of dead letters among them.
    pub sinks: BTreeMap<Arc<str>, SinkSnapshot>,
}

/// How far a source has come.
#[derive(Clone, Debug, Default)]
pub struct SourceSnapshot {
    /// How far those behind it have been told that event time is.
    pub watermark: Watermark,
    /// The partitions that are being read.
    pub partitions: Vec<PartitionSnapshot>,
    /// The names of the partitions that have been read to their end.
    pub finished: Vec<Arc<str>>,
}

/// How far a partition has come.
#[derive(Clone, Debug)]
pub struct PartitionSnapshot {
    /// What it is called.
    pub name: Arc<str>,
    /// Its watermark.
    pub progress: PartitionProgress,
    /// Where to read on; `None` if what was read cannot be read again.
    pub position: Option<ReadPosition>,
}

/// What a sink knows.
#[derive(Clone, Debug, Default)]
pub struct SinkSnapshot {
    /// Rows that it holds back, to put them in order.
    pub held: StageSnapshot,
    /// What it has staged and not made visible yet.
    pub staged: Option<Transaction>,
}

/// What the subtasks of a stage or of a sink know.
#[derive(Clone, Debug, Default)]
pub struct StageSnapshot {
    /// How far its input has come: the same for all subtasks, since watermarks go to all of them.
    pub watermark: Watermark,
    /// One a subtask that knows something; several one after the other, in order, of a subtask that knows much.
    pub subtasks: Vec<Snapshot>,
}
