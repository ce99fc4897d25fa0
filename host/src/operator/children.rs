//! The rows that functions make of rows.

use arrow::array::ArrayRef;

use super::{
    Outbox, RejectionPolicy,
    failure::{BadRow, BadRows},
    projection::Projection,
};
use crate::{
    batch::{Batch, RowWeights, weight},
    metrics::NodeMetrics,
    wasm::{CallError, Function, Instance},
};

/// The rows that a table or process function makes of the rows of a batch, call by call.
#[derive(Default)]
pub(super) struct Children {
    /// The parent of each row, by its place in the batch, and the function's results.
    pieces: Vec<(Vec<u32>, Vec<ArrayRef>)>,
    bad: Vec<BadRow>,
}

/// What the rows of a batch give to each of the rows that are made of them.
pub(super) struct Inheritance<'a> {
    weights: RowWeights<'a>,
}

impl<'a> Inheritance<'a> {
    /// What those give of which these columns are `kept`.
    pub(super) fn of(kept: &'a Batch) -> Self {
        Self {
            weights: RowWeights::of(kept.record().columns()),
        }
    }

    /// The bytes of the rows that a call with rows from `first` on has made, with what they inherit.
    ///
    /// # Errors
    ///
    /// If they are more than a call may give back: `parents` is cheap for a guest, and the copies are not.
    pub(super) fn check(
        &self,
        instance: &Instance,
        function: &Function,
        first: usize,
        parents: &[u32],
        columns: &[ArrayRef],
    ) -> Result<usize, CallError> {
        let limits = &instance.options().limits;
        let made = weight(columns);
        let enough = limits.output_bytes.saturating_sub(made);
        let inherited = self.weights.of_rows(first, parents, enough);
        let bytes = made.saturating_add(inherited);
        limits.check_output(&function.name, bytes)?;
        Ok(bytes)
    }
}

impl Children {
    /// Takes the results of a call with rows from `first` on. `refused` are places in the call.
    pub(super) fn add(
        &mut self,
        first: usize,
        parents: &[u32],
        columns: Vec<ArrayRef>,
        refused: Vec<BadRow>,
    ) {
        self.bad
            .extend(refused.into_iter().map(|bad| bad.after(first)));
        let parents = parents.iter().map(|row| first as u32 + row).collect();
        self.pieces.push((parents, columns));
    }

    /// Hands the rows on, each with what it inherits of its parent, a row of `batch`: columns that are `kept`.
    /// `failed` are the rows on which the function has failed.
    pub(super) fn hand_on(
        self,
        mut failed: BadRows,
        (batch, kept): (&Batch, &Batch),
        projection: &Projection,
        rejects: &mut RejectionPolicy,
        metrics: &NodeMetrics,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        failed.extend(self.bad);
        let bad = rejects.settle(batch, failed, out)?;
        metrics.absorbed.add(batch.rows() - bad.len());
        for (parents, columns) in self.pieces {
            out.push(projection.complete(&kept.take(&parents)?, &columns)?);
        }
        Ok(())
    }
}
