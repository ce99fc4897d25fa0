//! Checkpoints: what a job knows, written down so that it can go on after it was killed.

mod snapshot;

pub use snapshot::{JobSnapshot, PartitionSnapshot, SinkSnapshot, SourceSnapshot, StageSnapshot};
