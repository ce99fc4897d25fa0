//! Rows as text: JSON lines or CSV.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use arrow::{
    array::{
        ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray,
    },
    csv,
    datatypes::{
        DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema, SchemaRef, TimeUnit,
        TimestampMicrosecondType,
    },
    error::ArrowError,
    json,
    util::display::{ArrayFormatter, FormatOptions},
};

use super::{event_time::LIMITS, exact::ExactValues};
use crate::{batch::Schema, connector::Format};

/// Encodes rows as text.
///
/// Timestamps are as in RFC 3339, binary is hexadecimal. JSON has nulls as `null`, and what it
/// cannot express (NaN, infinities) too; in CSV a null is an empty field. Timestamps
/// outside [`LIMITS`], such as the border of a very long window, have a year of six digits and a sign, as ISO 8601 has
/// it.
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
        let columns: Vec<_> = columns
            .map(|column| printable(column, self.exact))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = schema_of(&self.schema, &columns);
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)
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
    let within = |micros: &i64| (first..=last).contains(micros);
    if exact || times.values().iter().all(within) {
        return Arc::new(times);
    }
    match far_times(&times) {
        Ok(texts) => Arc::new(texts),
        Err(_) => Arc::new(times),
    }
}

/// Instants that the calendar of the formatters does not reach, in words: dates are the same every 400 years.
fn far_times(times: &TimestampMicrosecondArray) -> Result<StringArray, ArrowError> {
    const CYCLE: i64 = 146_097 * 24 * 60 * 60 * 1_000_000;
    let near: TimestampMicrosecondArray = times.unary(|micros: i64| micros.rem_euclid(CYCLE));
    let near = near.with_data_type(printable_type());
    let (options, (first, last)) = (FormatOptions::default(), LIMITS);
    let (near, own) = (
        ArrayFormatter::try_new(&near, &options)?,
        ArrayFormatter::try_new(times, &options)?,
    );
    let text = |row: usize, micros: i64| {
        if (first..=last).contains(&micros) {
            return own.value(row).to_string();
        }
        let near = near.value(row).to_string();
        let (year, rest) = near.split_at(4);
        let year = year.parse::<i64>().unwrap_or_default() + 400 * micros.div_euclid(CYCLE);
        format!("{year:+07}{rest}")
    };
    let rows = times.iter().enumerate();
    Ok(rows
        .map(|(row, micros)| micros.map(|micros| text(row, micros)))
        .collect())
}

/// The schema with texts where times have become such.
fn schema_of(schema: &SchemaRef, columns: &[ArrayRef]) -> SchemaRef {
    let is_text = |(field, column): (&Arc<ArrowField>, &ArrayRef)| {
        *field.data_type() == printable_type() && *column.data_type() == ArrowType::Utf8
    };
    if !schema.fields().iter().zip(columns).any(is_text) {
        return SchemaRef::clone(schema);
    }
    let fields = schema.fields().iter().zip(columns);
    let fields = fields.map(|(field, column)| match is_text((field, column)) {
        true => Arc::new(ArrowField::new(field.name(), ArrowType::Utf8, true)),
        false => Arc::clone(field),
    });
    Arc::new(ArrowSchema::new(fields.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::harness::schema;

    #[track_caller]
    fn check(times: Vec<Option<i64>>, expected: &[&str]) {
        let schema = schema("t: timestamp");
        let column = TimestampMicrosecondArray::from(times).with_timezone("UTC");
        let batch = RecordBatch::try_new(schema.to_arrow(), vec![Arc::new(column)]).expect("rows");
        let mut out = Vec::new();
        let mut encoder = TextEncoder::new(Format::Csv, &schema).expect("a text");
        encoder.encode(&batch, &mut out).expect("csv");
        let found = String::from_utf8(out).expect("text");
        assert_eq!(found.lines().skip(1).collect::<Vec<_>>(), expected);
        let mut out = Vec::new();
        let mut encoder = TextEncoder::new(Format::Json, &schema).expect("a text");
        encoder.encode(&batch, &mut out).expect("json");
        let lines = expected
            .iter()
            .map(|text| match text.is_empty() || *text == "\"\"" {
                true => "{\"t\":null}\n".to_owned(),
                false => format!("{{\"t\":\"{text}\"}}\n"),
            });
        assert_eq!(
            String::from_utf8(out).expect("text"),
            lines.collect::<String>()
        );
    }

    #[test]
    fn times_beyond_the_calendar_have_a_long_year() {
        let (first, last) = LIMITS;
        check(
            vec![Some(0), None, Some(1_500_000)],
            &["1970-01-01T00:00:00Z", "\"\"", "1970-01-01T00:00:01.500Z"],
        );
        check(
            vec![
                Some(1_500_000),
                None,
                Some(253_402_300_800_000_000),
                Some(i64::MAX),
                Some(i64::MIN),
                Some(first - 1),
                Some(last + 1),
            ],
            &[
                "1970-01-01T00:00:01.500Z",
                "\"\"",
                "+010000-01-01T00:00:00Z",
                "+294247-01-10T04:00:54.775807Z",
                "-290308-12-21T19:59:05.224192Z",
                "-009999-01-02T01:59:58.999999Z",
                "+009999-12-30T22:00:01Z",
            ],
        );
    }
}
