//! Swapping the functions of stages while a job runs.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use super::{
    barriers::{Notice, Said},
    driver::Label,
    seat::{Change, Seat, Seats},
};
use crate::{
    batch::Batch,
    operator::Side,
    pipeline::{Plan, Registry},
};

/// A plan and the components that it was made with.
#[derive(Clone)]
pub struct Loaded {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Its components.
    pub registry: Arc<Registry>,
}

/// The way to swap the functions of the stages of a job, from outside of it. Clones are the same way; it
/// stays when the job is started again after a failure.
#[derive(Clone, Default)]
pub struct Swaps(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    job: Option<Running>,
    /// What the job has been swapped to, the latest last.
    loaded: Vec<Loaded>,
}

/// A job goes on from its newest checkpoint, which is made right after a swap: what was swapped long before is
/// not needed any more.
const REMEMBERED: usize = 8;

impl State {
    fn remember(&mut self, loaded: Loaded) {
        self.loaded.push(loaded);
        let surplus = self.loaded.len().saturating_sub(REMEMBERED);
        self.loaded.drain(..surplus);
    }
}

/// A job that runs.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) seats: Arc<Seats>,
    pub(super) notices: mpsc::Sender<Notice>,
}

/// What is asked of whoever sends barriers.
#[derive(Debug)]
pub(super) struct SwapOrder {
    /// What checkpoints say of the pipeline from then on.
    pub(super) label: Label,
    /// Is told the number of the barrier; `None` if the input had ended before.
    pub(super) answer: mpsc::Sender<Option<u64>>,
}

/// A swap that is done.
#[derive(Clone, Debug)]
pub struct Swapped {
    /// The number of the barrier at which it was done.
    pub number: u64,
    /// For each subtask of the stages that were swapped how long it has processed nothing.
    pub pauses: Vec<Duration>,
}

/// Why nothing was swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSwapped {
    /// No job runs, or not any more.
    NoJob,
    /// The job has come to the end of its input.
    TooLate,
}

impl fmt::Display for NotSwapped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoJob => "the job does not run any more, or not yet again",
            Self::TooLate => "the job has come to the end of its input",
        })
    }
}

impl std::error::Error for NotSwapped {}

/// A swap that has been asked for.
pub(super) struct Pending {
    swaps: Swaps,
    to: Loaded,
    offered: Offered,
    answered: mpsc::Receiver<Option<u64>>,
}

/// The copies of stages that are to change. When it is dropped, they keep nothing of it but what they took.
struct Offered(Vec<Arc<Seat>>);

impl Drop for Offered {
    fn drop(&mut self) {
        for seat in &self.0 {
            drop(seat.take());
            seat.clear();
        }
    }
}

impl Pending {
    /// Waits until it is done.
    fn wait(self) -> Result<Swapped, NotSwapped> {
        let number = self.answered.recv();
        self.end(number.map_err(|_| NotSwapped::NoJob)?)
    }

    /// What has come of it in a job that has nothing to do any more: without an answer now, there is none.
    pub(super) fn finish(self) -> Result<Swapped, NotSwapped> {
        let number = self.answered.try_recv().unwrap_or_default();
        self.end(number)
    }

    fn end(self, number: Option<u64>) -> Result<Swapped, NotSwapped> {
        let number = number.ok_or(NotSwapped::TooLate)?;
        lock(&self.swaps.0).remember(self.to);
        let seats = self.offered.0.iter();
        Ok(Swapped {
            number,
            pauses: seats.filter_map(|seat| seat.pause()).collect(),
        })
    }
}

impl Swaps {
    /// Whether a job runs.
    pub fn is_running(&self) -> bool {
        lock(&self.0).job.is_some()
    }

    /// In how many copies a stage runs; none if no job runs.
    pub fn copies(&self, stage: usize) -> usize {
        let job = self.job();
        job.map_or(0, |job| job.seats.of(stage).len())
    }

    /// The rows that came in last, of each copy of a stage that has seen some.
    pub fn recent(&self, stage: usize) -> Vec<(Side, Batch)> {
        let Some(job) = self.job() else {
            return Vec::new();
        };
        let seats = job.seats.of(stage).iter();
        seats.filter_map(|seat| seat.recent()).collect()
    }

    /// Swaps stages for those of `to`, all of them at the same barrier, and waits until it is done. Each stage
    /// comes with one change for each of its [copies](Self::copies).
    ///
    /// # Errors
    ///
    /// If it is not done any more.
    pub fn swap(
        &self,
        to: Loaded,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> Result<Swapped, NotSwapped> {
        self.begin(to, changes)?.wait()
    }

    /// The same without waiting: it is done as the job goes on.
    ///
    /// # Errors
    ///
    /// If no job runs.
    pub(super) fn begin(
        &self,
        to: Loaded,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> Result<Pending, NotSwapped> {
        let job = self.job().ok_or(NotSwapped::NoJob)?;
        let mut offered = Offered(Vec::new());
        for (stage, changes) in changes {
            for (seat, change) in job.seats.of(stage).iter().zip(changes) {
                seat.offer(change);
                offered.0.push(Arc::clone(seat));
            }
        }
        let (answer, answered) = mpsc::channel();
        let order = SwapOrder {
            label: Label::of(&to.plan),
            answer,
        };
        let what = Said::Swap(order);
        let sent = job.notices.send(Notice { subtask: 0, what });
        sent.map_err(|_| NotSwapped::NoJob)?;
        Ok(Pending {
            swaps: self.clone(),
            to,
            offered,
            answered,
        })
    }

    /// Takes note of what the job may go on with.
    pub(super) fn remember(&self, loaded: Loaded) {
        lock(&self.0).remember(loaded);
    }

    /// The latest of the plans that the job was swapped to of which `is_wanted` says so.
    pub(super) fn latest(&self, is_wanted: impl Fn(&Plan) -> bool) -> Option<Loaded> {
        let state = lock(&self.0);
        let mut loaded = state.loaded.iter().rev();
        loaded.find(|loaded| is_wanted(&loaded.plan)).cloned()
    }

    /// From now on this is the job.
    pub(super) fn runs(&self, job: Running) {
        lock(&self.0).job = Some(job);
    }

    /// The job is over.
    pub(super) fn is_over(&self) {
        lock(&self.0).job = None;
    }

    fn job(&self) -> Option<Running> {
        lock(&self.0).job.clone()
    }
}

impl fmt::Debug for Swaps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Swaps").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
