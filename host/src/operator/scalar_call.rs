//! Calls a scalar function for the rows of a batch and finds those on which it fails.

use arrow::{
    array::{ArrayRef, BooleanArray, new_null_array},
    buffer::{BooleanBuffer, MutableBuffer},
    compute,
};

use super::{Call, Guests, Outbox, RejectionPolicy, failure::BadRow, guest, isolation::isolate};
use crate::{batch::Batch, wasm::Columns};

/// What a scalar function makes of a batch.
pub(super) struct Evaluated {
    /// The results, as long as the batch. What they hold for a bad row is of no meaning.
    pub(super) results: Vec<ArrayRef>,
    /// Rows without a result, in order.
    pub(super) bad: Vec<BadRow>,
}

impl Evaluated {
    /// Which rows have a result; `None` if all of them have.
    pub(super) fn good(&self, rows: usize) -> Option<BooleanArray> {
        if self.bad.is_empty() {
            return None;
        }
        let mut mask = MutableBuffer::from_len_zeroed(rows.div_ceil(8));
        mask.as_slice_mut().fill(0xff);
        for bad in &self.bad {
            mask.as_slice_mut()[bad.row / 8] &= !(1 << (bad.row % 8));
        }
        Some(BooleanBuffer::new(mask.into(), 0, rows).into())
    }
}

/// Calls the function of `call` for every row of `batch`, and has `rejects` deal with those on which it fails.
pub(super) fn evaluate(
    guests: &mut Guests,
    call: &Call,
    batch: &Batch,
    rejects: &mut RejectionPolicy,
    out: &mut Outbox,
) -> anyhow::Result<Evaluated> {
    let arguments = guest::arguments(&call.arguments, batch)?;
    let mut pieces: Vec<(usize, Vec<ArrayRef>)> = Vec::new();
    let mut refused = Vec::new();
    let failed = isolate(
        0..batch.rows(),
        &mut rejects.patience(),
        &mut |rows, pace| {
            let output = guests.call(0, pace, |instance, function| {
                let arguments = guest::slice(&arguments, &rows);
                instance.scalar(
                    function,
                    Columns {
                        rows: rows.len(),
                        arrays: &arguments,
                    },
                )
            })?;
            Ok((output.columns, guests.refused(0, output.errors)))
        },
        &mut |rows, (columns, bad)| {
            refused.extend(bad.into_iter().map(|bad| bad.after(rows.start)));
            pieces.push((rows.start, columns));
        },
    );
    let mut bad = failed.clone();
    bad.extend(refused);
    let bad = rejects.settle(batch, bad, out)?;
    let results = join(call, pieces, &failed.all()?)?;
    Ok(Evaluated { results, bad })
}

/// Puts the results of the calls together, with nulls in the place of rows that failed.
fn join(
    call: &Call,
    mut pieces: Vec<(usize, Vec<ArrayRef>)>,
    failed: &[BadRow],
) -> anyhow::Result<Vec<ArrayRef>> {
    if failed.is_empty() && pieces.len() == 1 {
        return Ok(pieces.remove(0).1);
    }
    let results = &call.function.results;
    for bad in failed {
        let nulls = results
            .iter()
            .map(|field| new_null_array(&field.data_type.to_arrow(), 1));
        pieces.push((bad.row, nulls.collect()));
    }
    pieces.sort_by_key(|(start, _)| *start);
    (0..results.len())
        .map(|result| {
            let parts: Vec<_> = pieces
                .iter()
                .map(|(_, columns)| columns[result].as_ref())
                .collect();
            Ok(compute::concat(&parts)?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use arrow::array::Int64Array;

    use super::*;
    use crate::{
        batch::{DataType, Field, Origin, Schema},
        operator::{OnError, Version, trial},
    };

    #[test]
    fn a_stage_that_has_no_time_to_lose_says_so_before_any_row_is_judged() {
        let schema = Schema::new(vec![Field::required("n", DataType::Int64)]).expect("one name");
        let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1, 2]))];
        let batch = Batch::new(schema.to_arrow(), columns, 2, None, Origin::Derived);
        // It is not called.
        let call = trial::call("sum", &["n"], "{}", &schema);
        let metrics = Arc::default();
        let mut rejects = RejectionPolicy::of_source("work".into(), OnError::Skip, 1000, metrics);
        let patience = rejects.patience();
        patience.lost().lose(Duration::from_secs(31), Arc::default);
        let evaluated = evaluate(
            &mut Guests::new(Version::default()),
            &call,
            &batch.expect("a batch"),
            &mut rejects,
            &mut Outbox::default(),
        );
        let error = evaluated
            .map(|evaluated| evaluated.bad)
            .expect_err("too much")
            .to_string();
        assert!(
            error.starts_with("`work` has lost 31.0s on calls that failed"),
            "{error}"
        );
    }
}
