//! Makes one row of all rows of a key and window, for windows that are the same for every key:
//! tumbling, sliding, growing and global ones.
//!
//! Rows go into slices, which windows share; a slice holds, for each of its keys, one accumulator a
//! function (or the rows themselves, for a holistic function). When the watermark reaches the end
//! of a window, the accumulators of its slices are merged and finished. A slice is dropped with the
//! last window that needs it.

mod absorb;
mod assignment;
mod combine;
mod emission;
mod firing;
mod groups;
mod index;
mod keys;
mod overdue;
mod overlap;
mod partial;
mod ranges;
mod ready;
mod slice_state;
mod slices;
mod snapshot;
mod union;
mod value_log;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use anyhow::Context;
use arrow::datatypes::SchemaRef;

use self::{
    absorb::{Open, Rows, absorb},
    assignment::Assignment,
    emission::Changes,
    groups::Grouping,
    keys::StageKeys,
    overdue::Overdue,
    ready::Ready,
    slices::Slices,
};
use super::{
    AggregateWork, Emit, Guests, Operator, Outbox, Progress, RejectionPolicy, Resources, Side,
    StageSpec, TimeDomain, calls::Calls,
};
use crate::{
    batch::{Batch, KeyEncoder},
    metrics::NodeMetrics,
    state::{Share, Snapshot},
    time::{Clock, Duration, Timestamp, Watermark},
    window::Slicing,
};

/// The operator of `aggregate = […]`.
pub(super) struct Aggregate {
    slicing: Slicing,
    /// Whether windows have a start and an end.
    timed: bool,
    time: TimeDomain,
    lateness: Duration,
    emit: Emit,
    keys: StageKeys,
    slices: Slices,
    /// How far time has come: event time, or the clock.
    watermark: Watermark,
    /// The first window that has not fired.
    next: i64,
    /// Windows before that which have yet to fire for some keys, until the stage is told the time.
    overdue: Overdue,
    /// With early results at intervals: what has changed since the last ones.
    unsent: Changes,
    /// With early results at intervals: when the next ones are due.
    send_at: Option<Timestamp>,
    calls: Calls,
    output: SchemaRef,
    late: Option<usize>,
    rejects: RejectionPolicy,
    failed_windows: RejectionPolicy,
    metrics: Arc<NodeMetrics>,
    clock: Arc<dyn Clock>,
    grouping: Grouping,
}

impl Aggregate {
    pub(super) fn open(
        spec: &StageSpec,
        work: &AggregateWork,
        resources: Resources,
    ) -> anyhow::Result<Self> {
        let slicing = Slicing::new(work.window).context("each key has windows of its own")?;
        let Resources {
            guests,
            metrics,
            clock,
            ..
        } = resources;
        let types = work
            .key
            .iter()
            .map(|&place| spec.input.fields()[place].data_type.to_arrow());
        let calls = Calls::new(&work.calls, guests);
        Ok(Self {
            slicing,
            timed: work.window.has_bounds(),
            time: work.time,
            lateness: work.lateness,
            emit: work.emit,
            keys: StageKeys::new(&work.key, KeyEncoder::new(types)?),
            slices: Slices::new(slicing),
            watermark: Watermark::START,
            next: slicing.first_open(Watermark::START.time()),
            overdue: Overdue::default(),
            unsent: Changes::default(),
            send_at: None,
            rejects: RejectionPolicy::of_stage(spec, &metrics),
            failed_windows: RejectionPolicy::of_stage(spec, &metrics).for_windows(),
            calls,
            output: spec.output.to_arrow(),
            late: spec.late,
            metrics,
            clock,
            grouping: Grouping::default(),
        })
    }

    /// Takes the rows that belong to no open window out of `batch`.
    fn leave_out(
        &self,
        batch: Batch,
        assignment: &mut Assignment,
        out: &mut Outbox,
    ) -> anyhow::Result<Batch> {
        let Some(split) = assignment.split() else {
            return Ok(batch);
        };
        self.metrics.filtered.add(split.outside);
        self.metrics.late.add(split.late.len());
        if let Some(sink) = self.late
            && !split.late.is_empty()
        {
            out.late.push((sink, batch.take(&split.late)?));
        }
        Ok(batch.take(&split.kept)?)
    }

