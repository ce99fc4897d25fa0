//! The checkpoints of a job.
//!
//! Each job has a folder of its own, by its name. A checkpoint is a manifest and the packs that the
//! manifest refers to; packs are written first, so that a manifest that is there is whole. Nothing is
//! changed in place.

mod open;
mod prune;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    inventory::Inventory,
    lock::{LOCK, Lock, LockRecord},
    pack::Pieces,
    storage::{ReadError, Storage},
};

/// The checkpoints of a job.
pub struct CheckpointStore {
    storage: Arc<dyn Storage>,
    /// `None` if they are only read.
    lock: Option<Box<dyn Lock>>,
    job: String,
    /// The place, as it may be shown.
    shown: String,
    /// What the files that this process writes are told apart by.
    token: String,
    /// The checkpoints that count.
    complete: BTreeSet<u64>,
    /// The newest checkpoint that there was, if none of all is there any more, though nobody has said that
    /// they are to be forgotten.
    lost: Option<u64>,
    /// What was written last and can be referred to. Nothing at first: the first checkpoint of a process is
    /// written whole, so that what has been damaged meanwhile does not go on.
    pieces: Pieces,
    /// The packs that manifests refer to, as far as they have been read.
    packs_of: BTreeMap<u64, BTreeSet<String>>,
    /// The checkpoint that was begun last, and how often.
    tried: (u64, u32),
    /// Called after each step of writing.
    on_step: Option<Box<dyn Fn(WriteStep) + Send>>,
}

/// A step of writing a checkpoint that has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStep {
    /// Its state is durable; without a manifest it is nothing yet.
    Data,
    /// Its manifest is in place. It is complete, unless another process may take over at any instant.
    Manifest,
    /// It is complete.
    Complete,
    /// Checkpoints that are not kept any more are gone; their packs are not.
    Pruned,
}

impl std::fmt::Debug for CheckpointStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CheckpointStore")
            .field("job", &self.job)
            .field("place", &self.shown)
            .finish_non_exhaustive()
    }
}

impl CheckpointStore {
    /// Has `hook` called after each step of writing, on the thread that writes. For tests that stop a
    /// process at some instant.
    pub fn on_step(&mut self, hook: impl Fn(WriteStep) + Send + 'static) {
        self.on_step = Some(Box::new(hook));
    }

    /// Greater than the number of every checkpoint that was ever begun.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn next_number(&self) -> anyhow::Result<u64> {
        let inventory = self.inventory()?;
        let greatest = inventory.greatest.max(self.complete.last().copied());
        Ok(greatest.map_or(1, |number| number.saturating_add(1)))
    }

    fn step(&self, step: WriteStep) {
        if let Some(hook) = &self.on_step {
            hook(step);
        }
    }

    /// What is in the folder. Checkpoints that another process has begun after it lost its lock are
    /// no part of it, but for their numbers.
    fn inventory(&self) -> anyhow::Result<Inventory> {
        let mut inventory = Inventory::of(&*self.storage)?;
        let complete = match self.lock {
            Some(_) => Some(self.complete.clone()),
            None => self.recorded()?,
        };
        if let Some(complete) = complete {
            // One that counts and is gone is not passed over: reading it says so.
            inventory.manifests = &complete - &inventory.discarded;
        }
        Ok(inventory)
    }

    /// The checkpoints that count, as the owner of the folder says; `None` if all do.
    fn recorded(&self) -> anyhow::Result<Option<BTreeSet<u64>>> {
        Ok(self.record()?.and_then(|record| record.complete))
    }

    /// What the owner of the folder says.
    fn record(&self) -> anyhow::Result<Option<LockRecord>> {
        match self.storage.read(LOCK, None) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(ReadError::Failed(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }
}
