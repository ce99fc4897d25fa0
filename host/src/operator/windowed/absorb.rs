//! Takes rows into windows, without those that a function refuses or fails on.

use std::ops::Range;

use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array},
    buffer::ScalarBuffer,
    compute,
    datatypes::Int64Type,
};
use hashbrown::HashSet;

use super::store::{Part, Store};
use crate::{
    batch::Batch,
    operator::{
        calls::Calls,
        failure::{BadRow, BadRows, Failure},
        guest,
        isolation::isolate_some,
        patience::{Pace, Patience},
        touched::Touched,
    },
    state::Columns,
    wasm::{self, CallError},
};

/// Says which windows rows belong to.
///
/// What it says is on trial until it is kept or taken back: a row that a function refuses may have been
/// what has opened a window, or made one of two.
pub(in crate::operator) trait Assign {
    /// Assigns `rows` of the batch, which come in order. Called again with fewer of them after
    /// [`take_back`](Self::take_back), and with those after them after [`keep`](Self::keep).
    fn assign(&mut self, rows: &[u32]) -> Assigned;

    /// Whether functions would refuse `refused`, in order, of what was assigned last also if they saw the
    /// rows one by one: whether none of them has changed what others of them belong to.
    fn is_certain(&self, refused: &[u32]) -> bool;

    /// What was assigned last has not happened.
    fn take_back(&mut self);

    /// What was assigned last has happened.
    fn keep(&mut self, assigned: &Assigned);
}

/// Which windows rows belong to.
#[derive(Debug, Default)]
pub(in crate::operator) struct Assigned {
    /// Rows that belong to a window, in order.
    pub(in crate::operator) rows: Vec<u32>,
    /// The window of each of them.
    pub(in crate::operator) windows: Vec<u32>,
    /// Windows that become part of others, after those: the others have rows among these.
    pub(in crate::operator) parts: Vec<(u32, u32)>,
    /// Windows that are not needed any more once this is kept.
    pub(in crate::operator) gone: Vec<u32>,
    /// Rows that are late.
    pub(in crate::operator) late: Vec<u32>,
    /// The numbers of all windows are below this.
    pub(in crate::operator) bound: usize,
}

/// Whether no two of `keys` are the same.
pub(in crate::operator) fn are_different(keys: impl Iterator<Item = u32>) -> bool {
    let mut seen = HashSet::new();
    let mut keys = keys;
    keys.all(|key| seen.insert(key))
}

/// Rows that have gone into no window.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// Rows that a function refuses or fails on.
    pub(super) bad: BadRows,
    /// Rows that are late, in order.
    pub(super) late: Vec<u32>,
}

/// Takes those of `rows` of `batch` into windows that `assign` assigns to some. Rows that are left out
/// change nothing, in none of the functions.
pub(super) fn absorb(
    calls: &mut Calls,
    store: &mut Store,
    assign: &mut impl Assign,
    touched: &mut Touched,
    batch: &Batch,
    rows: &[u32],
    patience: &mut Patience,
) -> anyhow::Result<LeftOut> {
    let arguments = calls.all().iter();
    let arguments = arguments.map(|call| guest::arguments(&call.arguments, batch));
    let mut absorption = Absorption {
        arguments: arguments.collect::<Result<_, _>>()?,
        calls,
        store,
        assign,
        touched,
        batch,
        rows,
    };
    let mut left_out = LeftOut::default();
    let failed = isolate_some(
        rows,
        patience,
        &mut |range, pace| absorption.attempt(range, pace),
        &mut |_, more: LeftOut| {
            left_out.bad.include(more.bad);
            left_out.late.extend(more.late);
        },
    );
    left_out.bad.include(failed);
    Ok(left_out)
}

struct Absorption<'a, A> {
    calls: &'a mut Calls,
    store: &'a mut Store,
    assign: &'a mut A,
    touched: &'a mut Touched,
    batch: &'a Batch,
    rows: &'a [u32],
    /// The arguments of each call.
    arguments: Vec<Columns>,
}

/// How often rows that functions refuse are taken out before the others are halved instead.
const MAX_ROUNDS: usize = 8;

/// What the windows that rows touch come to.
struct Updated {
    windows: Vec<u32>,
    /// For each call, the new accumulators of those windows; `None` for a holistic function.
    accumulators: Vec<Option<Columns>>,
    /// Rows that were refused, in order.
    refused: Vec<BadRow>,
}

