//! What becomes of rows that cannot be handled.

use std::sync::Arc;

use anyhow::bail;

use super::{
    DeadLetter, OnError, Outbox, StageSpec, dead_letter::rows_as_json, guest::ComponentDigest,
};
use crate::{
    batch::{Batch, Origin},
    connector::RejectedRow,
    metrics::NodeMetrics,
    wasm::RowError,
};

/// A row of a batch that could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Its place in the batch.
    pub(super) row: usize,
    /// Why.
    pub(super) reason: String,
}

impl BadRow {
    /// The rows that a function refuses, of a call with rows from `first` on.
    pub(super) fn refused(first: usize, errors: Vec<RowError>) -> impl Iterator<Item = Self> {
        errors.into_iter().map(move |error| Self {
            row: first + error.row as usize,
            reason: error.message,
        })
    }
}

/// How many rows may still fail one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    in_a_row: u64,
    limit: u64,
}

impl Patience {
    /// `in_a_row` rows have failed of late, and `limit` may.
    pub(super) const fn new(in_a_row: u64, limit: u64) -> Self {
        Self { in_a_row, limit }
    }

    /// Takes note of a row that has not failed.
    pub(super) const fn renew(&mut self) {
        self.in_a_row = 0;
    }

    /// Takes note of a row that has failed and returns whether it was one too many.
    pub(super) const fn lose(&mut self) -> bool {
        self.in_a_row += 1;
        self.in_a_row > self.limit
    }

    #[cfg(test)]
    pub(super) const fn endless() -> Self {
        Self::new(0, u64::MAX)
    }
}

/// Applies `on_error` and stops the job when too many rows fail in a row.
#[derive(Debug)]
pub struct RejectionPolicy {
    name: Arc<str>,
    component: Option<ComponentDigest>,
    on_error: OnError,
    max_in_a_row: u64,
    in_a_row: u64,
    unit: Unit,
    metrics: Arc<NodeMetrics>,
}

/// What fails.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Row,
    /// A window of a key: rows that were counted when they went into it.
    Window,
}

impl RejectionPolicy {
    /// The policy of a source.
    pub fn of_source(
        name: Arc<str>,
        on_error: OnError,
        max_in_a_row: u64,
        metrics: Arc<NodeMetrics>,
    ) -> Self {
        Self {
            name,
            component: None,
            on_error,
            max_in_a_row,
            in_a_row: 0,
            unit: Unit::Row,
            metrics,
        }
    }

    /// The policy of a stage whose function is in `component`.
    pub(super) fn of_stage(
        spec: &StageSpec,
        component: ComponentDigest,
        metrics: &Arc<NodeMetrics>,
    ) -> Self {
        Self {
            component: Some(component),
            ..Self::of_source(
                Arc::clone(&spec.name),
                spec.on_error,
                spec.max_dead_letters,
                Arc::clone(metrics),
            )
        }
    }

    /// The same policy for windows on which a function fails as a whole.
    pub(super) fn for_windows(self) -> Self {
        Self {
            unit: Unit::Window,
            ..self
        }
    }

    /// Deals with the rows of a read that could not be decoded; `good` are the others.
    ///
    /// # Errors
    ///
    /// If the policy is to fail, or too many rows have failed in a row.
    pub fn settle_rejected(
        &mut self,
        rejected: Vec<RejectedRow>,
        good: &Batch,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let mut next = 0;
        for row in rejected {
            let number = row.position.number;
            let before = (next..good.rows())
                .take_while(|&row| is_before(good.origin(), row, number))
                .count();
            self.count_good(before);
            next += before;
            let letter = DeadLetter::undecodable(&self.name, row);
            self.dispose(letter, out)?;
        }
        self.count_good(good.rows() - next);
        Ok(())
    }

    /// How many more rows may fail before [`settle`](Self::settle) ends the job.
    pub(super) const fn patience(&self) -> Patience {
        match self.on_error {
            OnError::Fail => Patience::new(0, 0),
            OnError::DeadLetter | OnError::Skip => Patience::new(self.in_a_row, self.max_in_a_row),
        }
    }

    /// Deals with `bad` rows of `batch`, in the order of the rows.
    pub(super) fn settle(
        &mut self,
        batch: &Batch,
        bad: &[BadRow],
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        if bad.is_empty() {
            self.count_good(batch.rows());
            return Ok(());
        }
        let places: Vec<u32> = bad.iter().map(|bad| bad.row as u32).collect();
        let rows = rows_as_json(batch.record(), &places)?;
        let mut next = 0;
        for (bad, row) in bad.iter().zip(rows) {
            self.count_good(bad.row - next);
            next = bad.row + 1;
            let letter = self.letter(batch, bad, row);
            self.dispose(letter, out)?;
        }
        self.count_good(batch.rows() - next);
        Ok(())
    }

    fn letter(&self, batch: &Batch, bad: &BadRow, row: String) -> DeadLetter {
        DeadLetter {
            stage: Arc::clone(&self.name),
            component: self.component.as_ref().map(ComponentDigest::get),
            position: batch.origin().position(bad.row),
            reason: bad.reason.clone(),
            row,
        }
    }

    fn count_good(&mut self, rows: usize) {
        if rows > 0 {
            self.in_a_row = 0;
        }
    }

    fn dispose(&mut self, letter: DeadLetter, out: &mut Outbox) -> anyhow::Result<()> {
        self.in_a_row += 1;
        let counter = match (self.unit, self.on_error) {
            (Unit::Window, _) => &self.metrics.failed_windows,
            (Unit::Row, OnError::Skip) => &self.metrics.skipped,
            (Unit::Row, OnError::DeadLetter | OnError::Fail) => &self.metrics.dead_letters,
        };
        counter.add(1);
        let told = place(&letter);
        if self.on_error != OnError::Skip {
            out.dead_letters.push(letter);
        }
        if self.on_error == OnError::Fail {
            bail!(
                "`{}` refused a row{told}\n  to go on without such rows, set `on_error = \"dead-letter\"` or \"skip\"",
                self.name,
            );
        }
        if self.in_a_row > self.max_in_a_row {
            bail!(
                "`{}` refused {} rows in a row, more than `max_dead_letters = {}` allows; the last one{told}",
                self.name,
                self.in_a_row,
                self.max_in_a_row,
            );
        }
        Ok(())
    }
}

/// Whether row `row` was read before the one with number `number` of the same partition.
fn is_before(origin: &Origin, row: usize, number: u64) -> bool {
    origin
        .position(row)
        .is_some_and(|position| position.number < number)
}

/// ` at FILE:LINE: REASON`, and the row.
fn place(letter: &DeadLetter) -> String {
    let position = letter.position.as_ref();
    let position = position.map_or_else(String::new, |position| format!(" at {position}"));
    format!("{position}: {}\n  row: {}", letter.reason, letter.row)
}
