//! Sources, and what is wrong with them.

use super::*;

/// A file with one source and a sink that takes its rows.
#[track_caller]
fn check_source(source: &str, expected: &str) {
    check(
        &format!("name = \"weather\"\n[source.it]\n{source}\n{SINK}"),
        expected,
    );
}

#[test]
fn a_source_needs_a_connector() {
    check_source(
        "path = \"a.jsonl\"",
        r#"
error: source `it` has no `connector`
 --> weather.toml:2:9
  |
2 | [source.it]
  |         ^^
  |
  = help: add `connector = "file"`, or `stdin`, `socket`, `generator`, `test`
"#,
    );
}

#[test]
fn a_connector_must_be_known() {
    check_source(
        "connector = \"flie\"",
        r#"
error: unknown connector `flie`
 --> weather.toml:3:13
  |
3 | connector = "flie"
  |             ^^^^^^
  |
  = help: did you mean `file`?
"#,
    );
}

#[test]
fn a_file_needs_a_path_and_a_format() {
    check_source(
        "connector = \"file\"",
        r#"
error: source `it` has no `format`
 --> weather.toml:2:9
  |
2 | [source.it]
  |         ^^
  |
  = help: add `format = "json"`, or `csv`, `parquet`, `lines`

error: source `it` has no `path`
 --> weather.toml:2:9
  |
2 | [source.it]
  |         ^^
  |
  = help: add the path of a file, a glob or a directory
"#,
    );
}

#[test]
fn keys_of_another_connector_are_named_as_such() {
    check_source(
        "connector = \"stdin\"\nformat = \"lines\"\npath = \"a\"\nrate = 3",
        r#"
error: a `stdin` source cannot have `path`
 --> weather.toml:5:1
  |
5 | path = "a"
  | ^^^^

error: a `stdin` source cannot have `rate`
 --> weather.toml:6:1
  |
6 | rate = 3
  | ^^^^
"#,
    );
}

#[test]
fn json_needs_columns() {
    check_source(
        "connector = \"stdin\"\nformat = \"json\"",
        r#"
error: source `it` has no `columns`
 --> weather.toml:2:9
  |
2 | [source.it]
  |         ^^
  |
  = help: add them, as in `columns = { sensor = "utf8", temperature = "float64" }`
"#,
    );
}

