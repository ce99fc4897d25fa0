//! Makes results of what the rows of windows come to.

use std::ops::Range;

use anyhow::bail;
use arrow::{
    array::{Array, ArrayRef, UInt32Array, new_null_array},
    compute,
    error::ArrowError,
};

use super::{
    calls::Calls,
    partial::{Settled, take},
    ready::Ready,
    value_log::ValueLog,
};
use crate::{
    operator::{
        Call, Guests,
        isolation::isolate,
        rejects::{BadRow, Patience},
    },
    state::Columns,
    wasm::{self, CallError, Kind, RowError},
};

/// The results of every function for the rows of some windows, and the rows that have none.
pub(super) fn finish(
    calls: &mut Calls,
    ready: &Ready,
    patience: Patience,
) -> anyhow::Result<(Columns, Vec<BadRow>)> {
    let mut results = Vec::new();
    let mut bad: Vec<BadRow> = Vec::new();
    let Calls { guests, calls, .. } = calls;
    for (index, call) in calls.iter().enumerate() {
        let (mut pieces, mut refused) = (Vec::new(), Vec::new());
        let mut exhausted = None;
        let mut attempt = |rows: Range<usize>| {
            let result = match call.function.kind {
                Kind::Holistic => evaluate(guests, call, index, ready, rows.clone()),
                _ => finish_rows(guests, call, index, ready, rows.clone()),
            };
            // Nothing is wrong with the rows of such a window, so it must not be left out.
            if rows.len() == 1 {
                let failure = result.as_ref().err().filter(is_out_of_means);
                exhausted = exhausted.take().or(failure.cloned());
            }
            result
        };
        let failed = isolate(0..ready.rows(), patience, &mut attempt, &mut |rows,
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
        for row in &failed {
            let nulls = call.function.results.iter();
            let nulls = nulls.map(|field| new_null_array(&field.data_type.to_arrow(), 1));
            pieces.push((row.row, nulls.collect()));
        }
        pieces.sort_by_key(|(start, _)| *start);
        let pieces: Vec<Columns> = pieces.into_iter().map(|(_, columns)| columns).collect();
        results.extend(concat(&pieces)?);
        bad.extend(refused);
        bad.extend(failed);
    }
    bad.extend(not_merged(ready));
    bad.sort_by_key(|bad| bad.row);
    bad.dedup_by_key(|bad| bad.row);
    Ok((results, bad))
}

/// The keys whose accumulators could not be merged.
fn not_merged(ready: &Ready) -> impl Iterator<Item = BadRow> {
    let rows = ready.pieces(0..ready.rows()).flat_map(|(piece, rows)| {
        let partial = &piece.partial;
        rows.iter().map(move |&row| {
            let failed = (!partial.failed.is_empty()).then_some(&partial.failed);
            failed.and_then(|failed| failed.get(&partial.keys[row as usize]))
        })
    });
    rows.enumerate().filter_map(|(row, reason)| {
        let reason = reason?.clone();
        Some(BadRow { row, reason })
    })
}

const fn is_out_of_means(error: &&CallError) -> bool {
    matches!(
        error,
        CallError::OutOfMemory { .. } | CallError::Deadline { .. }
    )
}

/// Results, and the rows that the function refuses.
type Finished = (Columns, Vec<RowError>);

/// Lets a function make results of its accumulators.
fn finish_rows(
    guests: &mut Guests,
    call: &Call,
    index: usize,
    ready: &Ready,
    rows: Range<usize>,
) -> Result<Finished, CallError> {
    let count = rows.len();
    let accumulators = gather(ready, index, rows).map_err(misfit)?;
    let columns = guests.call(call, |instance| {
        let accumulators = wasm::Columns {
            rows: count,
            arrays: &accumulators,
        };
        instance.aggregate_finish(&call.function, accumulators)
    })?;
    Ok((columns, Vec::new()))
}

/// The accumulators of some rows.
fn gather(ready: &Ready, call: usize, rows: Range<usize>) -> Result<Columns, ArrowError> {
    let count = rows.len();
    let pieces = ready.pieces(rows).filter_map(|(piece, rows)| {
        let columns = piece.partial.calls[call].accumulators()?;
        Some((columns, rows))
    });
    let pieces: Vec<(&Columns, &[u32])> = pieces.collect();
    if let [(columns, rows)] = pieces[..] {
        return take(columns, &UInt32Array::from(rows.to_vec()));
    }
    let mut places: Vec<(usize, usize)> = Vec::with_capacity(count);
    for (piece, (_, rows)) in pieces.iter().enumerate() {
        places.extend(rows.iter().map(|&row| (piece, row as usize)));
    }
    let columns = pieces.first().map_or(0, |(columns, _)| columns.len());
    (0..columns)
        .map(|column| {
            let parts = pieces.iter().map(|(columns, _)| &*columns[column]);
            compute::interleave(&parts.collect::<Vec<&dyn Array>>(), &places)
        })
        .collect()
}

/// Values that a holistic function gets in one call, as far as they are of several windows.
const CALL_VALUES: usize = 1 << 16;

/// Lets a holistic function make results of all values.
fn evaluate(
    guests: &mut Guests,
    call: &Call,
    index: usize,
    ready: &Ready,
    rows: Range<usize>,
) -> Result<Finished, CallError> {
    let (mut columns, mut errors) = (Vec::new(), Vec::new());
    let mut done = 0;
    let mut values = Values::default();
    let mut pieces = ready.pieces(rows).peekable();
    while let Some((piece, rows)) = pieces.next() {
        let partial = &piece.partial;
        if let Settled::Values(log) = &partial.calls[index] {
            let keys = rows.iter().map(|&row| partial.keys[row as usize]);
            values.add(log, &keys.collect::<Vec<_>>()).map_err(misfit)?;
        }
        if values.groups.len() >= CALL_VALUES || pieces.peek().is_none() {
            let Values {
                groups,
                arguments,
                keys,
            } = std::mem::take(&mut values);
            let arguments = concat(&arguments).map_err(misfit)?;
            let output = guests.call(call, |instance| {
                let arguments = wasm::Columns {
                    rows: groups.len(),
                    arrays: &arguments,
                };
                instance.holistic_evaluate(&call.function, keys, &groups, arguments)
            })?;
            columns.push(output.columns);
            errors.extend(output.errors.into_iter().map(|error| RowError {
                row: error.row + done,
                ..error
            }));
            done += keys as u32;
        }
    }
    Ok((concat(&columns).map_err(misfit)?, errors))
}

/// The values of some keys of some windows.
#[derive(Default)]
struct Values {
    /// For each value the place of its key and window among all of them.
    groups: Vec<u32>,
    /// The values, window after window.
    arguments: Vec<Columns>,
    keys: usize,
}

impl Values {
    /// Adds those that a window has logged for `keys`.
    fn add(&mut self, log: &ValueLog, keys: &[u32]) -> Result<(), ArrowError> {
        let (groups, arguments) = log.rows_of(keys)?;
        let first = self.keys as u32;
        self.groups
            .extend(groups.into_iter().map(|group| first + group));
        self.arguments.push(arguments);
        self.keys += keys.len();
        Ok(())
    }
}

/// The rows of all pieces.
fn concat(pieces: &[Columns]) -> Result<Columns, ArrowError> {
    if let [piece] = pieces {
        return Ok(piece.clone());
    }
    let columns = pieces.first().map_or(0, Vec::len);
    let columns = (0..columns).map(|column| -> Result<ArrayRef, ArrowError> {
        let parts = pieces.iter().map(|columns| &*columns[column]);
        compute::concat(&parts.collect::<Vec<&dyn Array>>())
    });
    columns.collect()
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn misfit(error: ArrowError) -> CallError {
    CallError::Misfit(error.to_string())
}
