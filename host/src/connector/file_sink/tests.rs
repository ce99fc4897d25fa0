//! Results that appear, or do not.

mod crashes;
mod faults;
mod owners;
mod rolling;
mod transactions;

use std::{fs, path::PathBuf, sync::Arc};

use arrow::array::{ArrayRef, Int64Array};

use super::{
    disk::faults::{Fault, with},
    *,
};
use crate::{
    batch::Origin,
    connector::{
        Decoding, SinkConfig, SourceConfig,
        harness::{NOW, decoding, listing, read_all, rows_of_every_type, schema, values},
        open_sink, open_source, parquet_schema, resolve_paths,
    },
    time::ManualClock,
};

const FORMATS: [Format; 3] = [Format::Json, Format::Csv, Format::Parquet];

fn open(directory: &Path, format: Format, schema: &Schema) -> Box<dyn Sink> {
    let path = directory.to_path_buf();
    let roll = Roll::default();
    open_sink(&SinkConfig::File { path, format, roll }, schema).expect("a sink")
}

/// The names of all files in a directory.
fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = directory
        .read_dir()
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// A file sink for one column of numbers.
fn numbers(directory: &Path, format: Format, roll: Roll) -> anyhow::Result<FileSink> {
    FileSink::open(directory, format, roll, &schema("n: int64"))
}

/// A batch of numbers.
fn batch(numbers: impl IntoIterator<Item = i64>) -> Batch {
    let numbers: Int64Array = numbers.into_iter().map(Some).collect();
    let rows = numbers.len();
    let columns: Vec<ArrayRef> = vec![Arc::new(numbers)];
    let schema = schema("n: int64").to_arrow();
    Batch::new(schema, columns, rows, None, Origin::Derived).expect("numbers")
}

/// The numbers that can be read, in the order of the files.
fn visible(directory: &Path, format: Format) -> Vec<i64> {
    let parts = names(directory).into_iter();
    let is_part = |name: &String| Part::of(name).is_some();
    if parts.filter(is_part).count() == 0 {
        return Vec::new();
    }
    let rows = read(directory, format, &schema("n: int64"));
    let number = |row: String| {
        let (_, number) = row.split_once(": ").expect("a number");
        number.parse().expect("a number")
    };
    rows.into_iter().map(number).collect()
}

fn read(directory: &Path, format: Format, schema: &Schema) -> Vec<String> {
    let paths = resolve_paths(directory).expect("files");
    let decoding = Decoding {
        schema: schema.clone(),
        ..decoding(format, "", None)
    };
    let config = SourceConfig::File {
        paths,
        base: PathBuf::new(),
        decoding,
    };
    let source = open_source(&config, Arc::new(ManualClock::new(NOW))).expect("a source");
    let mut rows = Vec::new();
    while let Some(mut partition) = source.next_partition().expect("a partition") {
        rows.extend(listing(&read_all(partition.as_mut()).expect("rows")));
    }
    rows
}

#[test]
fn what_is_written_can_be_read() {
    let (schema, batch) = rows_of_every_type();
    let expected = values(batch.record());
    for format in FORMATS {
        let directory = tempfile::tempdir().expect("a directory");
        let mut sink = open(directory.path(), format, &schema);
        sink.write(&batch).expect("rows");
        sink.flush().expect("nothing");
        sink.finish().expect("a file");
        let rows = read(directory.path(), format, &schema);
        let rows: Vec<_> = rows
            .iter()
            .map(|row| row.split_once(": ").expect("a number").1)
            .collect();
        assert_eq!(rows, expected, "{format:?}");
    }
}

#[test]
fn nothing_is_visible_before_the_end() {
    let (schema, batch) = rows_of_every_type();
    for (format, name) in
        FORMATS
            .into_iter()
            .zip(["part-00000.jsonl", "part-00000.csv", "part-00000.parquet"])
    {
        let directory = tempfile::tempdir().expect("a directory");
        let mut sink = open(directory.path(), format, &schema);
        sink.write(&batch).expect("rows");
        assert_eq!(names(directory.path()), [format!(".{name}.tmp")]);
        resolve_paths(directory.path()).expect_err("no files to read");
        sink.finish().expect("a file");
        assert_eq!(names(directory.path()), [name]);
    }
}

