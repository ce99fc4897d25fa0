//! A row that was rejected is rejected again for the same reason, and accepted where the settings have changed.

use std::fs::{self, File};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::{
    connector::{
        EventTimeUnit, RejectedRow, SourceConfig,
        harness::{NOW, decoding, read_all, text_partition, values},
        open_source,
    },
    time::ManualClock,
};

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(NOW))
}

fn again(decoding: &Decoding, rejected: &RejectedRow) -> Result<String, String> {
    let row = rejected.raw.as_deref();
    let row = row.unwrap_or(rejected.row.as_bytes());
    match decode_again(decoding, row, rejected.header.as_deref(), clock()) {
        Ok(batch) => Ok(values(batch.record()).join("\n")),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// The row that is rejected of a text.
fn rejected(decoding: &Decoding, text: &[u8]) -> RejectedRow {
    let all = read_all(&mut text_partition(decoding, text, 1000)).expect("it can be read");
    let mut rejected = all.into_iter().flat_map(|decoded| decoded.rejected);
    rejected.next().expect("a row that is rejected")
}

#[test]
fn a_line_of_json_is_decoded_by_the_settings_of_today() {
    let before = decoding(
        Format::Json,
        "ts: timestamp, n: int64",
        Some(EventTimeUnit::Millis),
    );
    let row = rejected(&before, b"{\"ts\":1,\"n\":1}\n{\"ts\":2,\"n\":\"x\"}\n");
    assert_eq!(again(&before, &row), Err(row.reason.clone()));
    let after = decoding(
        Format::Json,
        "ts: timestamp, n: utf8",
        Some(EventTimeUnit::Millis),
    );
    assert_eq!(
        again(&after, &row),
        Ok("1970-01-01T00:00:00.002|x".to_owned())
    );
}

#[test]
fn a_line_of_csv_is_understood_by_its_own_header() {
    let before = decoding(Format::Csv, "a: int64, b: utf8", None);
    let row = rejected(&before, b"b,c,a\nx,1,2\n\"p,\nq\",3,y\n");
    assert_eq!(row.row, "\"p,\nq\",3,y");
    assert_eq!(row.header.as_deref(), Some("b,c,a"));
    assert_eq!(again(&before, &row), Err(row.reason.clone()));
    let after = decoding(Format::Csv, "b: utf8, c: int64", None);
    assert_eq!(again(&after, &row), Ok("p,\nq|3".to_owned()));
    let unknown = RejectedRow {
        header: None,
        ..row
    };
    let error = again(&after, &unknown).expect_err("no header");
    assert_eq!(error, "the header of its file is not known");
}

#[test]
fn bytes_that_are_no_text_are_kept_as_they_are() {
    let lines = decoding(Format::Lines, "line: utf8", None);
    let row = rejected(&lines, b"good\nb\xffd\n");
    assert_eq!(row.raw.as_deref(), Some(&b"b\xffd"[..]));
    assert_eq!(again(&lines, &row), Err(row.reason.clone()));
    let whole = RejectedRow { raw: None, ..row };
    assert_eq!(again(&lines, &whole), Ok("b\u{fffd}d".to_owned()));
}

#[test]
fn a_row_of_parquet_comes_with_its_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("in.parquet");
    let columns: [(&str, ArrayRef); 2] = [
        ("n", Arc::new(Int64Array::from(vec![1, 1 << 40]))),
        ("s", Arc::new(StringArray::from(vec!["a", "b"]))),
    ];
    let record = RecordBatch::try_from_iter(columns).expect("columns");
    let file = File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, record.schema(), None).expect("a writer");
    writer.write(&record).expect("written");
    writer.close().expect("closed");
    let before = decoding(Format::Parquet, "n: int32, s: utf8", None);
    let config = SourceConfig::File {
        paths: vec![path.clone()],
        base: folder.path().to_path_buf(),
        decoding: before.clone(),
    };
    let source = open_source(&config, clock()).expect("a source");
    let mut partition = source.next_partition().expect("a file").expect("one");
    let all = read_all(partition.as_mut()).expect("it can be read");
    let row = &all[0].rejected[0];
    assert_eq!(again(&before, row), Err(row.reason.clone()));
    let after = decoding(Format::Parquet, "n: int64, s: utf8", None);
    assert_eq!(again(&after, row), Ok(format!("{}|b", 1_i64 << 40)));
    let other = decoding(Format::Parquet, "x: int64", None);
    let error = again(&other, row).expect_err("no such column");
    assert_eq!(error, "column `x` is missing in `the row`");
    fs::remove_file(path).expect("it is not needed");
}

#[test]
fn what_is_not_one_row_is_refused() {
    let json = decoding(Format::Json, "n: int64", None);
    let refuse = |text: &str| decode_again(&json, text.as_bytes(), None, clock()).err();
    let reason = |text| refuse(text).expect("an error").to_string();
    assert_eq!(reason(""), "there is no row in it");
    assert_eq!(reason("{}\n{}"), "it is more than one row");
}

#[test]
fn a_byte_order_mark_within_a_file_is_no_better_by_itself() {
    let json = decoding(Format::Json, "n: int64", None);
    let row = rejected(&json, b"{\"n\":1}\n\xef\xbb\xbf{\"n\":2}\n");
    assert_eq!(again(&json, &row), Err(row.reason.clone()));
    let lines = decoding(Format::Lines, "line: utf8", None);
    assert_eq!(again(&lines, &row), Ok("\u{feff}{\"n\":2}".to_owned()));
}
