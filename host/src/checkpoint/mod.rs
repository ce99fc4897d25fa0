//! Checkpoints: what a job knows, written down so that it can go on after it was killed.

mod snapshot;

mod coordinator;
mod part;
mod whole;

pub use coordinator::{Command, Coordinator, Event, Gathered, Role};
pub use part::{Part, SourcePart, StagePart};
pub use snapshot::{JobSnapshot, PartitionSnapshot, SinkSnapshot, SourceSnapshot, StageSnapshot};
pub use whole::{Checkpoint, WriteSummary};
