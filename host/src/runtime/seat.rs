//! Where the copy of a stage in one subtask can be reached from outside: to look at what came in last, and
//! to give it another version of its functions.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use super::succession::Watch;
use crate::{
    batch::Batch,
    operator::{Faults, Guests, Side, StageSpec, Version},
    state::Snapshot,
};

/// What a stage in a subtask changes to at the barrier of a swap.
pub enum Change {
    /// Another version of its functions, which keep the same state.
    Version {
        /// The version.
        version: Version,
        /// Where it is told that it was taken back, if it is on probation.
        probation: Option<Faults>,
    },
    /// Functions that keep other state: what the stage knows is converted by them first.
    Migration(Box<Migration>),
    /// What ran before the latest [migration](Self::Migration), which has lost its trust.
    Retreat,
    /// Nothing: what the stage knows is told.
    Nothing {
        /// Is told what the subtask knows; nothing if it knows nothing.
        told: mpsc::Sender<Vec<Snapshot>>,
    },
}

/// Functions that convert what a stage knows.
pub struct Migration {
    /// What the stage does until then.
    pub from: StageSpec,
    /// What the stage does from then on.
    pub spec: StageSpec,
    /// The functions.
    pub guests: Guests,
    /// How they are watched, so that what ran before can come back; `None` if it cannot.
    pub watch: Option<Watch>,
}

/// The copy of a stage in one subtask, as it is reached from outside.
pub(super) struct Seat {
    /// The subtask, by its place in the job.
    subtask: usize,
    /// The rows that came in last.
    recent: Mutex<Option<(Side, Batch)>>,
    change: Mutex<Option<Change>>,
    /// What is not needed any more from the barrier on: taking it down would make the pause longer.
    retired: Mutex<Vec<Version>>,
    /// How long the subtask has processed nothing because of the latest swap.
    pause: Mutex<Option<Duration>>,
    made: Instant,
    /// Since when the stage is at what it does now: microseconds after the seat was made, and one; zero if it does nothing.
    busy: AtomicU64,
}

impl Seat {
    /// The subtask, by its place in the job.
    pub(super) const fn subtask(&self) -> usize {
        self.subtask
    }

    /// Takes note that the stage begins to do something, whatever it is.
    pub(super) fn begin(&self) {
        let since = u64::try_from(self.made.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.busy.store(since.saturating_add(1), Ordering::Relaxed);
    }

    /// Takes note that it has done that.
    pub(super) fn end(&self) {
        self.busy.store(0, Ordering::Relaxed);
    }

    /// How long the stage is at what it does now, if it does something. No barrier passes it meanwhile.
    pub(super) fn busy(&self) -> Option<Duration> {
        let since = self.busy.load(Ordering::Relaxed).checked_sub(1)?;
        Some(
            self.made
                .elapsed()
                .saturating_sub(Duration::from_micros(since)),
        )
    }

    /// Takes note of rows that come in. If somebody is looking just now, these are not seen.
    pub(super) fn note(&self, side: Side, batch: &Batch) {
        match self.recent.try_lock() {
            Ok(mut recent) => *recent = Some((side, batch.clone())),
            Err(TryLockError::Poisoned(poisoned)) => {
                *poisoned.into_inner() = Some((side, batch.clone()));
            }
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// The rows that came in last.
    pub(super) fn recent(&self) -> Option<(Side, Batch)> {
        lock(&self.recent).clone()
    }

    /// Puts down what the stage changes to at the barrier of the next swap.
    pub(super) fn offer(&self, change: Change) {
        *lock(&self.change) = Some(change);
        *lock(&self.pause) = None;
    }

    /// Takes what the stage changes to.
    pub(super) fn take(&self) -> Option<Change> {
        lock(&self.change).take()
    }

    /// Hands over a version that is not needed any more.
    pub(super) fn retire(&self, version: Option<Version>) {
        lock(&self.retired).extend(version);
    }

    /// Takes down what is not needed any more.
    pub(super) fn clear(&self) {
        let retired = std::mem::take(&mut *lock(&self.retired));
        drop(retired);
    }

    /// Takes note of how long the subtask has processed nothing because of a swap.
    pub(super) fn paused(&self, pause: Duration) {
        *lock(&self.pause) = Some(pause);
    }

    /// How long the subtask has processed nothing because of the latest swap, if it took part.
    pub(super) fn pause(&self) -> Option<Duration> {
        *lock(&self.pause)
    }
}

/// The copies of all stages of a job: by stage, one a subtask.
#[derive(Default)]
pub(super) struct Seats {
    stages: Vec<Vec<Arc<Seat>>>,
    /// The subtask that is being put together.
    subtask: usize,
}

impl Seats {
    /// None yet, for so many stages.
    pub(super) fn new(stages: usize) -> Self {
        Self {
            stages: vec![Vec::new(); stages],
            subtask: 0,
        }
    }

    /// From now on seats are in this subtask.
    pub(super) const fn go_to(&mut self, subtask: usize) {
        self.subtask = subtask;
    }

    /// A seat for one more copy of a stage.
    pub(super) fn add(&mut self, stage: usize) -> Arc<Seat> {
        let seat = Arc::new(Seat {
            subtask: self.subtask,
            recent: Mutex::default(),
            change: Mutex::default(),
            retired: Mutex::default(),
            pause: Mutex::default(),
            made: Instant::now(),
            busy: AtomicU64::new(0),
        });
        self.stages[stage].push(Arc::clone(&seat));
        seat
    }

    /// The copies of a stage.
    pub(super) fn of(&self, stage: usize) -> &[Arc<Seat>] {
        self.stages.get(stage).map_or(&[], Vec::as_slice)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
