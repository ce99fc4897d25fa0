//! Takes the rows of batches into windows, and makes the rows of windows.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, TimestampMicrosecondArray},
    datatypes::SchemaRef,
};

use super::{
    absorb::{Assign, absorb},
    store::Store,
};
use crate::{
    batch::{Batch, KeyEncoder, Keys, Origin},
    metrics::NodeMetrics,
    operator::{
        AggregateWork, BATCH_ROWS, Guests, Outbox, RejectionPolicy, StageSpec,
        calls::Calls,
        failure::{BadRow, BadRows},
        finish::{finish, without},
        touched::Touched,
    },
    time::Timestamp,
};

/// The functions of a stage at work, and what windows have come to. A window is a number that its
/// operator has given it.
pub(in crate::operator) struct Aggregator {
    /// The places of the key's columns.
    key: Vec<usize>,
    encoder: KeyEncoder,
    pub(super) calls: Calls,
    pub(super) store: Store,
    touched: Touched,
    output: SchemaRef,
    late: Option<usize>,
    rejects: RejectionPolicy,
    failed_windows: RejectionPolicy,
    metrics: Arc<NodeMetrics>,
}

/// What is known of a window whose row is made.
#[derive(Clone, Copy, Debug)]
pub(in crate::operator) struct Leaving<'a> {
    /// The key, encoded.
    pub(in crate::operator) key: &'a [u8],
    /// Where the window begins and ends, for those whose rows are told.
    pub(in crate::operator) bounds: Option<(Timestamp, Timestamp)>,
    /// The event time of the row.
    pub(in crate::operator) time: Option<Timestamp>,
}

impl<'a> Leaving<'a> {
    /// A window with bounds: its row is as late as it can be and still in the window, so that it
    /// belongs to whatever window that belongs to.
    pub(in crate::operator) const fn bounded(
        key: &'a [u8],
        start: Timestamp,
        end: Timestamp,
    ) -> Self {
        Self {
            key,
            bounds: Some((start, end)),
            time: Some(Timestamp::from_micros(end.as_micros().saturating_sub(1))),
        }
    }
}

impl Aggregator {
    pub(in crate::operator) fn open(
        spec: &StageSpec,
        work: &AggregateWork,
        guests: Guests,
        metrics: &Arc<NodeMetrics>,
    ) -> anyhow::Result<Self> {
        let types = work
            .key
            .iter()
            .map(|&place| spec.input.fields()[place].data_type.to_arrow());
        let calls = Calls::new(&work.calls, guests);
        Ok(Self {
            key: work.key.clone(),
            encoder: KeyEncoder::new(types)?,
            store: Store::new(&calls),
            touched: Touched::default(),
            output: spec.output.to_arrow(),
            late: spec.late,
            rejects: RejectionPolicy::of_stage(spec, metrics),
            failed_windows: RejectionPolicy::of_stage(spec, metrics).for_windows(),
            metrics: Arc::clone(metrics),
            calls,
        })
    }

    /// What its functions run in.
    pub(in crate::operator) const fn guests(&mut self) -> &mut Guests {
        self.calls.guests()
    }

    /// The keys of a batch.
    pub(in crate::operator) fn keys(&self, batch: &Batch) -> anyhow::Result<Keys> {
        let columns: Vec<ArrayRef> = self
            .key
            .iter()
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        Ok(self.encoder.encode(&columns, batch.rows())?)
    }

    /// Takes `rows` of `batch` into the windows that `assign` says. `bad` are other rows that cannot be
    /// handled, `late` others that are late, in order.
    pub(in crate::operator) fn absorb(
        &mut self,
        batch: &Batch,
        rows: &[u32],
        assign: &mut impl Assign,
        bad: Vec<BadRow>,
        mut late: Vec<u32>,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let mut patience = self.rejects.patience();
        let (calls, store, touched) = (&mut self.calls, &mut self.store, &mut self.touched);
        let left_out = absorb(calls, store, assign, touched, batch, rows, &mut patience)?;
        late.extend(left_out.late);
        late.sort_unstable();
        let mut bad = BadRows::new(bad, false);
        bad.include(left_out.bad);
        self.metrics.late.add(late.len());
        if let Some(sink) = self.late
            && !late.is_empty()
        {
            out.late.push((sink, batch.take(&late)?));
        }
        let bad = self.rejects.settle(batch, bad, out)?;
        let absorbed = batch.rows() - bad.len() - late.len();
        self.metrics.absorbed.add(absorbed);
        Ok(())
    }

    /// Makes the rows of `windows`, in that order; `look` says what is known of each.
    pub(in crate::operator) fn make_rows<'a>(
        &mut self,
        windows: &[u32],
        look: impl Fn(u32) -> Leaving<'a>,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        for windows in windows.chunks(BATCH_ROWS) {
            let mut patience = self.failed_windows.patience();
            let windows_of = self.store.of(windows);
            let (results, bad) = finish(&mut self.calls, &windows_of, &mut patience)?;
            let leaving: Vec<Leaving<'a>> = windows.iter().map(|&window| look(window)).collect();
            let batch = self.rows(&leaving, results)?;
            let bad = self.failed_windows.settle(&batch, bad, out)?;
            out.push(without(batch, &bad)?);
        }
        Ok(())
    }

    /// Forgets what windows have come to: their numbers may be given to others.
    pub(in crate::operator) fn release(&mut self, windows: &[u32]) -> anyhow::Result<()> {
        Ok(self.store.release(&self.calls, windows)?)
    }

    /// Gives back the memory of windows from `bound` on, which are released.
    pub(in crate::operator) fn truncate(&mut self, bound: usize) {
        self.store.truncate(bound);
        self.touched = Touched::default();
    }

    /// The key columns, the bounds and the results of windows.
    fn rows(&self, leaving: &[Leaving<'_>], results: Vec<ArrayRef>) -> anyhow::Result<Batch> {
        let mut columns = self
            .encoder
            .decode(leaving.iter().map(|window| window.key))?;
        let bounds = leaving.iter().map(|window| window.bounds);
        if let Some(bounds) = bounds.collect::<Option<Vec<(Timestamp, Timestamp)>>>()
            && !bounds.is_empty()
        {
            let (starts, ends): (Vec<i64>, Vec<i64>) = bounds
                .into_iter()
                .map(|(start, end)| (start.as_micros(), end.as_micros()))
                .unzip();
            let border = |times: Vec<i64>| -> ArrayRef {
                Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
            };
            columns.extend([border(starts), border(ends)]);
        }
        columns.extend(results);
        let times = leaving
            .iter()
            .map(|window| window.time.map(Timestamp::as_micros));
        let times = times.collect::<Option<Vec<i64>>>().map(Into::into);
        let (schema, origin) = (Arc::clone(&self.output), Origin::Derived);
        Ok(Batch::new(schema, columns, leaving.len(), times, origin)?)
    }
}