impl<A: Assign> Absorption<'_, A> {
    /// Takes in the rows at `range`, or changes nothing.
    fn attempt(&mut self, range: Range<usize>, pace: Pace) -> Result<LeftOut, Failure> {
        let mut selected = self.rows[range].to_vec();
        let mut left_out = LeftOut::default();
        for _ in 0..MAX_ROUNDS {
            let mut assigned = self.assign.assign(&selected);
            let updated = match self.update(&assigned, pace) {
                Ok(updated) => updated,
                Err(error) => {
                    self.assign.take_back();
                    return Err(error);
                }
            };
            if updated.refused.is_empty() {
                self.commit(&assigned, &updated)?;
                left_out.late.append(&mut assigned.late);
                return Ok(left_out);
            }
            // No function may count a row that another refuses: once more, without these rows.
            let places: Vec<u32> = updated.refused.iter().map(|bad| bad.row as u32).collect();
            let is_certain = selected.len() == 1 || self.assign.is_certain(&places);
            self.assign.take_back();
            if !is_certain {
                break;
            }
            let mut next = places.into_iter().peekable();
            selected.retain(|row| next.next_if_eq(row).is_none());
            left_out.bad.extend(updated.refused);
        }
        // Some of them must be looked at by themselves.
        Err(CallError::Refused("refuses other rows each time it is asked".to_owned()).into())
    }

    /// Updates copies of the accumulators.
    fn update(&mut self, assigned: &Assigned, pace: Pace) -> Result<Updated, Failure> {
        let misfit = |error: arrow::error::ArrowError| CallError::Misfit(error.to_string());
        self.store
            .grow(self.calls, assigned.bound)
            .map_err(misfit)?;
        let (mut windows, groups) = self.touched.of(&assigned.windows);
        let parts: Vec<u32> = assigned.parts.iter().map(|(_, part)| *part).collect();
        let wholes = assigned.parts.iter();
        let wholes: Vec<u32> = wholes
            .map(|&(whole, _)| self.touched.touch(whole, &mut windows))
            .collect();
        let mut updated = Updated {
            accumulators: Vec::with_capacity(self.store.parts.len()),
            refused: Vec::new(),
            windows,
        };
        for (call, part) in self.store.parts.iter().enumerate() {
            let Part::Accumulators(table) = part else {
                updated.accumulators.push(None);
                continue;
            };
            let mut before = table.gather(&updated.windows);
            let rows = updated.windows.len();
            if !parts.is_empty() {
                let accumulators = wasm::Columns {
                    rows,
                    arrays: &before,
                };
                let partials = wasm::Columns {
                    rows: parts.len(),
                    arrays: &table.gather(&parts),
                };
                before = self
                    .calls
                    .merge(call, pace, accumulators, &wholes, partials)?;
            }
            if assigned.rows.is_empty() {
                updated.accumulators.push(Some(before));
                continue;
            }
            let accumulators = wasm::Columns {
                rows,
                arrays: &before,
            };
            let arguments = wasm::Columns {
                rows: assigned.rows.len(),
                arrays: &select(&self.arguments[call], &assigned.rows),
            };
            let output = self
                .calls
                .update(call, pace, accumulators, &groups, arguments)?;
            let refused = self.calls.refused(call, output.errors).into_iter();
            updated.refused.extend(refused.map(|bad| BadRow {
                row: assigned.rows[bad.row] as usize,
                ..bad
            }));
            updated.accumulators.push(Some(output.accumulators));
        }
        // The reason is that of the first function that has one.
        updated.refused.sort_by_key(|bad| bad.row);
        updated.refused.dedup_by_key(|bad| bad.row);
        Ok(updated)
    }

    fn commit(&mut self, assigned: &Assigned, updated: &Updated) -> Result<(), CallError> {
        for (call, accumulators) in updated.accumulators.iter().enumerate() {
            if let Some(accumulators) = accumulators {
                self.store.put(call, &updated.windows, accumulators);
            }
        }
        if self.store.keeps_values() {
            let arguments = self.arguments.iter();
            let arguments: Vec<Columns> = arguments
                .map(|arguments| select(arguments, &assigned.rows))
                .collect();
            let times = self.batch.times();
            let times = times.map(|times| select_times(times, &assigned.rows));
            let (parts, windows) = (&assigned.parts, &assigned.windows);
            let bound = assigned.bound;
            self.store
                .keep_values(parts, windows, times.as_ref(), &arguments, bound);
        }
        self.assign.keep(assigned);
        self.store
            .release(self.calls, &assigned.gone)
            .map_err(|error| CallError::Misfit(error.to_string()))
    }
}

/// Some rows of columns: a slice while they follow each other.
fn select(columns: &[ArrayRef], rows: &[u32]) -> Columns {
    let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
        return columns.iter().map(|column| column.slice(0, 0)).collect();
    };
    let (first, last) = (first as usize, last as usize);
    if last - first + 1 == rows.len() {
        return guest::slice(columns, &(first..last + 1));
    }
    let places = UInt32Array::from(rows.to_vec());
    columns
        .iter()
        .map(|column| compute::take(column, &places, None).expect("the rows are in the batch"))
        .collect()
}

fn select_times(times: &ScalarBuffer<i64>, rows: &[u32]) -> ScalarBuffer<i64> {
    let times: ArrayRef = std::sync::Arc::new(Int64Array::new(times.clone(), None));
    let times = select(&[times], rows);
    times[0].as_primitive::<Int64Type>().values().clone()
}
