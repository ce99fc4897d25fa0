//! Windows of every shape, fired bit by bit while rows come out of order, against an oracle that puts
//! each row into each of its windows.

use std::collections::BTreeMap;

use crate::support::{Reading, Workspace, readings};

/// Windows in milliseconds.
struct Shape {
    size: i64,
    slide: i64,
    offset: i64,
    /// How far the watermark stays behind.
    delay: i64,
}

/// Rows that a batch holds.
const BATCH: usize = 20;

/// Runs counts and sums over windows of `shape` and compares them with the oracle, at two widths.
/// Batches are small, so that windows fire while rows that are out of order still come.
#[track_caller]
fn check(shape: &Shape, readings: &[Reading]) {
    let workspace = Workspace::new();
    let lines: String = readings
        .iter()
        .map(|reading| reading.json() + "\n")
        .collect();
    workspace.write("readings.jsonl", lines);
    let (expected, late) = oracle(shape, readings);
    for parallelism in [1, 3] {
        let run = workspace.succeed(&format!(
            r#"
name = "windows"
parallelism = {parallelism}
[source.readings]
connector = "file"
path = "readings.jsonl"
format = "json"
columns = {{ ts = "timestamp", sensor = "utf8" }}
event_time = {{ column = "ts", unit = "ms" }}
watermark = {{ delay = "{}ms" }}
batch_rows = {BATCH}
[stage.windows]
from = "readings"
key = ["sensor"]
window = {{ sliding = "{}ms", slide = "{}ms", offset = "{}ms" }}
aggregate = [
  {{ call = "std#count" }},
  {{ call = "std#max", args = ["ts"] }},
  {{ call = "std#count_distinct", args = ["ts"] }},
]
[sink.out]
from = "windows"
connector = "file"
path = "out"
format = "json"
"#,
            shape.delay, shape.size, shape.slide, shape.offset
        ));
        assert_eq!(run.count("windows", "late"), late, "{}", run.stderr);
        let rows = workspace.json_lines("out");
        let found: Vec<Row> = rows
            .iter()
            .map(|row| {
                (
                    millis(&row["window_end"]),
                    row["sensor"].as_str().expect("a sensor").to_owned(),
                    row["count"].as_i64().expect("a count"),
                    millis(&row["max"]),
                    row["count_distinct"].as_i64().expect("a count"),
                )
            })
            .collect();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
    }
}

/// A row of the result: window end, sensor, count, last time, distinct times.
type Row = (i64, String, i64, i64, i64);

/// The rows of all windows, and how many readings are late for all of theirs. A reading is late for a
/// window that the watermark before its batch has closed.
fn oracle(shape: &Shape, readings: &[Reading]) -> (Vec<Row>, u64) {
    let mut windows: BTreeMap<(i64, &str), Vec<i64>> = BTreeMap::new();
    let (mut watermark, mut late) = (i64::MIN, 0);
    for batch in readings.chunks(BATCH) {
        for reading in batch {
            let into = (reading.ts - shape.offset).rem_euclid(shape.slide);
            let starts = (0..).map(|back| reading.ts - into - back * shape.slide);
            let ends = starts.map(|start| start + shape.size);
            let ends: Vec<i64> = ends.take_while(|end| *end > reading.ts).collect();
            let open = ends.iter().filter(|end| **end > watermark);
            late += u64::from(open.clone().count() == 0 && !ends.is_empty());
            for &end in open {
                windows
                    .entry((end, &reading.sensor))
                    .or_default()
                    .push(reading.ts);
            }
        }
        let latest = batch.iter().map(|reading| reading.ts).max();
        watermark = watermark.max(latest.expect("a reading") - shape.delay);
    }
    let row = |((end, sensor), mut times): ((i64, &str), Vec<i64>)| {
        times.sort_unstable();
        let (count, last) = (times.len() as i64, times[times.len() - 1]);
        times.dedup();
        (end, sensor.to_owned(), count, last, times.len() as i64)
    };
    (windows.into_iter().map(row).collect(), late)
}

fn millis(value: &serde_json::Value) -> i64 {
    let text = value.as_str().expect("a timestamp");
    let instant: jiff::Timestamp = text.parse().expect("a timestamp");
    instant.as_millisecond()
}

#[test]
fn many_short_slides_make_a_long_window() {
    let readings = readings(31, 3000);
    check(
        &Shape {
            size: 40_000,
            slide: 1000,
            offset: 0,
            delay: 5000,
        },
        &readings,
    );
    check(
        &Shape {
            size: 37_000,
            slide: 1000,
            offset: 500,
            delay: 5000,
        },
        &readings,
    );
}

#[test]
fn a_size_need_not_be_a_multiple_of_the_slide() {
    let readings = readings(32, 2000);
    check(
        &Shape {
            size: 10_700,
            slide: 3000,
            offset: 0,
            delay: 5000,
        },
        &readings,
    );
    check(
        &Shape {
            size: 2500,
            slide: 2000,
            offset: 1234,
            delay: 5000,
        },
        &readings,
    );
}

#[test]
fn windows_may_leave_gaps() {
    check(
        &Shape {
            size: 700,
            slide: 2000,
            offset: 100,
            delay: 5000,
        },
        &readings(33, 2000),
    );
}

#[test]
fn windows_may_lie_before_1970() {
    let mut readings = readings(34, 2000);
    for reading in &mut readings {
        reading.ts -= 1_700_000_050_000;
    }
    check(
        &Shape {
            size: 9000,
            slide: 1000,
            offset: 0,
            delay: 5000,
        },
        &readings,
    );
    check(
        &Shape {
            size: 4000,
            slide: 4000,
            offset: 1000,
            delay: 5000,
        },
        &readings,
    );
}

#[test]
fn a_row_behind_the_watermark_counts_in_the_windows_that_are_open() {
    let readings = readings(35, 3000);
    let shape = |size, slide| Shape {
        size,
        slide,
        offset: 0,
        delay: 500,
    };
    check(&shape(20_000, 1000), &readings);
    check(&shape(6500, 1000), &readings);
    check(&shape(1000, 1000), &readings);
    assert!(
        oracle(&shape(1000, 1000), &readings).1 > 0,
        "some rows are late for all windows"
    );
}
