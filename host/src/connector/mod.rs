//! Where rows come from and where they go: one file a connector, one a format.
//!
//! A source is read by the threads that ask it for batches, as fast as they do; it starts threads
//! of its own only to wait for bytes that come when they come. There is no async code here.

mod config;
mod sink;
mod source;

mod backlog;
mod gathering;
mod open;
mod paths;
mod position;
mod position_words;

mod ahead;
mod compression;
mod file_bytes;
mod file_source;
mod generator;
mod pipe;
mod socket;
mod stdin;
mod text;

mod again;
mod archives;
mod long_rows;
mod row_file;

mod table;

mod blackhole;
mod file_sink;
mod stdout;

mod test_sink;
mod test_source;

mod format;

#[cfg(test)]
mod ahead_tests;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    test,
    expect(unreachable_pub, reason = "only fuzzing calls it from outside")
)]
mod fuzz;
#[cfg(any(test, fuzzing))]
#[cfg_attr(fuzzing, expect(dead_code, reason = "most of it is for tests"))]
mod harness;
#[cfg(test)]
mod resume_tests;

pub use again::decode_again;
pub use backlog::{Backlog, Pending};
#[cfg(fuzzing)]
pub use fuzz::{fuzz_parquet, fuzz_text};

pub use config::{
    Decoding, EventTime, EventTimeUnit, Format, GeneratorConfig, Roll, SinkConfig, SourceConfig,
    TableConfig,
};
pub(crate) use format::TextEncoder;
pub use format::{ParquetSchema, is_beginning_only, parquet_schema, row_of_json};
pub use gathering::Gathering;
pub use long_rows::open_long_rows;
pub use open::{can_settle, is_staged_by, open_sink, open_source, settle_staged};
pub use paths::resolve_paths;
pub use row_file::RowFile;
pub use sink::{Guarantee, Sink, SinkClosed, Staged, Transaction};
pub use source::{Decoded, Partition, Read, ReadPosition, RejectedRow, Source, SourceProgress};
pub use table::{Table, TableContent, TableIndex, TableView};
pub use test_sink::TestRows;
pub use test_source::{TestFeed, TestFeedMark, TestInput};
