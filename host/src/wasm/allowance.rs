//! How long all calls of some instances may take together.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A time that calls share, whatever each of them may take, and that somebody else can end.
#[derive(Clone, Debug)]
pub struct Allowance {
    until: Instant,
    cancelled: Arc<AtomicBool>,
}

impl Allowance {
    /// From now on for `time`, or until `cancelled` is set.
    pub fn new(time: Duration, cancelled: Arc<AtomicBool>) -> Self {
        Self {
            until: Instant::now() + time,
            cancelled,
        }
    }

    /// How much of it is left.
    pub fn left(&self) -> Duration {
        match self.is_cancelled() {
            true => Duration::ZERO,
            false => self.until.saturating_duration_since(Instant::now()),
        }
    }

    /// Whether nothing of it is left.
    pub fn is_used_up(&self) -> bool {
        self.left().is_zero()
    }

    /// Whether somebody has ended it.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_ends_by_itself_or_when_it_is_ended() {
        let cancelled = Arc::<AtomicBool>::default();
        let long = Allowance::new(Duration::from_secs(1000), Arc::clone(&cancelled));
        assert!(long.left() > Duration::from_secs(900) && !long.is_used_up());
        assert!(Allowance::new(Duration::ZERO, Arc::clone(&cancelled)).is_used_up());
        cancelled.store(true, Ordering::Relaxed);
        assert!(long.is_used_up() && long.is_cancelled());
    }
}
