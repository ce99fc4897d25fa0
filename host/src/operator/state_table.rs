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

/// Snapshots of these tables, one after the other.
pub(super) fn snapshots(
    watermark: Watermark,
    tables: impl IntoIterator<Item = anyhow::Result<Vec<RecordBatch>>>,
) -> anyhow::Result<Vec<Snapshot>> {
    let tables = tables.into_iter();
    let snapshots = tables.map(|tables| {
        Ok(Snapshot {
            watermark,
            tables: tables?,
        })
    });
    snapshots.collect()
}

/// Snapshots of tables in parts, one at least of each. All of a table comes before the tables behind it, which may
/// refer to it.
pub(super) fn of_parts(watermark: Watermark, tables: &[Vec<RecordBatch>]) -> Vec<Snapshot> {
    let more = tables.iter().map(|parts| parts.len().saturating_sub(1));
    let snapshots = 1 + more.sum::<usize>();
    let snapshot = |number: usize| {
        let mut first = 0;
        let tables = tables.iter().filter_map(|parts| {
            let part = number.checked_sub(first).and_then(|part| parts.get(part));
            first += parts.len().saturating_sub(1);
            // The others have no rows, so that tables keep their places.
            let none = || parts.first().map(|part| part.slice(0, 0));
            part.cloned().or_else(none)
        });
        Snapshot {
            watermark,
            tables: tables.collect(),
        }
    };
    (0..snapshots).map(snapshot).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_table_comes_before_those_behind_it() {
        let table = |number: i64| {
            let numbers: ArrayRef = Arc::new(Int64Array::from(vec![number]));
            of_columns(vec![numbers]).expect("a column")
        };
        let tables = [
            vec![table(1), table(2)],
            vec![table(3)],
            vec![table(4), table(5)],
        ];
        let snapshots = of_parts(Watermark::START, &tables);
        let numbers = |table: &RecordBatch| {
            table
                .column(0)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec()
        };
        let found: Vec<Vec<Vec<i64>>> = snapshots
            .iter()
            .map(|snapshot| snapshot.tables.iter().map(numbers).collect())
            .collect();
        assert_eq!(
            found,
            [
                [vec![1], vec![], vec![]],
                [vec![2], vec![3], vec![4]],
                [vec![], vec![], vec![5]],
            ]
        );
    }
}
