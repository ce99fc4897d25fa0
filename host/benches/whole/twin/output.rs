//! Where results go: they are counted, and added up if that is asked for.

use arrow::array::RecordBatch;

use crate::{job::Job, totals::Totals};

/// What came out so far.
pub(super) struct Output {
    job: Job,
    adds_up: bool,
    totals: Totals,
}

impl Output {
    pub(super) fn new(job: Job, adds_up: bool) -> Self {
        Self {
            job,
            adds_up,
            totals: Totals::default(),
        }
    }

    pub(super) fn write(&mut self, rows: &RecordBatch) -> anyhow::Result<()> {
        self.totals.rows += rows.num_rows() as u64;
        if self.adds_up {
            self.totals.add(rows, self.job.results())?;
        }
        Ok(())
    }

    pub(super) const fn end(self, late: u64) -> Totals {
        let mut totals = self.totals;
        totals.late = late;
        totals
    }
}
