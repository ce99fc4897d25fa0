//! The event times of rows as a column, to be kept beside the others.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Array},
    buffer::ScalarBuffer,
    datatypes::Int64Type,
};

use crate::batch::Batch;

/// The event times of the rows of `batch`; nulls if they have none.
pub(super) fn column(batch: &Batch) -> ArrayRef {
    Arc::new(match batch.times() {
        Some(times) => Int64Array::new(times.clone(), None),
        None => Int64Array::new_null(batch.rows()),
    })
}

/// The event times that [`column`] has made; `None` if one is null.
pub(super) fn of(column: &ArrayRef) -> Option<ScalarBuffer<i64>> {
    let times = column.as_primitive::<Int64Type>();
    (times.null_count() == 0).then(|| times.values().clone())
}
