//! Makes results of what windows have come to.

use std::ops::Range;

use anyhow::anyhow;
use arrow::{
    array::{ArrayRef, new_null_array},
    compute,
    error::ArrowError,
};

use super::calls::Calls;
use crate::{
    batch::Batch,
    operator::{
        failure::{BadRow, BadRows, Failure},
        isolation::isolate_windows,
        patience::{Pace, Patience},
    },
    state::Columns,
    wasm::{self, CallError},
};

/// What functions are to make results of.
pub(super) trait Finishable {
    /// How many results each function is to make.
    fn count(&self) -> usize;

    /// What there is for a function to make some of them.
    fn gather(&self, call: usize, rows: Range<usize>) -> Result<Gathered, ArrowError>;
}

/// What there is for some results.
pub(super) enum Gathered {
    /// One accumulator a result.
    Accumulators(Columns),
    /// All rows: for each the place of its result among those asked for, never decreasing, and the
    /// arguments.
    Values(Vec<u32>, Columns),
}

/// The results of every function, and the places of those that there are none of: a function fails on
/// them, or they were left untried.
///
/// # Errors
///
/// If a function cannot be given the means to make the result of a single window: nothing is wrong
/// with its rows, so it must not be left out.
pub(super) fn finish(
    calls: &mut Calls,
    state: &impl Finishable,
    patience: &mut Patience,
) -> anyhow::Result<(Columns, BadRows)> {
    let mut results = Vec::new();
    let mut bad = BadRows::default();
    for call in 0..calls.all().len() {
        let mut pieces = Vec::new();
        let mut refused = Vec::new();
        let failed = isolate_windows(
            0..state.count(),
            patience,
            &mut |range, pace| finish_some(calls, call, pace, state, range),
            &mut |range, (columns, more): Finished| {
                refused.extend(more.into_iter().map(|bad| bad.after(range.start)));
                pieces.push((range, columns));
            },
        );
        let function = &calls.all()[call].function;
        let failed = failed.map_err(|failure| {
            anyhow!(
                "function `{}` cannot make the result of a single window: {}",
                function.name,
                failure.error,
            )
        })?;
        let nulls = |count: usize| {
            let results = function.results.iter();
            results
                .map(|field| new_null_array(&field.data_type.to_arrow(), count))
                .collect()
        };
        results.extend(join(pieces, state.count(), nulls)?);
        bad.extend(refused);
        bad.include(failed);
    }
    Ok((results, bad))
}

/// The results of some windows, and those that there are none of, by their places among them.
type Finished = (Columns, Vec<BadRow>);

fn finish_some(
    calls: &mut Calls,
    call: usize,
    pace: Pace,
    state: &impl Finishable,
    rows: Range<usize>,
) -> Result<Finished, Failure> {
    let count = rows.len();
    let gathered = state
        .gather(call, rows)
        .map_err(|error| CallError::Misfit(error.to_string()))?;
    match gathered {
        Gathered::Accumulators(accumulators) => {
            let accumulators = wasm::Columns {
                rows: count,
                arrays: &accumulators,
            };
            Ok((calls.finish(call, pace, accumulators)?, Vec::new()))
        }
        Gathered::Values(groups, arguments) => {
            let arguments = wasm::Columns {
                rows: groups.len(),
                arrays: &arguments,
            };
            let output = calls.evaluate(call, pace, count, &groups, arguments)?;
            Ok((output.columns, calls.refused(call, output.errors)))
        }
    }
}

/// Puts the results for parts of the windows together, with nulls for windows that there are none of: because a
/// function has failed on them, or they were left untried.
fn join(
    pieces: Vec<(Range<usize>, Columns)>,
    windows: usize,
    nulls: impl Fn(usize) -> Columns,
) -> Result<Columns, ArrowError> {
    let mut parts: Vec<Columns> = Vec::with_capacity(pieces.len());
    let mut next = 0;
    for (range, columns) in pieces {
        if next < range.start {
            parts.push(nulls(range.start - next));
        }
        next = range.end;
        parts.push(columns);
    }
    if next < windows || parts.is_empty() {
        parts.push(nulls(windows - next));
    }
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let columns = parts.first().map_or(0, Vec::len);
    (0..columns)
        .map(|column| -> Result<ArrayRef, ArrowError> {
            let parts: Vec<_> = parts.iter().map(|part| part[column].as_ref()).collect();
            compute::concat(&parts)
        })
        .collect()
}

/// The rows of `batch` that are not bad.
pub(super) fn without(batch: Batch, bad: &[BadRow]) -> anyhow::Result<Batch> {
    if bad.is_empty() {
        return Ok(batch);
    }
    let mut bad = bad.iter().map(|bad| bad.row as u32).peekable();
    let is_good = |row: &u32| bad.next_if_eq(row).is_none();
    let good: Vec<u32> = (0..batch.rows() as u32).filter(is_good).collect();
    Ok(batch.take(&good)?)
}
