//! Makes one row of each: the results of functions over the rows of its key around it.
//!
//! In event time, rows wait until the watermark has passed them; then they are *settled*: the rows of a
//! key are in order, and get numbers. Without event time rows are settled as they come. A settled row is
//! *fired* when its frame is complete. Each row has accumulators of its own, made once when it comes;
//! those of a frame are put together of runs of 2, 4, 8, … rows, which frames share (see
//! [`cover`](crate::window::cover)). So a row costs about as many merges as its frame's length has
//! binary digits. Holistic functions see all rows of each frame.

mod firing;
mod functions;
mod nodes;
mod pieces;
mod results;
mod snapshot;
#[cfg(test)]
mod tests;
mod track;

pub(super) use snapshot::first_kept_column;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use anyhow::Context;
use arrow::{array::ArrayRef, datatypes::SchemaRef};

use self::{
    functions::{Functions, Leaves},
    nodes::Nodes,
    track::{Frame, Places, Track, Waiting},
};
use super::{
    AggregateWork, Guests, Operator, Outbox, Progress, RejectionPolicy, Resources, Side, StageSpec,
    TimeDomain, event_times, expiry::Expiry, touched::Touched,
};
use crate::{
    batch::{Batch, DataType, KeyEncoder},
    metrics::NodeMetrics,
    state::{Columns, KeyTable, RowStore, Share, Snapshot},
    time::{Clock, Timestamp, Watermark},
};

/// The operator of `aggregate = […]` over rolling windows.
pub(super) struct Rolling {
    /// The places of the key's columns.
    key: Vec<usize>,
    encoder: KeyEncoder,
    frame: Frame,
    time: TimeDomain,
    keys: KeyTable,
    /// By the number of the key.
    tracks: Vec<Track>,
    touched: Touched,
    functions: Functions,
    nodes: Nodes,
    /// The arguments of holistic functions, of rows that frames need.
    values: RowStore,
    /// What rows that have not been fired keep, and their event time.
    rows: RowStore,
    keep: Vec<usize>,
    unsettled: BinaryHeap<Reverse<Unsettled>>,
    /// With frames that look ahead: the event times of rows that have not been fired, and how many rows
    /// there are of each.
    held_back: BTreeMap<i64, usize>,
    /// With frames of a span: when keys can be forgotten.
    expiry: Expiry,
    /// How many rows have come.
    arrivals: u64,
    watermark: Watermark,
    /// The watermark of the output.
    reached: Watermark,
    /// How far the clock has come.
    now: Timestamp,
    output: SchemaRef,
    late: Option<usize>,
    rejects: RejectionPolicy,
    failed_frames: RejectionPolicy,
    metrics: Arc<NodeMetrics>,
    clock: Arc<dyn Clock>,
}

/// A row that the watermark has not passed. The first to be settled is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unsettled {
    time: i64,
    arrival: u64,
    key: u32,
    row: u32,
    leaf: u32,
    values: Option<u32>,
}

impl Rolling {
    pub(super) fn open(
        spec: &StageSpec,
        work: &AggregateWork,
        resources: Resources,
    ) -> anyhow::Result<Self> {
        let Resources {
            guests,
            metrics,
            clock,
            ..
        } = resources;
        let frame = Frame::of(work.window).context("a rolling window has frames")?;
        let fields = spec.input.fields();
        let types = work.key.iter();
        let types = types.map(|&place| fields[place].data_type.to_arrow());
        let functions = Functions::open(&work.calls, guests);
        let kept = work.keep.iter().map(|&place| fields[place].data_type);
        Ok(Self {
            encoder: KeyEncoder::new(types)?,
            key: work.key.clone(),
            frame,
            time: work.time,
            keys: KeyTable::default(),
            tracks: Vec::new(),
            touched: Touched::default(),
            nodes: Nodes::new(functions.accumulator_types()),
            values: RowStore::new(functions.value_types()),
            rows: RowStore::new(kept.chain([DataType::Int64])),
            keep: work.keep.clone(),
            unsettled: BinaryHeap::new(),
            held_back: BTreeMap::new(),
            expiry: Expiry::default(),
            arrivals: 0,
            watermark: Watermark::START,
            reached: Watermark::START,
            now: Watermark::START.time(),
            output: spec.output.to_arrow(),
            late: spec.late,
            rejects: RejectionPolicy::of_stage(spec, &metrics),
            failed_frames: RejectionPolicy::of_stage(spec, &metrics).for_windows(),
            functions,
            metrics,
            clock,
        })
    }

