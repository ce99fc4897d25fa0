//! Windows: their kinds, the keys of each, and what they need of the rows that go into them.

use super::*;
use crate::{
    operator::{AggregateWork, TimeDomain, Work},
    window::WindowKind,
};

/// A source without event time.
pub(super) const LINES: &str = r#"name = "weather"
[source.readings]
connector = "stdin"
format = "lines"
"#;

/// What the stage `it` of a pipeline counts.
#[track_caller]
fn counted(toml: &str) -> (AggregateWork, StagePlan) {
    let stage = stage_of(toml);
    match stage.work.clone() {
        Work::Aggregate(work) => (work, stage),
        other => panic!("it is no `aggregate` stage: {other:?}"),
    }
}

/// A pipeline whose stage `it` counts the rows of `source` in a window.
fn count(source: &str, window: &str) -> String {
    format!(
        "{source}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\", as = \"n\" }}]\nwindow = {{ {window} }}\n{SINK}"
    )
}

#[test]
fn there_are_windows_of_many_kinds() {
    for (window, described) in [
        (
            "tumbling = \"1m\", offset = \"10s\"",
            "tumbling 1m, offset 10s",
        ),
        (
            "sliding = \"20s\", slide = \"30s\"",
            "sliding 20s every 30s",
        ),
        (
            "cumulate = \"1h\", step = \"5m\"",
            "cumulate 1h in steps of 5m",
        ),
        (
            "cumulate = \"1d\", step = \"1h\", offset = \"2h\"",
            "cumulate 1d in steps of 1h, offset 2h",
        ),
        ("session = \"30s\"", "session with a gap of 30s"),
        ("count = 100", "count of 100"),
        ("global = true", "global"),
        ("rolling_rows = 10", "rolling 10 rows"),
        (
            "rolling_rows = 3, following = 1",
            "rolling 3 rows and 1 following",
        ),
        ("rolling = \"5m\"", "rolling 5m"),
    ] {
        let (work, _) = counted(&count(SOURCE, window));
        assert_eq!(work.window.to_string(), described);
    }
}

#[test]
fn rows_have_the_columns_and_the_event_time_of_their_window() {
    let bounds = "sensor: utf8?, window_start: timestamp, window_end: timestamp, n: int64";
    let whole = "ts: timestamp, sensor: utf8?, temperature: float64?, count: int32?, n: int64";
    for (window, columns, event_time) in [
        ("tumbling = \"1m\"", bounds, true),
        ("sliding = \"20s\", slide = \"5s\"", bounds, true),
        ("cumulate = \"1h\", step = \"5m\"", bounds, true),
        ("session = \"30s\"", bounds, true),
        ("count = 100", "sensor: utf8?, n: int64", true),
        ("global = true", "sensor: utf8?, n: int64", false),
        ("rolling_rows = 10", whole, true),
        ("rolling = \"5m\"", whole, true),
    ] {
        let toml = count(SOURCE, window).replace("\nwindow", "\nkey = [\"sensor\"]\nwindow");
        let (_, stage) = counted(&toml);
        assert_eq!(stage.schema.to_string(), columns, "{window}");
        assert_eq!(stage.has_event_time, event_time, "{window}");
        assert_eq!(stage.upsert_key, None, "{window}");
    }
}

#[test]
fn a_window_can_go_by_the_clock() {
    use TimeDomain::{Event, Processing};
    for (source, window, time, event_time) in [
        (SOURCE, "tumbling = \"1m\", time = \"event\"", Event, true),
        (
            SOURCE,
            "tumbling = \"1m\", time = \"processing\"",
            Processing,
            true,
        ),
        (
            LINES,
            "tumbling = \"1m\", time = \"processing\"",
            Processing,
            true,
        ),
        (
            LINES,
            "sliding = \"1m\", slide = \"5s\", time = \"processing\"",
            Processing,
            true,
        ),
        (
            LINES,
            "cumulate = \"1h\", step = \"1m\", time = \"processing\"",
            Processing,
            true,
        ),
        (
            LINES,
            "session = \"1m\", time = \"processing\"",
            Processing,
            true,
        ),
        // A row is the row it was.
        (
            LINES,
            "rolling = \"1m\", time = \"processing\"",
            Processing,
            false,
        ),
        (
            SOURCE,
            "rolling = \"1m\", time = \"processing\"",
            Processing,
            true,
        ),
    ] {
        let (work, stage) = counted(&count(source, window));
        assert_eq!(
            (work.time, stage.has_event_time),
            (time, event_time),
            "{window}"
        );
    }
}

