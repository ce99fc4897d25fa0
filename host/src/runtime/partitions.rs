//! The partitions of a source that one of its subtasks reads.

use std::sync::Arc;

use crate::{
    checkpoint::PartitionSnapshot,
    connector::{Partition, Source},
    time::{Clock, InputProgress, PartitionWatermark, Timestamp, Watermark, WatermarkRule},
};

/// The partitions of a source that a subtask reads.
pub(super) struct Partitions {
    source: Arc<dyn Source>,
    /// How many are open at most.
    max_open: usize,
    /// How many of those that were open before are opened again at once, even if they are more than that:
    /// one that had to wait for room would not hold event time back, and its rows would be late.
    reopened: usize,
    rule: WatermarkRule,
    pub(super) open: Vec<Open>,
    /// Whether all have been handed out.
    exhausted: bool,
    /// What is known of partitions from before.
    pub(super) known: Vec<PartitionSnapshot>,
    /// Those that have been read to their end.
    pub(super) finished: Vec<Arc<str>>,
}

/// A partition that is being read.
pub(super) struct Open {
    pub(super) partition: Box<dyn Partition>,
    pub(super) watermark: PartitionWatermark,
    /// Whether nothing has ever been read of it.
    pub(super) is_new: bool,
    /// No row has an event time before this one, as the partition has said, and no row has belied.
    pub(super) earliest: Option<Timestamp>,
}

impl Partitions {
    /// Partitions of `source`, at most `max_open` at the same time.
    pub(super) const fn new(source: Arc<dyn Source>, max_open: usize, rule: WatermarkRule) -> Self {
        Self {
            source,
            max_open,
            reopened: 0,
            rule,
            open: Vec::new(),
            exhausted: false,
            known: Vec::new(),
            finished: Vec::new(),
        }
    }

    /// Goes on with the partitions that are `known` where they were, when they are opened; `reopened` of
    /// them are for this subtask. Those that are `finished` are not opened any more.
    #[must_use]
    pub(super) fn resume(
        self,
        known: Vec<PartitionSnapshot>,
        reopened: usize,
        finished: Vec<Arc<str>>,
    ) -> Self {
        Self {
            known,
            reopened,
            finished,
            ..self
        }
    }

    /// Takes note that an open partition has been read to its end.
    pub(super) fn finish(&mut self, place: usize) {
        let ended = self.open.remove(place);
        self.finished.push(Arc::clone(ended.partition.name()));
    }

    /// Opens a partition if there is one and room for it. Only one, so that the subtasks share the
    /// partitions evenly. Returns whether something has changed.
    pub(super) fn open_next(&mut self, clock: &dyn Clock) -> anyhow::Result<bool> {
        if self.exhausted || self.open.len() >= self.max_open.max(self.reopened) {
            self.reopened = 0;
            return Ok(false);
        }
        let Some(partition) = self.source.next_partition()? else {
            self.exhausted = true;
            return Ok(true);
        };
        let now = clock.now();
        let mut known = self.known.iter();
        let known = known.find(|known| known.name == *partition.name());
        let mut watermark = match known {
            Some(known) => PartitionWatermark::resume(self.rule, &known.progress, now),
            None => PartitionWatermark::new(self.rule, now),
        };
        let is_new = watermark.current() == Watermark::START;
        let earliest = partition.earliest();
        if let Some(earliest) = earliest
            && is_new
        {
            // It need not be read to know that it does not hold the others back.
            watermark.observe(earliest);
        }
        self.open.push(Open {
            partition,
            watermark,
            is_new,
            earliest,
        });
        Ok(true)
    }

    /// Whether there is nothing left to read.
    pub(super) fn have_ended(&self) -> bool {
        self.exhausted && self.open.is_empty()
    }

    /// How far the partitions have come together. Nothing is known while there is room: a partition
    /// that is about to be opened may be behind the others.
    pub(super) fn progress(&mut self, clock: &dyn Clock) -> Option<InputProgress> {
        if !self.exhausted && self.open.len() < self.max_open {
            return None;
        }
        if self.rule.idle_timeout.is_some() {
            let now = clock.now();
            for open in &mut self.open {
                open.watermark.look(now);
            }
        }
        InputProgress::of_all(self.open.iter().map(Open::progress))
    }

