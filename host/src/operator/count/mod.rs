//! Makes one row of a number of rows of a key, as they come.
//!
//! Time plays no part in it: a window is complete with its last row, and its row leaves at once. What is
//! not complete when the input ends leaves then.

mod windows;

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, num::NonZeroU64};

use self::windows::{Assignment, Windows};
use super::{
    AggregateWork, Guests, Operator, Outbox, Progress, Resources, Side, StageSpec,
    windowed::{Aggregator, Firing, Leaving, fire, watermark},
};
use crate::{
    batch::Batch,
    state::{Share, Snapshot},
    time::{Timestamp, Watermark},
};

/// The operator of `window = { count = … }`.
pub(super) struct CountStage {
    aggregator: Aggregator,
    windows: Windows,
    watermark: Watermark,
    /// Whether the input has ended, so that what is not complete leaves.
    has_ended: bool,
    /// Windows whose rows are to be made.
    due: VecDeque<u32>,
}

impl CountStage {
    pub(super) fn open(
        spec: &StageSpec,
        work: &AggregateWork,
        rows: NonZeroU64,
        resources: Resources,
    ) -> anyhow::Result<Self> {
        let Resources {
            guests, metrics, ..
        } = resources;
        Ok(Self {
            aggregator: Aggregator::open(spec, work, guests, &metrics)?,
            windows: Windows::new(rows),
            watermark: Watermark::START,
            has_ended: false,
            due: VecDeque::new(),
        })
    }
}

impl Operator for CountStage {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let keys = self.aggregator.keys(&batch)?;
        let times = batch.times().map(|times| &times[..]);
        let mut assignment = Assignment::new(&mut self.windows, &keys, times);
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        self.aggregator
            .absorb(&batch, &rows, &mut assignment, Vec::new(), Vec::new(), out)?;
        let complete = assignment.end();
        self.depart(&complete, out)
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(self.aggregator.guests())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = fire(self, watermark, out)?;
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        self.watermark = self.watermark.max(reached);
        Ok(progress)
    }

    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        let windows = self.windows.by_key();
        self.aggregator
            .write_down(&self.windows, &windows, self.watermark)
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        self.watermark = watermark(snapshots);
        for snapshot in snapshots {
            self.aggregator
                .take_up(&mut self.windows, snapshot, share)?;
        }
        Ok(())
    }
}

impl Firing for CountStage {
    fn due(&mut self) -> &mut VecDeque<u32> {
        &mut self.due
    }

    fn refill(&mut self, to: Watermark) -> anyhow::Result<bool> {
        if to == Watermark::END && !self.has_ended {
            self.has_ended = true;
            self.due.extend(self.windows.by_key());
        }
        Ok(!self.due.is_empty())
    }

    fn end(&self, _: u32) -> Timestamp {
        // No row is made below the watermark.
        Timestamp::from_micros(self.watermark.time().as_micros().saturating_add(1))
    }

    fn depart(&mut self, windows: &[u32], out: &mut Outbox) -> anyhow::Result<()> {
        let (known, watermark) = (&self.windows, self.watermark.time());
        let look = |window| Leaving {
            key: known.key_of(window),
            bounds: None,
            // What was promised of the rows that are still to come holds for this one too.
            time: known.latest(window).map(|latest| latest.max(watermark)),
        };
        self.aggregator.make_rows(windows, look, out)?;
        self.windows.close(windows);
        self.aggregator.release(windows);
        if let Some(bound) = self.windows.trim() {
            self.aggregator.truncate(bound);
        }
        Ok(())
    }
}