#[test]
fn a_sink_that_is_dropped_leaves_the_former_result() {
    let (schema, batch) = rows_of_every_type();
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("part-00000.csv"), "s\na\n").expect("a file");
    fs::write(directory.path().join("notes.txt"), "mine").expect("a file");
    let mut sink = open(directory.path(), Format::Parquet, &schema);
    sink.write(&batch).expect("rows");
    drop(sink);
    assert_eq!(names(directory.path()), ["notes.txt", "part-00000.csv"]);
}

#[test]
fn a_job_replaces_the_result_of_the_former_one() {
    let (schema, _) = rows_of_every_type();
    let directory = tempfile::tempdir().expect("a directory");
    for name in [
        "part-00000.parquet",
        "part-00001.csv",
        "part-of-me.csv",
        "part-00000.txt",
    ] {
        fs::write(directory.path().join(name), "old").expect("a file");
    }
    let sink = open(directory.path(), Format::Parquet, &schema);
    assert_eq!(names(directory.path()).len(), 5);
    sink.finish().expect("a file");
    assert_eq!(
        names(directory.path()),
        ["part-00000.parquet", "part-00000.txt", "part-of-me.csv"]
    );
    let found = parquet_schema(&directory.path().join("part-00000.parquet"));
    assert_eq!(found.expect("a schema").schema, schema);
}

#[test]
fn leftovers_of_dead_jobs_are_removed() {
    let (schema, _) = rows_of_every_type();
    let directory = tempfile::tempdir().expect("a directory");
    for name in [".part-00000.csv.tmp", ".part-00003.jsonl.tmp", ".mine.tmp"] {
        fs::write(directory.path().join(name), "half").expect("a file");
    }
    open(directory.path(), Format::Csv, &schema)
        .finish()
        .expect("a file");
    assert_eq!(names(directory.path()), [".mine.tmp", "part-00000.csv"]);
}

#[test]
fn two_jobs_do_not_write_to_one_directory() {
    let (schema, _) = rows_of_every_type();
    let directory = tempfile::tempdir().expect("a directory");
    let sink = open(directory.path(), Format::Csv, &schema);
    let error = FileSink::open(directory.path(), Format::Json, Roll::default(), &schema)
        .err()
        .expect("an error");
    assert_eq!(
        error.to_string(),
        format!("another job is writing to `{}`", directory.path().display())
    );
    sink.finish().expect("a file");
}

#[test]
fn an_empty_result_is_a_valid_file() {
    let schema = schema("a: int64, b: utf8");
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    open(directory.path(), Format::Csv, &schema)
        .finish()
        .expect("a file");
    assert_eq!(
        fs::read_to_string(file("part-00000.csv")).expect("text"),
        "a,b\n"
    );
    open(directory.path(), Format::Json, &schema)
        .finish()
        .expect("a file");
    assert_eq!(
        fs::read_to_string(file("part-00000.jsonl")).expect("text"),
        ""
    );
    open(directory.path(), Format::Parquet, &schema)
        .finish()
        .expect("a file");
    let found = parquet_schema(&file("part-00000.parquet")).expect("a schema");
    assert_eq!(found.schema, schema);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("file");
    fs::write(&path, "").expect("a file");
    let error = FileSink::open(
        &path.join("out"),
        Format::Csv,
        Roll::default(),
        &schema("a: utf8"),
    )
    .err()
    .expect("an error");
    assert_eq!(
        error.to_string(),
        format!("cannot make directory `{}`", path.join("out").display())
    );
}

/// What a step that names `path` says.
fn sync_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy());
    format!("sync names {}", name.expect("a name"))
}

#[test]
fn a_directory_that_is_made_survives_a_power_failure() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a").join("b");
    let never = Fault::CrashAfter(usize::MAX);
    let (sink, steps) = with(never, || numbers(&path, Format::Csv, Roll::default()));
    drop(sink.expect("a sink"));
    assert_eq!(
        steps,
        [
            sync_of(directory.path()),
            "sync names a".to_owned(),
            "create .part-00000.csv.tmp".to_owned(),
        ]
    );
}
