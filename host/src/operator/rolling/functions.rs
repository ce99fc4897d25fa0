//! The functions of a stage with rolling windows: accumulators of single rows, and of rows put together.

use std::ops::Range;

use anyhow::anyhow;
use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
    error::ArrowError,
};

use super::pieces::{Failures, Pieces, part};
use crate::{
    batch::{Batch, DataType},
    operator::{
        BATCH_ROWS, Call, Guests,
        failure::{BadRow, BadRows, Failure},
        guest,
        isolation::{isolate, isolate_windows},
        patience::{Pace, Patience},
    },
    state::Columns,
    wasm::{self, CallError, Kind},
};

/// The functions of a stage and the instances they run in.
///
/// Accumulators of one row or run stand side by side: those of the first function, then those of the
/// second, and so on. So do the arguments of holistic functions.
pub(super) struct Functions {
    pub(super) guests: Guests,
    pub(super) calls: Vec<Call>,
    /// By function: where its columns are among those of all accumulators, or among all values.
    pub(super) places: Vec<Range<usize>>,
}

/// What the rows of a batch come to, each by itself.
pub(super) struct Leaves {
    /// The rows that all functions have accepted.
    pub(super) rows: Vec<u32>,
    /// The accumulators of each.
    pub(super) accumulators: Columns,
    /// The arguments of holistic functions.
    pub(super) values: Columns,
}

/// What pairs of accumulators come to.
pub(super) struct Merged {
    pub(super) accumulators: Columns,
    /// The pairs on which a function has failed, and why.
    pub(super) failures: Failures,
}

/// How often rows that functions refuse are taken out of a batch before it is halved instead.
const MAX_ROUNDS: usize = 8;

impl Functions {
    pub(super) fn open(calls: &[Call], guests: Guests) -> Self {
        let mut places = Vec::with_capacity(calls.len());
        let (mut accumulators, mut values) = (0, 0);
        for call in calls {
            if call.function.kind == Kind::Holistic {
                places.push(values..values + call.arguments.len());
                values += call.arguments.len();
                continue;
            }
            let columns = call.function.state.len();
            places.push(accumulators..accumulators + columns);
            accumulators += columns;
        }
        Self {
            guests,
            calls: calls.to_vec(),
            places,
        }
    }

    /// Accumulators that have seen no row, as one row.
    fn blank(&self) -> Columns {
        let blanks = (0..self.calls.len()).map(|call| self.guests.blank(call));
        blanks.flatten().cloned().collect()
    }

    /// The types of the columns of all accumulators.
    pub(super) fn accumulator_types(&self) -> Vec<DataType> {
        let calls = self.calls.iter().filter(|call| !is_holistic(call));
        let fields = calls.flat_map(|call| &call.function.state);
        fields.map(|field| field.data_type).collect()
    }

    /// The types of the arguments of holistic functions.
    pub(super) fn value_types(&self) -> Vec<DataType> {
        let calls = self.calls.iter().filter(|call| is_holistic(call));
        let fields = calls.flat_map(|call| &call.function.parameters);
        fields.map(|field| field.data_type).collect()
    }

    /// Makes accumulators of the rows of `batch`, one by one. A row that a function refuses or fails on is bad and
    /// has none, in none of the functions.
    pub(super) fn leaves(
        &mut self,
        batch: &Batch,
        patience: &mut Patience,
    ) -> Result<(Leaves, BadRows), ArrowError> {
        let arguments = self.calls.iter();
        let arguments = arguments.map(|call| guest::arguments(&call.arguments, batch));
        let arguments: Vec<Columns> = arguments.collect::<Result<_, _>>()?;
        let (mut rows, mut parts, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        let mut bad = isolate(
            0..batch.rows(),
            patience,
            &mut |range, pace| self.leaves_of(range, pace, &arguments),
            &mut |_, (accepted, columns, more): Accepted| {
                rows.extend(accepted);
                parts.push(columns);
                refused.extend(more);
            },
        );
        bad.extend(refused);
        let blank = self.blank();
        let none = || blank.iter().map(|column| column.slice(0, 0));
        let values = self.calls.iter().zip(&arguments);
        let values = values.filter(|(call, _)| is_holistic(call));
        let values = values.flat_map(|(_, columns)| select(columns, &rows));
        let leaves = Leaves {
            values: values.collect(),
            accumulators: match parts.is_empty() {
                true => none().collect(),
                false => concat(&parts)?,
            },
            rows,
        };
        Ok((leaves, bad))
    }

    fn leaves_of(
        &mut self,
        range: Range<usize>,
        pace: Pace,
        arguments: &[Columns],
    ) -> Result<Accepted, Failure> {
        let mut selected: Vec<u32> = (range.start as u32..range.end as u32).collect();
        let mut refused: Vec<BadRow> = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let blank = copies(&self.blank(), selected.len());
            let groups: Vec<u32> = (0..selected.len() as u32).collect();
            let mut accumulators = Columns::with_capacity(blank.len());
            let mut errors = Vec::new();
            let calls = self.calls.iter().zip(&self.places).zip(arguments);
            for (place, ((call, places), arguments)) in calls.enumerate() {
                if is_holistic(call) {
                    continue;
                }
                let arguments = match refused.is_empty() {
                    true => part(arguments, &range),
                    false => select(arguments, &selected),
                };
                let output = self.guests.call(place, pace, |instance, function| {
                    let accumulators = columns(selected.len(), &blank[places.clone()]);
                    let arguments = columns(selected.len(), &arguments);
                    instance.aggregate_update(function, accumulators, &groups, arguments)
                })?;
                accumulators.extend(output.accumulators);
                errors = self.guests.refused(place, output.errors);
                if !errors.is_empty() {
                    break;
                }
            }
            if errors.is_empty() {
                return Ok((selected, accumulators, refused));
            }
            // No function may take a row that another refuses: once more, without these rows.
            let mut accepted = vec![true; selected.len()];
            for bad in errors {
                accepted[bad.row] = false;
                refused.push(BadRow {
                    row: selected[bad.row] as usize,
                    ..bad
                });
            }
            let mut verdicts = accepted.into_iter();
            selected.retain(|_| verdicts.next() == Some(true));
        }
        Err(CallError::Refused("refuses other rows each time it is asked".to_owned()).into())
    }

