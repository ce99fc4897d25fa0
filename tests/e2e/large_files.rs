//! One file that is worth decoding with several threads: what comes out is what comes out with one, whatever the order of
//! rows decides, and whatever happens to the job.

use std::{process::Stdio, sync::Arc};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};

use crate::{
    semantics::random::Random,
    support::{Pipeline, Workspace},
};

/// How many rows make it large.
const ROWS: i64 = 90_000;

/// Counts rows in windows that some are late for, numbers those of a key, and keeps bad ones.
fn pipeline(format: &str, parallelism: usize) -> Pipeline {
    let source = format!(
        r#"
[source.in]
connector = "file"
path = "in/*.{format}"
format = "{format}"
batch_rows = 500
columns = {{ ts = "timestamp", k = "utf8", v = "int64" }}
event_time = {{ column = "ts", unit = "ms" }}
watermark = {{ delay = "1s" }}
[stage.counts]
from = "in"
key = ["k"]
window = {{ tumbling = "1s" }}
aggregate = [{{ call = "std#count", as = "n" }}, {{ call = "std#sum", args = ["v"], as = "total" }}]
late = "late"
[stage.numbered]
from = "in"
key = ["k"]
process = "std#row_number"
keep = ["k", "v"]
[stage.tens]
from = "in"
key = ["k"]
window = {{ count = 10 }}
aggregate = [{{ call = "std#first", args = ["v"], as = "first" }}]
"#
    );
    Pipeline::new("large")
        .parallelism(parallelism)
        .with(&source)
        .file_sink("counts", "counts", "json")
        .file_sink("numbered", "numbered", "csv")
        .file_sink("tens", "tens", "csv")
        .late_sink("late", "late_rows", "json")
        .dead_letters("dead", "json")
}

/// A row: up to three seconds out of order, and a bad one if it has no value.
struct Row {
    ts: i64,
    key: i64,
    value: Option<i64>,
}

/// One in a hundred is a bad one.
fn rows() -> impl Iterator<Item = Row> {
    let mut random = Random::new(3);
    (0..ROWS).map(move |row| Row {
        ts: 10_000 + row * 5 - random.below(600) * 5,
        key: random.below(20),
        value: (random.below(100) != 0).then_some(row),
    })
}

fn input(workspace: &Workspace, format: &str) {
    if format == "parquet" {
        return parquet(workspace);
    }
    let rows = rows().map(|Row { ts, key, value }| {
        let value = value.map_or("\"many\"".to_owned(), |value| value.to_string());
        let rest = "x".repeat(20);
        match format {
            "json" => {
                format!("{{\"ts\":{ts},\"k\":\"k{key}\",\"rest\":\"{rest}\",\"v\":{value}}}\n")
            }
            _ => format!("{ts},k{key},{rest}{rest}{rest},{value}\n"),
        }
    });
    let header = if format == "csv" { "ts,k,rest,v\n" } else { "" };
    let text = format!("{header}{}", rows.collect::<String>());
    assert!(text.len() > 5 * 1024 * 1024, "{} bytes", text.len());
    workspace.write(&format!("in/rows.{format}"), text);
}

/// Several row groups of several pages; bad rows have values that are no `int64`.
fn parquet(workspace: &Workspace) {
    let rows: Vec<Row> = rows().collect();
    let times = rows.iter().map(|row| row.ts);
    let keys = rows.iter().map(|row| format!("k{}", row.key));
    let values = rows
        .iter()
        .map(|row| row.value.map_or(u64::MAX, i64::cast_unsigned));
    let columns: [(&str, ArrayRef); 4] = [
        ("ts", Arc::new(Int64Array::from_iter_values(times))),
        ("k", Arc::new(StringArray::from_iter_values(keys))),
        ("v", Arc::new(UInt64Array::from_iter_values(values))),
        (
            "rest",
            Arc::new(StringArray::from(vec!["x".repeat(60); rows.len()])),
        ),
    ];
    let rows = RecordBatch::try_from_iter(columns).expect("columns");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(35_000))
        .set_data_page_row_count_limit(3000)
        .set_dictionary_enabled(false)
        .build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a file");
    assert!(bytes.len() > 5 * 1024 * 1024, "{} bytes", bytes.len());
    workspace.write("in/rows.parquet", bytes);
}

fn result(workspace: &Workspace) -> [Vec<String>; 5] {
    ["counts", "numbered", "tens", "late_rows", "dead"].map(|folder| workspace.rows(folder))
}

/// What comes out with one thread.
fn expected(workspace: &Workspace, format: &str) -> [Vec<String>; 5] {
    workspace.succeed(&pipeline(format, 1).text());
    let expected = result(workspace);
    assert!(expected.iter().all(|rows| !rows.is_empty()));
    expected
}

#[test]
fn a_large_file_gives_the_same_at_any_parallelism() {
    for format in ["json", "csv", "parquet"] {
        let workspace = Workspace::new();
        input(&workspace, format);
        let expected = expected(&workspace, format);
        for parallelism in [2, 5] {
            workspace.succeed(&pipeline(format, parallelism).text());
            assert_eq!(result(&workspace), expected, "{format} at {parallelism}");
        }
    }
}

#[test]
fn a_job_that_is_killed_in_a_large_file_goes_on_as_if_it_was_not() {
    for format in ["json", "parquet"] {
        check_kills(format);
    }
}

fn check_kills(format: &str) {
    let workspace = Workspace::new();
    input(&workspace, format);
    let expected = expected(&workspace, format);
    let workspace = Workspace::new();
    input(&workspace, format);
    let mut killed = 0;
    // Steps that the first checkpoint comes to, even if it is the only one, as on a slow disk.
    for (failpoint, parallelism) in [
        ("committed:1", 4),
        ("write:1", 2),
        ("committed:1", 1),
        ("manifest:1", 3),
        ("committed:1", 2),
    ] {
        let text = pipeline(format, parallelism).checkpoints("1ms").text();
        workspace.write("pipeline.toml", text);
        let output = workspace
            .tidemill(&["run", "pipeline.toml"])
            .env("TIDEMILL_FAILPOINT", failpoint)
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        killed += usize::from(output.status.code().is_none());
    }
    assert!(killed > 0, "it was never killed");
    workspace.succeed(&pipeline(format, 4).checkpoints("1ms").text());
    assert_eq!(result(&workspace), expected);
}
