//! Every kind of good and bad JSON.

mod event_times;

use super::MAX_DEPTH;
use crate::connector::{
    Format,
    harness::{check_text, decoding},
};

const COLUMNS: &str = "n: int64, x: float64, s: utf8, b: boolean";

#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &[&str]) {
    check_text(&decoding(Format::Json, COLUMNS, None), text, expected);
}

/// Checks one value of one type.
#[track_caller]
fn check_value(kind: &str, value: &str, expected: &str) {
    let decoding = decoding(Format::Json, &format!("v: {kind}"), None);
    // Among good rows, and alone.
    let good = "{\"v\":null}";
    check_text(
        &decoding,
        format!("{good}\n{{\"v\":{value}}}\n{good}"),
        &["1: -", &format!("2: {expected}"), "3: -"],
    );
    check_text(
        &decoding,
        format!("{{\"v\":{value}}}"),
        &[&format!("1: {expected}")],
    );
}

#[test]
fn good_rows_are_decoded() {
    check(
        "{\"n\":1,\"x\":1.5,\"s\":\"a\",\"b\":true}\n{\"b\":false,\"s\":\"\\u00e4\\n\",\"x\":-2,\"n\":-7}\n",
        &["1: 1|1.5|a|true", "2: -7|-2.0|ä\n|false"],
    );
}

#[test]
fn unknown_fields_are_ignored_and_missing_ones_null() {
    check(
        "{\"n\":1,\"other\":{\"x\":[1,{}]}}\n{}\n{\"n\":null}",
        &["1: 1|-|-|-", "2: -|-|-|-", "3: -|-|-|-"],
    );
}

#[test]
fn the_last_of_two_equal_fields_counts() {
    check("{\"n\":1,\"n\":2}", &["1: 2|-|-|-"]);
}

#[test]
fn blank_lines_byte_order_marks_and_carriage_returns_are_skipped() {
    check(
        "\u{feff}{\"n\":1}\r\n\r\n  \t\n{\"n\":2}\r\n\n{\"n\":3}",
        &["1: 1|-|-|-", "4: 2|-|-|-", "6: 3|-|-|-"],
    );
    check("", &[]);
    check("\u{feff}", &[]);
    check("\n\n", &[]);
}

#[test]
fn only_bad_rows_are_rejected() {
    check(
        "{\"n\":1}\n{\"n\":\n{\"x\":\"warm\"}\nnothing\n{\"n\":2}\n{\"n\":3}",
        &[
            "1: 1|-|-|-",
            "2: BAD not a JSON object: the line ends at column 5 before the object does",
            "3: BAD column `x`: expected float64, found \"warm\"",
            "4: BAD not a JSON object: found something else",
            "5: 2|-|-|-",
            "6: 3|-|-|-",
        ],
    );
}

#[test]
fn an_object_is_one_line_and_a_line_one_object() {
    check(
        "{\"s\":\"a\nb\"}\n{\"n\":1}{\"n\":2}\n{\"n\":3}\n{\n\"n\":4}",
        &[
            "1: BAD not a JSON object: the line ends at column 7 before the object does",
            "2: BAD not a JSON object: found something else",
            "3: BAD expected one JSON object a line, found more after it at column 8",
            "4: 3|-|-|-",
            "5: BAD not a JSON object: the line ends at column 1 before the object does",
            "6: BAD not a JSON object: found a text",
        ],
    );
    // As many rows as lines, and yet none where it should be.
    check(
        "{\"n\":\n1}{\"n\":2}",
        &[
            "1: BAD not a JSON object: the line ends at column 5 before the object does",
            "2: BAD not a JSON object: found a number",
        ],
    );
}

#[test]
fn what_is_no_object_is_named() {
    for (line, found) in [
        ("[1]", "a list"),
        ("12", "a number"),
        ("-", "a number"),
        ("\"a\"", "a text"),
        ("true", "a single value"),
        ("null", "a single value"),
        ("}", "something else"),
        ("a,b", "something else"),
    ] {
        check(
            format!("{{\"n\":1}}\n{line}"),
            &[
                "1: 1|-|-|-",
                &format!("2: BAD not a JSON object: found {found}"),
            ],
        );
    }
}

#[test]
fn syntax_errors_tell_the_column() {
    for (line, reason) in [
        (
            "{n:1}",
            "not a JSON object: key must be a string at column 2",
        ),
        ("{\"n\" 1}", "not a JSON object: expected `:` at column 6"),
        (
            "{\"n\":1;}",
            "not a JSON object: expected `,` or `}` at column 7",
        ),
        (
            "{\"n\":nil}",
            "not a JSON object: expected ident at column 7",
        ),
        (
            "{\"s\":\"\\x\"}",
            "not a JSON object: invalid escape at column 8",
        ),
        (
            "{\"n\":1}}",
            "expected one JSON object a line, found more after it at column 8",
        ),
    ] {
        check(
            format!("{line}\n{{}}"),
            &[&format!("1: BAD {reason}"), "2: -|-|-|-"],
        );
    }
}

