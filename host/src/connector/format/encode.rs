//! Rows as text: JSON lines or CSV.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions},
    compute::nullif,
    csv,
    datatypes::{
        DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema, SchemaRef, TimeUnit,
        TimestampMicrosecondType,
    },
    json,
};

use super::{event_time::LIMITS, exact::ExactValues};
use crate::{batch::Schema, connector::Format};

/// Encodes rows as text.
///
/// Timestamps are as in RFC 3339, binary is hexadecimal. JSON has nulls as `null`, and what it
/// cannot express (NaN, infinities) too; in CSV a null is an empty field. Timestamps outside the
/// years -9999 to 9999 are null.
pub(crate) struct TextEncoder {
    json: bool,
    schema: SchemaRef,
    header: Option<String>,
    exact: bool,
}

impl TextEncoder {
    /// An encoder of rows of these columns.
    ///
    /// # Errors
    ///
    /// If the format is not a text.
    pub(crate) fn new(format: Format, schema: &Schema) -> anyhow::Result<Self> {
        let json = match format {
            Format::Json => true,
            Format::Csv => false,
            Format::Parquet | Format::Lines => bail!("rows can be written as json or csv here"),
        };
        let schema = printable_schema(schema);
        let header = (!json).then(|| header(&schema)).transpose()?;
        Ok(Self {
            json,
            schema,
            header,
            exact: false,
        })
    }

    /// Has JSON keep what it has no word for: NaN and infinities are texts, timestamps outside the years 0 to 9999
    /// numbers of microseconds. [`row_of_json`](super::row_of_json) makes the same row again.
    #[must_use]
    pub(crate) fn exact(self) -> Self {
        Self {
            exact: true,
            ..self
        }
    }

    /// Appends what comes before the first row, if it has not been written yet.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(header) = self.header.take() {
            out.extend_from_slice(header.as_bytes());
        }
    }

    /// Appends rows.
    pub(crate) fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> anyhow::Result<()> {
        self.begin(out);
        let columns = batch.columns().iter();
        let columns = columns
            .map(|column| printable(column, self.exact))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch =
            RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)
                .context("the rows have other columns than the sink was opened for")?;
        if self.json {
            let mut builder = json::WriterBuilder::new().with_explicit_nulls(true);
            if self.exact {
                builder = builder.with_encoder_factory(Arc::new(ExactValues));
            }
            let mut writer = builder.build::<_, json::writer::LineDelimited>(out);
            writer.write(&batch)?;
        } else {
            let mut writer = csv::WriterBuilder::new().with_header(false).build(out);
            writer.write(&batch)?;
        }
        Ok(())
    }
}

fn header(schema: &SchemaRef) -> anyhow::Result<String> {
    let mut header = Vec::new();
    let mut writer = csv::WriterBuilder::new()
        .with_header(true)
        .build(&mut header);
    writer.write(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
    drop(writer);
    Ok(String::from_utf8(header)?)
}

/// The formatters know `UTC` only by its offset.
fn printable_type() -> ArrowType {
    ArrowType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))
}

fn printable_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<_> = schema
        .to_arrow()
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            ArrowType::Timestamp(..) => ArrowField::new(field.name(), printable_type(), true),
            _ => field.as_ref().clone(),
        })
        .collect();
    Arc::new(ArrowSchema::new(fields))
}

/// A column as the formatters can write it. If it is to be `exact`, nothing is taken out that they cannot.
fn printable(column: &ArrayRef, exact: bool) -> ArrayRef {
    let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() else {
        return Arc::clone(column);
    };
    let times = times.clone().with_data_type(printable_type());
    let (first, last) = LIMITS;
    let absurd = |&micros: &i64| micros < first || micros > last;
    if exact || !times.values().iter().any(absurd) {
        return Arc::new(times);
    }
    let absurd = times
        .values()
        .iter()
        .map(|micros| Some(absurd(micros)))
        .collect();
    nullif(&times, &absurd).unwrap_or_else(|_| Arc::new(times))
}
