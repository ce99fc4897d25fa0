//! Makes the rows of windows that are complete.

use std::sync::Arc;

use anyhow::bail;
use arrow::{
    array::{ArrayRef, TimestampMicrosecondArray, UInt32Array, new_null_array},
    compute,
    datatypes::SchemaRef,
};

use super::{
    Aggregate,
    calls::Calls,
    combine::Combiner,
    keys::Sorted,
    partial::{Partial, Settled, take},
};
use crate::{
    batch::{Batch, Origin},
    operator::{
        BATCH_ROWS, Emit, Outbox, Progress,
        isolation::isolate,
        rejects::{BadRow, Patience},
    },
    state::Columns,
    time::{Timestamp, Watermark},
    wasm::{self, CallError},
    window::Slice,
};

impl Aggregate {
    /// Makes the rows of the windows that `to` closes, in the order of their ends and by key in each
    /// window. Stops early when there is much to hand on.
    pub(super) fn fire(&mut self, to: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let mut ready = Ready::default();
        self.slices.settle(to.time());
        while let Some(window) = self.due(to) {
            self.next = window.saturating_add(1);
            match self.emit {
                Emit::Final => self.fire_window(window, &mut ready, out)?,
                Emit::Every(_) => self.fire_changes(window, &mut ready, out)?,
                // Its rows have left with the last change.
                Emit::Update => {}
            }
            if out.batches.iter().map(Batch::rows).sum::<usize>() >= ENOUGH_ROWS {
                ready.flush(out)?;
                let end = self.slicing.window(window).end;
                // The end of time is reached when all windows that are cut off there have fired.
                let reached = end.as_micros().min(i64::MAX - 1);
                return Ok(Progress::More(Watermark::at(Timestamp::from_micros(
                    reached,
                ))));
            }
        }
        self.next = self.next.max(self.slicing.first_open(to.time()));
        ready.flush(out)?;
        Ok(Progress::Done(to))
    }

    /// The next window that `to` closes.
    fn due(&self, to: Watermark) -> Option<i64> {
        match self.emit {
            Emit::Update => None,
            Emit::Final | Emit::Every(_) => self.slices.next_due(self.next, to),
        }
    }

    /// Makes the rows of a window.
    fn fire_window(
        &mut self,
        window: i64,
        ready: &mut Ready,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let mut combiner = Combiner {
            patience: self.failed_windows.patience(),
            calls: &mut self.calls,
        };
        match self.slices.window(window, &mut combiner)? {
            None => Ok(()),
            Some(partial) => self.make_rows(window, &partial, None, ready, out),
        }
    }

    /// Makes the rows of a window: of all of its keys, or of those whose rows in `partial` are `only`.
    pub(super) fn make_rows(
        &mut self,
        window: i64,
        partial: &Partial,
        only: Option<&[u32]>,
        ready: &mut Ready,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let sorted = match only {
            None => self.keys.sort(&partial.keys)?,
            Some(only) => {
                let row = |&row: &u32| partial.keys[row as usize];
                let keys: Vec<u32> = only.iter().map(row).collect();
                let sorted = self.keys.sort(&keys)?;
                let rows = sorted.rows.iter().map(|&row| only[row as usize]);
                Sorted {
                    rows: rows.collect(),
                    ..sorted
                }
            }
        };
        let bounds = self.timed.then(|| self.slicing.window(window));
        for (chunk, rows) in sorted.rows.chunks(BATCH_ROWS).enumerate() {
            let patience = self.failed_windows.patience();
            let (results, bad) = finish(&mut self.calls, partial, rows, patience)?;
            let first = chunk * BATCH_ROWS;
            let keys = sorted.columns.iter();
            let keys = keys.map(|column| column.slice(first, rows.len())).collect();
            let batch = window_rows(&self.output, keys, bounds, results, rows.len())?;
            self.failed_windows.settle(&batch, &bad, out)?;
            ready.push(without(batch, &bad)?, out)?;
        }
        Ok(())
    }
}

/// Rows after which the rows of windows are handed on before more are made.
const ENOUGH_ROWS: usize = 4 * BATCH_ROWS;

/// The key columns, the borders and the results of a window.
fn window_rows(
    schema: &SchemaRef,
    mut columns: Vec<ArrayRef>,
    bounds: Option<Slice>,
    results: Vec<ArrayRef>,
    rows: usize,
) -> anyhow::Result<Batch> {
    let times = bounds.map(|Slice { start, end }| {
        let border = |time: Timestamp| -> ArrayRef {
            let times = TimestampMicrosecondArray::from_value(time.as_micros(), rows);
            Arc::new(times.with_timezone("UTC"))
        };
        columns.extend([border(start), border(end)]);
        // The last instant of the window: the row belongs to whatever window that belongs to.
        let last = end.as_micros().saturating_sub(1);
        vec![last; rows].into()
    });
    columns.extend(results);
    let schema = Arc::clone(schema);
    Ok(Batch::new(schema, columns, rows, times, Origin::Derived)?)
}

