//! Takes the rows of a batch into the slices they fall into.

use std::{borrow::Cow, cell::RefCell, ops::Range, sync::Arc};

use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
};

use super::{
    groups::{Grouping, Groups},
    slice_state::{CallState, SliceState},
    value_log::Chunk,
};
use crate::{
    batch::Batch,
    operator::{
        calls::Calls,
        failure::{BadRow, BadRows, Failure},
        guest,
        isolation::isolate,
        patience::{Pace, Patience},
    },
    state::{Columns, StateTable},
    wasm::{self, CallError, Unit},
};

/// A slice that a batch touches, while it is changed.
pub(super) struct Open {
    /// The number of the slice.
    pub(super) number: i64,
    pub(super) state: SliceState,
    /// How many keys it had before.
    known: usize,
    /// For each of those that it has got since, whether one of its rows was accepted.
    accepted: Vec<bool>,
    /// The numbers of keys that were changed, perhaps more than once.
    pub(super) changed: Vec<u32>,
}

impl Open {
    /// Opens a slice.
    pub(super) fn new(number: i64, state: SliceState) -> Self {
        Self {
            number,
            known: state.keys.len(),
            state,
            accepted: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// The keys that it has got, once those whose rows were all refused are out again.
    /// The numbers of all keys of the stage are below `bound`.
    pub(super) fn new_keys(&mut self, bound: usize) -> &[u32] {
        self.state.retain_from(self.known, &self.accepted, bound);
        &self.state.keys[self.known..]
    }
}

/// The rows of a batch, with everything about them that does not change between attempts.
pub(super) struct Rows<'a> {
    pub(super) batch: &'a Batch,
    /// The place of each row's slice among those that are open.
    pub(super) slices: &'a [u32],
    /// The number of each row's key.
    pub(super) keys: &'a [u32],
    /// The numbers of all keys of the stage are below this.
    pub(super) bound: usize,
}

/// The same with places in the slices.
struct Placed<'a> {
    batch: &'a Batch,
    slices: &'a [u32],
    keys: &'a [u32],
    /// The accumulators of all rows: by slice, the rows of their keys.
    groups: Groups,
    /// The arguments of each call.
    arguments: Vec<Vec<ArrayRef>>,
}

/// Takes `rows` into `open`, the slices they touch. Returns the rows that a function refuses or fails
/// on; they change nothing, in none of the functions.
pub(super) fn absorb(
    calls: &mut Calls,
    grouping: &mut Grouping,
    open: &mut [Open],
    rows: &Rows<'_>,
    patience: &mut Patience,
) -> anyhow::Result<BadRows> {
    let groups = place_keys(calls, grouping, open, rows);
    let arguments = calls.all().iter();
    let arguments = arguments.map(|call| guest::arguments(&call.arguments, rows.batch));
    let rows = Placed {
        batch: rows.batch,
        slices: rows.slices,
        keys: rows.keys,
        groups,
        arguments: arguments.collect::<Result<_, _>>()?,
    };
    let mut refused = Vec::new();
    // Both closures need the slices, one at a time: an attempt reads them, accepting it writes.
    let open = RefCell::new(open);
    let mut bad = isolate(
        0..rows.batch.rows(),
        patience,
        &mut |range, pace| attempt(calls, grouping, pace, &open.borrow(), &rows, range),
        &mut |_, absorbed: Absorbed<'_>| {
            absorbed.commit(&mut open.borrow_mut(), &rows);
            refused.extend(absorbed.refused);
        },
    );
    bad.extend(refused);
    Ok(bad)
}

/// The accumulators of all rows; keys that come for the first time get blank ones.
fn place_keys(
    calls: &Calls,
    grouping: &mut Grouping,
    open: &mut [Open],
    rows: &Rows<'_>,
) -> Groups {
    let is_small = rows.bound.saturating_mul(open.len()) <= MAX_MARKS;
    let groups = if is_small {
        // A key is looked for once in a slice, however many rows it has.
        let mut groups = grouping.group(&vec![rows.bound; open.len()], rows.slices, rows.keys);
        for (open, keys) in open.iter_mut().zip(&mut groups.distinct) {
            for key in keys {
                *key = open.state.row_or_new(*key, rows.bound);
            }
        }
        groups
    } else {
        let pairs = rows.slices.iter().zip(rows.keys);
        let places = pairs.map(|(&slice, &key)| {
            let state = &mut open[slice as usize].state;
            state.row_or_new(key, rows.bound)
        });
        let places: Vec<u32> = places.collect();
        let bounds: Vec<usize> = open.iter().map(|open| open.state.keys.len()).collect();
        grouping.group(&bounds, rows.slices, &places)
    };
    for open in open {
        let state = &mut open.state;
        open.accepted = vec![false; state.keys.len() - open.known];
        for (index, call) in state.calls.iter_mut().enumerate() {
            if let CallState::Accumulators(table) = call {
                table.append_copies(open.accepted.len(), calls.blank(index));
            }
        }
    }
    groups
}

/// All keys of a stage are marked in each slice, for a batch, if that are not more marks than these: 2 MiB.
const MAX_MARKS: usize = 1 << 18;

