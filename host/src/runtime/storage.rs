//! Where a job keeps its checkpoints, as far as it needs to know.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;

use crate::checkpoint::{Checkpoint, CheckpointStore, WriteSummary};

/// Where a job keeps its checkpoints. Used by one thread at a time, never by one that handles rows: any
/// method may take its time.
pub trait Storage: Send {
    /// The newest checkpoint that is whole, or the one with the number `from`; `None` if there is none.
    /// Called whenever the job starts, also when it starts again after a failure.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or there is none `from`; the job does not start.
    fn latest(&self, from: Option<u64>) -> anyhow::Result<Option<Checkpoint>>;

    /// A number greater than that of any checkpoint there ever was. Called whenever the job starts.
    ///
    /// # Errors
    ///
    /// If it cannot be found out; the job does not start.
    fn next_number(&self) -> anyhow::Result<u64>;

    /// Takes note that the job goes on from a checkpoint that [`latest`](Self::latest) has given, or from the
    /// beginning: later ones do not count any more. Called whenever the job starts, before its sinks take
    /// back what they had made visible for those.
    ///
    /// # Errors
    ///
    /// If that cannot be written down; the job does not start.
    fn go_on_from(&mut self, number: Option<u64>) -> anyhow::Result<()>;

    /// Writes a checkpoint. It is complete when this has succeeded and may be when it has not; it is then
    /// written again with the same number, or none after it.
    ///
    /// # Errors
    ///
    /// If it cannot be written; the job goes on without it, and tries again. [`LockLost`] if another process
    /// writes the checkpoints now; the job fails.
    ///
    /// [`LockLost`]: crate::checkpoint::LockLost
    fn write(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<WriteSummary>;

    /// Removes all but the newest `keep` checkpoints, and what only they needed. Called after each checkpoint.
    ///
    /// # Errors
    ///
    /// If something cannot be removed; the job goes on.
    fn prune(&mut self, keep: usize) -> anyhow::Result<()>;
}

/// Storage that outlives the jobs that use it, one after the other.
#[derive(Clone)]
pub struct SharedStorage(Arc<Mutex<dyn Storage>>);

impl SharedStorage {
    /// Shares `storage`.
    pub fn new(storage: impl Storage + 'static) -> Self {
        Self(Arc::new(Mutex::new(storage)))
    }

    /// The storage, for as long as it is held.
    pub(super) fn lock(&self) -> MutexGuard<'_, dyn Storage + 'static> {
        // What a panic has left half written is not complete.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for CheckpointStore {
    fn latest(&self, from: Option<u64>) -> anyhow::Result<Option<Checkpoint>> {
        Self::latest(self, from)
    }

    fn next_number(&self) -> anyhow::Result<u64> {
        Self::next_number(self)
    }

    fn go_on_from(&mut self, number: Option<u64>) -> anyhow::Result<()> {
        Self::go_on_from(self, number)
    }

    fn write(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<WriteSummary> {
        Self::write(self, checkpoint)
    }

    fn prune(&mut self, keep: usize) -> anyhow::Result<()> {
        Self::prune(self, keep)
    }
}

/// Keeps checkpoints as long as the process lives. For jobs that are driven by hand.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    /// In the order of their numbers.
    checkpoints: Vec<Checkpoint>,
}

impl MemoryStorage {
    /// Storage with these checkpoints, in the order of their numbers.
    pub fn holding(checkpoints: impl IntoIterator<Item = Checkpoint>) -> Self {
        Self {
            checkpoints: checkpoints.into_iter().collect(),
        }
    }
}

impl Storage for MemoryStorage {
    fn latest(&self, from: Option<u64>) -> anyhow::Result<Option<Checkpoint>> {
        let Some(from) = from else {
            return Ok(self.checkpoints.last().cloned());
        };
        let mut checkpoints = self.checkpoints.iter();
        let found = checkpoints.find(|checkpoint| checkpoint.number == from);
        let found = found.with_context(|| format!("there is no checkpoint {from}"))?;
        Ok(Some(found.clone()))
    }

    fn next_number(&self) -> anyhow::Result<u64> {
        let last = self.checkpoints.last();
        Ok(last.map_or(1, |last| last.number + 1))
    }

    fn go_on_from(&mut self, number: Option<u64>) -> anyhow::Result<()> {
        self.checkpoints
            .retain(|other| number.is_some_and(|number| other.number <= number));
        Ok(())
    }

    fn write(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<WriteSummary> {
        self.checkpoints
            .retain(|other| other.number != checkpoint.number);
        self.checkpoints.push(checkpoint.clone());
        Ok(WriteSummary::default())
    }

    fn prune(&mut self, keep: usize) -> anyhow::Result<()> {
        let surplus = self.checkpoints.len().saturating_sub(keep.max(1));
        self.checkpoints.drain(..surplus);
        Ok(())
    }
}
