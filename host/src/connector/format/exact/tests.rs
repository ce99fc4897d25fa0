//! A row that was written down and read back is the same row.

use arrow::array::{
    BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use proptest::prelude::*;

use super::*;
use crate::connector::{Format, TextEncoder, harness::schema};

const COLUMNS: &str =
    "b: boolean, i: int32, n: int64, f: float32, x: float64, t: timestamp, s: utf8, y: binary";

type Values = (
    Option<bool>,
    Option<i32>,
    Option<i64>,
    Option<f32>,
    Option<f64>,
    Option<i64>,
    Option<String>,
    Option<Vec<u8>>,
);

fn record(rows: &[Values]) -> RecordBatch {
    let times = rows.iter().map(|row| row.5);
    let times: TimestampMicrosecondArray = times.collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.0).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| row.1).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.3).collect::<Float32Array>()),
        Arc::new(rows.iter().map(|row| row.4).collect::<Float64Array>()),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(
            rows.iter()
                .map(|row| row.6.as_deref())
                .collect::<StringArray>(),
        ),
        Arc::new(
            rows.iter()
                .map(|row| row.7.as_deref())
                .collect::<BinaryArray>(),
        ),
    ];
    RecordBatch::try_new(schema(COLUMNS).to_arrow(), columns).expect("columns of the schema")
}

fn written(record: &RecordBatch) -> Vec<String> {
    let mut text = Vec::new();
    let encoder = TextEncoder::new(Format::Json, &schema(COLUMNS)).expect("an encoder");
    encoder
        .exact()
        .encode(record, &mut text)
        .expect("it can be written");
    let text = String::from_utf8(text).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
fn check(rows: &[Values]) {
    let record = record(rows);
    let texts = written(&record);
    assert_eq!(texts.len(), record.num_rows());
    for (row, text) in texts.iter().enumerate() {
        let back = row_of_json(&schema(COLUMNS), text).expect("it can be read");
        // By what they are, for no NaN is equal to another.
        let (expected, found) = (record.slice(row, 1), back);
        assert_eq!(format!("{expected:?}"), format!("{found:?}"), "{text}");
        let floats = |record: &RecordBatch| {
            let column = record.column(4).as_primitive::<Float64Type>();
            let small = record.column(3).as_primitive::<Float32Type>();
            let bits = column.iter().next().flatten().map(f64::to_bits);
            (bits, small.iter().next().flatten().map(f32::to_bits))
        };
        assert_eq!(floats(&expected), floats(&found), "{text}");
    }
}

#[test]
fn the_ends_of_every_type_come_back() {
    let nothing = || (None, None, None, None, None, None, None, None);
    let rows = vec![
        nothing(),
        (
            Some(true),
            Some(i32::MIN),
            Some(i64::MAX),
            Some(f32::NAN),
            Some(f64::NAN),
            Some(0),
            Some(String::new()),
            Some(Vec::new()),
        ),
        (
            Some(false),
            Some(i32::MAX),
            Some(i64::MIN),
            Some(f32::INFINITY),
            Some(f64::NEG_INFINITY),
            Some(i64::MAX),
            Some("NaN".to_owned()),
            Some(vec![0, 255, b'\n']),
        ),
        (
            None,
            None,
            Some((1 << 53) + 1),
            Some(f32::MIN_POSITIVE / 8.0),
            Some(-0.0),
            Some(i64::MIN),
            Some("a\nb\"\u{0}\u{1f600}".to_owned()),
            None,
        ),
        (
            None,
            None,
            None,
            Some(0.1),
            Some(5e-324),
            Some(PRINTED.1),
            None,
            None,
        ),
        (
            None,
            None,
            None,
            None,
            None,
            Some(PRINTED.1 + 1),
            None,
            None,
        ),
        (None, None, None, None, None, Some(PRINTED.0), None, None),
        (
            None,
            None,
            None,
            None,
            None,
            Some(PRINTED.0 - 1),
            None,
            None,
        ),
    ];
    // Each alone, too: what is spelled in another way must not depend on the others.
    for row in &rows {
        check(std::slice::from_ref(row));
    }
    check(&rows);
}

proptest! {
    #[test]
    fn every_row_comes_back(rows in prop::collection::vec((
        any::<Option<bool>>(),
        any::<Option<i32>>(),
        any::<Option<i64>>(),
        prop::option::of(prop_oneof![any::<f32>(), Just(f32::NAN), Just(f32::NEG_INFINITY)]),
        prop::option::of(prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)]),
        any::<Option<i64>>(),
        any::<Option<String>>(),
        any::<Option<Vec<u8>>>(),
    ), 1..8)) {
        check(&rows);
    }
}

#[test]
fn what_is_no_row_is_refused() {
    let schema = schema("n: int64");
    for text in [
        "",
        "{",
        "[1]",
        "{\"n\":1}{\"n\":2}",
        "{\"n\":\"x\"}",
        "{\"n\":1} x",
    ] {
        assert!(row_of_json(&schema, text).is_err(), "{text}");
    }
    let row = row_of_json(&schema, "{}").expect("a row");
    assert!(row.column(0).is_null(0));
}

#[test]
fn values_that_are_nested_without_end_are_refused() {
    let schema = schema("n: int64");
    let deep = format!("{{\"n\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let error = row_of_json(&schema, &deep).expect_err("too deep");
    assert_eq!(error.to_string(), "values are nested too deep in it");
}

#[test]
fn values_are_written_as_they_always_are() {
    let row = (
        Some(true),
        Some(1),
        Some(2),
        Some(0.1),
        Some(40.0),
        Some(1_300_000),
        Some("a".to_owned()),
        Some(vec![0, 255]),
    );
    let record = record(&[row]);
    let mut plain = Vec::new();
    let mut encoder = TextEncoder::new(Format::Json, &schema(COLUMNS)).expect("an encoder");
    encoder
        .encode(&record, &mut plain)
        .expect("it can be written");
    let exact = written(&record);
    assert_eq!(format!("{}\n", exact[0]).into_bytes(), plain);
}
