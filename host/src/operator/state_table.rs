//! The tables of a snapshot: columns that are known by their place.

use std::sync::Arc;

use anyhow::Context;
use arrow::{
    array::{ArrayRef, RecordBatch, RecordBatchOptions},
    datatypes::{Field, Schema},
};

use crate::{state::Snapshot, time::Watermark};

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

/// How far event time had come for all of the subtasks that have written `snapshots`.
pub(super) fn watermark(snapshots: &[Snapshot]) -> Watermark {
    let watermarks = snapshots.iter().map(|snapshot| snapshot.watermark);
    watermarks.min().unwrap_or(Watermark::START)
}
