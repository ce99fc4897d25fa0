//! Files of every type of column.

mod damaged;
mod earliest;

use arrow::{
    array::{
        ArrayRef, BinaryArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray,
        Int16Array, Int64Array, LargeStringArray, StringArray, StringViewArray,
        TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    },
    datatypes::Int32Type,
};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::{
    connector::{
        Decoded, EventTimeUnit, Format,
        harness::{NOW, decoding, listing},
    },
    time::ManualClock,
};

struct Written(tempfile::NamedTempFile);

fn write(columns: Vec<(&str, ArrayRef)>) -> Written {
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns).expect("columns");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut writer = ArrowWriter::try_new(file.reopen().expect("a file"), rows.schema(), None)
        .expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a file");
    Written(file)
}

impl Written {
    fn open(&self, decoding: &Decoding) -> anyhow::Result<ParquetPartition> {
        let columns = Columns::new(decoding, Arc::new(ManualClock::new(NOW)));
        let file = Unread::whole(self.0.path().to_path_buf());
        ParquetPartition::open(&file, decoding, columns)
    }

    fn read(&self, decoding: &Decoding) -> anyhow::Result<Vec<Decoded>> {
        let (all, end) = read_on(self.open(decoding)?);
        for threads in [2, 3] {
            let threads = NonZero::new(threads).expect("there are some");
            let (found, found_end) = read_on(self.open(decoding)?.ahead(threads));
            assert_eq!(listing(&found), listing(&all), "{threads} threads");
            assert_eq!(told(&found_end), told(&end), "{threads} threads");
        }
        end.map(|()| all)
    }

    #[track_caller]
    fn check(&self, columns: &str, unit: Option<&EventTimeUnit>, expected: &[&str]) {
        for batch_rows in [1, 2, 1000] {
            let mut decoding = decoding(Format::Parquet, columns, unit.cloned());
            decoding.batch_rows = batch_rows;
            let all = self.read(&decoding).expect("rows");
            assert!(all.iter().all(|decoded| decoded.batch.rows() <= batch_rows));
            assert_eq!(listing(&all), expected);
            let bytes: u64 = all.iter().map(|decoded| decoded.bytes).sum();
            assert_eq!(bytes, self.0.path().metadata().expect("a file").len());
        }
    }

    #[track_caller]
    fn check_error(&self, columns: &str, unit: Option<EventTimeUnit>, expected: &str) {
        let error = self
            .read(&decoding(Format::Parquet, columns, unit))
            .expect_err("an error");
        let path = self.0.path().display().to_string();
        assert_eq!(format!("{error:#}").replace(&path, "in"), expected);
    }
}

fn told(end: &anyhow::Result<()>) -> Option<String> {
    let error = end.as_ref().err();
    error.map(|error| format!("{error:#}"))
}

/// What comes out, and the end.
fn read_on(mut partition: ParquetPartition) -> (Vec<Decoded>, anyhow::Result<()>) {
    let mut all = Vec::new();
    loop {
        match partition.read() {
            Ok(Read::Rows(decoded)) => all.push(decoded),
            Ok(Read::End) => return (all, Ok(())),
            Ok(Read::Idle | Read::Watermark(_)) => {}
            Err(error) => return (all, Err(error)),
        }
    }
}

fn column<A: arrow::array::Array + 'static>(column: A) -> ArrayRef {
    Arc::new(column)
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let file = write(vec![
        ("a", column(Int64Array::from(vec![1, 2]))),
        ("b", column(StringArray::from(vec![Some("x"), None]))),
        ("c", column(Int64Array::from(vec![3, 4]))),
    ]);
    file.check(
        "c: int64, b: utf8, a: int64",
        None,
        &["1: 3|x|1", "2: 4|-|2"],
    );
    file.check("b: utf8", None, &["1: x", "2: -"]);
    file.check_error("a: int64, d: utf8", None, "column `d` is missing in `in`");
}

#[test]
fn narrow_types_widen() {
    let words: DictionaryArray<Int32Type> = vec![Some("x"), None, Some("x")].into_iter().collect();
    let file = write(vec![
        ("i", column(Int16Array::from(vec![Some(1), None, Some(-1)]))),
        ("d", column(words)),
        ("l", column(LargeStringArray::from(vec!["p", "q", "r"]))),
        (
            "v",
            column(StringViewArray::from(vec![
                "p",
                "q",
                "a text of more than 12 bytes",
            ])),
        ),
    ]);
    file.check(
        "i: int32, d: utf8, l: utf8, v: utf8",
        None,
        &[
            "1: 1|x|p|p",
            "2: -|-|q|q",
            "3: -1|x|r|a text of more than 12 bytes",
        ],
    );
    file.check("i: int64", None, &["1: 1", "2: -", "3: -1"]);
    file.check("i: float32", None, &["1: 1.0", "2: -", "3: -1.0"]);
}

#[test]
fn what_does_not_fit_is_a_bad_row() {
    let file = write(vec![
        (
            "n",
            column(Int64Array::from(vec![Some(1), Some(1 << 40), None])),
        ),
        ("u", column(UInt64Array::from(vec![1, 2, u64::MAX]))),
        (
            "b",
            column(BinaryArray::from(vec![&b"a"[..], b"\xff", b"c"])),
        ),
    ]);
    file.check(
        "n: int32",
        None,
        &[
            "1: 1",
            "2: BAD column `n`: expected int32, found 1099511627776",
            "3: -",
        ],
    );
    file.check(
        "u: int64, b: utf8",
        None,
        &[
            "1: 1|a",
            "2: BAD column `b`: expected utf8, found ff",
            "3: BAD column `u`: expected int64, found 18446744073709551615",
        ],
    );
}

