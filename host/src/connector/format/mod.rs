//! Formats: how bytes become rows, and rows bytes.
//!
//! Text is cut into rows by the [`Splitter`], decoded many rows at a time by a [`RowDecoder`], and
//! one by one where that fails ([`salvage`]). The result has *raw* columns ([`RawType`]);
//! [`Columns`] makes those of the schema from them and checks the event time.

mod columns;
mod csv;
mod encode;
mod event_time;
mod exact;
mod json;
mod json_reason;
mod json_value;
mod json_whole;
mod lines;
mod parquet;
mod parquet_ahead;
mod parquet_columns;
mod parquet_limits;
mod parquet_readers;
mod parquet_slices;
mod parquet_thrift;
mod raw;
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
pub(super) use splitter::{Layout, MAX_ROW_BYTES, Next, RowSpan, Splitter};
