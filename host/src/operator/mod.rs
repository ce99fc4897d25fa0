//! What executes a stage: one file an operator, and what they share.
//!
//! An operator sees the batches and watermarks of its stage in order, on one thread, and owns its
//! Wasm instances and its share of the state. It knows of no channel and never waits.

mod aggregate;
mod children;
mod dead_letter;
mod filter;
mod flat_map;
mod guest;
mod isolation;
mod map;
mod outbox;
mod process;
mod projection;
mod rejects;
mod reorder;
mod scalar_call;
mod spec;
mod touched;

pub use dead_letter::DeadLetter;
pub use guest::Guests;
pub use outbox::Outbox;
pub use rejects::RejectionPolicy;
pub use reorder::Reorder;
pub use spec::{Argument, Call, OnError, OutputColumn, StageSpec, Work};

use std::sync::Arc;

use crate::{batch::Batch, metrics::NodeMetrics, time::Watermark};

/// Rows that a batch holds at most, where it is for an operator to choose.
pub const BATCH_ROWS: usize = 8192;

/// One subtask's copy of a stage.
pub trait Operator: Send {
    /// Handles the rows of a batch. Called for every batch, in order; what it hands on is in `out`.
    ///
    /// # Errors
    ///
    /// If the stage cannot go on; the job ends.
    fn process(&mut self, batch: Batch, out: &mut Outbox) -> anyhow::Result<()>;

    /// Takes note that no row below `watermark` is expected any more. Called whenever the watermark
    /// has moved, and with the end of time when the input has ended.
    ///
    /// Returns how far it has come: what is in `out` goes ahead of that watermark. An operator that
    /// has much to hand on stops short of `watermark`, and is called again with it until it is there.
    ///
    /// # Errors
    ///
    /// If the stage cannot go on; the job ends.
    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Watermark>;
}

/// Makes the operator of a stage for one subtask.
///
/// # Errors
///
/// If a library cannot be instantiated.
pub fn open(
    spec: &StageSpec,
    guests: Guests,
    metrics: &Arc<NodeMetrics>,
) -> anyhow::Result<Box<dyn Operator>> {
    Ok(match &spec.work {
        Work::Filter(call) => Box::new(filter::Filter::open(spec, call, guests, metrics)),
        Work::Map { call, output } => Box::new(map::Map::open(spec, call, output, guests, metrics)),
        Work::FlatMap { call, output } => {
            Box::new(flat_map::FlatMap::open(spec, call, output, guests, metrics))
        }
        Work::Aggregate { key, window, calls } => Box::new(aggregate::Aggregate::open(
            spec, key, *window, calls, guests, metrics,
        )?),
        Work::Process { key, call, output } => Box::new(process::Process::open(
            spec, key, call, output, guests, metrics,
        )?),
    })
}
