//! Takes the rows of a batch into the slices they fall into.

use std::{cell::RefCell, ops::Range};

use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
};

use super::{
    assignment::Assignment,
    calls::Calls,
    slice_state::{CallState, SliceState},
    value_log::Chunk,
};
use crate::{
    batch::{Batch, Keys},
    operator::{
        guest,
        isolation::isolate,
        rejects::{BadRow, Patience},
    },
    state::Columns,
    wasm::{self, CallError, Kind},
    window::Slice,
};

/// Takes the rows of `batch` into `touched`, the slices of `assignment`. Returns the rows that a
/// function refuses or fails on; they change nothing, in none of the functions.
pub(super) fn absorb(
    calls: &mut Calls,
    touched: &mut [(Slice, SliceState)],
    assignment: &Assignment,
    keys: &Keys,
    batch: &Batch,
    patience: Patience,
) -> anyhow::Result<Vec<BadRow>> {
    let groups = number_keys(calls, touched, assignment, keys)?;
    let arguments: Vec<Vec<ArrayRef>> = calls
        .calls
        .iter()
        .map(|call| guest::arguments(&call.arguments, batch))
        .collect::<Result<_, _>>()?;
    let rows = Rows {
        batch,
        slices: assignment.rows(),
        groups: &groups,
        arguments: &arguments,
    };
    let mut bad = Vec::new();
    // Both closures need the slices, one at a time: an attempt reads them, accepting it writes.
    let touched = RefCell::new(touched);
    let failed = isolate(
        0..batch.rows(),
        patience,
        &mut |range| attempt(calls, &mut touched.borrow_mut(), &rows, range),
        &mut |_, absorbed: Absorbed| {
            absorbed.commit(&mut touched.borrow_mut(), &rows);
            bad.extend(absorbed.refused);
        },
    );
    bad.extend(failed);
    bad.sort_by_key(|bad: &BadRow| bad.row);
    Ok(bad)
}

/// The number of each row's key in its slice; keys seen for the first time get blank accumulators.
fn number_keys(
    calls: &Calls,
    touched: &mut [(Slice, SliceState)],
    assignment: &Assignment,
    keys: &Keys,
) -> anyhow::Result<Vec<u32>> {
    let groups = assignment
        .rows()
        .iter()
        .enumerate()
        .map(|(row, &slice)| touched[slice as usize].1.keys.number(keys.get(row)).0)
        .collect();
    for (_, state) in touched {
        state.live.resize(state.keys.len(), false);
        for (call, blank) in state.calls.iter_mut().zip(&calls.blanks) {
            if let CallState::Accumulators(table) = call {
                table.append_copies(state.keys.len() - table.rows(), blank)?;
            }
        }
    }
    Ok(groups)
}

/// The rows of a batch, with everything about them that does not change between attempts.
struct Rows<'a> {
    batch: &'a Batch,
    /// The place of each row's slice among those touched.
    slices: &'a [u32],
    /// The number of each row's key in that slice.
    groups: &'a [u32],
    /// The arguments of each call.
    arguments: &'a [Vec<ArrayRef>],
}

/// What an attempt has come to; nothing is changed before it is committed.
struct Absorbed {
    /// The rows that were accepted.
    rows: Vec<u32>,
    /// For each slice, the keys that they touch.
    distinct: Vec<Vec<u32>>,
    /// For each call, the new accumulators, slice after slice.
    accumulators: Vec<Option<Columns>>,
    refused: Vec<BadRow>,
}

/// Updates copies of the accumulators with the rows in `range`, without those that a function
/// refuses.
fn attempt(
    calls: &mut Calls,
    touched: &mut [(Slice, SliceState)],
    rows: &Rows<'_>,
    range: Range<usize>,
) -> Result<Absorbed, CallError> {
    let mut selected: Vec<u32> = (range.start as u32..range.end as u32).collect();
    let mut refused: Vec<BadRow> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let (distinct, groups) = touch(touched, rows, &selected);
        let whole = refused.is_empty().then(|| range.clone());
        let mut accumulators = Vec::with_capacity(calls.calls.len());
        let mut errors = Vec::new();
        for (index, call) in calls.calls.iter().enumerate() {
            if call.function.kind == Kind::Holistic || selected.is_empty() {
                accumulators.push(None);
                continue;
            }
            let before = gather(touched, index, &distinct);
            let arguments = select(&rows.arguments[index], whole.as_ref(), &selected);
            let count: usize = distinct.iter().map(Vec::len).sum();
            let output = calls.guests.call(call, |instance| {
                let accumulators = wasm::Columns {
                    rows: count,
                    arrays: &before,
                };
                let arguments = wasm::Columns {
                    rows: selected.len(),
                    arrays: &arguments,
                };
                instance.aggregate_update(&call.function, accumulators, &groups, arguments)
            })?;
            accumulators.push(Some(output.accumulators));
            errors.extend(output.errors);
            if !errors.is_empty() {
                break;
            }
        }
        if errors.is_empty() {
            return Ok(Absorbed {
                rows: selected,
                distinct,
                accumulators,
                refused,
            });
        }
        // No function may count a row that another refuses: once more, without these rows.
        let mut accepted = vec![true; selected.len()];
        errors
            .iter()
            .for_each(|error| accepted[error.row as usize] = false);
        refused.extend(errors.into_iter().map(|error| BadRow {
            row: selected[error.row as usize] as usize,
            reason: error.message,
        }));
        let mut verdicts = accepted.into_iter();
        selected.retain(|_| verdicts.next() == Some(true));
    }
    Err(CallError::Refused(
        "refuses other rows each time it is asked".to_owned(),
    ))
}

