//! What a sink is to the runtime: a place that takes batches and is told when to make them visible.

use anyhow::bail;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;

/// Something rows are written to.
pub trait Sink: Send {
    /// How often a row is there in the end if the job is killed and goes on from a checkpoint.
    fn guarantee(&self) -> Guarantee {
        Guarantee::AtLeastOnce
    }

    /// Writes the rows of a batch, in order. Called for every batch.
    ///
    /// # Errors
    ///
    /// If writing fails, naming the place; the job ends. [`SinkClosed`] if nobody reads any more.
    fn write(&mut self, batch: &Batch) -> anyhow::Result<()>;

    /// Gives what has been written to whoever waits for it, as far as the sink can: a terminal sees
    /// the rows. Called when nothing more is there to be written, or always was for a while; so at times for
    /// each batch.
    ///
    /// # Errors
    ///
    /// If writing fails; the job ends.
    fn flush(&mut self) -> anyhow::Result<()>;

    /// Takes note that checkpoints are made, and goes on from one. Called at most once, before anything is
    /// written, and never for a job without checkpoints. `staged` is what [`stage`](Self::stage) gave for
    /// the checkpoint that the job goes on from: it is made visible, if it is not yet, and what was staged
    /// or made visible after it is removed. Without a checkpoint the job starts over, and what a former job
    /// has left behind goes as soon as there is something to take its place.
    ///
    /// # Errors
    ///
    /// If that fails, or something that was staged is gone, or is not of such a sink; the job does not start.
    fn recover(&mut self, from: Option<Staged<'_>>) -> anyhow::Result<()> {
        let Some(Staged {
            checkpoint,
            transaction: Some(_),
        }) = from
        else {
            return Ok(());
        };
        bail!(
            "with checkpoint {checkpoint} there may be rows that only a sink like the one before can make \
             visible: give it back its `connector`, or start over with `--fresh`"
        )
    }

    /// Puts what was written since the last call in a place where a crash cannot take it away and where
    /// nobody takes it for whole. Returns what it takes to commit it, or to find what a crash may leave
    /// behind; `None` if the sink cannot do so: what it writes is visible at once, and at least once.
    ///
    /// # Errors
    ///
    /// If writing fails; the job ends.
    fn stage(&mut self, checkpoint: u64) -> anyhow::Result<Option<Transaction>> {
        let _ = checkpoint;
        self.flush()?;
        Ok(None)
    }

    /// Makes visible for good what was staged, once the checkpoint is complete. Once more does no harm.
    ///
    /// # Errors
    ///
    /// If that fails; the job ends.
    fn commit(&mut self, transaction: &Transaction) -> anyhow::Result<()> {
        let _ = transaction;
        Ok(())
    }

    /// Makes everything that was written visible for good. Called once, at the end of a job that
    /// succeeded. A sink that is dropped without it leaves nothing behind that looks whole.
    ///
    /// # Errors
    ///
    /// If that fails; the job fails.
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}

/// How often a row is there if a job goes on from a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// Once.
    ExactlyOnce,
    /// Once, or more often: the rows since the checkpoint are written again.
    AtLeastOnce,
}

/// What a sink has staged. Only the sink knows what it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transaction(pub serde_json::Value);

impl Transaction {
    /// Whether there may be rows that it makes visible. One without may be forgotten.
    pub fn has_rows(&self) -> bool {
        super::file_sink::has_rows(self)
    }
}

/// What a sink had staged when a checkpoint was made.
#[derive(Clone, Copy, Debug)]
pub struct Staged<'a> {
    /// The number of the checkpoint.
    pub checkpoint: u64,
    /// What it takes to commit it.
    pub transaction: Option<&'a Transaction>,
}

/// Nobody reads what a sink writes any more: the program that standard output is piped to has
/// ended. For the command line a reason to stop, not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("standard output was closed")]
pub struct SinkClosed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::TestRows;

    #[test]
    fn a_sink_that_cannot_commit_refuses_what_another_one_has_staged() {
        let recover = |transaction| {
            let checkpoint = 7;
            let staged = Staged {
                checkpoint,
                transaction,
            };
            TestRows::default().sink().recover(Some(staged))
        };
        recover(None).expect("nothing was staged");
        let error = recover(Some(&Transaction(1.into()))).expect_err("it cannot be committed");
        assert!(error.to_string().contains("with checkpoint 7"), "{error}");
    }
}
