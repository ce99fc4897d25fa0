//! The watermark of one partition of a source, and whether the partition is idle.

use super::{Duration, Timestamp, Watermark};

/// How the watermark of a partition is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatermarkRule {
    /// How far it stays behind the latest event time seen.
    pub delay: Duration,
    /// After how long without rows, by the clock, the partition is idle; `None` for never.
    pub idle_timeout: Option<Duration>,
}

/// The watermark of one partition of a source: the latest event time seen, less a delay, unless the
/// partition itself says what it is.
#[derive(Clone, Debug)]
pub struct PartitionWatermark {
    rule: WatermarkRule,
    current: Watermark,
    told: bool,
    idle: bool,
    /// When something came for the last time, or the partition was opened.
    active_at: Timestamp,
}

/// What there is to know of a partition's watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionProgress {
    /// Where it stands.
    pub watermark: Watermark,
    /// Whether the partition itself has said so; it is then no longer derived from rows.
    pub told: bool,
    /// Whether the partition is idle.
    pub idle: bool,
    /// For how long nothing has come.
    pub quiet: Duration,
}

impl PartitionWatermark {
    /// A partition that is opened at the instant `now` and of which nothing has been read.
    pub const fn new(rule: WatermarkRule, now: Timestamp) -> Self {
        Self {
            rule,
            current: Watermark::START,
            told: false,
            idle: false,
            active_at: now,
        }
    }

    /// A partition of which something had been read before. Time between then and `now` does not
    /// count: nobody could have read it.
    pub fn resume(rule: WatermarkRule, progress: &PartitionProgress, now: Timestamp) -> Self {
        Self {
            rule,
            current: progress.watermark,
            told: progress.told,
            idle: progress.idle,
            active_at: now.saturating_sub(progress.quiet),
        }
    }

    /// Where the watermark stands.
    pub const fn current(&self) -> Watermark {
        self.current
    }

    /// Whether the partition does not hold the others back.
    pub const fn is_idle(&self) -> bool {
        self.idle
    }

    /// Takes note of a batch whose latest event time is `latest`. Called after the batch has been
    /// handed on, so that its rows are judged against the watermark before it.
    pub fn observe(&mut self, latest: Timestamp) {
        if !self.told {
            let reached = Watermark::at(latest.saturating_sub(self.rule.delay));
            self.current = self.current.max(reached);
        }
    }

    /// Takes note of what the partition itself says. From now on its rows say nothing.
    pub fn tell(&mut self, watermark: Watermark) {
        self.told = true;
        self.current = self.current.max(watermark);
    }

    /// Takes note that something has come at the instant `now`.
    pub const fn touch(&mut self, now: Timestamp) {
        self.active_at = now;
        self.idle = false;
    }

    /// Takes note of the time.
    pub fn look(&mut self, now: Timestamp) {
        if self.idle_at().is_some_and(|idle_at| idle_at <= now) {
            self.idle = true;
        }
    }

    /// When the partition becomes idle if nothing comes; `None` if it never does, or already is.
    pub fn idle_at(&self) -> Option<Timestamp> {
        let timeout = self.rule.idle_timeout.filter(|_| !self.idle)?;
        Some(self.active_at.saturating_add(timeout))
    }

    /// What is to be known at the instant `now`, to [`resume`](Self::resume) from.
    pub fn progress(&self, now: Timestamp) -> PartitionProgress {
        let quiet = now.as_micros().saturating_sub(self.active_at.as_micros());
        PartitionProgress {
            watermark: self.current,
            told: self.told,
            idle: self.idle,
            quiet: Duration::from_micros(quiet).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn partition(idle_timeout: Option<u32>) -> PartitionWatermark {
        let rule = WatermarkRule {
            delay: Duration::from_secs(60),
            idle_timeout: idle_timeout.map(Duration::from_secs),
        };
        PartitionWatermark::new(rule, at(0))
    }

    #[test]
    fn a_partition_stays_its_delay_behind() {
        let mut partition = partition(None);
        assert_eq!(partition.current(), Watermark::START);
        partition.observe(at(100));
        assert_eq!(partition.current(), Watermark::at(at(40)));
        partition.observe(at(50));
        assert_eq!(partition.current(), Watermark::at(at(40)));
    }

    #[test]
    fn what_a_partition_says_counts_more_than_its_rows() {
        let mut partition = partition(None);
        partition.observe(at(100));
        partition.tell(Watermark::at(at(30)));
        assert_eq!(partition.current(), Watermark::at(at(40)));
        partition.tell(Watermark::at(at(50)));
        partition.observe(at(1000));
        assert_eq!(partition.current(), Watermark::at(at(50)));
    }

    #[test]
    fn a_partition_is_idle_after_its_timeout_whether_it_was_ever_read_or_not() {
        let mut partition = partition(Some(30));
        partition.look(at(29));
        assert!(!partition.is_idle());
        assert_eq!(partition.idle_at(), Some(at(30)));
        partition.look(at(30));
        assert!(partition.is_idle());
        assert_eq!(partition.idle_at(), None);
        partition.touch(at(31));
        assert!(!partition.is_idle());
        assert_eq!(partition.idle_at(), Some(at(61)));
    }

    #[test]
    fn without_a_timeout_a_partition_is_never_idle() {
        let mut partition = partition(None);
        partition.look(at(i64::from(u32::MAX)));
        assert!(!partition.is_idle());
    }

    #[test]
    fn the_time_in_which_nothing_runs_makes_no_partition_idle() {
        let mut before = partition(Some(30));
        before.observe(at(100));
        let progress = before.progress(at(20));
        let mut after = PartitionWatermark::resume(before.rule, &progress, at(1000));
        assert_eq!(after.current(), before.current());
        after.look(at(1009));
        assert!(!after.is_idle());
        after.look(at(1010));
        assert!(after.is_idle());
    }
}
