//! Runs a plan: subtasks on threads, and what flows between them.
//!
//! A *vertex* is what runs as one kind of subtask: a source, a keyed stage or a sink, with the
//! stateless stages that follow it chained behind. Batches cross a channel only between vertices.
//! Every subtask is one thread that owns its operators and its Wasm instances, so that a guest that
//! takes its time delays nobody but those who wait for its rows.

mod assembly;
mod cancelled;
mod chain;
mod drift;
mod graph;
mod job;
mod message;
mod output;
mod sink_task;
mod source_task;
mod stage_task;
mod tables;
mod wiring;

pub use job::{Job, Outcome};
