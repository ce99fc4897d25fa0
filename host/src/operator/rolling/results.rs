//! The results of functions for frames.

use std::ops::Range;

use anyhow::bail;
use arrow::array::{ArrayRef, new_null_array};

use super::{
    functions::{Functions, columns, is_holistic},
    pieces::{Failures, Pieces, part},
};
use crate::{
    operator::{
        BATCH_ROWS,
        failure::{BadRow, Failure},
        isolation::isolate,
        patience::{Pace, Patience},
    },
    state::{Columns, RowStore},
    wasm::{CallError, Function, Instance, Unit},
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
    /// The results of all functions, one row a frame, and the frames that have none.
    pub(super) fn results(
        &self,
        functions: &mut Functions,
        mut failures: Failures,
        patience: &Patience,
    ) -> anyhow::Result<(Vec<ArrayRef>, Vec<BadRow>)> {
        let mut results = Vec::new();
        let guests = &mut functions.guests;
        let calls = functions.calls.iter().zip(&functions.places);
        for (place, (call, places)) in calls.enumerate() {
            let function = &call.function;
            let (mut pieces, mut failed) = (Pieces::default(), Vec::new());
            let (mut refused, mut exhausted) = (Vec::new(), None);
            for range in self.ranges(is_holistic(call)) {
                let mut attempt = |range: Range<usize>, pace: Pace| -> Result<_, Failure> {
                    // The job is about to end.
                    if let Some(failure) = &exhausted {
                        return Err(Failure::clone(failure));
                    }
                    let result =
                        guests.call(place, pace, |instance, function| match is_holistic(call) {
                            true => {
                                let (groups, values) = self.values_of(instance, &range, places)?;
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
                        });
                    // Nothing is wrong with the rows of such a frame, so it must not be left out.
                    if let Err(failure) = &result
                        && range.len() == 1
                        && is_lack_of_means(&failure.error)
                    {
                        exhausted = Some(failure.clone());
                    }
                    let (columns, errors) = result?;
                    Ok((columns, guests.refused(place, errors)))
                };
                let mut accept = |range: Range<usize>, (columns, bad): (Columns, Vec<BadRow>)| {
                    refused.extend(bad.into_iter().map(|bad| bad.after(range.start)));
                    pieces.add(range, columns);
                };
                failed.extend(isolate(range, patience, &mut attempt, &mut accept));
            }
            if let Some(Failure { error, .. }) = exhausted {
                bail!(
                    "function `{}` cannot make the result of a single row: {error}",
                    function.name,
                );
            }
            let nulls = |rows: Range<usize>| {
                let types = function.results.iter();
                types
                    .map(|field| new_null_array(&field.data_type.to_arrow(), rows.len()))
                    .collect()
            };
            results.extend(pieces.complete(self.len, failed, &mut failures, nulls)?);
            let refused = refused.into_iter();
            failures.extend(refused.map(|bad: BadRow| (bad.row, bad.cause)));
        }
        let bad = failures.into_iter();
        let bad = bad.map(|(row, cause)| BadRow { row, cause });
        Ok((results, bad.collect()))
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

    /// The rows of some frames: the place of each one's frame among them, and its values. None if they are more
    /// than `instance` may be sent.
    fn values_of(
        &self,
        instance: &Instance,
        frames: &Range<usize>,
        places: &Range<usize>,
    ) -> Result<(Vec<u32>, Columns), CallError> {
        let count = frames.len();
        let frames = (0_u32..).zip(&self.values[frames.clone()]);
        let rows = frames.flat_map(|(frame, rows)| rows.iter().map(move |&row| (frame, row)));
        let (groups, rows): (Vec<u32>, Vec<u32>) = rows.unzip();
        let weight = self.store.weight_of_columns(places.clone(), &rows);
        let weight = weight.saturating_add(size_of_val(&groups[..]));
        instance.check_weight(Unit::Group, count, weight)?;
        let values = self.store.gather_columns(places.clone(), &rows)?;
        Ok((groups, values))
    }
}

const fn is_lack_of_means(error: &CallError) -> bool {
    matches!(
        error,
        CallError::OutOfMemory { .. } | CallError::Deadline { .. } | CallError::Limit(_)
    )
}
