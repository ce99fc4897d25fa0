//! The rows that functions make of rows.

use arrow::array::ArrayRef;

use super::{
    Outbox, RejectionPolicy,
    failure::{BadRow, BadRows},
    projection::Projection,
};
use crate::{batch::Batch, metrics::NodeMetrics};

/// The rows that a table or process function makes of the rows of a batch, call by call.
#[derive(Default)]
pub(super) struct Children {
    /// The parent of each row, by its place in the batch, and the function's results.
    pieces: Vec<(Vec<u32>, Vec<ArrayRef>)>,
    bad: Vec<BadRow>,
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

    /// Hands the rows on, each with the columns of its parent that the output keeps. `failed` are the
    /// rows on which the function has failed.
    pub(super) fn hand_on(
        self,
        mut failed: BadRows,
        batch: &Batch,
        projection: &Projection,
        rejects: &mut RejectionPolicy,
        metrics: &NodeMetrics,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        failed.extend(self.bad);
        let bad = rejects.settle(batch, failed, out)?;
        metrics.absorbed.add(batch.rows() - bad.len());
        for (parents, columns) in self.pieces {
            out.push(projection.apply(&batch.take(&parents)?, &columns)?);
        }
        Ok(())
    }
}
