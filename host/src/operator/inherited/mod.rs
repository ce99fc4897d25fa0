//! Makes one row of the rows of a key that name the same window.
//!
//! The rows are those of a stage with windows, so that what they say of a window can be summed up once
//! more: `window_start` and `window_end` are columns like others, and the watermark closes a window as it
//! closes any.

mod windows;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use anyhow::Context;
use arrow::{
    array::{Array, AsArray, PrimitiveArray},
    datatypes::TimestampMicrosecondType,
};

use self::windows::{Assignment, Windows};
use super::{
    AggregateWork, Guests, Operator, Outbox, Progress, Resources, Side, StageSpec,
    failure::{BadRow, Cause},
    windowed::{Aggregator, Firing, Leaving, fire, watermark},
};
use crate::{
    batch::Batch,
    state::{Share, Snapshot},
    time::{Timestamp, Watermark},
};

/// The operator of `window = { inherited = true }`.
pub(super) struct InheritedStage {
    aggregator: Aggregator,
    windows: Windows,
    /// The places of the columns that name a window.
    bounds: Bounds,
    watermark: Watermark,
    /// Windows that are complete and whose rows have not been made yet.
    due: VecDeque<u32>,
}

/// The places of the columns that name a window.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    start: usize,
    end: usize,
}

/// The rows of a batch by what becomes of them.
#[derive(Debug, Default)]
struct Split {
    /// Rows of open windows.
    kept: Vec<u32>,
    late: Vec<u32>,
    /// Rows that name no window.
    bad: Vec<BadRow>,
}

impl InheritedStage {
    pub(super) fn open(
        spec: &StageSpec,
        work: &AggregateWork,
        resources: Resources,
    ) -> anyhow::Result<Self> {
        let place = |name: &str| {
            let found = spec.input.find(name).map(|(place, _)| place);
            found.with_context(|| format!("the input has no column `{name}`"))
        };
        let Resources {
            guests, metrics, ..
        } = resources;
        Ok(Self {
            aggregator: Aggregator::open(spec, work, guests, &metrics)?,
            windows: Windows::default(),
            bounds: Bounds {
                start: place(START)?,
                end: place(END)?,
            },
            watermark: Watermark::START,
            due: VecDeque::new(),
        })
    }
}

/// The column that says when a row's window begins.
const START: &str = "window_start";
/// The column that says when it ends.
const END: &str = "window_end";

impl Bounds {
    fn columns(
        self,
        batch: &Batch,
    ) -> anyhow::Result<[&PrimitiveArray<TimestampMicrosecondType>; 2]> {
        let column = |place: usize| {
            let column = batch.column(place).as_primitive_opt();
            column.context("the bounds of windows are not timestamps")
        };
        Ok([column(self.start)?, column(self.end)?])
    }

    fn split(self, batch: &Batch, watermark: Watermark) -> anyhow::Result<Split> {
        let [starts, ends] = self.columns(batch)?;
        let mut split = Split::default();
        for row in 0..batch.rows() {
            let missing = [(START, starts), (END, ends)];
            let missing = missing.into_iter().find(|(_, column)| column.is_null(row));
            if let Some((name, _)) = missing {
                let reason = format!("`{name}` is null, so the row belongs to no window");
                let cause = Cause::of_host(reason);
                split.bad.push(BadRow { row, cause });
            } else if watermark.closes(Timestamp::from_micros(ends.value(row))) {
                split.late.push(row as u32);
            } else {
                split.kept.push(row as u32);
            }
        }
        Ok(split)
    }
}

impl Operator for InheritedStage {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let Split { kept, late, bad } = self.bounds.split(&batch, self.watermark)?;
        let keys = self.aggregator.keys(&batch)?;
        let [starts, ends] = self.bounds.columns(&batch)?;
        let bounds = (&starts.values()[..], &ends.values()[..]);
        let mut assignment = Assignment::new(&mut self.windows, &keys, bounds, &kept);
        self.aggregator
            .absorb(&batch, &kept, &mut assignment, bad, late, out)?;
        assignment.end();
        Ok(())
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(self.aggregator.guests())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = fire(self, watermark, out)?;
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        self.watermark = self.watermark.max(reached);
        if self.windows.trim() {
            self.aggregator.truncate(0);
        }
        Ok(progress)
    }

    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        let windows = self.windows.all();
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

impl Firing for InheritedStage {
    fn due(&mut self) -> &mut VecDeque<u32> {
        &mut self.due
    }

    fn refill(&mut self, to: Watermark) -> anyhow::Result<bool> {
        self.due.extend(self.windows.next_end(to));
        Ok(!self.due.is_empty())
    }

    fn end(&self, window: u32) -> Timestamp {
        self.windows.name(window).end
    }

    fn depart(&mut self, windows: &[u32], out: &mut Outbox) -> anyhow::Result<()> {
        let known = &self.windows;
        let look = |window| {
            let name = known.name(window);
            Leaving::bounded(name.key, name.start, name.end)
        };
        self.aggregator.make_rows(windows, look, out)?;
        self.windows.close(windows);
        self.aggregator.release(windows);
        Ok(())
    }
}
