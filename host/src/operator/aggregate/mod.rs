//! Makes one row of all rows of a key and window.
//!
//! Rows go into slices, which windows share; a slice holds, for each of its keys, one accumulator a
//! function (or the rows themselves, for a holistic function). When the watermark reaches the end
//! of a window, the accumulators of its slices are merged and finished. A slice is dropped with the
//! last window that needs it.

mod absorb;
mod assignment;
mod calls;
mod firing;
mod merging;
mod slice_state;
mod slices;
mod value_log;

use std::sync::Arc;

use arrow::{array::ArrayRef, datatypes::SchemaRef};

use self::{assignment::Assignment, calls::Calls, slice_state::SliceState, slices::Slices};
use super::{AggregateWork, Guests, Operator, Outbox, Progress, RejectionPolicy, Side, StageSpec};
use crate::{
    batch::{Batch, KeyEncoder},
    metrics::NodeMetrics,
    time::Watermark,
    window::{Slice, Slicing},
};

/// The operator of `aggregate = […]`.
pub(super) struct Aggregate {
    key: Vec<usize>,
    encoder: KeyEncoder,
    slicing: Slicing,
    /// Whether windows have a start and an end.
    timed: bool,
    slices: Slices,
    watermark: Watermark,
    calls: Calls,
    output: SchemaRef,
    late: Option<usize>,
    rejects: RejectionPolicy,
    failed_windows: RejectionPolicy,
    metrics: Arc<NodeMetrics>,
}

impl Aggregate {
    pub(super) fn open(
        spec: &StageSpec,
        work: &AggregateWork,
        guests: Guests,
        metrics: &Arc<NodeMetrics>,
    ) -> anyhow::Result<Self> {
        let AggregateWork {
            key, window, calls, ..
        } = work;
        let window = *window;
        let types = key
            .iter()
            .map(|&place| spec.input.fields()[place].data_type.to_arrow());
        let calls = Calls::open(&spec.name, calls, guests)?;
        Ok(Self {
            key: key.to_vec(),
            encoder: KeyEncoder::new(types)?,
            slicing: Slicing::new(window),
            timed: window.has_bounds(),
            slices: Slices::new(Slicing::new(window)),
            watermark: Watermark::START,
            rejects: RejectionPolicy::of_stage(spec, calls.digest(), metrics),
            failed_windows: RejectionPolicy::of_stage(spec, calls.digest(), metrics).for_windows(),
            calls,
            output: spec.output.to_arrow(),
            late: spec.late,
            metrics: Arc::clone(metrics),
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
}

impl Operator for Aggregate {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let mut assignment = Assignment::of(&self.slicing, self.watermark, &batch);
        let batch = self.leave_out(batch, &mut assignment, out)?;
        if batch.rows() == 0 {
            return Ok(());
        }
        let columns: Vec<ArrayRef> = self
            .key
            .iter()
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        let keys = self.encoder.encode(&columns, batch.rows())?;
        // The slices that the batch touches leave the map while it is absorbed.
        let mut touched: Vec<(Slice, SliceState)> = assignment
            .slices()
            .iter()
            .map(|&slice| {
                let known = self.slices.take(slice);
                (slice, known.unwrap_or_else(|| self.calls.new_slice()))
            })
            .collect();
        let bad = absorb::absorb(
            &mut self.calls,
            &mut touched,
            &assignment,
            &keys,
            &batch,
            self.rejects.patience(),
        )?;
        for (slice, state) in touched {
            if !state.is_blank() {
                self.slices.put(slice, state);
            }
        }
        self.rejects.settle(&batch, &bad, out)?;
        self.metrics.absorbed.add(batch.rows() - bad.len());
        Ok(())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let progress = self.fire(watermark, out)?;
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        self.watermark = self.watermark.max(reached);
        self.slices.drop_closed(reached);
        Ok(progress)
    }
}