/// What an attempt has come to; nothing is changed before it is committed.
struct Absorbed<'a> {
    /// The rows that were accepted.
    rows: Vec<u32>,
    /// Their accumulators.
    groups: Cow<'a, Groups>,
    /// For each call, the new accumulators, slice after slice.
    accumulators: Vec<Option<Columns>>,
    refused: Vec<BadRow>,
}

/// Updates copies of the accumulators with the rows in `range`, without those that a function
/// refuses.
fn attempt<'a>(
    calls: &mut Calls,
    grouping: &mut Grouping,
    pace: Pace,
    open: &[Open],
    rows: &'a Placed<'_>,
    range: Range<usize>,
) -> Result<Absorbed<'a>, Failure> {
    let mut selected: Vec<u32> = (range.start as u32..range.end as u32).collect();
    let mut refused: Vec<BadRow> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let groups = match selected.len() == rows.slices.len() {
            true => Cow::Borrowed(&rows.groups),
            false => Cow::Owned(rows.groups.of_some(&selected, rows.slices, grouping)),
        };
        let whole = refused.is_empty().then(|| range.clone());
        let mut accumulators = Vec::with_capacity(calls.all().len());
        let mut errors = Vec::new();
        for index in 0..calls.all().len() {
            if calls.is_holistic(index) || selected.is_empty() {
                accumulators.push(None);
                continue;
            }
            let before = chosen(open, index, &groups.distinct);
            let weights = before.iter().map(|(table, places)| table.weight(places));
            let weight = weights.fold(0, usize::saturating_add);
            calls.weigh(index, Unit::Row, selected.len(), weight)?;
            let before = StateTable::gather_all(&before)?;
            let arguments = select(&rows.arguments[index], whole.as_ref(), &selected);
            let before = wasm::Columns {
                rows: groups.count(),
                arrays: &before,
            };
            let arguments = wasm::Columns {
                rows: selected.len(),
                arrays: &arguments,
            };
            let output = calls.update(index, pace, before, &groups.places, arguments)?;
            accumulators.push(Some(output.accumulators));
            errors = calls.refused(index, output.errors);
            if !errors.is_empty() {
                break;
            }
        }
        if errors.is_empty() {
            return Ok(Absorbed {
                rows: selected,
                groups,
                accumulators,
                refused,
            });
        }
        // No function may count a row that another refuses: once more, without these rows.
        let mut accepted = vec![true; selected.len()];
        errors.iter().for_each(|bad| accepted[bad.row] = false);
        refused.extend(errors.into_iter().map(|bad| BadRow {
            row: selected[bad.row] as usize,
            ..bad
        }));
        let mut verdicts = accepted.into_iter();
        selected.retain(|_| verdicts.next() == Some(true));
    }
    Err(CallError::Refused("refuses other rows each time it is asked".to_owned()).into())
}

/// How often rows that functions refuse are taken out of a batch before it is halved instead.
const MAX_ROUNDS: usize = 8;

/// Where the accumulators of the touched keys are, slice after slice.
fn chosen<'a>(
    open: &'a [Open],
    call: usize,
    distinct: &'a [Vec<u32>],
) -> Vec<(&'a StateTable, &'a [u32])> {
    let touched = open.iter().zip(distinct);
    let touched = touched.filter(|(_, keys)| !keys.is_empty());
    let tables = touched.filter_map(|(open, keys)| match &open.state.calls[call] {
        CallState::Accumulators(table) => Some((table, keys.as_slice())),
        CallState::Values(_) => None,
    });
    tables.collect()
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

impl Absorbed<'_> {
    fn commit(&self, open: &mut [Open], rows: &Placed<'_>) {
        let mut first = 0;
        for (open, places) in open.iter_mut().zip(&self.groups.distinct) {
            for &place in places {
                if let Some(new) = (place as usize).checked_sub(open.known) {
                    open.accepted[new] = true;
                }
            }
            for (call, columns) in open.state.calls.iter_mut().zip(&self.accumulators) {
                if let (CallState::Accumulators(table), Some(columns)) = (call, columns) {
                    table.scatter(places, columns, first);
                }
            }
            let keys = &open.state.keys;
            let changed = places.iter().map(|&place| keys[place as usize]);
            open.changed.extend(changed);
            first += places.len();
        }
        let holistic = |call: &CallState| matches!(call, CallState::Values(_));
        if open
            .iter()
            .any(|open| open.state.calls.iter().any(holistic))
        {
            self.log_values(open, rows);
        }
    }

    /// Keeps the arguments of the rows for the holistic functions, slice by slice.
    fn log_values(&self, open: &mut [Open], rows: &Placed<'_>) {
        let mut mine = vec![Vec::new(); open.len()];
        for &row in &self.rows {
            mine[rows.slices[row as usize] as usize].push(row);
        }
        for (open, mine) in open.iter_mut().zip(mine) {
            if mine.is_empty() {
                continue;
            }
            let keys: Arc<[u32]> = mine.iter().map(|&row| rows.keys[row as usize]).collect();
            let times = rows.batch.times();
            let times = times.map(|times| mine.iter().map(|&row| times[row as usize]).collect());
            for (call, arguments) in open.state.calls.iter_mut().zip(&rows.arguments) {
                if let CallState::Values(log) = call {
                    log.chunks.push(Chunk {
                        keys: Arc::clone(&keys),
                        times: times.clone(),
                        columns: select(arguments, None, &mine),
                    });
                }
            }
        }
    }
}