    /// Takes out the rows that the watermark has passed.
    fn leave_out(&self, batch: Batch, times: &[i64], out: &mut Outbox) -> anyhow::Result<Batch> {
        let passed = |row: u32| times[row as usize] < self.watermark.time().as_micros();
        let (late, kept): (Vec<u32>, Vec<u32>) =
            (0..batch.rows() as u32).partition(|&row| passed(row));
        if late.is_empty() {
            return Ok(batch);
        }
        self.metrics.late.add(late.len());
        if let Some(sink) = self.late {
            out.late.push((sink, batch.take(&late)?));
        }
        Ok(batch.take(&kept)?)
    }

    /// Makes the accumulators of the rows of a batch, and leaves out those that are refused.
    fn leaves(&mut self, batch: Batch, out: &mut Outbox) -> anyhow::Result<(Batch, Leaves)> {
        let mut patience = self.rejects.patience();
        let (leaves, bad) = self.functions.leaves(&batch, &mut patience)?;
        let bad = self.rejects.settle(&batch, bad, out)?;
        self.metrics.absorbed.add(leaves.rows.len());
        let batch = match bad.is_empty() {
            true => batch,
            false => batch.take(&leaves.rows)?,
        };
        Ok((batch, leaves))
    }

    /// Keeps rows, to be settled at their event time, or at `now`.
    fn keep(
        &mut self,
        batch: &Batch,
        leaves: &Leaves,
        now: Option<i64>,
    ) -> anyhow::Result<Vec<Unsettled>> {
        let rows = batch.rows();
        let column = |&place: &usize| Arc::clone(batch.column(place));
        let key: Vec<ArrayRef> = self.key.iter().map(column).collect();
        let keys = self.encoder.encode(&key, rows)?;
        let mut kept: Columns = self.keep.iter().map(column).collect();
        let times = batch.times();
        kept.push(event_times::column(batch));
        let places = self.rows.insert(rows, &kept);
        let nodes = self.nodes.insert(rows, &leaves.accumulators);
        let values = match leaves.values.is_empty() {
            true => Vec::new(),
            false => self.values.insert(rows, &leaves.values),
        };
        let unsettled = (0..rows).map(|row| {
            let (key, _) = self.keys.number(keys.get(row));
            if self.tracks.len() <= key as usize {
                self.tracks.push(Track::default());
            }
            self.tracks[key as usize].unsettled += 1;
            let event_time = times.map(|times| times[row]);
            if let Some(time) = event_time.filter(|_| self.frame.looks_ahead()) {
                *self.held_back.entry(time).or_default() += 1;
            }
            self.arrivals += 1;
            Unsettled {
                time: now.or(event_time).unwrap_or_default(),
                arrival: self.arrivals,
                key,
                row: places[row],
                leaf: nodes[row],
                values: values.get(row).copied(),
            }
        });
        Ok(unsettled.collect())
    }

    /// Adds a row to those of its key.
    fn settle(&mut self, row: &Unsettled, event_time: Option<i64>) {
        let track = &mut self.tracks[row.key as usize];
        track.unsettled -= 1;
        let places = Places {
            leaf: row.leaf,
            values: row.values,
        };
        let waiting = Waiting {
            row: row.row,
            arrival: row.arrival,
            time: event_time,
        };
        track.settle(row.time, places, waiting);
        if let Frame::Span(span) = self.frame
            && !track.is_queued
        {
            track.is_queued = true;
            let due = Timestamp::from_micros(row.time.saturating_add(span));
            self.expiry.push(due, row.key);
        }
    }