#[test]
fn invalid_utf_8_is_rejected() {
    check(
        b"{\"s\":\"a\"}\n{\"s\":\"\xff\"}\n{\"other\":\"\xe4\"}\n{\"s\":\"b\"}",
        &[
            "1: -|-|a|-",
            "2: BAD not valid UTF-8: byte 0xff at column 7",
            "3: BAD not valid UTF-8: byte 0xe4 at column 11",
            "4: -|-|b|-",
        ],
    );
}

#[test]
fn other_encodings_are_named() {
    let utf16: Vec<u8> = "\u{feff}{\"n\":1}\n{\"n\":2}\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let hint = "it looks like UTF-16, and only UTF-8 is read";
    check(
        utf16,
        &[
            &format!("1: BAD not valid UTF-8: byte 0xff at column 1; {hint}"),
            "2: BAD not a JSON object: found a NUL byte",
            "3: BAD not a JSON object: found a NUL byte",
        ],
    );
    check(
        "{\"s\":\"a\0b\"}\n{\"n\"\0:1}",
        &[
            "1: -|-|a\0b|-",
            "2: BAD not a JSON object: expected `:` at column 5",
        ],
    );
}

#[test]
fn numbers_are_read_like_this() {
    check_value("int32", "2147483647", "2147483647");
    check_value(
        "int32",
        "2147483648",
        "BAD column `v`: expected int32, found 2147483648",
    );
    check_value("int64", "9223372036854775807", "9223372036854775807");
    check_value(
        "int64",
        "9223372036854775808",
        "BAD column `v`: expected int64, found 9223372036854775808",
    );
    check_value("int64", "1e3", "1000");
    check_value("int64", "1.0", "1");
    check_value("int64", "1.5e1", "15");
    // A float64 has not enough digits for all of these.
    for (number, whole) in [
        ("1e15", "1000000000000000"),
        ("1.5e15", "1500000000000000"),
        ("1234567890123456.0", "1234567890123456"),
        ("9007199254740993.0", "9007199254740993"),
        ("9223372036854775807e0", "9223372036854775807"),
        ("-9223372036854775808.0", "-9223372036854775808"),
    ] {
        check_value("int64", number, whole);
    }
    check_value(
        "int32",
        "1e15",
        "BAD column `v`: expected int32, found 1000000000000000",
    );
    for (number, shown) in [
        ("1.9", "1.9"),
        ("-1.9", "-1.9"),
        ("1e-1", "0.1"),
        ("1234567890123456.5", "1234567890123456.5"),
        ("9223372036854775808.0", "9.223372036854776e+18"),
        ("-9223372036854775809", "-9.223372036854776e+18"),
    ] {
        let bad = format!("BAD column `v`: expected int64, found {shown}");
        check_value("int64", number, &bad);
    }
    check_value(
        "int32",
        "-2147483648.5",
        "BAD column `v`: expected int32, found -2147483648.5",
    );
    check_value("int64", "\"12\"", "12");
    check_value(
        "int64",
        "\"1.5\"",
        "BAD column `v`: expected int64, found \"1.5\"",
    );
    check_value(
        "int64",
        "true",
        "BAD column `v`: expected int64, found true",
    );
    check_value("float64", "\"21.5\"", "21.5");
    check_value("float64", "\" 21.5 \"", "21.5");
    check_value("float64", "\"NaN\"", "NaN");
    check_value(
        "float64",
        "\"\"",
        "BAD column `v`: expected float64, found \"\"",
    );
    check_value("float64", "1e999", "inf");
    check_value(
        "float64",
        "[1]",
        "BAD column `v`: expected float64, found a list",
    );
    check_value("float32", "0.1", "0.1");
}

