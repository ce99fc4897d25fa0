//! Rows that could not be handled, with everything needed to find out why, and to try them again.
//!
//! Nothing in a dead letter depends on when it was made or on which rows were read together with it, but for those of
//! functions that exceed their deadline: a job that goes on after a crash makes the same ones again.

mod table;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use arrow::{
    array::{RecordBatch, UInt32Array},
    compute,
};
use serde_json::{Map, Value as Json};

use super::failure::Cause;
use crate::{
    batch::{DataType, Field, Position, Schema},
    connector::{Format, RejectedRow, TextEncoder},
    time::Timestamp,
};

/// A row that could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The source or stage that refused it.
    pub stage: Arc<str>,
    /// Whether it is a row that came in.
    pub kind: LetterKind,
    /// The digest of the component that refused it; none at a source, or if the host refused it.
    pub component: Option<Arc<str>>,
    /// The function that refused it or failed on it.
    pub function: Option<Arc<str>>,
    /// Where the row was read; none for a row that a stage has made.
    pub position: Option<Position>,
    /// The event time of the row, if its stream has one.
    pub event_time: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// The functions that the call has ended in, the innermost first, one a line.
    pub backtrace: Option<String>,
    /// The last lines that the guest has logged in the call.
    pub log: Option<String>,
    /// The row: as it was read at a source, as JSON at a stage.
    pub row: String,
    /// What is needed to read `row`: the names and types of the columns as a JSON object at a stage, the header of the
    /// file at a source that reads CSV.
    pub columns: Option<Arc<str>>,
    /// What was read, if `row` cannot show all of it: bytes that are not UTF-8, or a Parquet file of this one row.
    pub raw: Option<Vec<u8>>,
}

/// What a dead letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// A row that came in.
    Row,
    /// A row that would have gone out: of a window of a key, or of a frame.
    Window,
}

impl LetterKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Window => "window",
        }
    }

    /// What the word `word` means.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Row, Self::Window]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

impl DeadLetter {
    /// The dead letter of a row that the source `source` could not decode.
    pub fn undecodable(source: &Arc<str>, rejected: RejectedRow) -> Self {
        Self {
            stage: Arc::clone(source),
            kind: LetterKind::Row,
            component: None,
            function: None,
            position: Some(rejected.position),
            event_time: None,
            reason: rejected.reason,
            backtrace: None,
            log: None,
            row: rejected.row,
            columns: rejected.header,
            raw: rejected.raw,
        }
    }

    /// The dead letter of a row that was read at `position` and has failed because of `cause`.
    pub(super) fn of_call(cause: &Cause, position: Option<Position>, row: String) -> Self {
        let called = cause.called.as_ref();
        let lines = |lines: &[String]| (!lines.is_empty()).then(|| lines.join("\n"));
        Self {
            stage: Arc::default(),
            kind: LetterKind::Row,
            component: called.map(|called| Arc::clone(&called.component)),
            function: called.map(|called| Arc::clone(&called.function)),
            position,
            event_time: None,
            reason: cause.reason.clone(),
            backtrace: lines(&cause.backtrace),
            log: lines(&cause.log),
            row,
            columns: None,
            raw: None,
        }
    }
}

/// Rows as dead letters keep them.
pub(super) struct RowTexts {
    /// The names and types of their columns, as a JSON object.
    pub(super) columns: Arc<str>,
    /// The rows as JSON objects, from which [`row_of_json`](crate::connector::row_of_json) makes the same rows again.
    pub(super) rows: Vec<String>,
}

impl RowTexts {
    /// The rows of `record` at `places`.
    pub(super) fn of(record: &RecordBatch, places: &[u32]) -> anyhow::Result<Self> {
        let schema = Schema::from_arrow(record.schema_ref());
        let schema = schema.context("the rows have columns of a type that there is none of")?;
        let rows = compute::take_record_batch(record, &UInt32Array::from(places.to_vec()))?;
        let mut text = Vec::new();
        let encoder = TextEncoder::new(Format::Json, &schema)?;
        encoder.exact().encode(&rows, &mut text)?;
        let text = String::from_utf8(text).context("JSON is UTF-8")?;
        Ok(Self {
            columns: columns_to_json(&schema).into(),
            rows: text.lines().map(str::to_owned).collect(),
        })
    }
}

/// The names and types of columns, as a JSON object.
fn columns_to_json(schema: &Schema) -> String {
    // In the order of the columns, which a map does not keep.
    let fields = schema.fields().iter();
    let types = fields.map(|field| {
        let name = Json::from(field.name.as_str());
        format!("{name}:\"{}\"", field.data_type)
    });
    format!("{{{}}}", types.collect::<Vec<_>>().join(","))
}

/// The columns whose names and types a dead letter has kept.
///
/// # Errors
///
/// If the text is no such list.
pub fn columns_of_json(text: &str) -> anyhow::Result<Schema> {
    let types: Map<String, Json> = serde_json::from_str(text)
        .with_context(|| format!("`columns` is no list of columns and types: {text}"))?;
    let fields = types.into_iter().map(|(name, kind)| {
        let known = kind.as_str().and_then(DataType::from_name);
        let data_type =
            known.with_context(|| format!("column `{name}`: no type is called {kind}"))?;
        Ok(Field::nullable(name, data_type))
    });
    let fields = fields.collect::<anyhow::Result<_>>()?;
    Schema::new(fields).map_err(|name| anyhow!("two columns are called `{name}`"))
}

#[cfg(test)]
mod tests;
