//! Every kind of good and bad CSV.

use super::*;
use crate::{
    batch::{DataType, Field},
    connector::{
        EventTimeUnit, Format,
        harness::{check_text, decoding, listing, read_all, text_error, text_partition},
    },
};

const COLUMNS: &str = "n: int64, s: utf8";

#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &[&str]) {
    check_text(&decoding(Format::Csv, COLUMNS, None), text, expected);
}

#[track_caller]
fn check_error(text: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(
        text_error(&decoding(Format::Csv, COLUMNS, None), text),
        expected
    );
}

/// Checks one value of one type.
#[track_caller]
fn check_value(kind: &str, value: &str, expected: &str) {
    let decoding = decoding(Format::Csv, &format!("k: int64, v: {kind}"), None);
    check_text(
        &decoding,
        format!("k,v\n1,\n2,{value}\n3,\n"),
        &["2: 1|-", &format!("3: {expected}"), "4: 3|-"],
    );
}

#[test]
fn columns_are_found_by_name() {
    check("n,s\n1,a\n2,b\n", &["2: 1|a", "3: 2|b"]);
    check("other,s, n\nx,a,1\ny,b,2", &["2: 1|a", "3: 2|b"]);
    check("\u{feff}\"n\",\"s\"\r\n1,a\r\n", &["2: 1|a"]);
    check("\n\nn,s\n\n1,a\n", &["5: 1|a"]);
    check("n,s\n", &[]);
    check("", &[]);
}

#[test]
fn columns_of_the_widest_header_are_found() {
    let names: Vec<_> = (0..65_536).map(|column| format!("c{column}")).collect();
    let header = names.join(",");
    // If each were looked for among all, nobody would wait for the end.
    let fields = names.iter().rev();
    let fields = fields.map(|name| Field::nullable(name, DataType::Int64));
    let schema = Schema::new(fields.collect()).expect("different names");
    let raw = vec![RawType::Own(DataType::Int64); names.len()];
    let header = CsvHeader::new(schema, raw, 1).decoder(header.as_bytes());
    assert!(
        header
            .expect("all are there")
            .places
            .into_iter()
            .eq((0..65_536).rev())
    );
}

#[test]
fn a_header_without_a_column_is_an_error() {
    check_error(
        "n,t\n1,a\n",
        "cannot read `in` as csv: column `s` is missing in the header: n,t",
    );
    check_error(
        "n,s,n\n1,a,2\n",
        "cannot read `in` as csv: column `n` is in the header twice",
    );
    check_error(
        b"n,\xff\n",
        "cannot read `in` as csv: the header is not valid UTF-8: byte 0xff at column 3",
    );
}

#[test]
fn a_bad_header_is_an_error() {
    check_error(
        "\"n,s\n1,a\n",
        "cannot read `in` as csv: the header is bad: its quotes are never closed",
    );
}

#[test]
fn a_header_that_is_too_long_is_an_error() {
    let header = |length: usize| format!("n,{}\n1,2\n", "x".repeat(length - 2));
    let decoding = decoding(Format::Csv, "n: int64", None);
    check_text(&decoding, header(1 << 20), &["2: 1"]);
    assert_eq!(
        text_error(&decoding, header((1 << 20) + 1)),
        "cannot read `in` as csv: the header has 1048577 bytes, and 1048576 is the most that can be read"
    );
}

#[test]
fn a_header_may_have_many_columns_but_not_any_number() {
    let header = |columns: usize| (0..columns).map(|n| format!("c{n},")).collect::<String>();
    let wide = decoding(Format::Csv, "n: int64, c7: int64", None);
    let fields = 60_000;
    let row = |fields: usize, n: u64| format!("{}{n}\n", "7,".repeat(fields));
    let text = [
        format!("{}n\n", header(fields)),
        row(fields, 1),
        row(fields + 1, 2),
        row(fields, 3),
    ]
    .concat();
    let mut partition = text_partition(&wide, text.as_bytes(), 1 << 20);
    let all = read_all(&mut partition).expect("rows");
    assert_eq!(
        listing(&all),
        [
            "2: 1|7",
            "3: BAD expected 60001 fields as in the header, found 60002",
            "4: 3|7"
        ]
    );
    check_error(
        format!("{}n,s\n", header(1_000_000)),
        "cannot read `in` as csv: the header has 1000002 columns, and 65536 is the most that can be read",
    );
}

#[test]
fn a_row_of_nothing_but_commas_is_counted() {
    check(
        format!("n,s\n1,a\n{}\n2,b\n", ",".repeat(1_000_000)),
        &[
            "2: 1|a",
            "3: BAD expected 2 fields as in the header, found 1000001",
            "4: 2|b",
        ],
    );
}

#[test]
fn other_encodings_are_named() {
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    check_error(
        utf16("\u{feff}n,s\n1,a\n"),
        "cannot read `in` as csv: the header is not valid UTF-8: byte 0xfe at column 1; it looks like UTF-16, \
         and only UTF-8 is read",
    );
    check(
        "n,s\n1,a\0\n2\0,b\n",
        &[
            "2: 1|a\0",
            "3: BAD column `n`: expected int64, found \"2\0\"",
        ],
    );
}

