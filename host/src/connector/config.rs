//! What a pipeline says of its sources and sinks, checked and resolved.

use std::path::PathBuf;

use crate::{batch::Schema, time::Duration};

/// A source, and how it is read.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceConfig {
    /// Files, read to their end; `.gz` and `.zst` ones are decompressed, other than Parquet.
    File {
        /// In reading order; never empty.
        paths: Vec<PathBuf>,
        /// The folder of the pipeline, which the paths in it are relative to.
        base: PathBuf,
        /// How rows are found in them.
        decoding: Decoding,
    },
    /// Standard input, read to its end.
    Stdin {
        /// How rows are found in it.
        decoding: Decoding,
    },
    /// A TCP server to connect to, read until it closes the connection.
    Socket {
        /// `host:port`.
        address: String,
        /// How rows are found in what it sends.
        decoding: Decoding,
    },
    /// Made-up readings of sensors: [`GeneratorConfig::schema`].
    Generator(GeneratorConfig),
    /// The rows of a scripted case; they are decoded like JSON.
    Test {
        /// How a row is found in an object.
        decoding: Decoding,
    },
}

impl SourceConfig {
    /// Whether it is known to come to an end.
    pub const fn is_bounded(&self) -> bool {
        match self {
            Self::File { .. } => true,
            Self::Generator(generator) => generator.rows.is_some(),
            Self::Stdin { .. } | Self::Socket { .. } | Self::Test { .. } => false,
        }
    }
}

/// How the bytes of a source become rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoding {
    /// The format of the bytes.
    pub format: Format,
    /// The columns of the rows, in order.
    pub schema: Schema,
    /// Where the event time is; `None` for a stream without one.
    pub event_time: Option<EventTime>,
    /// Refuse rows whose event time is further ahead of the clock than this.
    pub max_ahead: Option<Duration>,
    /// Rows a batch holds at most.
    pub batch_rows: usize,
}

/// The column that holds the event time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// Its place in the schema, where its type is `timestamp`.
    pub column: usize,
    /// What stands in the input.
    pub unit: EventTimeUnit,
}

/// How an event time is spelled in the input. A Parquet column of a type of time knows its unit
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventTimeUnit {
    /// Whole seconds since the Unix epoch; a number with a fraction is bad, of all units.
    Seconds,
    /// Milliseconds since the Unix epoch.
    Millis,
    /// Microseconds since the Unix epoch.
    Micros,
    /// Nanoseconds since the Unix epoch; what is finer than a microsecond is cut off.
    Nanos,
    /// A date and time with an offset, as RFC 3339 has it.
    Rfc3339,
    /// A `strftime` pattern; without an offset in it, times are UTC.
    Pattern(String),
}

/// The format of a source's or a sink's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line. Unknown fields are ignored, missing ones are null. Timestamps that
    /// are not the event time are as in RFC 3339, or numbers of microseconds; binary is hexadecimal.
    Json,
    /// Comma-separated values as in RFC 4180, with a header that has all columns, in any order. An
    /// empty field is null. Timestamps that are not the event time are as in RFC 3339; binary is
    /// hexadecimal.
    Csv,
    /// Apache Parquet; files only. Columns are found by name.
    Parquet,
    /// One row a line, in a column `line`. Source only.
    Lines,
}

/// Made-up readings of sensors: how many, how fast, how disordered.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorConfig {
    /// The same seed gives the same readings.
    pub seed: u64,
    /// How many readings; `None` for no end.
    pub rows: Option<u64>,
    /// Readings a second; `None` for as many as possible.
    pub rate: Option<u64>,
    /// How many sensors there are.
    pub sensors: u32,
    /// Event time of the first reading, in milliseconds since the Unix epoch.
    pub start_millis: i64,
    /// Event time between two readings, in milliseconds.
    pub step_millis: u32,
    /// The share of readings that come out of order, from 0 to 1.
    pub disorder: f64,
    /// By how much they do at most.
    pub max_disorder: Duration,
    /// Rows a batch holds at most.
    pub batch_rows: usize,
}

/// A sink, and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum SinkConfig {
    /// Standard output.
    Stdout {
        /// How rows are written: JSON or CSV.
        format: Format,
    },
    /// Files in a directory of their own, under temporary names until they are whole. They take the
    /// place of the `part-*` files of the job before.
    File {
        /// The directory; made if it is not there.
        path: PathBuf,
        /// How rows are written: JSON, CSV or Parquet.
        format: Format,
        /// When a file is followed by another one.
        roll: Roll,
    },
    /// Nowhere: rows are counted and dropped.
    Blackhole,
    /// Kept for a scripted case to look at.
    Test,
}

/// When a file is followed by another one, beside those occasions when it must be: whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// When it has this many bytes.
    pub size: Option<u64>,
    /// When it has been written to for so long, by the clock of the machine.
    pub every: Option<Duration>,
}

/// Reference data, and how it is read.
#[derive(Clone, Debug, PartialEq)]
pub enum TableConfig {
    /// Files, read as a whole, and again when they have changed.
    File {
        /// A file, a directory or a glob; what it means is looked up whenever the files are.
        path: PathBuf,
        /// How rows are found in them; never with an event time.
        decoding: Decoding,
        /// How long to wait before looking again whether they have changed.
        refresh: Duration,
    },
    /// The reference data of a scripted case.
    Test {
        /// How a row is found in an object.
        decoding: Decoding,
    },
}
