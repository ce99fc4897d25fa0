//! How much of what a guest says goes to the host's log: so many lines and bytes a second.
//!
//! Outlives the instance: one that is renewed after each trap must not get a fresh budget each time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::limits::Limits;

const SECOND: Duration = Duration::from_secs(1);

/// The budget of an instance and those that replace it. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct LogBudget(Arc<Mutex<Window>>);

/// What has been logged since the beginning of a second.
#[derive(Debug)]
struct Window {
    stage: Arc<str>,
    max_lines: u32,
    max_bytes: usize,
    start: Instant,
    lines: u32,
    bytes: usize,
    suppressed: u64,
}

impl LogBudget {
    pub(super) fn new(stage: Arc<str>, limits: &Limits) -> Self {
        Self(Arc::new(Mutex::new(Window {
            stage,
            max_lines: limits.log_lines,
            max_bytes: limits.log_bytes,
            start: Instant::now(),
            lines: 0,
            bytes: 0,
            suppressed: 0,
        })))
    }

    /// Whether a line of so many bytes still fits this second.
    pub(super) fn admits(&self, bytes: usize) -> bool {
        let window = self.0.lock();
        window.unwrap_or_else(PoisonError::into_inner).admits(bytes)
    }
}

impl Window {
    fn admits(&mut self, bytes: usize) -> bool {
        if self.start.elapsed() >= SECOND {
            self.report();
            self.start = Instant::now();
            self.lines = 0;
            self.bytes = 0;
        }
        if self.lines >= self.max_lines || self.bytes + bytes > self.max_bytes {
            self.suppressed += 1;
            return false;
        }
        self.lines += 1;
        self.bytes += bytes;
        true
    }

    /// Tells how much was left out.
    fn report(&mut self) {
        let lines = std::mem::take(&mut self.suppressed);
        if lines > 0 {
            tracing::warn!(target: "guest", stage = &*self.stage, lines, "log lines suppressed");
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.report();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(log_lines: u32, log_bytes: usize) -> LogBudget {
        let limits = Limits {
            log_lines,
            log_bytes,
            ..Limits::default()
        };
        LogBudget::new("hot".into(), &limits)
    }

    #[test]
    fn lines_of_a_second_are_limited_for_all_that_share_the_budget() {
        let first = budget(2, 1000);
        let second = first.clone();
        assert!(first.admits(10));
        assert!(second.admits(10));
        assert!(!first.admits(10));
    }

    #[test]
    fn bytes_of_a_second_are_limited() {
        let budget = budget(100, 15);
        assert!(budget.admits(10));
        assert!(!budget.admits(10));
        assert!(budget.admits(5));
    }
}
