//! A row of a Parquet file that is bad: as people read it, and as a file of its own.

use std::sync::Arc;

use arrow::{array::RecordBatch, datatypes::DataType as ArrowType, json};
use parquet::{
    arrow::ArrowWriter,
    file::properties::{EnabledStatistics, WriterProperties},
};

/// A row as JSON, for people.
pub(super) fn row_text(row: &RecordBatch) -> String {
    let mut text = Vec::new();
    let mut writer = json::LineDelimitedWriter::new(&mut text);
    let written = writer.write(&without_zones(row));
    drop(writer);
    match written {
        Ok(()) => String::from_utf8_lossy(&text).trim_end().to_owned(),
        Err(error) => format!("a row that cannot be shown: {error}"),
    }
}

/// A row as a file of its own, which can be read again as the one that it stands in; `None` if there is no such file.
pub(super) fn row_file(row: &RecordBatch) -> Option<Vec<u8>> {
    // What helps to find one row among many is of no use here.
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), row.schema(), Some(properties)).ok()?;
    writer.write(row).ok()?;
    writer.into_inner().ok()
}

/// The writer knows no time zones but offsets.
fn without_zones(row: &RecordBatch) -> RecordBatch {
    let columns = row.columns().iter().map(|column| match column.data_type() {
        ArrowType::Timestamp(unit, Some(_)) => {
            let plain = ArrowType::Timestamp(*unit, None);
            arrow::compute::cast(column, &plain).unwrap_or_else(|_| Arc::clone(column))
        }
        _ => Arc::clone(column),
    });
    let names = row.schema_ref().fields().iter().map(|field| field.name());
    RecordBatch::try_from_iter_with_nullable(
        names
            .zip(columns)
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap_or_else(|_| row.clone())
}
