//! When rows that have come are handed on, and when they wait for others to share their batch.
//!
//! A batch costs something before its first row, so rows are worth gathering, but only where that keeps
//! nobody waiting who could work: rows gather while those behind are busy, as they would in front of a
//! bottleneck, and go on as soon as they are not. It is asked when nothing more is there to be read at the
//! moment, and told what time it is: there is no clock here, and no channel. (docs/adr/0016)

use std::time::{Duration, Instant};

use super::Backlog;

/// So many rows wait for no others: what their batch costs beside them is less than a tenth of what they do.
const ENOUGH_ROWS: usize = 1024;

/// Smaller batches follow each other no faster than this, so that what they cost beside their rows is less
/// than a tenth of a processor's time.
const PACE: Duration = Duration::from_millis(2);

/// Rows that wait for those behind look this often whether they have become idle.
const LOOK_AGAIN: Duration = Duration::from_micros(500);

/// When the rows of one partition are handed on.
#[derive(Clone, Debug)]
pub struct Gathering {
    /// A row waits no longer than this for others.
    max_latency: Duration,
    /// What those have to do who take the rows.
    backlog: Backlog,
    /// Since when the first of the rows is there.
    since: Option<Instant>,
    /// When the batch before them was complete.
    before: Option<Instant>,
    /// Whether rows ever wait.
    waits: bool,
}

/// What becomes of rows that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// They go on.
    HandOn,
    /// They wait so long, or until others come.
    Wait(Duration),
}

impl Default for Gathering {
    /// For a partition that was told nothing, such as that of a scripted case, which goes by no clock: whatever is there
    /// goes on when there is nothing more.
    fn default() -> Self {
        Self {
            waits: false,
            ..Self::new(Duration::MAX, Backlog::default())
        }
    }
}

impl Gathering {
    /// Rows wait at most `max_latency` for others, and only while there is a `backlog` or the batch before
    /// has just gone.
    pub const fn new(max_latency: Duration, backlog: Backlog) -> Self {
        Self {
            max_latency,
            backlog,
            since: None,
            before: None,
            waits: true,
        }
    }

    /// Takes note that there are rows. Returns whether they have waited as long as they may.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        now.saturating_duration_since(since) >= self.max_latency
    }

    /// What becomes of `rows` when there is nothing more to read at the moment.
    pub(super) fn decide(&self, rows: usize, now: Instant) -> Decision {
        let passed = |then: Instant| now.saturating_duration_since(then);
        let waited = self.since.map_or(Duration::ZERO, passed);
        let left = self.max_latency.saturating_sub(waited);
        if !self.waits || rows >= ENOUGH_ROWS || left.is_zero() {
            return Decision::HandOn;
        }
        let passed = self.before.map_or(PACE, passed);
        let wait = match PACE.saturating_sub(passed) {
            Duration::ZERO if self.backlog.is_empty() => return Decision::HandOn,
            Duration::ZERO => LOOK_AGAIN,
            rest => rest,
        };
        Decision::Wait(wait.min(left))
    }

    /// Takes note that the rows are complete, and go on.
    pub(super) const fn end(&mut self, now: Instant) {
        self.since = None;
        self.before = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Pending;

    const MAX: Duration = Duration::from_millis(20);

    /// A gathering that those behind are seen by, and the time it begins.
    fn gathering() -> (Gathering, Pending, Instant) {
        let behind = Pending::default();
        let backlog = Backlog::of(vec![Pending::default(), behind.clone()]);
        (Gathering::new(MAX, backlog), behind, Instant::now())
    }

    #[test]
    fn rows_of_those_who_were_told_nothing_never_wait() {
        let start = Instant::now();
        let mut gathering = Gathering::default();
        gathering.end(start);
        assert!(!gathering.is_over(start));
        assert_eq!(gathering.decide(1, start), Decision::HandOn);
    }

    const fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn a_lone_row_goes_at_once() {
        let (mut gathering, _, start) = gathering();
        assert!(!gathering.is_over(start));
        assert_eq!(gathering.decide(1, start), Decision::HandOn);
        gathering.end(start);
        let later = start + PACE;
        assert!(!gathering.is_over(later));
        assert_eq!(gathering.decide(1, later), Decision::HandOn);
    }

    #[test]
    fn small_batches_keep_their_pace() {
        let (mut gathering, _, start) = gathering();
        gathering.end(start);
        let now = start + micros(100);
        assert!(!gathering.is_over(now));
        let rest = PACE - micros(100);
        assert_eq!(gathering.decide(1, now), Decision::Wait(rest));
        assert_eq!(gathering.decide(ENOUGH_ROWS, now), Decision::HandOn);
        let now = start + PACE - micros(1);
        assert_eq!(gathering.decide(5, now), Decision::Wait(micros(1)));
        assert_eq!(gathering.decide(5, start + PACE), Decision::HandOn);
    }

    #[test]
    fn rows_gather_while_those_behind_are_busy() {
        let (mut gathering, behind, start) = gathering();
        behind.add();
        behind.add();
        assert!(!gathering.is_over(start));
        assert_eq!(gathering.decide(1, start), Decision::Wait(LOOK_AGAIN));
        behind.remove();
        let now = start + micros(10_000);
        assert_eq!(gathering.decide(1, now), Decision::Wait(LOOK_AGAIN));
        assert_eq!(gathering.decide(ENOUGH_ROWS, now), Decision::HandOn);
        behind.remove();
        assert_eq!(gathering.decide(1, now), Decision::HandOn);
    }

    #[test]
    fn rows_wait_no_longer_than_they_may() {
        let (mut gathering, behind, start) = gathering();
        behind.add();
        assert!(!gathering.is_over(start));
        let now = start + MAX - micros(1);
        assert!(!gathering.is_over(now));
        assert_eq!(gathering.decide(1, now), Decision::Wait(micros(1)));
        let now = start + MAX;
        assert!(gathering.is_over(now));
        assert_eq!(gathering.decide(1, now), Decision::HandOn);
    }

    #[test]
    fn each_batch_has_its_own_time() {
        let (mut gathering, behind, start) = gathering();
        behind.add();
        assert!(!gathering.is_over(start));
        let end = start + MAX;
        assert!(gathering.is_over(end));
        gathering.end(end);
        assert!(!gathering.is_over(end));
        assert!(gathering.is_over(end + MAX));
    }

    #[test]
    fn rows_that_may_not_wait_at_all_do_not() {
        let mut gathering = Gathering::new(Duration::ZERO, Backlog::default());
        let now = Instant::now();
        gathering.end(now);
        assert!(gathering.is_over(now));
        assert_eq!(gathering.decide(1, now), Decision::HandOn);
    }
}
