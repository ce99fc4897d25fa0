//! What it costs to read files: from bytes on disk to batches of checked rows, in processor time.
//!
//! Cost model: reading, cutting rows off, decoding values, checking event times. No channel, no sink.
//!
//! Axes: the format, how the event time is spelled (`ms`: whole milliseconds; `text`: as in RFC 3339), and
//! how many digits the other numbers have (`short`: two decimals; `long`: as many as a `float64` has).
//!
//! Baseline: Arrow's own reader of the same file and columns, which neither checks
//! event times nor tells which row is bad.

#[path = "support/cpu.rs"]
mod cpu;

use std::{fmt::Write as _, fs::File, io::BufReader, path::Path, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema, TimeUnit},
    error::ArrowError,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use tempfile::TempDir;
use tidemill::{
    batch::{DataType, Field, Schema},
    connector::{Decoding, EventTime, EventTimeUnit, Format, Read, SourceConfig, open_source},
    time::{Clock, SystemClock},
};

use self::cpu::CpuTime;

const ROWS: usize = 500_000;

const BATCH_ROWS: usize = 8192;

/// 2024-04-13T08:00:00Z, in milliseconds.
const START: i64 = 1_712_995_200_000;

/// A reading of a sensor.
struct Reading {
    millis: i64,
    sensor: String,
    values: [f64; 2],
}

fn readings(long: bool) -> impl Iterator<Item = Reading> {
    let mut state = 7_u64;
    let mut percent = move || {
        // Knuth's MMIX.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 * 100.0
    };
    (0..ROWS as i64).map(move |row| {
        let sensor = format!("s{:03}", (percent() * 10.0) as u64);
        let values = [percent(), percent()];
        Reading {
            millis: START + row,
            sensor,
            values: match long {
                true => values,
                false => values.map(|value| (value * 100.0).round() / 100.0),
            },
        }
    })
}

/// The instant as a text has it: a number, or as in RFC 3339.
fn spelled(millis: i64, text: bool) -> String {
    if !text {
        return millis.to_string();
    }
    jiff::Timestamp::from_millisecond(millis)
        .expect("an instant")
        .to_string()
}

fn json(text: bool, long: bool) -> String {
    let mut lines = String::new();
    let quote = if text { "\"" } else { "" };
    for Reading {
        millis,
        sensor,
        values: [temperature, humidity],
    } in readings(long)
    {
        let ts = spelled(millis, text);
        writeln!(
            lines,
            "{{\"ts\":{quote}{ts}{quote},\"sensor\":\"{sensor}\",\"temperature\":{temperature},\
             \"humidity\":{humidity}}}"
        )
        .expect("memory");
    }
    lines
}

fn csv(text: bool, long: bool) -> String {
    let mut rows = "ts,sensor,temperature,humidity\n".to_owned();
    for Reading {
        millis,
        sensor,
        values: [temperature, humidity],
    } in readings(long)
    {
        let ts = spelled(millis, text);
        writeln!(rows, "{ts},{sensor},{temperature},{humidity}").expect("memory");
    }
    rows
}

/// The columns as Arrow's readers are asked for them.
fn arrow_schema(text: bool) -> Arc<ArrowSchema> {
    let ts = match text {
        true => ArrowType::Timestamp(TimeUnit::Microsecond, None),
        false => ArrowType::Int64,
    };
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new("ts", ts, true),
        ArrowField::new("sensor", ArrowType::Utf8, true),
        ArrowField::new("temperature", ArrowType::Float64, true),
        ArrowField::new("humidity", ArrowType::Float64, true),
    ]))
}

fn source(path: &Path, format: Format, text: bool) -> SourceConfig {
    let columns = [
        ("ts", DataType::Timestamp),
        ("sensor", DataType::Utf8),
        ("temperature", DataType::Float64),
        ("humidity", DataType::Float64),
    ];
    let columns = columns.map(|(name, kind)| Field::nullable(name, kind));
    let unit = match (format, text) {
        (Format::Parquet, _) => EventTimeUnit::Micros,
        (_, true) => EventTimeUnit::Rfc3339,
        (_, false) => EventTimeUnit::Millis,
    };
    SourceConfig::File {
        paths: vec![path.to_path_buf()],
        base: path.parent().expect("a folder").to_path_buf(),
        decoding: Decoding {
            format,
            schema: Schema::new(columns.into()).expect("different names"),
            event_time: Some(EventTime { column: 0, unit }),
            max_ahead: None,
            batch_rows: BATCH_ROWS,
        },
    }
}

