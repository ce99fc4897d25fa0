//! The rows that functions make of rows.

use arrow::array::ArrayRef;

use super::{Outbox, RejectionPolicy, failure::BadRow, projection::Projection};
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
        mut self,
        failed: Vec<BadRow>,
        batch: &Batch,
        projection: &Projection,
        rejects: &mut RejectionPolicy,
        metrics: &NodeMetrics,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        self.bad.extend(failed);
        self.bad.sort_by_key(|bad| bad.row);
        rejects.settle(batch, &self.bad, out)?;
        metrics.absorbed.add(batch.rows() - self.bad.len());
        for (parents, columns) in self.pieces {
            out.push(projection.apply(&batch.take(&parents)?, &columns)?);
        }
        Ok(())
    }
}
