//! Makes the rows of windows that are complete.

use std::sync::Arc;

use anyhow::bail;
use arrow::{
    array::{ArrayRef, TimestampMicrosecondArray, new_null_array},
    compute,
};

use super::{
    Aggregate,
    calls::Calls,
    slice_state::{CallState, SliceState},
};
use crate::{
    batch::{Batch, Origin},
    operator::{
        BATCH_ROWS, Outbox, Progress,
        isolation::isolate,
        rejects::{BadRow, Patience},
    },
    state::Columns,
    time::{Timestamp, Watermark},
    wasm::{self, CallError},
};

impl Aggregate {
    /// Makes the rows of the windows that `to` closes, in the order of their ends and by key in each
    /// window. Stops early when there is much to hand on.
    pub(super) fn fire(&mut self, to: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let mut ready = Ready::default();
        let mut after = self.watermark;
        while let Some(end) = self.slices.next_due(after, to) {
            self.fire_window(end, &mut ready, out)?;
            after = Watermark::at(end);
            if out.batches.len() >= ENOUGH_BATCHES {
                ready.flush(out)?;
                return Ok(Progress::More(after));
            }
        }
        ready.flush(out)?;
        Ok(Progress::Done(to))
    }

    /// Makes the rows of the window that ends at `end`.
    fn fire_window(
        &mut self,
        end: Timestamp,
        ready: &mut Ready,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let patience = self.failed_windows.patience();
        let Some(window) = self.slices.window(end, &mut self.calls, patience) else {
            return Ok(());
        };
        let borders = (self.slicing.start_of(end), end);
        let live = |key: &u32| window.live[*key as usize];
        let mut keys: Vec<u32> = window.keys.numbers().filter(live).collect();
        window.keys.sort(&mut keys);
        for keys in keys.chunks(BATCH_ROWS) {
            let patience = self.failed_windows.patience();
            let (columns, bad) = finish(&mut self.calls, &window, keys, patience)?;
            let batch = window_rows(self, &window, keys, columns, borders)?;
            self.failed_windows.settle(&batch, &bad, out)?;
            ready.push(without(batch, &bad)?, out)?;
        }
        Ok(())
    }
}

/// Full batches after which the rows of windows are handed on before more are made.
const ENOUGH_BATCHES: usize = 4;

/// The key columns, the borders and the results of a window.
fn window_rows(
    stage: &Aggregate,
    window: &SliceState,
    keys: &[u32],
    results: Vec<ArrayRef>,
    (start, end): (Timestamp, Timestamp),
) -> anyhow::Result<Batch> {
    let encoded = keys.iter().map(|&key| window.keys.key(key));
    let mut columns = stage.encoder.decode(encoded)?;
    let mut times = None;
    if stage.timed {
        let border = |time: Timestamp| -> ArrayRef {
            let times = TimestampMicrosecondArray::from_value(time.as_micros(), keys.len());
            Arc::new(times.with_timezone("UTC"))
        };
        columns.extend([border(start), border(end)]);
        // The last instant of the window: the row belongs to whatever window that belongs to.
        let last = end.as_micros().saturating_sub(1);
        times = Some(vec![last; keys.len()].into());
    }
    columns.extend(results);
    let schema = Arc::clone(&stage.output);
    Ok(Batch::new(
        schema,
        columns,
        keys.len(),
        times,
        Origin::Derived,
    )?)
}

/// The results of every function for `keys`, and the keys that have none, by their place.
fn finish(
    calls: &mut Calls,
    window: &SliceState,
    keys: &[u32],
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
        let mut attempt = |rows: std::ops::Range<usize>| -> Result<_, CallError> {
            let keys = &keys[rows];
            let result = guests.call(call, |instance| match state {
                CallState::Accumulators(table) => {
                    let accumulators = table.gather(keys);
                    let columns = {
                        let accumulators = wasm::Columns {
                            rows: keys.len(),
                            arrays: &accumulators,
                        };
                        instance.aggregate_finish(&call.function, accumulators)?
                    };
                    Ok((columns, Vec::new()))
                }
                CallState::Values(log) => {
                    let (groups, arguments) = log
                        .rows_of(keys)
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
            if keys.len() == 1 {
                let failure = result.as_ref().err().filter(out_of_means);
                exhausted = exhausted.take().or(failure.cloned());
            }
            result
        };
        let failed = isolate(0..keys.len(), patience, &mut attempt, &mut |rows,
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
    let lost = keys.iter().enumerate().filter_map(|(row, key)| {
        let reason = window.failed.get(key)?.clone();
        Some(BadRow { row, reason })
    });
    bad.extend(lost);
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

/// Gathers the rows of small windows into batches worth sending.
#[derive(Default)]
struct Ready {
    batches: Vec<Batch>,
    rows: usize,
}

impl Ready {
    fn push(&mut self, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        if self.rows + batch.rows() > BATCH_ROWS {
            self.flush(out)?;
        }
        self.rows += batch.rows();
        self.batches.push(batch);
        Ok(())
    }

    fn flush(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        self.rows = 0;
        if let Some(batch) = Batch::concat(std::mem::take(&mut self.batches))? {
            out.push(batch);
        }
        Ok(())
    }
}