/// The results of every function for some rows of `window`, and those that have none, by their place
/// among them.
fn finish(
    calls: &mut Calls,
    window: &Partial,
    rows: &[u32],
    patience: Patience,
) -> anyhow::Result<(Vec<ArrayRef>, Vec<BadRow>)> {
    let mut results = Vec::new();
    let mut bad: Vec<BadRow> = Vec::new();
    let Calls {
        guests,
        calls: functions,
        ..
    } = calls;
    for (call, state) in functions.iter().zip(&window.calls) {
        let (mut pieces, mut refused) = (Vec::new(), Vec::new());
        let mut exhausted = None;
        let mut attempt = |range: std::ops::Range<usize>| -> Result<_, CallError> {
            let rows = &rows[range];
            let result = guests.call(call, |instance| match state {
                Settled::Accumulators(columns) => {
                    let rows = UInt32Array::from(rows.to_vec());
                    let accumulators = take(columns, &rows)
                        .map_err(|error| CallError::Misfit(error.to_string()))?;
                    let columns = {
                        let accumulators = wasm::Columns {
                            rows: rows.len(),
                            arrays: &accumulators,
                        };
                        instance.aggregate_finish(&call.function, accumulators)?
                    };
                    Ok((columns, Vec::new()))
                }
                Settled::Values(log) => {
                    let key = |&row: &u32| window.keys[row as usize];
                    let keys: Vec<u32> = rows.iter().map(key).collect();
                    let (groups, arguments) = log
                        .rows_of(&keys)
                        .map_err(|error| CallError::Misfit(error.to_string()))?;
                    let output = instance.holistic_evaluate(
                        &call.function,
                        keys.len(),
                        &groups,
                        wasm::Columns {
                            rows: groups.len(),
                            arrays: &arguments,
                        },
                    )?;
                    Ok((output.columns, output.errors))
                }
            });
            let out_of_means = |error: &&CallError| {
                matches!(
                    error,
                    CallError::OutOfMemory { .. } | CallError::Deadline { .. }
                )
            };
            // Nothing is wrong with the rows of such a window, so it must not be left out.
            if rows.len() == 1 {
                let failure = result.as_ref().err().filter(out_of_means);
                exhausted = exhausted.take().or(failure.cloned());
            }
            result
        };
        let failed = isolate(0..rows.len(), patience, &mut attempt, &mut |rows,
                                                                          (
            columns,
            errors,
        )| {
            refused.extend(BadRow::refused(rows.start, errors));
            pieces.push((rows.start, columns));
        });
        if let Some(error) = exhausted {
            bail!(
                "function `{}` cannot make the result of a window of a single key: {error}; \
                 raise `limits` of the stage",
                call.function.name,
            );
        }
        for key in &failed {
            let nulls = call.function.results.iter();
            let nulls = nulls.map(|field| new_null_array(&field.data_type.to_arrow(), 1));
            pieces.push((key.row, nulls.collect()));
        }
        pieces.sort_by_key(|(start, _)| *start);
        results.extend(join(pieces)?);
        bad.extend(refused);
        bad.extend(failed);
    }
    if !window.failed.is_empty() {
        bad.extend(rows.iter().enumerate().filter_map(|(place, &row)| {
            let reason = window.failed.get(&window.keys[row as usize])?.clone();
            Some(BadRow { row: place, reason })
        }));
    }
    bad.sort_by_key(|bad| bad.row);
    bad.dedup_by_key(|bad| bad.row);
    Ok((results, bad))
}

/// Puts the results of the calls for parts of the keys together.
fn join(mut pieces: Vec<(usize, Columns)>) -> anyhow::Result<Columns> {
    if pieces.len() == 1 {
        return Ok(pieces.remove(0).1);
    }
    let columns = pieces.first().map_or(0, |(_, columns)| columns.len());
    (0..columns)
        .map(|column| {
            let parts: Vec<_> = pieces
                .iter()
                .map(|(_, columns)| columns[column].as_ref())
                .collect();
            Ok(compute::concat(&parts)?)
        })
        .collect()
}

/// The rows of `batch` that are not bad.
fn without(batch: Batch, bad: &[BadRow]) -> anyhow::Result<Batch> {
    if bad.is_empty() {
        return Ok(batch);
    }
    let mut bad = bad.iter().map(|bad| bad.row as u32).peekable();
    let is_good = |row: &u32| bad.next_if_eq(row).is_none();
    let good: Vec<u32> = (0..batch.rows() as u32).filter(is_good).collect();
    Ok(batch.take(&good)?)
}

/// A batch of so many rows costs little more to send than to copy.
const WORTH_SENDING: usize = 512;

/// Gathers the rows of small windows into batches worth sending.
#[derive(Default)]
pub(super) struct Ready {
    batches: Vec<Batch>,
    rows: usize,
}

impl Ready {
    fn push(&mut self, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        if self.rows + batch.rows() > BATCH_ROWS || batch.rows() >= WORTH_SENDING {
            self.flush(out)?;
        }
        if batch.rows() >= WORTH_SENDING {
            out.push(batch);
            return Ok(());
        }
        self.rows += batch.rows();
        self.batches.push(batch);
        Ok(())
    }

    pub(super) fn flush(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        self.rows = 0;
        if let Some(batch) = Batch::concat(std::mem::take(&mut self.batches))? {
            out.push(batch);
        }
        Ok(())
    }
}
