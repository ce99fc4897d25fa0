//! Checkpoints: what a job knows, written down so that it can go on after it was killed.
//!
//! A [`CheckpointStore`] keeps the checkpoints of one job, in a directory or an object store. Everything
//! that is read back is checked against a digest first: a checkpoint is whole or it is none.

mod snapshot;

mod coordinator;
mod part;

mod contents;
mod fits;
mod identity;
mod pinned;
mod store;

mod cut;
mod damage;
mod entries;
mod inventory;
mod lock;
mod manifest;
mod pack;
mod piece;
mod state_reader;
mod state_writer;
mod storage;

#[cfg(any(test, fuzzing))]
#[cfg_attr(
    test,
    expect(unreachable_pub, reason = "only fuzzing calls it from outside")
)]
mod fuzz;

#[cfg(fuzzing)]
pub use fuzz::fuzz_checkpoint;

pub use contents::{Checkpoint, Listed, Overview, StageComponents, UsedComponent, WriteSummary};
pub use coordinator::{Command, Coordinator, Event, Gathered, Role};
pub use damage::Damage;
pub use fits::check_fits;
pub use identity::{stage_components, stage_identities};
pub use lock::LockLost;
pub use part::{Part, SourcePart, StagePart};
pub use pinned::{Pinned, PinnedComponent, pinned};
pub use snapshot::{JobSnapshot, PartitionSnapshot, SinkSnapshot, SourceSnapshot, StageSnapshot};
pub use store::{CheckpointStore, WriteStep};
