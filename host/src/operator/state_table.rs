//! The tables of a snapshot: columns that are known by their place.

use std::sync::Arc;

use anyhow::Context;
use arrow::{
    array::{ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, RecordBatchOptions},
    datatypes::{Field, Int64Type, Schema},
};

use crate::{
    state::Snapshot,
    time::{Timestamp, Watermark},
};

/// A table of `columns`, the first of which is the encoded key.
pub(super) fn of_columns(columns: Vec<ArrayRef>) -> anyhow::Result<RecordBatch> {
    let fields = columns.iter().enumerate();
    let fields = fields
        .map(|(place, column)| Field::new(place.to_string(), column.data_type().clone(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let rows = columns.first().map(|column| column.len());
    let options = RecordBatchOptions::new().with_row_count(rows);
    let schema = Arc::new(schema);
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

/// The table at a place.
///
/// # Errors
///
/// If there is none.
pub(super) fn get(snapshot: &Snapshot, place: usize) -> anyhow::Result<&RecordBatch> {
    let table = snapshot.tables.get(place);
    table.context("the snapshot of the stage is cut off")
}

/// A table of one row that says how far the input had come, where that is not how far the output had.
/// The key is nobody's.
pub(super) fn of_watermark(watermark: Watermark) -> anyhow::Result<RecordBatch> {
    let micros = Int64Array::from(vec![watermark.time().as_micros()]);
    let nobody = BinaryArray::from_iter_values([b""]);
    of_columns(vec![Arc::new(nobody), Arc::new(micros)])
}

/// The least of the watermarks in the tables at a place.
///
/// # Errors
///
/// If one is missing.
pub(super) fn watermark(snapshots: &[Snapshot], place: usize) -> anyhow::Result<Watermark> {
    let read = |snapshot: &Snapshot| {
        let column = get(snapshot, place)?.columns().get(1);
        let column = column.and_then(|column| column.as_primitive_opt::<Int64Type>());
        let micros = column.and_then(|column| column.values().first());
        let micros = micros.context("the snapshot of the stage does not say how far it was")?;
        anyhow::Ok(Watermark::at(Timestamp::from_micros(*micros)))
    };
    let watermarks = snapshots.iter().map(read);
    let watermarks = watermarks.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(watermarks.into_iter().min().unwrap_or(Watermark::START))
}

/// How far the outputs had come of all subtasks that have written `snapshots`.
pub(super) fn reached(snapshots: &[Snapshot]) -> Watermark {
    let watermarks = snapshots.iter().map(|snapshot| snapshot.watermark);
    watermarks.min().unwrap_or(Watermark::START)
}
