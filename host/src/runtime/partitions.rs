//! The partitions of a source that one of its subtasks reads.

use std::sync::Arc;

use crate::{
    checkpoint::PartitionSnapshot,
    connector::{Partition, Source},
    time::{Clock, InputProgress, PartitionWatermark, Watermark, WatermarkRule},
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
        let watermark = match known {
            Some(known) => PartitionWatermark::resume(self.rule, &known.progress, now),
            None => PartitionWatermark::new(self.rule, now),
        };
        self.open.push(Open {
            partition,
            watermark,
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
