//! What the subtasks of a job and whoever makes its checkpoints tell each other.
//!
//! Sources look at a number between two reads: when it has grown, they send barriers of that number. A
//! source that has sent one reads only [`AHEAD`] batches more before all subtasks have got it, so that what
//! is put aside where barriers meet stays small.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use super::{
    failpoints::{CheckpointStep, Failpoints},
    seat::Seat,
    swaps::SwapOrder,
};
use crate::checkpoint::Part;

/// How many batches a source subtask reads behind a barrier that has not come to all subtasks. Enough not to
/// wait for the others as long as they are well, few enough that memory stays with the windows.
const AHEAD: usize = 64;

/// What sources look at.
#[derive(Debug, Default)]
pub(super) struct Barriers {
    /// The number of the latest checkpoint that was begun.
    requested: AtomicU64,
    /// The number of the latest checkpoint that all subtasks have contributed to.
    gathered: AtomicU64,
    /// The number of the latest barrier at which components are swapped.
    swapping: AtomicU64,
    /// Whether the job is over before its input is.
    halted: AtomicBool,
}

impl Barriers {
    /// Asks sources to send barriers of this number.
    pub(super) fn request(&self, number: u64) {
        self.requested.store(number, Ordering::Release);
    }

    /// Says that components are swapped at the barriers of this number. To be said before anybody gets one: they are
    /// taken for those of a checkpoint otherwise.
    pub(super) fn announce_swap(&self, number: u64) {
        self.swapping.store(number, Ordering::Release);
    }

    /// The number of the latest checkpoint that was begun.
    pub(super) fn requested(&self) -> u64 {
        self.requested.load(Ordering::Acquire)
    }

    /// Says that all subtasks have contributed to the checkpoint of this number.
    pub(super) fn gathered(&self, number: u64) {
        self.gathered.store(number, Ordering::Release);
    }

    /// Ends the job without an end of its input.
    pub(super) fn halt(&self) {
        self.halted.store(true, Ordering::Release);
    }

    /// Whether the job is over.
    pub(super) fn are_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }
}

/// What a subtask tells whoever makes the checkpoints.
pub(super) struct Notice {
    /// The subtask.
    pub(super) subtask: usize,
    /// What it says.
    pub(super) what: Said,
}

/// What a subtask says.
pub(super) enum Said {
    /// What it knew when the barrier of this number came.
    Acknowledged(u64, Part),
    /// What it knew when it ended.
    Ended(Part),
    /// It has made visible what it had staged for the checkpoint of this number.
    Committed(u64),
    /// The barrier of this number, at which components are swapped, has come to it.
    Passed(u64),
    /// Somebody from outside wants to swap what is in the seats of stages.
    Swap(SwapOrder),
    /// It has ended, and the job makes no checkpoints.
    Left,
}

/// How a subtask takes part in checkpoints.
pub(super) struct Participant {
    pub(super) subtask: usize,
    pub(super) barriers: Arc<Barriers>,
    pub(super) notices: mpsc::Sender<Notice>,
    pub(super) failpoints: Arc<dyn Failpoints>,
    /// Whether checkpoints are made; there are barriers of swaps in any case.
    pub(super) keeps: bool,
    /// The latest barrier that was sent, for sources.
    pub(super) sent: u64,
    /// How many batches were read since then.
    pub(super) ahead: usize,
}

impl Participant {
    /// The number of the barrier that a source is to send now.
    pub(super) fn due(&self) -> Option<u64> {
        let requested = self.barriers.requested();
        (requested > self.sent).then_some(requested)
    }

    /// Takes note that a source has sent a barrier.
    pub(super) const fn has_sent(&mut self, number: u64) {
        self.sent = number;
        self.ahead = 0;
    }

    /// Takes note that a source has read a batch.
    pub(super) const fn has_read(&mut self) {
        self.ahead = self.ahead.saturating_add(1);
    }

    /// Whether a source is so far beyond its barrier that it must wait for the other subtasks.
    pub(super) fn must_wait(&self) -> bool {
        self.ahead >= AHEAD && self.sent > self.barriers.gathered.load(Ordering::Acquire)
    }

    /// Passes a numbered step of a checkpoint.
    pub(super) fn reach(&self, step: CheckpointStep) -> anyhow::Result<()> {
        self.failpoints.reach(step)
    }

    /// Whether components are swapped at the barrier of this number.
    pub(super) fn swaps_at(&self, number: u64) -> bool {
        self.barriers.swapping.load(Ordering::Acquire) == number
    }

    /// Says that the barrier of a swap has come, and notes how long that has held up the stages that have
    /// `swapped`.
    pub(super) fn pass(&self, number: u64, swapped: &[Arc<Seat>], pause: Duration) {
        for seat in swapped {
            seat.paused(pause);
        }
        self.say(Said::Passed(number));
    }

    /// Says that nothing more is to be expected of the subtask of a job without checkpoints.
    pub(super) fn leave(&self) {
        self.say(Said::Left);
    }

    /// Contributes to a checkpoint.
    pub(super) fn acknowledge(&self, number: u64, part: Part) {
        self.say(Said::Acknowledged(number, part));
    }

    /// Contributes to all later checkpoints.
    pub(super) fn end(&self, part: Part) {
        self.say(Said::Ended(part));
    }

    /// Says that what was staged is visible.
    pub(super) fn committed(&self, number: u64) {
        self.say(Said::Committed(number));
    }

    fn say(&self, what: Said) {
        let subtask = self.subtask;
        // Nobody listens any more only when the job is over.
        let _ = self.notices.send(Notice { subtask, what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::NoFailpoints;

    #[test]
    fn a_source_reads_only_so_far_beyond_a_barrier_that_others_have_not_got() {
        let (notices, _inbox) = mpsc::channel();
        let mut source = Participant {
            subtask: 0,
            barriers: Arc::default(),
            notices,
            failpoints: Arc::new(NoFailpoints),
            keeps: true,
            sent: 0,
            ahead: 0,
        };
        for _ in 0..1000 {
            source.has_read();
        }
        assert!(!source.must_wait(), "nobody has asked for a barrier");
        source.barriers.request(1);
        assert_eq!(source.due(), Some(1));
        source.has_sent(1);
        assert_eq!(source.due(), None);
        for _ in 0..AHEAD {
            assert!(!source.must_wait());
            source.has_read();
        }
        assert!(source.must_wait());
        source.barriers.gathered(1);
        assert!(!source.must_wait());
    }
}