    /// How far time has come by which rows are forgotten.
    fn present(&self) -> i64 {
        match self.time {
            TimeDomain::Event => self.watermark.time().as_micros(),
            TimeDomain::Processing => self.now.as_micros(),
        }
    }

    /// Takes note of the clock; it is not set back.
    fn look_at_clock(&mut self) {
        if self.time == TimeDomain::Processing {
            self.now = self.now.max(self.clock.now());
        }
    }

    /// When the operator wants to be told the time.
    fn wake_at(&self) -> Option<Timestamp> {
        match self.time {
            TimeDomain::Event => None,
            TimeDomain::Processing => self.expiry.next(),
        }
    }

    /// The watermark of the output: behind no row that has not been fired.
    fn reach(&mut self) -> Watermark {
        let held_back = self.held_back.keys().next();
        let held_back = held_back.map(|&time| Watermark::at(Timestamp::from_micros(time)));
        let reached = held_back.map_or(self.watermark, |held| held.min(self.watermark));
        self.reached = self.reached.max(reached);
        self.reached
    }
}

impl Operator for Rolling {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        self.look_at_clock();
        let by_event_time = self.time == TimeDomain::Event && batch.times().is_some();
        let batch = match batch.times().filter(|_| by_event_time).cloned() {
            Some(times) => self.leave_out(batch, &times, out)?,
            None => batch,
        };
        if batch.rows() == 0 {
            out.wake_at = self.wake_at();
            return Ok(());
        }
        let (batch, leaves) = self.leaves(batch, out)?;
        if by_event_time {
            let rows = self.keep(&batch, &leaves, None)?;
            self.unsettled.extend(rows.into_iter().map(Reverse));
        } else {
            let now = (self.time == TimeDomain::Processing).then(|| self.now.as_micros());
            let rows = self.keep(&batch, &leaves, now.or(Some(0)))?;
            for (row, unsettled) in rows.iter().enumerate() {
                let event_time = batch.times().map(|times| times[row]);
                self.settle(unsettled, event_time);
            }
            let keys: Vec<u32> = rows.iter().map(|row| row.key).collect();
            let (keys, _) = self.touched.of(&keys);
            self.fire(&keys, false, out)?;
        }
        self.forget();
        out.wake_at = self.wake_at();
        Ok(())
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(&mut self.functions.guests)
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        self.look_at_clock();
        let (keys, is_done) = self.settle_until(watermark);
        let reached = match self.unsettled.peek().filter(|_| !is_done) {
            Some(Reverse(next)) => watermark.min(Watermark::at(Timestamp::from_micros(next.time))),
            None => watermark,
        };
        self.watermark = self.watermark.max(reached);
        self.fire(&keys, false, out)?;
        if is_done && watermark == Watermark::END {
            let waiting = self.keys.numbers();
            let waiting = waiting.filter(|&key| self.tracks[key as usize].is_waiting());
            let waiting: Vec<u32> = waiting.collect();
            self.fire(&waiting, true, out)?;
        }
        self.forget();
        out.wake_at = self.wake_at();
        let reached = self.reach();
        Ok(match is_done {
            true => Progress::Done(reached),
            false => Progress::More(reached),
        })
    }

    fn tick(&mut self, _: Timestamp, out: &mut Outbox) -> anyhow::Result<Option<Progress>> {
        self.look_at_clock();
        self.forget();
        out.wake_at = self.wake_at();
        Ok(None)
    }

    fn snapshot(&mut self) -> anyhow::Result<Option<Snapshot>> {
        self.write_down().map(Some)
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        self.take_up(snapshots, share)
    }
}