#[test]
fn windows_of_rows_need_no_event_time() {
    use TimeDomain::{Event, Processing};
    for (source, window, time) in [
        (SOURCE, "count = 10", Event),
        (LINES, "count = 10", Processing),
        (SOURCE, "rolling_rows = 10", Event),
        (LINES, "rolling_rows = 10", Processing),
        (
            SOURCE,
            "rolling_rows = 10, time = \"processing\"",
            Processing,
        ),
    ] {
        let (work, stage) = counted(&count(source, window));
        assert_eq!(work.time, time, "{window}");
        assert_eq!(stage.has_event_time, source == SOURCE, "{window}");
    }
    let (_, stage) = counted(&count(LINES, "global = true"));
    assert!(!stage.has_event_time);
}

#[test]
fn an_offset_is_less_than_the_distance_of_windows() {
    let (work, _) = counted(&count(SOURCE, "tumbling = \"1m\", offset = \"150s\""));
    assert_eq!(work.window.to_string(), "tumbling 1m, offset 30s");
    let window = "sliding = \"1m\", slide = \"10s\", offset = \"25s\"";
    let (work, _) = counted(&count(SOURCE, window));
    assert_eq!(work.window.to_string(), "sliding 1m every 10s, offset 5s");
}

#[test]
fn the_windows_of_the_input_are_found() {
    let stage = stage_of(&format!(
        "{SOURCE}[stage.counted]\nfrom = \"readings\"\nkey = [\"sensor\"]\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ sliding = \"1m\", slide = \"5s\" }}\n[stage.it]\nfrom = \"counted\"\naggregate = [{{ call = \"std#sum\", args = [\"count\"] }}]\nwindow = {{ inherited = true }}\n{SINK}"
    ));
    let Work::Aggregate(work) = &stage.work else {
        panic!("it is an aggregate");
    };
    assert_eq!(work.window, WindowKind::Inherited);
    assert!(work.key.is_empty());
    assert_eq!(
        stage.schema.to_string(),
        "window_start: timestamp, window_end: timestamp, sum: int64?"
    );
    assert!(stage.has_event_time);
}

#[test]
fn inherited_windows_must_be_there() {
    check_count(
        "window = { inherited = true }",
        r"
error: the rows of this stage have no column `window_start`
  --> weather.toml:11:10
   |
11 | window = { inherited = true }
   |          ^^^^^^^^^^^^^^^^^^^^
   |
   = help: `inherited` windows are those of an `aggregate` stage before: their bounds are in the columns `window_start` and `window_end`, of type timestamp
",
    );
}

#[test]
fn the_bounds_of_inherited_windows_are_timestamps() {
    let source = SOURCE
        .replace("sensor =", "window_start =")
        .replace("count =", "window_end =");
    check(
        &count(&source, "inherited = true"),
        r"
error: column `window_start` of the rows of this stage is utf8
  --> weather.toml:11:10
   |
11 | window = { inherited = true }
   |          ^^^^^^^^^^^^^^^^^^^^
   |
   = help: `inherited` windows are those of an `aggregate` stage before: their bounds are in the columns `window_start` and `window_end`, of type timestamp
",
    );
}

#[test]
fn inherited_windows_need_event_time() {
    let source = SOURCE
        .replace("ts =", "window_end = \"timestamp\", window_start =")
        .replace("event_time = { column = \"ts\", unit = \"ms\" }\n", "");
    check(
        &count(&source, "inherited = true"),
        r#"
error: a window needs event time, and the rows of this stage have none
  --> weather.toml:10:10
   |
10 | window = { inherited = true }
   |          ^^^^^^^^^^^^^^^^^^^^
   |
   = help: set `event_time = { column = …, unit = … }` on the source
"#,
    );
}

#[test]
fn inherited_windows_are_in_every_key() {
    let toml = format!(
        "{SOURCE}[stage.counted]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ tumbling = \"1m\" }}\n[stage.it]\nfrom = \"counted\"\nkey = [\"window_end\"]\naggregate = [{{ call = \"std#sum\", args = [\"count\"] }}]\nwindow = {{ inherited = true }}\n{SINK}"
    );
    check(
        &toml,
        r#"
error: a column of the key cannot be called `window_end`
  --> weather.toml:16:10
   |
16 | window = { inherited = true }
   |          ^^^^^^^^^^^^^^^^^^^^
   |
   = help: leave it out: rows are grouped by their windows anyway
"#,
    );
}

