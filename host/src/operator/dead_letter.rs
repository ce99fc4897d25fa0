//! Rows that could not be handled, with everything needed to find out why.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt32Array},
    compute,
};

use crate::{
    batch::{Batch, DataType, Field, Origin, Position, Schema},
    connector::{Format, RejectedRow, TextEncoder},
};

/// A row that could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The source or stage that refused it.
    pub stage: Arc<str>,
    /// The digest of the component that refused it; none at a source.
    pub component: Option<Arc<str>>,
    /// Where the row was read; none for a row that a stage has made.
    pub position: Option<Position>,
    /// Why.
    pub reason: String,
    /// The row: as it was read at a source, as JSON at a stage.
    pub row: String,
}

impl DeadLetter {
    /// The dead letter of a row that the source `source` could not decode.
    pub fn undecodable(source: &Arc<str>, rejected: RejectedRow) -> Self {
        Self {
            stage: Arc::clone(source),
            component: None,
            position: Some(rejected.position),
            reason: rejected.reason,
            row: rejected.row,
        }
    }

    /// The columns in which dead letters are written: `stage`, `reason`, `component`, `source`,
    /// `number`, `row`.
    pub fn schema() -> Schema {
        Schema::new(vec![
            Field::required("stage", DataType::Utf8),
            Field::required("reason", DataType::Utf8),
            Field::nullable("component", DataType::Utf8),
            Field::nullable("source", DataType::Utf8),
            Field::nullable("number", DataType::Int64),
            Field::required("row", DataType::Utf8),
        ])
        .expect("the names differ")
    }

    /// Dead letters as rows of [`schema`](Self::schema).
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
        let columns = vec![
            required(|letter| &letter.stage),
            required(|letter| &letter.reason),
            optional(|letter| letter.component.as_deref()),
            optional(|letter| Some(&*letter.position.as_ref()?.partition)),
            Arc::new(numbers.collect::<Int64Array>()),
            required(|letter| &letter.row),
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
}

/// The rows of `record` at `places` as JSON objects.
pub(super) fn rows_as_json(record: &RecordBatch, places: &[u32]) -> anyhow::Result<Vec<String>> {
    let rows = compute::take_record_batch(record, &UInt32Array::from(places.to_vec()))?;
    let mut text = Vec::new();
    TextEncoder::new(Format::Json, &schema_of(record)?)?.encode(&rows, &mut text)?;
    let text = String::from_utf8(text).context("JSON is UTF-8")?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn schema_of(record: &RecordBatch) -> anyhow::Result<Schema> {
    let fields = record.schema_ref().fields().iter().map(|field| {
        let data_type = DataType::from_arrow(field.data_type());
        let data_type = data_type.with_context(|| format!("no type for `{}`", field.name()))?;
        Ok(Field::nullable(field.name(), data_type))
    });
    let fields = fields.collect::<anyhow::Result<_>>()?;
    Schema::new(fields).map_err(|name| anyhow!("two columns are called `{name}`"))
}
