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
        let earliest = partition.earliest();
        let is_new = earliest.is_some() || watermark.current() == Watermark::START;
        if let Some(earliest) = earliest {
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

    /// The places of the open partitions in the order in which they are to be read: those that have not been read at all, by what
    /// they have told of their times, then the others, the one furthest behind first.
    ///
    /// The first rows of a partition that tells when it begins come as soon as they may, and so before those of another one that it
    /// overlaps a little, whether one subtask reads both or two do: what goes by the order of rows is the same at any parallelism.
    pub(super) fn in_turn(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.open.len()).collect();
        places.sort_by_key(|&place| {
            let open = &self.open[place];
            (!open.is_new, open.watermark.current())
        });
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
    fn a_partition_that_tells_when_it_begins_does_not_hold_the_others_back() {
        let mut partitions = partitions([Some(1000), Some(500)], Vec::new());
        assert_eq!(told(&mut partitions), Watermark::at(at(440)));
        assert_eq!(partitions.in_turn(), [1, 0]);
        partitions.open[1].is_new = false;
        partitions.open[1].watermark.observe(at(600));
        assert_eq!(partitions.in_turn(), [0, 1], "as soon as it may");
        partitions.open[0].is_new = false;
        assert_eq!(partitions.in_turn(), [1, 0]);
        partitions.open[1].watermark.observe(at(1001));
        assert_eq!(partitions.in_turn(), [0, 1]);
        assert_eq!(told(&mut partitions), Watermark::at(at(940)));
    }

    #[test]
    fn one_that_does_not_tell_is_read_first() {
        let mut partitions = partitions([Some(1000), None], Vec::new());
        assert_eq!(told(&mut partitions), Watermark::START);
        assert_eq!(partitions.in_turn(), [1, 0]);
    }

    #[test]
    fn a_partition_that_goes_on_is_where_it_was() {
        for (earliest, before, is_new, watermark) in [
            (None, Watermark::at(at(7)), false, 7),
            (Some(500), Watermark::at(at(440)), true, 440),
            (Some(500), Watermark::START, true, 440),
        ] {
            let progress = PartitionProgress {
                watermark: before,
                told: false,
                idle: false,
                quiet: Duration::default(),
            };
            let known = PartitionSnapshot {
                name: "b".into(),
                progress,
                position: None,
            };
            let mut partitions = partitions([Some(1000), earliest], vec![known]);
            assert_eq!(told(&mut partitions), Watermark::at(at(watermark)));
            let are_new: Vec<bool> = partitions.open.iter().map(|open| open.is_new).collect();
            assert_eq!(are_new, [true, is_new]);
        }
    }
}
