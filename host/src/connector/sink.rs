//! What a sink is to the runtime: a place that takes batches and is told when to make them visible.

use crate::batch::Batch;

/// Something rows are written to.
pub trait Sink: Send {
    /// Writes the rows of a batch, in order. Called for every batch.
    ///
    /// # Errors
    ///
    /// If writing fails, naming the place; the job ends. [`SinkClosed`] if nobody reads any more.
    fn write(&mut self, batch: &Batch) -> anyhow::Result<()>;

    /// Gives what has been written to whoever waits for it, as far as the sink can: a terminal sees
    /// the rows. Called when no rows have come for a while.
    ///
    /// # Errors
    ///
    /// If writing fails; the job ends.
    fn flush(&mut self) -> anyhow::Result<()>;

    /// Makes everything that was written visible for good. Called once, at the end of a job that
    /// succeeded. A sink that is dropped without it leaves nothing behind that looks whole.
    ///
    /// # Errors
    ///
    /// If that fails; the job fails.
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}

/// Nobody reads what a sink writes any more: the program that standard output is piped to has
/// ended. For the command line a reason to stop, not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("standard output was closed")]
pub struct SinkClosed;