    /// Adds `later` to `earlier`, one to one.
    ///
    /// # Errors
    ///
    /// If a function cannot be given the means to merge a single pair, or too much has failed.
    pub(super) fn merge(
        &mut self,
        earlier: &[ArrayRef],
        later: &[ArrayRef],
        rows: usize,
        patience: &mut Patience,
    ) -> anyhow::Result<Merged> {
        let mut failures = Failures::default();
        let mut accumulators = Columns::with_capacity(earlier.len());
        for (place, (call, places)) in self.calls.iter().zip(&self.places).enumerate() {
            if is_holistic(call) {
                continue;
            }
            let (earlier, later) = (&earlier[places.clone()], &later[places.clone()]);
            let mut pieces = Pieces::default();
            for start in (0..rows).step_by(BATCH_ROWS) {
                let failed = isolate_windows(
                    start..rows.min(start + BATCH_ROWS),
                    patience,
                    &mut |range, pace| {
                        let groups: Vec<u32> = (0..range.len() as u32).collect();
                        let (earlier, later) = (part(earlier, &range), part(later, &range));
                        self.guests.call(place, pace, |instance, function| {
                            let earlier = columns(range.len(), &earlier);
                            let later = columns(range.len(), &later);
                            instance.aggregate_merge(function, earlier, &groups, later)
                        })
                    },
                    &mut |range, merged| pieces.add(range, merged),
                );
                let failed = failed.map_err(|failure| {
                    anyhow!(
                        "function `{}` cannot merge what two single rows have come to: {}",
                        call.function.name,
                        failure.error,
                    )
                })?;
                failures.extend(failed.all()?.into_iter().map(|bad| (bad.row, bad.cause)));
            }
            let as_it_was = |rows: Range<usize>| part(earlier, &rows);
            accumulators.extend(pieces.complete(rows, as_it_was)?);
        }
        Ok(Merged {
            accumulators,
            failures,
        })
    }
}

/// Rows of a range that were accepted, their accumulators, and rows that were refused.
type Accepted = (Vec<u32>, Columns, Vec<BadRow>);

/// Whether a function wants to see all rows at once.
pub(super) fn is_holistic(call: &Call) -> bool {
    call.function.kind == Kind::Holistic
}

/// Columns as they are sent.
pub(super) const fn columns(rows: usize, arrays: &[ArrayRef]) -> wasm::Columns<'_> {
    wasm::Columns { rows, arrays }
}

/// Parts one after the other; without parts, no columns.
pub(super) fn concat(parts: &[Columns]) -> Result<Columns, ArrowError> {
    let [first, rest @ ..] = parts else {
        return Ok(Vec::new());
    };
    if rest.is_empty() {
        return Ok(first.clone());
    }
    let column = |place: usize| {
        let parts: Vec<_> = parts.iter().map(|part| part[place].as_ref()).collect();
        compute::concat(&parts)
    };
    (0..first.len()).map(column).collect()
}

fn copies(row: &[ArrayRef], count: usize) -> Columns {
    select(row, &vec![0; count])
}

/// The rows of `columns` at `places`.
pub(super) fn select(columns: &[ArrayRef], places: &[u32]) -> Columns {
    let places = UInt32Array::from(places.to_vec());
    columns
        .iter()
        .map(|column| compute::take(column, &places, None).expect("the rows are there"))
        .collect()
}