#[test]
fn other_values_are_read_like_this() {
    check_value("utf8", "12", "BAD column `v`: expected utf8, found 12");
    check_value(
        "utf8",
        "{\"a\":1}",
        "BAD column `v`: expected utf8, found an object",
    );
    check_value(
        "boolean",
        "\"true\"",
        "BAD column `v`: expected boolean, found \"true\"",
    );
    check_value("boolean", "1", "BAD column `v`: expected boolean, found 1");
    check_value("binary", "\"00ff\"", "00ff");
    check_value(
        "binary",
        "\"0g\"",
        "BAD column `v`: expected binary as hexadecimal digits, found \"0g\"",
    );
    check_value(
        "binary",
        "\"0\"",
        "BAD column `v`: expected binary as hexadecimal digits, found \"0\"",
    );
    check_value(
        "binary",
        "7",
        "BAD column `v`: expected binary as hexadecimal digits, found 7",
    );
    check_value(
        "timestamp",
        "\"2024-01-01T00:00:00Z\"",
        "2024-01-01T00:00:00",
    );
    check_value(
        "timestamp",
        "\"2024-01-01T02:00:00+02:00\"",
        "2024-01-01T00:00:00",
    );
    // Without an offset it is UTC; a number is microseconds.
    check_value(
        "timestamp",
        "\"2024-01-01 00:00:00.5\"",
        "2024-01-01T00:00:00.500",
    );
    check_value("timestamp", "1704067200000000", "2024-01-01T00:00:00");
    check_value("timestamp", "1704067200000000.0", "2024-01-01T00:00:00");
    check_value(
        "timestamp",
        "\"soon\"",
        "BAD column `v`: expected timestamp, found \"soon\"",
    );
    check_value(
        "timestamp",
        "1e300",
        "BAD column `v`: expected timestamp, found 1e+300",
    );
    check_value(
        "timestamp",
        "9223372036854775807",
        "BAD column `v`: time 9223372036854775807 µs is outside -009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999Z",
    );
    check_value(
        "timestamp",
        "1704067200000000.5",
        "BAD column `v`: expected timestamp, found 1704067200000000.5",
    );
}

#[test]
fn a_fraction_counts_only_where_it_is_taken() {
    check(
        "{\"n\":1.5,\"n\":2}\n{\"o\":{\"n\":1.5},\"n\":3}\n{\"\\u006e\":1.5}\n{\"n\":1.5,,}\n{\"x\":1.5}",
        &[
            "1: 2|-|-|-",
            "2: 3|-|-|-",
            "3: BAD column `n`: expected int64, found 1.5",
            "4: BAD not a JSON object: key must be a string at column 10",
            "5: -|1.5|-|-",
        ],
    );
}

#[test]
fn what_only_the_decoder_sees_is_rejected_too() {
    let lone = "{\"other\":\"\\ud800\"}";
    let reason =
        "cannot be decoded: Encountered unexpected '\"' whilst parsing surrogate pair escape";
    check(
        format!("{{\"n\":1}}\n{lone}\n{{\"n\":2}}\n{lone}\n{{\"n\":\"x\"}}\n{{\"n\":3}}"),
        &[
            "1: 1|-|-|-",
            &format!("2: BAD {reason}"),
            "3: 2|-|-|-",
            &format!("4: BAD {reason}"),
            "5: BAD column `n`: expected int64, found \"x\"",
            "6: 3|-|-|-",
        ],
    );
}

#[test]
fn rows_without_columns_are_rows() {
    let nothing = decoding(Format::Json, "", None);
    check_text(
        &nothing,
        "{}\n{\"a\":1}\n[]\n{}",
        &[
            "1: ",
            "2: ",
            "3: BAD not a JSON object: found a list",
            "4: ",
        ],
    );
}

#[test]
fn what_the_decoder_lets_pass_passes_everywhere() {
    // Commas are but decoration to it.
    check(
        "{\"n\":1,,\"s\":\"a\"}\n{\"n\":2 \"s\":\"b\"}\n{,\"n\":3,}\nbad",
        &[
            "1: 1|-|a|-",
            "2: 2|-|b|-",
            "3: 3|-|-|-",
            "4: BAD not a JSON object: found something else",
        ],
    );
}

#[test]
fn deep_nesting_is_rejected_and_harms_nobody() {
    let nested = |depth: usize| {
        format!(
            "{{\"n\":1,\"o\":{}1{}}}",
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        )
    };
    let deep = "BAD values are nested more than 512 deep";
    check(
        [
            nested(MAX_DEPTH),
            nested(MAX_DEPTH + 1),
            nested(200_000),
            "[".repeat(200_000),
        ]
        .join("\n"),
        &[
            "1: 1|-|-|-",
            &format!("2: {deep}"),
            &format!("3: {deep}"),
            &format!("4: {deep}"),
        ],
    );
    let in_column = |depth: usize| format!("{{\"s\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    check(in_column(100_000), &[&format!("1: {deep}")]);
    check(
        in_column(500),
        &["1: BAD column `s`: expected utf8, found a list"],
    );
    // Brackets in a text are no nesting.
    check(
        format!("{{\"s\":\"\\\"{}\"}}", "[".repeat(2000)),
        &[&format!("1: -|-|\"{}|-", "[".repeat(2000))],
    );
}
