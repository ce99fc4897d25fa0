//! Dead letters as rows of a sink, and back.

use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, StringArray,
        TimestampMicrosecondArray,
    },
    datatypes::{Int64Type, TimestampMicrosecondType},
};

use super::{DeadLetter, LetterKind};
use crate::{
    batch::{Batch, DataType, Field, Origin, Position, Schema},
    time::Timestamp,
};

/// How many of the columns there were from the beginning: all dead letters have them, of whatever version.
const FIRST_COLUMNS: usize = 6;

/// Letters of more bytes than this do not share a batch: each of them has the header of its file, and a column has
/// room for 2 GiB.
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

impl DeadLetter {
    /// The columns in which dead letters are written. New ones are added at the end, so that those who read files by
    /// place go on to find what they look for.
    pub fn schema() -> Schema {
        Schema::new(vec![
            Field::required("stage", DataType::Utf8),
            Field::required("reason", DataType::Utf8),
            Field::nullable("component", DataType::Utf8),
            Field::nullable("source", DataType::Utf8),
            Field::nullable("number", DataType::Int64),
            Field::required("row", DataType::Utf8),
            Field::required("kind", DataType::Utf8),
            Field::nullable("event_time", DataType::Timestamp),
            Field::nullable("columns", DataType::Utf8),
            Field::nullable("function", DataType::Utf8),
            Field::nullable("backtrace", DataType::Utf8),
            Field::nullable("log", DataType::Utf8),
            Field::nullable("raw", DataType::Binary),
        ])
        .expect("the names differ")
    }

    /// The columns without which something is no dead letter.
    pub fn first_columns() -> Vec<Field> {
        Self::schema().fields()[..FIRST_COLUMNS].to_vec()
    }

    /// Dead letters as rows of [`schema`](Self::schema), in as many batches as they have bytes for.
    pub fn to_batches(letters: &[Self]) -> impl Iterator<Item = Batch> {
        let mut rest = letters;
        std::iter::from_fn(move || {
            let mut bytes = 0;
            let fitting = rest.iter().take_while(|letter| {
                bytes += letter.bytes();
                bytes <= MAX_BATCH_BYTES
            });
            let first = fitting.count().max(1).min(rest.len());
            let batch;
            (batch, rest) = rest.split_at(first);
            (!batch.is_empty()).then(|| Self::to_batch(batch))
        })
    }

    /// How many bytes its texts have.
    fn bytes(&self) -> usize {
        let shared = [&self.component, &self.function, &self.columns].into_iter();
        let owned = [&self.backtrace, &self.log].into_iter();
        let position = self.position.as_ref();
        let optional = shared
            .flatten()
            .map(|text| text.len())
            .chain(owned.flatten().map(String::len))
            .chain(position.map(|position| position.partition.len()))
            .chain(self.raw.as_ref().map(Vec::len));
        self.stage.len() + self.reason.len() + self.row.len() + optional.sum::<usize>()
    }

    /// Dead letters as rows of [`schema`](Self::schema), in one batch.
    pub fn to_batch(letters: &[Self]) -> Batch {
        let required = |text: fn(&Self) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(letters.iter().map(text)))
        };
        let optional = |text: fn(&Self) -> Option<&str>| -> ArrayRef {
            Arc::new(letters.iter().map(text).collect::<StringArray>())
        };
        let numbers = letters
            .iter()
            .map(|letter| i64::try_from(letter.position.as_ref()?.number).ok());
        let times = letters
            .iter()
            .map(|letter| letter.event_time.map(Timestamp::as_micros));
        let times = times.collect::<TimestampMicrosecondArray>();
        let raw = letters.iter().map(|letter| letter.raw.as_deref());
        let columns = vec![
            required(|letter| &letter.stage),
            required(|letter| &letter.reason),
            optional(|letter| letter.component.as_deref()),
            optional(|letter| Some(&*letter.position.as_ref()?.partition)),
            Arc::new(numbers.collect::<Int64Array>()),
            required(|letter| &letter.row),
            required(|letter| letter.kind.word()),
            Arc::new(times.with_timezone("UTC")),
            optional(|letter| letter.columns.as_deref()),
            optional(|letter| letter.function.as_deref()),
            optional(|letter| letter.backtrace.as_deref()),
            optional(|letter| letter.log.as_deref()),
            Arc::new(raw.collect::<BinaryArray>()),
        ];
        Batch::new(
            Self::schema().to_arrow(),
            columns,
            letters.len(),
            None,
            Origin::Derived,
        )
        .expect("the columns are those of the schema")
    }

    /// The dead letters in rows of [`schema`](Self::schema), which may lack columns that are younger than they.
    ///
    /// # Errors
    ///
    /// If a column has another type, or a letter is not whole.
    pub fn of_record(record: &RecordBatch) -> anyhow::Result<Vec<Self>> {
        for field in Self::schema().fields() {
            let Some(column) = record.column_by_name(&field.name) else {
                continue;
            };
            ensure!(
                *column.data_type() == field.data_type.to_arrow(),
                "the column `{}` is no {}",
                field.name,
                field.data_type,
            );
        }
        (0..record.num_rows())
            .map(|row| Self::of_row(&Row { record, row }))
            .collect()
    }

    fn of_row(row: &Row<'_>) -> anyhow::Result<Self> {
        let kind = match row.text("kind") {
            None => LetterKind::Row,
            Some(word) => LetterKind::of_word(word)
                .with_context(|| format!("no dead letter is of the kind `{word}`"))?,
        };
        let position = row.text("source").zip(row.number("number"));
        Ok(Self {
            stage: row.text("stage").context("it has no `stage`")?.into(),
            kind,
            component: row.text("component").map(Into::into),
            function: row.text("function").map(Into::into),
            position: position.map(|(partition, number)| Position {
                partition: partition.into(),
                number: number.unsigned_abs(),
            }),
            event_time: row.time("event_time"),
            reason: row.text("reason").unwrap_or_default().to_owned(),
            backtrace: row.text("backtrace").map(str::to_owned),
            log: row.text("log").map(str::to_owned),
            // In CSV, a text without letters is nothing.
            row: row.text("row").unwrap_or_default().to_owned(),
            columns: row.text("columns").map(Into::into),
            raw: row.bytes("raw").map(<[u8]>::to_vec),
        })
    }
}

/// A row whose columns have the types that they should have.
struct Row<'a> {
    record: &'a RecordBatch,
    row: usize,
}

impl<'a> Row<'a> {
    fn column(&self, name: &str) -> Option<&'a ArrayRef> {
        let column = self.record.column_by_name(name)?;
        column.is_valid(self.row).then_some(column)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        Some(self.column(name)?.as_string::<i32>().value(self.row))
    }

    fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        Some(self.column(name)?.as_binary::<i32>().value(self.row))
    }

    fn number(&self, name: &str) -> Option<i64> {
        Some(
            self.column(name)?
                .as_primitive::<Int64Type>()
                .value(self.row),
        )
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        let column = self
            .column(name)?
            .as_primitive::<TimestampMicrosecondType>();
        Some(Timestamp::from_micros(column.value(self.row)))
    }
}
