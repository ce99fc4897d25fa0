//! Formats: how bytes become rows, and rows bytes.
//!
//! Text is cut into rows by the [`Splitter`], decoded many rows at a time by a [`RowDecoder`], and
//! one by one where that fails ([`salvage()`]). Rows that are written as programs write them are decoded
//! in one pass of our own ([`plain`]), all others by Arrow's decoders. The result has *raw* columns ([`RawType`]);
//! [`Columns`] makes those of the schema from them and checks the event time.

mod columns;
mod csv;
mod encode;
mod event_time;
mod exact;
mod json;
mod json_digits;
mod json_reason;
mod json_value;
mod json_whole;
mod lines;
mod parquet;
mod plain;
mod quiet;
mod raw;
mod rfc3339;
mod salvage;
mod splitter;

pub(super) use columns::Columns;
pub(super) use csv::CsvHeader;
pub(crate) use encode::TextEncoder;
pub(super) use event_time::check_pattern;
pub use exact::row_of_json;
pub(super) use json::JsonDecoder;
pub(super) use lines::LinesDecoder;
pub(super) use parquet::ParquetPartition;
pub use parquet::{ParquetSchema, parquet_schema};
pub(super) use raw::{RawType, raw_schema};
pub(super) use salvage::{Block, RowDecoder, salvage};
pub use splitter::is_beginning_only;
pub(super) use splitter::{Layout, MAX_ROW_BYTES, Next, RowSpan, Splitter};