    /// Takes rows into their slices; tells which keys they have changed.
    fn absorb(
        &mut self,
        batch: &Batch,
        assignment: &Assignment,
        out: &mut Outbox,
    ) -> anyhow::Result<Changes> {
        let numbered = self.keys.number(batch)?;
        let bound = self.keys.bound();
        // The slices that the batch touches leave the map while it is absorbed.
        let mut open: Vec<Open> = Vec::with_capacity(assignment.slices().len());
        for &slice in assignment.slices() {
            let state = self.slices.take(slice, &self.calls, bound);
            open.push(Open::new(slice, state));
        }
        let rows = Rows {
            batch,
            slices: assignment.rows(),
            keys: &numbered.numbers,
            bound,
        };
        let bad = absorb(
            &mut self.calls,
            &mut self.grouping,
            &mut open,
            &rows,
            &mut self.rejects.patience(),
        )?;
        let mut changes = Changes::default();
        let is_asked = self.emit != Emit::Final || !self.lateness.is_zero();
        for mut open in open {
            self.keys.hold(open.new_keys(bound));
            if is_asked {
                changes.add(open.number, &open.changed);
            }
            self.slices.put(open.number, open.state);
        }
        self.keys.forget_unheld(&numbered.fresh);
        let bad = self.rejects.settle(batch, bad, out)?;
        self.metrics.absorbed.add(batch.rows() - bad.len());
        Ok(changes)
    }

    /// Hands on what is to leave at once, and remembers what is to leave later.
    fn announce(&mut self, changes: Changes, out: &mut Outbox) -> anyhow::Result<()> {
        let kept = self.watermark.time().saturating_sub(self.lateness);
        let first = self.slicing.first_open(kept);
        let windows = match self.emit {
            Emit::Update => first..i64::MAX,
            Emit::Final | Emit::Every(_) => first..self.next,
        };
        if !windows.is_empty() {
            let mut ready = Ready::default();
            self.emit_changes(&changes, windows, &mut ready, out)?;
            self.flush(&mut ready, out)?;
        }
        if let Emit::Every(interval) = self.emit
            && !changes.is_empty()
        {
            self.unsent.join(changes);
            let due = || self.clock.now().next_multiple(interval);
            self.send_at.get_or_insert_with(due);
        }
        Ok(())
    }

    /// Hands on early results if they are due.
    fn send_early(&mut self, now: Timestamp, out: &mut Outbox) -> anyhow::Result<()> {
        if self.send_at.is_none_or(|due| now < due) {
            return Ok(());
        }
        self.send_at = None;
        let changes = std::mem::take(&mut self.unsent);
        let mut ready = Ready::default();
        self.emit_changes(&changes, self.next..i64::MAX, &mut ready, out)?;
        self.flush(&mut ready, out)
    }

    /// Fires the windows that `to` closes and drops what is no longer needed.
    fn reach(&mut self, to: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = self.fire(to, out)?;
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        self.watermark = self.watermark.max(reached);
        let (lateness, keys) = (self.lateness, &mut self.keys);
        self.slices.drop_closed(self.watermark, lateness, keys);
        self.unsent
            .forget_before(self.slicing.slices_of(self.next).start);
        if self.unsent.is_empty() {
            self.send_at = None;
        }
        Ok(progress)
    }

    /// When the operator wants to be told the time.
    fn wake_at(&self) -> Option<Timestamp> {
        let end = match self.time {
            TimeDomain::Event => None,
            TimeDomain::Processing => {
                let window = self.slices.next_due(self.next, Watermark::END);
                window.map(|window| self.slicing.window(window).end)
            }
        };
        self.send_at.into_iter().chain(end).min()
    }
}

impl Operator for Aggregate {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let batch = match self.time {
            TimeDomain::Event => batch,
            // A clock that is set back does not make rows late.
            TimeDomain::Processing => batch.at(self.clock.now().max(self.watermark.time())),
        };
        let (watermark, lateness) = (self.watermark, self.lateness);
        let mut assignment = Assignment::of(&self.slicing, watermark, lateness, &batch);
        let batch = self.leave_out(batch, &mut assignment, out)?;
        if batch.rows() > 0 {
            let changes = self.absorb(&batch, &assignment, out)?;
            self.announce(changes, out)?;
        }
        out.wake_at = self.wake_at();
        Ok(())
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(self.calls.guests())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = match self.time {
            // The windows go by the clock, and so does what follows them.
            TimeDomain::Processing if watermark != Watermark::END => Progress::Done(self.watermark),
            TimeDomain::Event | TimeDomain::Processing => self.reach(watermark, out)?,
        };
        out.wake_at = self.wake_at();
        Ok(progress)
    }

    fn tick(&mut self, now: Timestamp, out: &mut Outbox) -> anyhow::Result<Option<Progress>> {
        self.fire_overdue(out)?;
        self.send_early(now, out)?;
        let progress = match self.time {
            TimeDomain::Event => None,
            TimeDomain::Processing if self.watermark.time() < now => {
                Some(self.reach(Watermark::at(now), out)?)
            }
            TimeDomain::Processing => None,
        };
        out.wake_at = self.wake_at();
        Ok(progress)
    }

    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        self.write_down()
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        self.take_up(snapshots, share)
    }
}
