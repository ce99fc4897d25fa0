//! Swapping the functions of stages while a job runs.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use super::{
    barriers::{Notice, Said},
    label::Label,
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

impl Loaded {
    /// Both, to be shared.
    pub fn new(plan: &Plan, registry: &Registry) -> Self {
        Self {
            plan: Arc::new(plan.clone()),
            registry: Arc::new(registry.clone()),
        }
    }
}

/// The way to swap the functions of the stages of a job, from outside of it. Clones are the same way; it
/// stays when the job is started again after a failure.
#[derive(Clone, Default)]
pub struct Swaps(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    job: Option<Running>,
    /// How often a job was started.
    attempts: u64,
    /// What the job has been swapped to at the barriers of these numbers, the latest last.
    history: Vec<(u64, Loaded)>,
}

/// A job goes on from its newest checkpoint, which is made right after a swap: what was swapped long before is
/// not needed any more.
const REMEMBERED: usize = 32;

impl State {
    fn remember(&mut self, number: u64, loaded: Loaded) {
        self.history.push((number, loaded));
        let surplus = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..surplus);
    }
}

/// A job that runs.
#[derive(Clone)]
pub(super) struct Running {
    /// What it was started with.
    pub(super) loaded: Loaded,
    pub(super) seats: Arc<Seats>,
    pub(super) notices: mpsc::Sender<Notice>,
}

/// A start of the job.
#[derive(Clone)]
pub struct Attempt {
    /// Its number.
    pub number: u64,
    /// What it was started with.
    pub loaded: Loaded,
}

/// What is asked of whoever sends barriers.
pub(super) struct SwapOrder {
    /// What checkpoints say of the pipeline from then on; `None` if somebody only looks.
    pub(super) label: Option<Label>,
    /// The copies of stages that are to change.
    pub(super) seats: Vec<Arc<Seat>>,
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
    /// The stages that have come to the end of their input before.
    pub ended: Vec<usize>,
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
    /// What the job is swapped to; `None` if somebody only looks.
    to: Option<Loaded>,
    offered: Offered,
    answered: mpsc::Receiver<Option<u64>>,
}

/// The copies of stages that are to change. When it is dropped, they keep nothing of it but what they took.
struct Offered(Vec<(usize, Arc<Seat>)>);

impl Drop for Offered {
    fn drop(&mut self) {
        for (_, seat) in &self.0 {
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
        if let Some(to) = self.to {
            lock(&self.swaps.0).remember(number, to);
        }
        let mut pauses = Vec::new();
        let mut ended: Vec<usize> = Vec::new();
        for copies in self.offered.0.chunk_by(|one, other| one.0 == other.0) {
            let before = pauses.len();
            pauses.extend(copies.iter().filter_map(|(_, seat)| seat.pause()));
            if pauses.len() == before {
                ended.extend(copies.first().map(|(stage, _)| stage));
            }
        }
        Ok(Swapped {
            number,
            pauses,
            ended,
        })
    }
}

impl Swaps {
    /// Whether a job runs.
    pub fn is_running(&self) -> bool {
        lock(&self.0).job.is_some()
    }

    /// The start of the job that runs.
    pub fn attempt(&self) -> Option<Attempt> {
        let state = lock(&self.0);
        let job = state.job.as_ref()?;
        Some(Attempt {
            number: state.attempts,
            loaded: job.loaded.clone(),
        })
    }

    /// In how many copies a stage runs; none if no job runs.
    pub fn copies(&self, stage: usize) -> usize {
        let job = self.job();
        job.map_or(0, |job| job.seats.of(stage).len())
    }

    /// The stages that have been at one thing for so long in one of their copies: barriers wait for them.
    pub fn busy(&self, longer: Duration) -> Vec<String> {
        let Some(job) = self.job() else {
            return Vec::new();
        };
        let is_busy = |(place, _): &(usize, _)| {
            let seats = job.seats.of(*place).iter();
            seats
                .filter_map(|seat| seat.busy())
                .any(|busy| busy >= longer)
        };
        let stages = job.loaded.plan.stages.iter().enumerate().filter(is_busy);
        stages.map(|(_, stage)| stage.name.clone()).collect()
    }

    /// The rows that came in last, of each copy of a stage that has seen some.
    pub fn recent(&self, stage: usize) -> Vec<(Side, Batch)> {
        let Some(job) = self.job() else {
            return Vec::new();
        };
        let seats = job.seats.of(stage).iter();
        seats.filter_map(|seat| seat.recent()).collect()
    }

    /// Swaps stages for those of `to`, all of them at the same barrier, and waits until it is done; without it,
    /// looks at what they know. Each stage comes with one change for each of its [copies](Self::copies).
    ///
    /// # Errors
    ///
    /// If it is not done any more, or the job is not the one of this `attempt`.
    pub fn swap(
        &self,
        attempt: u64,
        to: Option<Loaded>,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> Result<Swapped, NotSwapped> {
        self.begin(Some(attempt), to, changes)?.wait()
    }

    /// The same without waiting: it is done as the job goes on. Whatever the attempt, if none is given.
    ///
    /// # Errors
    ///
    /// If no job runs, or another one.
    pub(super) fn begin(
        &self,
        attempt: Option<u64>,
        to: Option<Loaded>,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> Result<Pending, NotSwapped> {
        let job = {
            let state = lock(&self.0);
            let is_same = attempt.is_none_or(|attempt| attempt == state.attempts);
            let job = state.job.clone().filter(|_| is_same);
            job.ok_or(NotSwapped::NoJob)?
        };
        let mut offered = Offered(Vec::new());
        for (stage, changes) in changes {
            let seats = job.seats.of(stage);
            if seats.len() != changes.len() {
                return Err(NotSwapped::NoJob);
            }
            for (seat, change) in seats.iter().zip(changes) {
                seat.offer(change);
                offered.0.push((stage, Arc::clone(seat)));
            }
        }
        let (answer, answered) = mpsc::channel();
        let order = SwapOrder {
            label: to.as_ref().map(|to| Label::of(&to.plan)),
            seats: offered.0.iter().map(|(_, seat)| Arc::clone(seat)).collect(),
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

    /// Takes note of what the job goes on with from the checkpoint of this number.
    pub(super) fn remember(&self, number: u64, loaded: Loaded) {
        lock(&self.0).remember(number, loaded);
    }

    /// The job goes on from the checkpoint of this number, or from the beginning: what was swapped later was
    /// not.
    pub(super) fn go_back_to(&self, checkpoint: u64) {
        lock(&self.0)
            .history
            .retain(|(number, _)| *number <= checkpoint);
    }

    /// What the job had been swapped to when the checkpoint of this number was made, the latest first.
    pub(super) fn before(&self, checkpoint: u64) -> Vec<Loaded> {
        let state = lock(&self.0);
        let before = state.history.iter().rev();
        let before = before.filter(|(number, _)| *number <= checkpoint);
        before.map(|(_, loaded)| loaded.clone()).collect()
    }

    /// From now on this is the job.
    pub(super) fn runs(&self, job: Running) {
        let mut state = lock(&self.0);
        state.attempts += 1;
        state.job = Some(job);
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
