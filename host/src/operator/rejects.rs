//! What becomes of rows that cannot be handled.

use std::sync::Arc;

use anyhow::bail;

use super::{
    DeadLetter, LetterKind, OnError, Outbox, StageSpec,
    dead_letter::RowTexts,
    failure::{BadRow, BadRows},
    patience::{Allowance, Patience},
};
use crate::{
    batch::{Batch, Origin},
    connector::RejectedRow,
    metrics::NodeMetrics,
    time::Timestamp,
};

/// Applies `on_error` and stops the job when too many rows fail in a row.
#[derive(Debug)]
pub struct RejectionPolicy {
    name: Arc<str>,
    on_error: OnError,
    max_in_a_row: u64,
    in_a_row: u64,
    allowance: Allowance,
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

impl Unit {
    const fn kind(self) -> LetterKind {
        match self {
            Self::Row => LetterKind::Row,
            Self::Window => LetterKind::Window,
        }
    }
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
            on_error,
            max_in_a_row,
            in_a_row: 0,
            allowance: Allowance::default(),
            unit: Unit::Row,
            metrics,
        }
    }

    /// The policy of a stage.
    pub(super) fn of_stage(spec: &StageSpec, metrics: &Arc<NodeMetrics>) -> Self {
        Self::of_source(
            Arc::clone(&spec.name),
            spec.on_error,
            spec.max_dead_letters,
            Arc::clone(metrics),
        )
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

    /// How much more of a batch may fail before [`settle`](Self::settle) ends the job.
    pub(super) fn patience(&self) -> Patience {
        let (in_a_row, limit) = match self.on_error {
            OnError::Fail => (0, 0),
            OnError::DeadLetter | OnError::Skip => (self.in_a_row, self.max_in_a_row),
        };
        Patience::new(in_a_row, limit, self.allowance.clone())
    }

    /// How much may fail of what is not in the order in which it is settled later.
    pub(super) fn patience_with_parts(&self) -> Patience {
        Patience::of_time(self.allowance.clone())
    }

    /// Deals with `bad` rows of `batch`. Returns them in order: all others are good.
    ///
    /// # Errors
    ///
    /// If the policy is to fail, too many rows have failed in a row, or calls that failed have taken too much time:
    /// always if rows were left untried.
    pub(super) fn settle(
        &mut self,
        batch: &Batch,
        bad: BadRows,
        out: &mut Outbox,
    ) -> anyhow::Result<Vec<BadRow>> {
        let bad = bad.in_order();
        if !bad.so_far().is_empty() {
            self.dispose_all(batch, bad.so_far(), out)?;
        } else {
            self.count_good(batch.rows());
        }
        self.check_allowance()?;
        let bad = bad.all()?;
        if bad.len() < batch.rows() {
            self.allowance.lost().forget();
        }
        Ok(bad)
    }

    /// What was `made` of parts of what is settled later, unless calls that failed have taken too much time.
    ///
    /// # Errors
    ///
    /// If they have, or those of `made`.
    pub(super) fn check<T>(&self, made: anyhow::Result<T>) -> anyhow::Result<T> {
        self.check_allowance()?;
        made
    }

    fn check_allowance(&self) -> anyhow::Result<()> {
        let lost = self.allowance.lost();
        let Some(cause) = lost.used_up() else {
            return Ok(());
        };
        let function = cause.called.as_ref();
        let function = function.map_or_else(String::new, |called| {
            format!("function `{}`: ", called.function)
        });
        bail!(
            "`{}` has lost {:.1?} on calls that failed, more than the {:.1?} that it may until a batch comes through; \
             the last one: {function}{}\n  mend the function; if it is only slow, raise `limits.deadline` of the stage",
            self.name,
            lost.time(),
            lost.allowed(),
            cause.reason,
        );
    }

    fn dispose_all(
        &mut self,
        batch: &Batch,
        bad: &[BadRow],
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let places: Vec<u32> = bad.iter().map(|bad| bad.row as u32).collect();
        let rows = RowTexts::of(batch.record(), &places)?;
        let mut next = 0;
        for (bad, row) in bad.iter().zip(rows.rows) {
            self.count_good(bad.row - next);
            next = bad.row + 1;
            let letter = DeadLetter {
                stage: Arc::clone(&self.name),
                kind: self.unit.kind(),
                event_time: batch
                    .times()
                    .map(|times| Timestamp::from_micros(times[bad.row])),
                columns: Some(Arc::clone(&rows.columns)),
                ..DeadLetter::of_call(&bad.cause, batch.origin().position(bad.row), row)
            };
            self.dispose(letter, out)?;
        }
        self.count_good(batch.rows() - next);
        Ok(())
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

/// How much of a row is told, in bytes.
const TOLD_BYTES: usize = 4096;

/// ` at FILE:LINE: REASON`, and the row.
fn place(letter: &DeadLetter) -> String {
    let position = letter.position.as_ref();
    let position = position.map_or_else(String::new, |position| format!(" at {position}"));
    let told = &letter.row[..letter.row.floor_char_boundary(TOLD_BYTES)];
    let more = if told.len() < letter.row.len() {
        "…"
    } else {
        ""
    };
    format!("{position}: {}\n  row: {told}{more}", letter.reason)
}

#[cfg(test)]
mod tests {
    use std::{ops::Range, time::Duration};

    use super::*;
    use crate::{
        operator::{
            failure::{Called, Failure},
            isolation::isolate,
            patience::Pace,
        },
        wasm::CallError,
    };

    /// A call that takes longer than all that may be lost.
    fn hang(_: Range<usize>, _: Pace) -> Result<(), Failure> {
        let error = CallError::Refused("gone for good".to_owned());
        let called = Called {
            function: "slow".into(),
            component: "ab".into(),
        };
        Err(Failure::of_call(error, called, Duration::ZERO, Vec::new()))
    }

    fn policy() -> RejectionPolicy {
        RejectionPolicy::of_source("work".into(), OnError::Skip, 1000, Arc::default())
    }

    fn two_rows() -> Batch {
        let schema = Arc::new(arrow::datatypes::Schema::empty());
        Batch::new(schema, Vec::new(), 2, None, Origin::Derived).expect("a batch without columns")
    }

    #[test]
    fn a_stage_that_loses_too_much_time_ends_the_job() {
        let mut policy = policy();
        let mut patience = policy.patience();
        let before = Duration::from_millis(30_001);
        let cause = || hang(0..1, Pace::Whole).expect_err("it fails").cause();
        patience.lost().lose(before, cause);
        let batch = two_rows();
        let bad = isolate(0..2, &mut patience, &mut hang, &mut |_, ()| {});
        assert_eq!(bad.so_far(), [], "there is no time left");
        let mut out = Outbox::default();
        let error = policy.settle(&batch, bad, &mut out);
        assert_eq!(
            error.expect_err("too much").to_string(),
            "`work` has lost 30.0s on calls that failed, more than the 30.0s that it may until a batch comes through; \
             the last one: function `slow`: gone for good\n  mend the function; if it is only slow, raise \
             `limits.deadline` of the stage"
        );
    }

    #[test]
    fn time_that_was_lost_is_forgotten_with_a_batch_that_comes_through() {
        let mut policy = policy();
        let batch = two_rows();
        let lost = |policy: &RejectionPolicy| {
            let patience = policy.patience();
            patience.lost().lose(Duration::from_secs(1), Arc::default);
            let time = patience.lost().time();
            time.as_secs()
        };
        assert_eq!([lost(&policy), lost(&policy)], [1, 2]);
        let mut out = Outbox::default();
        policy
            .settle(&batch, BadRows::default(), &mut out)
            .expect("a good batch");
        assert_eq!(lost(&policy), 1);
    }

    #[test]
    fn rows_that_were_left_untried_end_the_job() {
        let mut policy = policy();
        let batch = two_rows();
        let error = policy.settle(
            &batch,
            BadRows::new(Vec::new(), true),
            &mut Outbox::default(),
        );
        assert_eq!(
            error
                .expect_err("they are neither good nor bad")
                .to_string(),
            "too many calls have failed: the rows after them were not tried"
        );
    }
}
