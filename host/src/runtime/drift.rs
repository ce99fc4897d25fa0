//! Keeps partitions that are read at the same time together in event time.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::time::{Duration, Timestamp, Watermark};

/// How far the subtasks of a source have come, each by the least watermark of the partitions it
/// has open. Written by each subtask once a batch, read by all.
#[derive(Debug)]
pub(super) struct DriftBoard {
    subtasks: Vec<AtomicI64>,
    max_drift: Duration,
}

impl DriftBoard {
    /// A board for so many subtasks that have not read anything.
    pub(super) fn new(subtasks: usize, max_drift: Duration) -> Self {
        let start = Watermark::START.time().as_micros();
        Self {
            subtasks: (0..subtasks).map(|_| AtomicI64::new(start)).collect(),
            max_drift,
        }
    }

    /// Says how far `subtask` has come; the end of time when it has nothing left to read.
    pub(super) fn post(&self, subtask: usize, watermark: Watermark) {
        self.subtasks[subtask].store(watermark.time().as_micros(), Ordering::Release);
    }

    /// Whether a partition at `watermark` is so far ahead of the slowest that it must wait.
    pub(super) fn must_wait(&self, watermark: Watermark) -> bool {
        let slowest = self
            .subtasks
            .iter()
            .map(|subtask| subtask.load(Ordering::Acquire))
            .min()
            .unwrap_or(i64::MAX);
        let limit = Timestamp::from_micros(slowest).saturating_add(self.max_drift);
        watermark.time() > limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_far_ahead_wait() {
        let at = |seconds: i64| Watermark::at(Timestamp::from_micros(seconds * 1_000_000));
        let board = DriftBoard::new(2, Duration::from_secs(60));
        assert!(board.must_wait(at(0)));
        board.post(0, at(100));
        board.post(1, at(200));
        assert!(!board.must_wait(at(100)));
        assert!(!board.must_wait(at(160)));
        assert!(board.must_wait(at(161)));
        board.post(0, Watermark::END);
        assert!(!board.must_wait(at(260)));
    }
}
