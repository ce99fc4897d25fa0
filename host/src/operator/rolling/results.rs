//! The results of functions for frames.

use std::ops::Range;

use anyhow::anyhow;
use arrow::array::{ArrayRef, new_null_array};

use super::{
    functions::{Functions, columns, is_holistic},
    pieces::{Failures, Pieces, part},
};
use crate::{
    operator::{
        BATCH_ROWS,
        failure::{BadRow, BadRows},
        isolation::isolate_windows,
        patience::{Pace, Patience},
    },
    state::{Columns, RowStore},
    wasm::{CallError, Function, Instance},
};

/// Frames that are complete.
pub(super) struct Frames<'a> {
    /// How many there are.
    pub(super) len: usize,
    /// What their rows come to.
    pub(super) accumulators: Columns,
    /// For each of them the places of its rows' values, if they are wanted.
    pub(super) values: Vec<Vec<u32>>,
    /// Where the values are.
    pub(super) store: &'a RowStore,
}

impl Frames<'_> {
    /// The results of all functions, one row a frame, and the frames that have none: those of `failures`, and those
    /// that a function fails on here.
    pub(super) fn results(
        &self,
        functions: &mut Functions,
        failures: Failures,
        patience: &mut Patience,
    ) -> anyhow::Result<(Vec<ArrayRef>, BadRows)> {
        let mut results = Vec::new();
        let failures = failures.into_iter();
        let failures = failures.map(|(row, cause)| BadRow { row, cause });
        let mut bad = BadRows::new(failures.collect(), false);
        let guests = &mut functions.guests;
        let calls = functions.calls.iter().zip(&functions.places);
        for (place, (call, places)) in calls.enumerate() {
            let function = &call.function;
            let mut pieces = Pieces::default();
            for range in self.ranges(is_holistic(call)) {
                let mut refused = Vec::new();
                let mut attempt = |range: Range<usize>, pace: Pace| {
                    let (columns, errors) =
                        guests.call(place, pace, |instance, function| match is_holistic(call) {
                            true => {
                                let (groups, values) = self.values_of(&range, places);
                                let values = columns(groups.len(), &values);
                                let frames = range.len();
                                let output = instance
                                    .holistic_evaluate(function, frames, &groups, values)?;
                                Ok((output.columns, output.errors))
                            }
                            false => {
                                let results = self.finish(instance, function, &range, places)?;
                                Ok((results, Vec::new()))
                            }
                        })?;
                    Ok((columns, guests.refused(place, errors)))
                };
                let mut accept = |range: Range<usize>, (columns, more): (Columns, Vec<BadRow>)| {
                    refused.extend(more.into_iter().map(|bad| bad.after(range.start)));
                    pieces.add(range, columns);
                };
                let failed = isolate_windows(range, patience, &mut attempt, &mut accept);
                let failed = failed.map_err(|failure| {
                    anyhow!(
                        "function `{}` cannot make the result of a single row: {}",
                        function.name,
                        failure.error,
                    )
                })?;
                bad.include(failed);
                bad.extend(refused);
            }
            let nulls = |rows: Range<usize>| {
                let types = function.results.iter();
                types
                    .map(|field| new_null_array(&field.data_type.to_arrow(), rows.len()))
                    .collect()
            };
            results.extend(pieces.complete(self.len, nulls)?);
        }
        Ok((results, bad))
    }

    fn finish(
        &self,
        instance: &mut Instance,
        function: &Function,
        range: &Range<usize>,
        places: &Range<usize>,
    ) -> Result<Columns, CallError> {
        let accumulators = part(&self.accumulators[places.clone()], range);
        instance.aggregate_finish(function, columns(range.len(), &accumulators))
    }

    /// The frames of each call: those that have few values together, if values are sent.
    fn ranges(&self, are_values_sent: bool) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let (mut start, mut values) = (0, 0);
        let frames = self.values.iter().enumerate();
        for (frame, rows) in frames.filter(|_| are_values_sent) {
            if values > 0 && values + rows.len() > BATCH_ROWS {
                ranges.push(start..frame);
                (start, values) = (frame, 0);
            }
            values += rows.len();
        }
        ranges.push(start..self.len);
        ranges
    }

    /// The rows of some frames: the place of each one's frame among them, and its values.
    fn values_of(&self, frames: &Range<usize>, places: &Range<usize>) -> (Vec<u32>, Columns) {
        let frames = (0_u32..).zip(&self.values[frames.clone()]);
        let rows = frames.flat_map(|(frame, rows)| rows.iter().map(move |&row| (frame, row)));
        let (groups, rows): (Vec<u32>, Vec<u32>) = rows.unzip();
        let values = self.store.gather(&rows);
        (groups, values[places.clone()].to_vec())
    }
}