#[test]
fn rows_without_columns_are_rows() {
    let nothing = decoding(Format::Csv, "", None);
    check_text(
        &nothing,
        "a,b\n1,2\n1\n3,4\n",
        &[
            "2: ",
            "3: BAD expected 2 fields as in the header, found 1",
            "4: ",
        ],
    );
}

#[test]
fn quotes_may_hold_anything() {
    check(
        "n,s\n1,\"a,\"\"b\"\"\nc\"\n\"2\",d\n3,e\"f\n",
        &["2: 1|a,\"b\"\nc", "4: 2|d", "5: 3|e\"f"],
    );
    check("n,s\n1,\"a\r\nb\"\r\n2,c\r\n", &["2: 1|a\r\nb", "4: 2|c"]);
}

#[test]
fn empty_fields_are_null() {
    check("n,s\n,\n1,\"\"\n", &["2: -|-", "3: 1|-"]);
    // One column alone: an empty line is no row, an empty field in quotes is.
    let one = decoding(Format::Csv, "s: utf8", None);
    check_text(&one, "s\na\n\n\"\"\n", &["2: a", "4: -"]);
}

#[test]
fn only_bad_rows_are_rejected() {
    check(
        "n,s\n1,a\nx,b\n2\n3,c,d\n\"4\nx\",e\n5,f\n",
        &[
            "2: 1|a",
            "3: BAD column `n`: expected int64, found \"x\"",
            "4: BAD expected 2 fields as in the header, found 1",
            "5: BAD expected 2 fields as in the header, found 3",
            "6: BAD column `n`: expected int64, found \"4\nx\"",
            "8: 5|f",
        ],
    );
}

#[test]
fn a_lone_carriage_return_does_not_end_a_row() {
    check(
        "n,s\n1,a\r2,b\n3,c\r\r\n4,d\r\r\r\n5,e\n",
        &[
            "2: BAD a carriage return outside quotes",
            "3: 3|c",
            "4: 4|d",
            "5: 5|e",
        ],
    );
}

#[test]
fn quotes_that_are_never_closed_cost_one_row() {
    check(
        "n,s\n1,a\n2,\"b\n3,c\n",
        &["2: 1|a", "3: BAD its quotes are never closed", "4: 3|c"],
    );
}

#[test]
fn invalid_utf_8_is_rejected() {
    check(
        b"n,s\n1,a\n2,\xff\n3,c\n",
        &[
            "2: 1|a",
            "3: BAD not valid UTF-8: byte 0xff at column 3",
            "4: 3|c",
        ],
    );
}

#[test]
fn a_byte_order_mark_is_none_within_the_text() {
    check(
        "n,s\n1,a\n\u{feff}2,b\n",
        &[
            "2: 1|a",
            "3: BAD column `n`: expected int64, found \"\u{feff}2\"",
        ],
    );
    let one = decoding(Format::Csv, "s: utf8", None);
    check_text(
        &one,
        "s\n\u{feff}a\n\u{feff}b\n",
        &["2: \u{feff}a", "3: \u{feff}b"],
    );
}

#[test]
fn values_are_read_like_this() {
    check_value("int32", "2147483647", "2|2147483647");
    check_value(
        "int32",
        "2147483648",
        "BAD column `v`: expected int32, found \"2147483648\"",
    );
    check_value(
        "int64",
        "1.5",
        "BAD column `v`: expected int64, found \"1.5\"",
    );
    check_value("int64", " 1 ", "2|1");
    check_value("int64", "+1", "2|1");
    check_value("float64", "1e3", "2|1000.0");
    check_value("float64", " 1.5", "2|1.5");
    check_value("float64", "NaN", "2|NaN");
    check_value(
        "float32",
        "warm",
        "BAD column `v`: expected float32, found \"warm\"",
    );
    check_value("boolean", "TRUE", "2|true");
    check_value(
        "boolean",
        "1",
        "BAD column `v`: expected boolean, found \"1\"",
    );
    check_value("utf8", " a ", "2| a ");
    check_value("binary", "00FF", "2|00ff");
    check_value(
        "binary",
        "0",
        "BAD column `v`: expected binary as hexadecimal digits, found \"0\"",
    );
    check_value(
        "timestamp",
        "2024-01-01T02:00:00+02:00",
        "2|2024-01-01T00:00:00",
    );
    check_value("timestamp", "2024-01-01", "2|2024-01-01T00:00:00");
    check_value(
        "timestamp",
        "soon",
        "BAD column `v`: expected timestamp, found \"soon\"",
    );
}

#[test]
fn event_times_are_converted_and_checked() {
    let millis = decoding(
        Format::Csv,
        "s: utf8, ts: timestamp",
        Some(EventTimeUnit::Millis),
    );
    check_text(
        &millis,
        "ts,s\n1704067200000,a\n,b\nnow,c\n9223372036854775807,d\n0,e\n",
        &[
            "2: a|2024-01-01T00:00:00",
            "3: BAD column `ts`: event time is null",
            "4: BAD column `ts`: expected whole milliseconds since 1970, found \"now\"",
            "5: BAD column `ts`: event time 9223372036854775807 is outside -009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999Z",
            "6: e|1970-01-01T00:00:00",
        ],
    );
    let text = decoding(Format::Csv, "ts: timestamp", Some(EventTimeUnit::Rfc3339));
    check_text(
        &text,
        "ts\n2024-01-01T00:00:00Z\n",
        &["2: 2024-01-01T00:00:00"],
    );
}