/// Reads a file as a job does.
fn read(config: &SourceConfig) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let source = open_source(config, clock).expect("a source");
    let mut partition = source.next_partition().expect("a file").expect("a file");
    let mut rows = 0;
    loop {
        match partition.read().expect("rows") {
            Read::Rows(decoded) => rows += decoded.batch.rows(),
            Read::Idle | Read::Watermark(_) => {}
            Read::End => break,
        }
    }
    assert_eq!(rows, ROWS);
}

/// Reads a file as Arrow does.
fn read_native(path: &Path, format: Format, text: bool) {
    let file = File::open(path).expect("a file");
    let schema = arrow_schema(text);
    match format {
        Format::Json => count(
            arrow::json::ReaderBuilder::new(schema)
                .with_batch_size(BATCH_ROWS)
                .build(BufReader::with_capacity(1 << 20, file))
                .expect("a reader"),
        ),
        Format::Csv => count(
            arrow::csv::ReaderBuilder::new(schema)
                .with_header(true)
                .with_batch_size(BATCH_ROWS)
                .build_buffered(BufReader::with_capacity(1 << 20, file))
                .expect("a reader"),
        ),
        _ => count(
            ParquetRecordBatchReaderBuilder::try_new(file)
                .expect("a file of Parquet")
                .with_batch_size(BATCH_ROWS)
                .build()
                .expect("a reader"),
        ),
    }
}

fn count(reader: impl Iterator<Item = Result<RecordBatch, ArrowError>>) {
    let rows: usize = reader.map(|batch| batch.expect("rows").num_rows()).sum();
    assert_eq!(rows, ROWS);
}

/// Writes what Arrow reads of a text as Parquet.
fn write_parquet(path: &Path, json: &str) {
    let file = File::create(path).expect("a file");
    let schema = arrow_schema(true);
    let rows = arrow::json::ReaderBuilder::new(Arc::clone(&schema))
        .build(json.as_bytes())
        .expect("a reader");
    let mut writer = ArrowWriter::try_new(file, schema, None).expect("a writer");
    for batch in rows {
        writer.write(&batch.expect("rows")).expect("written");
    }
    writer.close().expect("written");
}

fn decode(criterion: &mut Criterion<CpuTime>) {
    let folder: TempDir = tempfile::tempdir().expect("a temporary folder");
    let formats = [
        (Format::Json, "json"),
        (Format::Csv, "csv"),
        (Format::Parquet, "parquet"),
    ];
    for (format, name) in formats {
        for (text, long) in [(false, false), (false, true), (true, false), (true, true)] {
            if format == Format::Parquet && !text {
                continue;
            }
            let (times, digits) = (
                if text { "text" } else { "ms" },
                if long { "long" } else { "short" },
            );
            let path = folder.path().join(format!("{}-{times}-{digits}", name));
            match format {
                Format::Json => std::fs::write(&path, json(text, long)).expect("written"),
                Format::Csv => std::fs::write(&path, csv(text, long)).expect("written"),
                _ => write_parquet(&path, &json(true, long)),
            }
            let mut group = criterion.benchmark_group(format!("decode/{}", name));
            group.throughput(cpu::rows(ROWS as u64)).sample_size(10);
            let config = source(&path, format, text);
            group.bench_function(
                BenchmarkId::new("tidemill", format!("{times}-{digits}")),
                |bencher| {
                    bencher.iter(|| read(&config));
                },
            );
            group.bench_function(
                BenchmarkId::new("arrow", format!("{times}-{digits}")),
                |bencher| {
                    bencher.iter(|| read_native(&path, format, text));
                },
            );
            group.finish();
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = decode
}
criterion_main!(benches);