#[test]
fn lines_have_no_columns() {
    check_source(
        "connector = \"stdin\"\nformat = \"lines\"\ncolumns = { a = \"utf8\" }",
        r#"
error: a source of `lines` has one column, `line`, and no `columns`
 --> weather.toml:5:11
  |
5 | columns = { a = "utf8" }
  |           ^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn parquet_comes_from_files() {
    check_source(
        "connector = \"stdin\"\nformat = \"parquet\"",
        r#"
error: only a `file` source can be `parquet`
 --> weather.toml:4:10
  |
4 | format = "parquet"
  |          ^^^^^^^^^
"#,
    );
}

#[test]
fn parquet_that_cannot_be_read_is_reported() {
    check_source(
        "connector = \"file\"\npath = \"torn/a.parquet\"\nformat = \"parquet\"",
        r#"
error: cannot read the columns of this source: `torn/a.parquet` has no footer
 --> weather.toml:5:10
  |
5 | format = "parquet"
  |          ^^^^^^^^^
"#,
    );
}

#[test]
fn types_must_be_known() {
    check_source(
        "connector = \"stdin\"\nformat = \"csv\"\ncolumns = { a = \"flaot64\", b = 3, \"\" = \"utf8\" }",
        r#"
error: unknown type `flaot64`
 --> weather.toml:5:17
  |
5 | columns = { a = "flaot64", b = 3, "" = "utf8" }
  |                 ^^^^^^^^^
  |
  = help: did you mean `float64`?

error: expected type (`boolean`, `int32`, `int64`, `float32`, `float64`, `timestamp`, `utf8`, `binary`), found integer
 --> weather.toml:5:32
  |
5 | columns = { a = "flaot64", b = 3, "" = "utf8" }
  |                                ^

error: a column cannot have an empty name
 --> weather.toml:5:35
  |
5 | columns = { a = "flaot64", b = 3, "" = "utf8" }
  |                                   ^^
"#,
    );
}

#[test]
fn a_path_must_stand_for_files() {
    check_source(
        "connector = \"file\"\npath = \"no/*.jsonl\"\nformat = \"lines\"",
        r#"
error: there are no files `no/*.jsonl`
 --> weather.toml:4:8
  |
4 | path = "no/*.jsonl"
  |        ^^^^^^^^^^^^
  |
  = help: paths are relative to this file
"#,
    );
}

#[test]
fn an_address_has_a_host_and_a_port() {
    check_source(
        "connector = \"socket\"\naddress = \"localhost\"\nformat = \"lines\"",
        r#"
error: expected an address such as `localhost:9000`, found `localhost`
 --> weather.toml:4:11
  |
4 | address = "localhost"
  |           ^^^^^^^^^^^
"#,
    );
}

#[test]
fn the_event_time_must_be_a_column() {
    check_source(
        "connector = \"stdin\"\nformat = \"csv\"\ncolumns = { time = \"timestamp\" }\nevent_time = { column = \"tiem\", unit = \"s\" }",
        r#"
error: there is no column `tiem`
 --> weather.toml:6:25
  |
6 | event_time = { column = "tiem", unit = "s" }
  |                         ^^^^^^
  |
  = help: did you mean `time`?
"#,
    );
}

#[test]
fn the_event_time_must_be_a_timestamp() {
    check_source(
        "connector = \"stdin\"\nformat = \"csv\"\ncolumns = { ts = \"int64\" }\nevent_time = { column = \"ts\", unit = \"s\" }",
        r#"
error: the event time must be a timestamp, and column `ts` is int64
 --> weather.toml:6:25
  |
6 | event_time = { column = "ts", unit = "s" }
  |                         ^^^^
  |
  = help: declare it as "timestamp"; `unit` says how it is spelled in the input
"#,
    );
}

#[test]
fn the_event_time_needs_a_unit() {
    check_source(
        "connector = \"stdin\"\nformat = \"csv\"\ncolumns = { ts = \"timestamp\" }\nevent_time = { column = \"ts\" }",
        r#"
error: `event_time` has no `unit`
 --> weather.toml:6:14
  |
6 | event_time = { column = "ts" }
  |              ^^^^^^^^^^^^^^^^^
  |
  = help: add how it is spelled in the input: `s`, `ms`, `us`, `ns`, `rfc3339` or a pattern such as `%Y-%m-%d %H:%M:%S`
"#,
    );
}

#[test]
fn a_unit_must_be_known() {
    check_source(
        "connector = \"stdin\"\nformat = \"csv\"\ncolumns = { ts = \"timestamp\" }\nevent_time = { column = \"ts\", unit = \"min\" }",
        r#"
error: expected a unit (`s`, `ms`, `us`, `ns`, `rfc3339` or a pattern such as `%Y-%m-%d %H:%M:%S`), found `min`
 --> weather.toml:6:38
  |
6 | event_time = { column = "ts", unit = "min" }
  |                                      ^^^^^
"#,
    );
}

#[test]
fn a_watermark_needs_event_time() {
    check_source(
        "connector = \"file\"\npath = \"a\"\nformat = \"lines\"\nwatermark = { delay = \"1m\" }\nmax_drift = \"5m\"",
        r#"
error: `watermark` is about event time, and this source has none
 --> weather.toml:6:13
  |
6 | watermark = { delay = "1m" }
  |             ^^^^^^^^^^^^^^^^
  |
  = help: set `event_time = { column = …, unit = … }`

error: `max_drift` is about event time, and this source has none
 --> weather.toml:7:13
  |
7 | max_drift = "5m"
  |             ^^^^
  |
  = help: set `event_time = { column = …, unit = … }`
"#,
    );
}

#[test]
fn a_duration_has_a_unit() {
    check_source(
        "connector = \"generator\"\nwatermark = { delay = 20 }\nstep = \"1 s\"\nmax_disorder = [\"1s\"]",
        r#"
error: expected a duration such as `20s`, found integer
 --> weather.toml:4:23
  |
4 | watermark = { delay = 20 }
  |                       ^^

error: expected a duration such as `20s`, found `1 s`
 --> weather.toml:5:8
  |
5 | step = "1 s"
  |        ^^^^^

error: expected a duration such as `20s`, found array
 --> weather.toml:6:16
  |
6 | max_disorder = ["1s"]
  |                ^^^^^^
"#,
    );
}

#[test]
fn generator_numbers_are_checked() {
    check_source(
        "connector = \"generator\"\nseed = -1\nrate = 0\nsensors = 1.5\ndisorder = 2\nstart = \"yesterday\"\nstep = \"5us\"\nwatermark = { max_ahead = \"1h\" }",
        r#"
error: expected an integer of at least 0, found -1
 --> weather.toml:4:8
  |
4 | seed = -1
  |        ^^

error: expected an integer of at least 1, found 0
 --> weather.toml:5:8
  |
5 | rate = 0
  |        ^

error: expected an integer from 1 to 4294967295, found float
 --> weather.toml:6:11
  |
6 | sensors = 1.5
  |           ^^^

error: expected an instant such as `2026-01-31T12:00:00Z`, or milliseconds since the epoch, found `yesterday`
 --> weather.toml:8:9
  |
8 | start = "yesterday"
  |         ^^^^^^^^^^^

error: expected whole milliseconds, at most `4294967295ms`
 --> weather.toml:9:8
  |
9 | step = "5us"
  |        ^^^^^
"#,
    );
}

#[test]
fn two_sources_cannot_share_standard_input() {
    check(
        r#"
name = "x"
[source.one]
connector = "stdin"
format = "lines"
[source.two]
connector = "stdin"
format = "lines"
[sink.out]
from = ["one", "two"]
connector = "stdout"
"#,
        r#"
error: only one source can read standard input
 --> weather.toml:6:9
  |
3 | [source.one]
  |         --- this one does
...
6 | [source.two]
  |         ^^^
"#,
    );
}
