//! Makes one row of the rows of a key that follow each other closely.
//!
//! A session is open until the watermark passes its end, the gap after its last row. Then its row leaves;
//! for as long as rows may be late it can still grow, and then leaves again with what it is then. What
//! has left before stays as it was.

mod assignment;
mod queue;
mod windows;

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc};

use anyhow::Context;

use self::{assignment::Assignment, windows::Windows};
use super::{
    AggregateWork, Guests, Operator, Outbox, Progress, Resources, Side, StageSpec, TimeDomain,
    windowed::{Aggregator, Firing, Leaving, fire, watermark},
};
use crate::{
    batch::Batch,
    state::{Share, Snapshot},
    time::{Clock, Duration, Timestamp, Watermark},
};

/// The operator of `window = { session = "…" }`.
pub(super) struct SessionStage {
    aggregator: Aggregator,
    windows: Windows,
    time: TimeDomain,
    /// How far time has come: event time, or the clock.
    watermark: Watermark,
    /// The watermark of the output, for sessions by the clock.
    promised: Watermark,
    gap: Duration,
    /// Sessions that are complete and whose rows have not been made yet.
    due: VecDeque<u32>,
    clock: Arc<dyn Clock>,
}

impl SessionStage {
    pub(super) fn open(
        spec: &StageSpec,
        work: &AggregateWork,
        gap: Duration,
        resources: Resources,
    ) -> anyhow::Result<Self> {
        let Resources {
            guests,
            metrics,
            clock,
            ..
        } = resources;
        Ok(Self {
            aggregator: Aggregator::open(spec, work, guests, &metrics)?,
            windows: Windows::new(gap, work.lateness),
            time: work.time,
            watermark: Watermark::START,
            promised: Watermark::START,
            gap,
            due: VecDeque::new(),
            clock,
        })
    }

    /// Takes the rows of a batch into sessions, and makes the rows of those that have fired before.
    fn absorb(&mut self, batch: &Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let keys = self.aggregator.keys(batch)?;
        let times = batch.times().context("rows without event time")?;
        let mut assignment = Assignment::new(&mut self.windows, &keys, times, self.watermark);
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        self.aggregator
            .absorb(batch, &rows, &mut assignment, Vec::new(), Vec::new(), out)?;
        let corrected = assignment.end();
        self.depart(&corrected, out)
    }

    /// Fires the sessions that `to` closes.
    fn reach(&mut self, to: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = fire(self, to, out)?;
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        self.watermark = self.watermark.max(reached);
        if let Some(bound) = self.windows.trim() {
            self.aggregator.truncate(bound);
        }
        Ok(progress)
    }

    /// Fires the sessions that are over by the clock, and promises that no row comes before the next one
    /// is: what follows would wait for those of other subtasks in vain.
    fn reach_by_clock(&mut self, now: Timestamp, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = self.reach(Watermark::at(now), out)?;
        Ok(match progress {
            Progress::More(_) => progress,
            Progress::Done(_) => {
                // One that is yet to begin ends no sooner than this.
                let earliest = now.saturating_add(self.gap);
                let due = self.windows.next_due();
                let earliest = due.map_or(earliest, |due| due.min(earliest));
                // The row of a session is within it.
                let promised = earliest.as_micros().saturating_sub(1);
                let promised = Watermark::at(Timestamp::from_micros(promised));
                self.promised = self.promised.max(promised);
                Progress::Done(self.promised)
            }
        })
    }

    /// When the operator wants to be told the time.
    fn wake_at(&self) -> Option<Timestamp> {
        match self.time {
            TimeDomain::Event => None,
            TimeDomain::Processing => self.windows.next_due(),
        }
    }
}

impl Operator for SessionStage {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let batch = match self.time {
            TimeDomain::Event => batch,
            // A clock that is set back does not make rows late.
            TimeDomain::Processing => batch.at(self.clock.now().max(self.watermark.time())),
        };
        self.absorb(&batch, out)?;
        out.wake_at = self.wake_at();
        Ok(())
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(self.aggregator.guests())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = match self.time {
            // Sessions go by the clock, and so does what follows them.
            TimeDomain::Processing if watermark != Watermark::END => Progress::Done(self.promised),
            TimeDomain::Event | TimeDomain::Processing => self.reach(watermark, out)?,
        };
        out.wake_at = self.wake_at();
        Ok(progress)
    }

    fn tick(&mut self, now: Timestamp, out: &mut Outbox) -> anyhow::Result<Option<Progress>> {
        let progress = match self.time {
            TimeDomain::Processing if self.watermark.time() < now => {
                Some(self.reach_by_clock(now, out)?)
            }
            TimeDomain::Event | TimeDomain::Processing => None,
        };
        out.wake_at = self.wake_at();
        Ok(progress)
    }

    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        let sessions = self.windows.all();
        self.aggregator
            .write_down(&self.windows, &sessions, self.watermark)
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

impl Firing for SessionStage {
    fn due(&mut self) -> &mut VecDeque<u32> {
        &mut self.due
    }

    fn refill(&mut self, to: Watermark) -> anyhow::Result<bool> {
        let over = self.windows.next_end(to, &mut self.due);
        self.aggregator.release(&over);
        Ok(!self.due.is_empty())
    }

    fn end(&self, window: u32) -> Timestamp {
        self.windows.end(window)
    }

    fn depart(&mut self, windows: &[u32], out: &mut Outbox) -> anyhow::Result<()> {
        let known = &self.windows;
        let look = |window| {
            let (start, end) = known.bounds(window);
            Leaving::bounded(known.key_of(window), start, end)
        };
        self.aggregator.make_rows(windows, look, out)?;
        let over = self.windows.fired(windows);
        self.aggregator.release(&over);
        Ok(())
    }
}
