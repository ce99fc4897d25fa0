//! Calls a scalar function for the rows of a batch and finds those on which it fails.

use arrow::{
    array::{ArrayRef, BooleanArray, new_null_array},
    buffer::{BooleanBuffer, MutableBuffer},
    compute,
};

use super::{
    Call, Guests, failure::BadRow, guest, isolation::isolate, patience::Patience, portion::Portion,
};
use crate::{
    batch::{Batch, weight},
    wasm::Columns,
};

/// What a scalar function makes of a batch.
pub(super) struct Evaluated {
    /// The results, as long as the portion. What they hold for a bad row is of no meaning.
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

/// Calls the function of `call` for the rows of `batch` that `portion` has, and leaves out those that it has no
/// room for.
pub(super) fn evaluate(
    guests: &mut Guests,
    call: &Call,
    batch: &Batch,
    portion: &Portion,
    patience: &Patience,
) -> anyhow::Result<Evaluated> {
    let arguments = guest::arguments(&call.arguments, batch)?;
    let mut pieces: Vec<(usize, Vec<ArrayRef>)> = Vec::new();
    let mut refused = Vec::new();
    let failed = isolate(
        0..portion.rows(),
        patience,
        &mut |rows, pace| {
            portion.attempt(|| {
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
                let bytes = weight(&output.columns);
                let refused = guests.refused(0, output.errors);
                Ok(((output.columns, refused), bytes))
            })
        },
        &mut |rows, tried| {
            if let Some((columns, bad)) = portion.accept(&rows, tried) {
                refused.extend(bad.into_iter().map(|bad| bad.after(rows.start)));
                pieces.push((rows.start, columns));
            }
        },
    );
    let results = join(call, pieces, &failed)?;
    refused.extend(failed);
    refused.sort_by_key(|bad| bad.row);
    Ok(Evaluated {
        results,
        bad: refused,
    })
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
