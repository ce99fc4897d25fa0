//! Runs a plan: subtasks on threads, and what flows between them.
//!
//! A *vertex* is what runs as one kind of subtask: a source, a keyed stage or a sink, with the
//! stateless stages that follow it chained behind. Batches cross a channel only between vertices.
//! Every subtask is one thread that owns its operators and its Wasm instances, so that a guest that
//! takes its time delays nobody but those who wait for its rows.

mod actor;
mod alignment;
mod assembly;
mod backoff;
mod barriers;
mod cancelled;
mod chain;
mod checkpointing;
mod connector_failure;
mod connectors;
mod control;
mod drift;
mod driver;
mod failpoints;
mod former_sinks;
mod graph;
mod job;
mod label;
mod message;
mod order;
mod output;
mod partitions;
mod row_order;
mod seat;
mod session;
mod sink_task;
mod source_task;
mod stage;
mod stage_task;
mod step;
mod stepped_job;
mod storage;
mod succession;
mod swaps;
mod tables;
mod task;
mod wiring;

pub use checkpointing::Checkpointing;
pub use connector_failure::ConnectorFailure;
pub use connectors::Connectors;
pub use failpoints::{CheckpointStep, Failpoints, NoFailpoints};
pub use job::{Job, Launch, Outcome};
pub use order::Order;
pub use seat::{Change, Migration};
pub use session::{Beginning, Recall, Session};
pub use stepped_job::SteppedJob;
pub use storage::{MemoryStorage, SharedStorage, Storage};
pub use succession::{Trust, Watch};
pub use swaps::{Attempt, Loaded, NotSwapped, Swapped, Swaps};
