//! What a job must be able to do for its components to be swapped.

use crate::{
    batch::Batch,
    operator::Side,
    runtime::{Attempt, Change, Loaded, Swapped, Swaps},
};

/// A job whose components can be swapped.
pub trait Swappable {
    /// The latest start of the job; `None` if no job runs, or if it always goes on with what it was swapped to.
    fn attempt(&self) -> Option<Attempt>;

    /// In how many copies a stage runs; none if no job runs.
    fn copies(&self, stage: usize) -> usize;

    /// The rows that came in last, of each copy of a stage that has seen some.
    fn recent(&self, stage: usize) -> Vec<(Side, Batch)>;

    /// Swaps stages for those of `to`, all of them at the same barrier; without it, looks at what they know.
    /// Each stage comes with one change for each of its [copies](Self::copies).
    ///
    /// # Errors
    ///
    /// If it is not done, or the job is not the one of this `attempt` any more.
    fn swap(
        &mut self,
        attempt: u64,
        to: Option<Loaded>,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> anyhow::Result<Swapped>;
}

impl Swappable for Swaps {
    fn attempt(&self) -> Option<Attempt> {
        Self::attempt(self)
    }

    fn copies(&self, stage: usize) -> usize {
        Self::copies(self, stage)
    }

    fn recent(&self, stage: usize) -> Vec<(Side, Batch)> {
        Self::recent(self, stage)
    }

    fn swap(
        &mut self,
        attempt: u64,
        to: Option<Loaded>,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> anyhow::Result<Swapped> {
        Ok(Self::swap(self, attempt, to, changes)?)
    }
}
