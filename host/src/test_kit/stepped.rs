//! The job of a case, as its components are swapped: it goes on until that is done.

use std::collections::BTreeMap;

use anyhow::Context;

use crate::{
    batch::Batch,
    operator::Side,
    reload::Swappable,
    runtime::{Attempt, Change, Loaded, NotSwapped, SteppedJob, Swapped},
};

/// The job of a case, over its restarts.
#[derive(Default)]
pub(super) struct Stepped {
    /// None while there is none because it could not be started again.
    job: Option<SteppedJob>,
    /// The rows that came last to the stages of earlier jobs: what is swapped after a restart is tried on
    /// what it would have been tried on without it.
    recent: BTreeMap<usize, Vec<(Side, Batch)>>,
    /// Whether the job has failed while something was swapped.
    has_failed: bool,
}

impl Stepped {
    /// The job.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn job(&mut self) -> anyhow::Result<&mut SteppedJob> {
        let job = self.job.as_mut();
        job.context("the job could not be started again")
    }

    /// The job, if there is one, to look at.
    pub(super) const fn look(&self) -> Option<&SteppedJob> {
        self.job.as_ref()
    }

    /// Whether the job has failed while something was swapped, and is of no use any more.
    pub(super) const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// From now on this is the job.
    pub(super) fn open(&mut self, job: SteppedJob) {
        self.job = Some(job);
    }

    /// Drops the job, one of so many stages.
    pub(super) fn close(&mut self, stages: usize) {
        self.has_failed = false;
        if let Some(job) = self.job.take() {
            let stages = (0..stages).map(|stage| (stage, job.swaps().recent(stage)));
            self.recent
                .extend(stages.filter(|(_, rows)| !rows.is_empty()));
        }
    }
}

impl Swappable for Stepped {
    fn attempt(&self) -> Option<Attempt> {
        None
    }

    fn copies(&self, stage: usize) -> usize {
        self.look().map_or(0, |job| job.swaps().copies(stage))
    }

    fn recent(&self, stage: usize) -> Vec<(Side, Batch)> {
        let recent = self.look().map(|job| job.swaps().recent(stage));
        match recent.filter(|recent| !recent.is_empty()) {
            Some(recent) => recent,
            None => self.recent.get(&stage).cloned().unwrap_or_default(),
        }
    }

    fn swap(
        &mut self,
        _attempt: u64,
        to: Option<Loaded>,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> anyhow::Result<Swapped> {
        let swapped = self.job()?.swap(to, changes);
        self.has_failed = matches!(&swapped, Err(error) if !error.is::<NotSwapped>());
        swapped
    }
}
