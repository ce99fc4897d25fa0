//! What a script has looked at so far, so that the next look sees what is new.

use super::{Row, TestJob, crashes::Kept};

/// How far a script has looked.
pub(super) struct Looked {
    /// Batches, by the place of the sink in the plan.
    sinks: Vec<usize>,
    dead_letters: usize,
    late: u64,
}

impl Looked {
    /// Nothing has been looked at.
    pub(super) fn nothing(sinks: usize) -> Self {
        Self {
            sinks: vec![0; sinks],
            dead_letters: 0,
            late: 0,
        }
    }

    /// The rows that have come to `sinks` since the last look.
    pub(super) fn new_rows(&mut self, job: &TestJob, sinks: &[usize]) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for &sink in sinks {
            rows.extend(job.rows_since(sink, self.sinks[sink])?);
            self.sinks[sink] = job.batches(sink);
        }
        Ok(rows)
    }

    /// The dead letters that have come since the last look.
    pub(super) fn new_dead_letters(&mut self, job: &TestJob) -> anyhow::Result<Vec<Row>> {
        let rows = job.dead_letters_since(self.dead_letters)?;
        self.dead_letters = job.dead_letter_batches();
        Ok(rows)
    }

    /// How many rows were late since the last look.
    pub(super) fn new_late_rows(&mut self, job: &TestJob) -> u64 {
        let before = std::mem::replace(&mut self.late, job.late_rows());
        self.late.saturating_sub(before)
    }

    /// Takes note that something may have been taken back: what comes in its place is new.
    pub(super) fn taken_back(&mut self, kept: &Kept) {
        for (looked, kept) in self.sinks.iter_mut().zip(&kept.sinks) {
            *looked = (*looked).min(*kept);
        }
        self.dead_letters = self.dead_letters.min(kept.dead_letters);
        self.late = self.late.min(kept.totals.late);
    }
}