    /// The watermark of the slowest partition that is not idle; the end of time if there is none.
    pub(super) fn slowest(&self) -> Watermark {
        let active = self.open.iter().map(Open::progress);
        let active = active.filter(|progress| !progress.idle);
        let watermarks = active.map(|progress| progress.watermark);
        watermarks.min().unwrap_or(Watermark::END)
    }

    /// The places of the open partitions, the one furthest behind first, the first of those that have
    /// not been read at all.
    pub(super) fn by_watermark(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.open.len()).collect();
        places.sort_by_key(|&place| self.open[place].watermark.current());
        places
    }
}

impl Open {
    const fn progress(&self) -> InputProgress {
        InputProgress {
            watermark: self.watermark.current(),
            idle: self.watermark.is_idle(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        connector::Read,
        time::{Duration, ManualClock, PartitionProgress},
    };

    /// A partition with nothing in it.
    struct Silent {
        name: Arc<str>,
        earliest: Option<i64>,
    }

    impl Partition for Silent {
        fn name(&self) -> &Arc<str> {
            &self.name
        }

        fn earliest(&self) -> Option<Timestamp> {
            self.earliest.map(at)
        }

        fn read(&mut self) -> anyhow::Result<Read> {
            Ok(Read::End)
        }
    }

    /// Hands out the last one first.
    struct Both(Mutex<Vec<Silent>>);

    impl Source for Both {
        fn partitions(&self) -> usize {
            2
        }

        fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
            let next = self.0.lock().expect("nobody panics").pop();
            Ok(next.map(|partition| Box::new(partition) as _))
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// Two partitions, `a` and `b`, that tell these times, all open.
    fn partitions(earliest: [Option<i64>; 2], known: Vec<PartitionSnapshot>) -> Partitions {
        let [a, b] = earliest;
        let silent = |name: &str, earliest| Silent {
            name: name.into(),
            earliest,
        };
        let source = Both(Mutex::new(vec![silent("b", b), silent("a", a)]));
        let rule = WatermarkRule {
            delay: Duration::from_secs(60),
            idle_timeout: None,
        };
        let mut partitions =
            Partitions::new(Arc::new(source), 16, rule).resume(known, 0, Vec::new());
        let clock = ManualClock::new(at(0));
        while partitions.open_next(&clock).expect("they open") {}
        partitions
    }

    fn told(partitions: &mut Partitions) -> Watermark {
        let progress = partitions.progress(&ManualClock::new(at(0)));
        progress.expect("all are open").watermark
    }

    #[test]
    fn a_partition_that_tells_when_it_begins_is_not_read_before_the_others_have_come_as_far() {
        let mut partitions = partitions([Some(1000), Some(500)], Vec::new());
        assert_eq!(told(&mut partitions), Watermark::at(at(440)));
        assert_eq!(partitions.by_watermark(), [1, 0]);
        partitions.open[1].watermark.observe(at(1001));
        assert_eq!(partitions.by_watermark(), [0, 1]);
        assert_eq!(told(&mut partitions), Watermark::at(at(940)));
    }

    #[test]
    fn one_that_does_not_tell_is_read_first() {
        let mut partitions = partitions([Some(1000), None], Vec::new());
        assert_eq!(told(&mut partitions), Watermark::START);
        assert_eq!(partitions.by_watermark(), [1, 0]);
    }

    #[test]
    fn what_was_known_of_a_partition_counts_more() {
        let progress = PartitionProgress {
            watermark: Watermark::at(at(7)),
            told: false,
            idle: false,
            quiet: Duration::default(),
        };
        let known = PartitionSnapshot {
            name: "b".into(),
            progress,
            position: None,
        };
        let mut partitions = partitions([Some(1000), Some(500)], vec![known]);
        assert_eq!(told(&mut partitions), Watermark::at(at(7)));
        let are_new: Vec<bool> = partitions.open.iter().map(|open| open.is_new).collect();
        assert_eq!(are_new, [true, false]);
    }
}
