//! How much may fail before a stage is given up: rows one after the other, and time.
//!
//! Decides and counts; whoever makes the calls says how long they have taken.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::failure::Cause;

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As long as the limits of the stage allow.
    Whole,
    /// So long, if the limits do not allow less.
    AtMost(Duration),
}

/// How many rows of a batch may still fail one after the other, and how much time calls that fail may still take.
///
/// Rows are counted by their places in the batch, as they are when the batch is settled, and never more of them than
/// then: so once this is worn out, the job is sure to end.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    in_a_row: u64,
    limit: u64,
    /// The row after the one that has failed last.
    next: usize,
    is_worn_out: bool,
    allowance: Allowance,
}

impl Patience {
    /// For a batch before which `in_a_row` rows have failed, while `limit` may.
    pub(super) const fn new(in_a_row: u64, limit: u64, allowance: Allowance) -> Self {
        Self {
            in_a_row,
            limit,
            next: 0,
            is_worn_out: false,
            allowance,
        }
    }

    /// For what is not in the order in which it is settled: only time wears it out.
    pub(super) const fn of_time(allowance: Allowance) -> Self {
        Self::new(0, u64::MAX, allowance)
    }

    /// Takes note that the row at a place in the batch has failed. Returns whether it was one too many.
    pub(super) const fn lose(&mut self, row: usize) -> bool {
        if row != self.next {
            self.in_a_row = 0;
        }
        self.next = row + 1;
        self.in_a_row += 1;
        self.is_worn_out |= self.in_a_row > self.limit;
        self.is_worn_out
    }

    /// Whether more rows have failed one after the other than may.
    pub(super) const fn is_worn_out(&self) -> bool {
        self.is_worn_out
    }

    /// The time that may be lost.
    pub(super) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }

    /// The time that was lost so far.
    pub(super) fn lost(&self) -> MutexGuard<'_, Lost> {
        self.allowance.lost()
    }

    #[cfg(test)]
    pub(super) fn endless() -> Self {
        Self::of_time(Allowance::default())
    }
}

/// The time that calls that fail may take, until a batch comes of which some row passes. Clones share it: it
/// belongs to the rows of one stage in one subtask, or to the windows.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowance(Arc<Mutex<Lost>>);

/// The time that calls that failed have taken.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// All of it.
    time: Duration,
    /// How long the calls could have taken by the limits.
    deadline: Duration,
    /// How long a call may take by the limits, if one has taken longer.
    exceeded: Option<Duration>,
    /// Rows that have taken too long by themselves.
    slow_rows: u32,
    /// Why the last call has failed, once the allowance is used up.
    used_up: Option<Arc<Cause>>,
}

/// How many deadlines may be lost.
const DEADLINES: u32 = 30;

/// Deadlines shorter than this count as this: with a short one, calls that trap come to more than calls that hang.
const LEAST_DEADLINE: Duration = Duration::from_secs(1);

/// Rows that get the whole deadline before they are judged. So many after them get half of it, and so on.
const ROWS_OF_A_PACE: u32 = 4;

/// What a row or a part of a batch gets at least, as a share of the deadline.
const LEAST_SHARE: u32 = 64;

/// A part of a batch gets so many times of what it would take if all of its rows were like the slowest that has
/// passed.
const PART_MARGIN: u32 = 4;

/// The same for a single row, on which a verdict is passed.
const ROW_MARGIN: u32 = 16;

impl Allowance {
    pub(super) fn lost(&self) -> MutexGuard<'_, Lost> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lost {
    /// Takes note that a batch has been dealt with of which some row has passed: what comes next is not to suffer
    /// for it.
    pub(super) fn forget(&mut self) {
        if self.used_up.is_none() {
            *self = Self::default();
        }
    }

    /// All time that was lost.
    pub(super) const fn time(&self) -> Duration {
        self.time
    }

    /// How much may be lost.
    pub(super) fn allowed(&self) -> Duration {
        self.deadline.max(LEAST_DEADLINE).saturating_mul(DEADLINES)
    }

    /// Why the last call has failed, if no more may be lost.
    pub(super) const fn used_up(&self) -> Option<&Arc<Cause>> {
        self.used_up.as_ref()
    }

    /// Takes note that a call can take so long by the limits.
    pub(super) fn allow(&mut self, deadline: Duration) {
        self.deadline = self.deadline.max(deadline);
    }

    /// Takes note that a call has taken longer than the limits allow.
    pub(super) fn exceed(&mut self, deadline: Duration) {
        self.allow(deadline);
        self.exceeded = Some(deadline);
    }

    /// Takes note of a row that has taken too long by itself.
    pub(super) const fn judge_slow(&mut self) {
        self.slow_rows = self.slow_rows.saturating_add(1);
    }

    /// Takes note of a call that has failed. Returns whether it was one too many.
    pub(super) fn lose(&mut self, took: Duration, cause: impl FnOnce() -> Arc<Cause>) -> bool {
        self.time = self.time.saturating_add(took);
        if self.used_up.is_none() && self.time > self.allowed() {
            self.used_up = Some(cause());
        }
        self.used_up.is_some()
    }

    /// How long a call for a single row may take. `slowest` is what a row that has passed has taken at most.
    pub(super) fn pace_of_row(&self, slowest: Duration) -> Pace {
        let halvings = self.slow_rows / ROWS_OF_A_PACE;
        let Some(deadline) = self.exceeded.filter(|_| halvings > 0) else {
            return Pace::Whole;
        };
        let shortened = deadline / (1 << halvings.min(LEAST_SHARE.ilog2()));
        Pace::AtMost(shortened.max(slowest.saturating_mul(ROW_MARGIN)))
    }

    /// How long a call for a part of a batch that has failed may take; `None` if it would take so long that it
    /// had better be made in parts.
    pub(super) fn pace_of_part(&self, rows: usize, slowest: Duration) -> Option<Pace> {
        let Some(deadline) = self.exceeded else {
            return Some(Pace::Whole);
        };
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let expected = slowest.saturating_mul(rows);
        if expected > deadline / 2 {
            return None;
        }
        let time = expected.saturating_mul(PART_MARGIN);
        Some(Pace::AtMost(time.max(deadline / LEAST_SHARE)))
    }
}