#[test]
fn steps_fill_a_cumulate_window() {
    check_count(
        "window = { cumulate = \"1h\", step = \"7m\" }",
        r#"
error: the steps of a `cumulate` window must fill it: 1h is not a multiple of 7m
  --> weather.toml:11:36
   |
11 | window = { cumulate = "1h", step = "7m" }
   |                                    ^^^^
"#,
    );
}

#[test]
fn a_row_is_not_in_too_many_windows() {
    check_count(
        "window = { sliding = \"1d\", slide = \"1ms\" }",
        r#"
error: each row would be in 86400000 windows, of at most 10000000
  --> weather.toml:11:36
   |
11 | window = { sliding = "1d", slide = "1ms" }
   |                                    ^^^^^
"#,
    );
    check_count(
        "window = { cumulate = \"1d\", step = \"1ms\" }",
        r#"
error: each row would be in 86400000 windows, of at most 10000000
  --> weather.toml:11:36
   |
11 | window = { cumulate = "1d", step = "1ms" }
   |                                    ^^^^^
"#,
    );
}

#[test]
fn a_cumulate_window_has_a_step() {
    check_count(
        "window = { cumulate = \"1h\" }",
        r#"
error: a `cumulate` window has no `step`
  --> weather.toml:11:10
   |
11 | window = { cumulate = "1h" }
   |          ^^^^^^^^^^^^^^^^^^^
   |
   = help: add the time by which a window is longer than the one before, as in `step = "5m"`
"#,
    );
}

#[test]
fn keys_go_with_their_kind_of_window() {
    check_count(
        "window = { session = \"30s\", offset = \"1s\", following = 1, size = 3 }",
        r#"
error: a `session` window cannot have `offset`
  --> weather.toml:11:29
   |
11 | window = { session = "30s", offset = "1s", following = 1, size = 3 }
   |                             ^^^^^^

error: a `session` window cannot have `following`
  --> weather.toml:11:44
   |
11 | window = { session = "30s", offset = "1s", following = 1, size = 3 }
   |                                            ^^^^^^^^^

error: unknown key `size` in a `session` window
  --> weather.toml:11:59
   |
11 | window = { session = "30s", offset = "1s", following = 1, size = 3 }
   |                                                           ^^^^
   |
   = help: known keys are `session`, `time`
"#,
    );
}

#[test]
fn rows_that_are_counted_know_no_clock() {
    check_count(
        "window = { count = 10, time = \"processing\" }",
        r#"
error: a `count` window cannot have `time`
  --> weather.toml:11:24
   |
11 | window = { count = 10, time = "processing" }
   |                        ^^^^
"#,
    );
}

#[test]
fn numbers_of_rows_are_positive() {
    check_count(
        "window = { rolling_rows = 0, following = -1 }",
        r#"
error: expected an integer of at least 1, found 0
  --> weather.toml:11:27
   |
11 | window = { rolling_rows = 0, following = -1 }
   |                           ^

error: expected an integer of at least 0, found -1
  --> weather.toml:11:42
   |
11 | window = { rolling_rows = 0, following = -1 }
   |                                          ^^
"#,
    );
}

#[test]
fn a_session_has_a_gap() {
    check_count(
        "window = { session = \"0s\", time = \"wall\" }",
        r#"
error: expected a duration above zero, found no time at all
  --> weather.toml:11:22
   |
11 | window = { session = "0s", time = "wall" }
   |                      ^^^^

error: unknown time `wall`
  --> weather.toml:11:35
   |
11 | window = { session = "0s", time = "wall" }
   |                                   ^^^^^^
   |
   = help: known are `event`, `processing`
"#,
    );
}

#[test]
fn a_rolling_window_can_go_by_the_clock_without_event_time() {
    check(
        &count(LINES, "rolling = \"5m\""),
        r#"
error: a window needs event time, and the rows of this stage have none
 --> weather.toml:8:10
  |
8 | window = { rolling = "5m" }
  |          ^^^^^^^^^^^^^^^^^^
  |
  = help: set `event_time = { column = …, unit = … }` on the source, or `time = "processing"` in the window
"#,
    );
}