/// How often rows that functions refuse are taken out of a batch before it is halved instead.
const MAX_ROUNDS: usize = 8;

/// The keys of each slice that `selected` rows touch, and for each of the rows its place among all
/// of them, slice after slice.
fn touch(
    touched: &mut [(Slice, SliceState)],
    rows: &Rows<'_>,
    selected: &[u32],
) -> (Vec<Vec<u32>>, Vec<u32>) {
    let mut distinct = vec![Vec::new(); touched.len()];
    for (_, state) in touched.iter_mut() {
        state.touched.begin();
    }
    let mut groups: Vec<u32> = selected
        .iter()
        .map(|&row| {
            let slice = rows.slices[row as usize] as usize;
            let group = rows.groups[row as usize];
            touched[slice].1.touched.touch(group, &mut distinct[slice])
        })
        .collect();
    if touched.len() > 1 {
        let mut first = 0;
        let firsts: Vec<u32> = distinct
            .iter()
            .map(|keys| {
                first += keys.len() as u32;
                first - keys.len() as u32
            })
            .collect();
        for (group, &row) in groups.iter_mut().zip(selected) {
            *group += firsts[rows.slices[row as usize] as usize];
        }
    }
    (distinct, groups)
}

/// The accumulators of the touched keys, slice after slice.
fn gather(touched: &[(Slice, SliceState)], call: usize, distinct: &[Vec<u32>]) -> Columns {
    let mut parts = touched
        .iter()
        .zip(distinct)
        .filter(|(_, keys)| !keys.is_empty())
        .filter_map(|((_, state), keys)| match &state.calls[call] {
            CallState::Accumulators(table) => Some(table.gather(keys)),
            CallState::Values(_) => None,
        });
    let first = parts.next().unwrap_or_default();
    let others: Vec<Columns> = parts.collect();
    if others.is_empty() {
        return first;
    }
    (0..first.len())
        .map(|column| {
            let mut pieces = vec![first[column].as_ref()];
            pieces.extend(others.iter().map(|part| part[column].as_ref()));
            compute::concat(&pieces).expect("the slices hold the same columns")
        })
        .collect()
}

/// The arguments of the selected rows: a slice while they are a whole range.
fn select(arguments: &[ArrayRef], whole: Option<&Range<usize>>, selected: &[u32]) -> Vec<ArrayRef> {
    if let Some(range) = whole {
        return guest::slice(arguments, range);
    }
    let places = UInt32Array::from(selected.to_vec());
    arguments
        .iter()
        .map(|column| compute::take(column, &places, None).expect("the rows are in the batch"))
        .collect()
}

impl Absorbed {
    fn commit(&self, touched: &mut [(Slice, SliceState)], rows: &Rows<'_>) {
        let mut first = 0;
        for ((_, state), keys) in touched.iter_mut().zip(&self.distinct) {
            for &key in keys {
                state.live[key as usize] = true;
            }
            for (call, columns) in state.calls.iter_mut().zip(&self.accumulators) {
                if let (CallState::Accumulators(table), Some(columns)) = (call, columns) {
                    table.scatter(keys, columns, first);
                }
            }
            first += keys.len();
        }
        let holistic = |call: &CallState| matches!(call, CallState::Values(_));
        if touched
            .iter()
            .any(|(_, state)| state.calls.iter().any(holistic))
        {
            self.log_values(touched, rows);
        }
    }

    /// Keeps the arguments of the rows for the holistic functions, slice by slice.
    fn log_values(&self, touched: &mut [(Slice, SliceState)], rows: &Rows<'_>) {
        let mut mine = vec![Vec::new(); touched.len()];
        for &row in &self.rows {
            mine[rows.slices[row as usize] as usize].push(row);
        }
        for ((_, state), mine) in touched.iter_mut().zip(mine) {
            if mine.is_empty() {
                continue;
            }
            let groups: Vec<u32> = mine.iter().map(|&row| rows.groups[row as usize]).collect();
            let times = rows.batch.times();
            let times = times.map(|times| mine.iter().map(|&row| times[row as usize]).collect());
            for (call, arguments) in state.calls.iter_mut().zip(rows.arguments) {
                if let CallState::Values(log) = call {
                    log.chunks.push(Chunk {
                        groups: groups.clone(),
                        times: times.clone(),
                        columns: select(arguments, None, &mine),
                    });
                }
            }
        }
    }
}