#[test]
fn types_that_do_not_fit_are_an_error() {
    let file = write(vec![
        ("s", column(StringArray::from(vec!["1"]))),
        ("d", column(Decimal128Array::from(vec![1]))),
    ]);
    file.check_error(
        "s: int64",
        None,
        "column `s` of `in` cannot be read as int64: its type is Utf8",
    );
    file.check_error(
        "d: float64",
        None,
        "column `d` of `in` cannot be read as float64: its type is Decimal128(38, 10)",
    );
    let ts = write(vec![("ts", column(StringArray::from(vec!["1"])))]);
    ts.check_error(
        "ts: timestamp",
        Some(EventTimeUnit::Millis),
        "column `ts` of `in` cannot be read as timestamp: its type is Utf8",
    );
}

#[test]
fn times_of_any_unit_become_microseconds() {
    let file = write(vec![
        ("s", column(TimestampSecondArray::from(vec![1, -1]))),
        (
            "m",
            column(TimestampMillisecondArray::from(vec![1, -1]).with_timezone("+02:00")),
        ),
        ("n", column(TimestampNanosecondArray::from(vec![1_999, -1]))),
        ("d", column(Date32Array::from(vec![1, -1]))),
    ]);
    file.check(
        "s: timestamp, m: timestamp, n: timestamp, d: timestamp",
        None,
        &[
            "1: 1970-01-01T00:00:01|1970-01-01T00:00:00.001|1970-01-01T00:00:00.000001|1970-01-02T00:00:00",
            "2: 1969-12-31T23:59:59|1969-12-31T23:59:59.999|1969-12-31T23:59:59.999999|1969-12-31T00:00:00",
        ],
    );
}

#[test]
fn dates_that_are_no_timestamps_are_bad_rows() {
    let file = write(vec![
        (
            "ts",
            column(Date32Array::from(vec![Some(1), Some(i32::MAX), None])),
        ),
        (
            "l",
            column(Date64Array::from(vec![
                Some(86_400_000),
                Some(1),
                Some(1 << 62),
            ])),
        ),
    ]);
    file.check(
        "ts: timestamp",
        None,
        &[
            "1: 1970-01-02T00:00:00",
            "2: BAD column `ts`: expected timestamp, found 2147483647 days since 1970",
            "3: -",
        ],
    );
    file.check(
        "l: timestamp",
        None,
        &[
            "1: 1970-01-02T00:00:00",
            "2: 1970-01-01T00:00:00.001",
            "3: BAD column `l`: expected timestamp, found 4611686018427387904 ms since 1970",
        ],
    );
    let file = write(vec![("ts", column(Date64Array::from(vec![1000, 1 << 62])))]);
    file.check(
        "ts: timestamp",
        Some(&EventTimeUnit::Millis),
        &[
            "1: 1970-01-01T00:00:01",
            "2: BAD column `ts`: expected timestamp, found 4611686018427387904 ms since 1970",
        ],
    );
}

#[test]
fn event_times_of_any_type_are_checked() {
    let expected = [
        "1: 1970-01-01T00:00:01",
        "2: BAD column `ts`: event time is null",
    ];
    let absurd = "3: BAD column `ts`: event time 9223372036854775807 is outside -009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999Z";
    let all = [expected[0], expected[1], absurd];
    let file = write(vec![(
        "ts",
        column(TimestampSecondArray::from(vec![
            Some(1),
            None,
            Some(i64::MAX),
        ])),
    )]);
    // The type of the column tells the unit.
    file.check("ts: timestamp", Some(&EventTimeUnit::Nanos), &all);
    let file = write(vec![(
        "ts",
        column(Int64Array::from(vec![Some(1000), None, Some(i64::MAX)])),
    )]);
    file.check("ts: timestamp", Some(&EventTimeUnit::Millis), &all);
    let file = write(vec![(
        "ts",
        column(StringArray::from(vec![Some("1970-01-01T00:00:01Z"), None])),
    )]);
    file.check("ts: timestamp", Some(&EventTimeUnit::Rfc3339), &expected);
    let file = write(vec![("ts", column(Date32Array::from(vec![Some(1), None])))]);
    file.check(
        "ts: timestamp",
        Some(&EventTimeUnit::Millis),
        &[
            "1: 1970-01-02T00:00:00",
            "2: BAD column `ts`: event time is null",
        ],
    );
}

#[test]
fn a_bad_row_is_shown_as_it_was_stored() {
    let times = TimestampNanosecondArray::from(vec![None, Some(0)]).with_timezone("Europe/Berlin");
    let file = write(vec![
        ("ts", column(times)),
        ("s", column(StringArray::from(vec!["a", "b"]))),
    ]);
    let decoding = decoding(
        Format::Parquet,
        "ts: timestamp, s: utf8",
        Some(EventTimeUnit::Micros),
    );
    let all = file.read(&decoding).expect("rows");
    assert_eq!(all[0].rejected[0].row, r#"{"s":"a"}"#);
}

#[test]
fn the_schema_of_a_file_is_found() {
    let file = write(vec![
        ("n", column(Int16Array::from(vec![1]))),
        ("d", column(Decimal128Array::from(vec![1]))),
        ("t", column(TimestampMillisecondArray::from(vec![1]))),
    ]);
    let found = parquet_schema(file.0.path()).expect("a schema");
    assert_eq!(found.schema.to_string(), "n: int32?, t: timestamp?");
    assert_eq!(
        found.left_out,
        [("d".to_owned(), "Decimal128(38, 10)".to_owned())]
    );
}

#[test]
fn what_is_not_parquet_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "{}").expect("text");
    let error = parquet_schema(file.path()).expect_err("an error");
    assert_eq!(
        error.to_string(),
        format!("cannot read `{}` as parquet", file.path().display())
    );
}
