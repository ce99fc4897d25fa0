//! From what a pipeline says to sources and sinks that are open.

use std::sync::Arc;

use anyhow::{bail, ensure};

use super::{
    Decoding, EventTimeUnit, Format, Sink, SinkConfig, Source, SourceConfig, Transaction,
    blackhole::BlackholeSink,
    file_sink::{self, FileSink},
    file_source::FileSource,
    format::check_pattern,
    generator::GeneratorSource,
    socket::SocketSource,
    stdin::StdinSource,
    stdout,
};
use crate::{
    batch::{DataType, Schema},
    time::Clock,
};

/// Opens a source. Nothing is read, and no connection made, before its partitions are asked for.
///
/// # Errors
///
/// If what the pipeline says does not fit together.
pub fn open_source(
    config: &SourceConfig,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Box<dyn Source>> {
    Ok(match config.clone() {
        SourceConfig::File {
            paths,
            base,
            decoding,
        } => {
            check(&decoding)?;
            ensure!(!paths.is_empty(), "there are no files to read");
            Box::new(FileSource::new(paths, decoding, clock).in_folder(base))
        }
        SourceConfig::Stdin { decoding } => {
            check_text(&decoding)?;
            Box::new(StdinSource::new(decoding, clock))
        }
        SourceConfig::Socket { address, decoding } => {
            check_text(&decoding)?;
            Box::new(SocketSource::new(address, decoding, clock))
        }
        SourceConfig::Generator(generator) => Box::new(GeneratorSource::new(generator)?),
        SourceConfig::Test { .. } => bail!("{ONLY_IN_TESTS}"),
    })
}

/// Whether what a sink has staged can be [settled](settle_staged) when the pipeline does not have the sink
/// any more.
pub fn can_settle(staged: &Transaction) -> bool {
    file_sink::can_settle(staged)
}

/// Whether a sink with this configuration writes where that was staged.
pub fn is_staged_by(staged: &Transaction, config: &SinkConfig) -> bool {
    match config {
        SinkConfig::File { path, .. } => file_sink::is_staged_at(staged, path),
        _ => false,
    }
}

/// Makes visible what was staged by a sink that the pipeline does not have any more, and removes what it was
/// writing when its process died. Returns how many parts of its result were not visible.
///
/// # Errors
///
/// If something of it is gone, or somebody else writes there now.
pub fn settle_staged(staged: &Transaction) -> anyhow::Result<usize> {
    file_sink::settle(staged)
}

/// Opens a sink for rows of these columns.
///
/// # Errors
///
/// If it cannot be written to, or not in this format.
pub fn open_sink(config: &SinkConfig, schema: &Schema) -> anyhow::Result<Box<dyn Sink>> {
    Ok(match config {
        SinkConfig::Stdout { format } => Box::new(stdout::open(*format, schema)?),
        SinkConfig::File { path, format, roll } => {
            Box::new(FileSink::open(path, *format, *roll, schema)?)
        }
        SinkConfig::Blackhole => Box::new(BlackholeSink::default()),
        SinkConfig::Test => bail!("{ONLY_IN_TESTS}"),
    })
}

const ONLY_IN_TESTS: &str =
    "`connector = \"test\"` is for scripted cases: run them with `tidemill test`";

fn check(decoding: &Decoding) -> anyhow::Result<()> {
    ensure!(
        decoding.batch_rows > 0,
        "a batch must hold at least one row"
    );
    if let Some(time) = &decoding.event_time {
        let field = decoding.schema.fields().get(time.column);
        ensure!(
            field.is_some_and(|field| field.data_type == DataType::Timestamp),
            "the event time must be a column of type timestamp"
        );
        if let EventTimeUnit::Pattern(pattern) = &time.unit {
            check_pattern(pattern)?;
        }
    }
    if decoding.format == Format::Lines {
        ensure!(
            matches!(decoding.schema.fields(), [line] if line.data_type == DataType::Utf8),
            "lines have one column, `line`, of type utf8"
        );
    }
    Ok(())
}

fn check_text(decoding: &Decoding) -> anyhow::Result<()> {
    ensure!(
        decoding.format != Format::Parquet,
        "parquet can only be read from files"
    );
    check(decoding)
}
