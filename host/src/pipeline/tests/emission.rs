//! When rows leave their windows: `emit`, `allowed_lateness`, `keep`, `late`.

use super::{windows::LINES, *};
use crate::{
    operator::{Emit, Work},
    time::Duration,
};

#[test]
fn windows_can_be_looked_at_before_they_close() {
    let every = Emit::Every(Duration::from_secs(5));
    for (window, emit, expected, key) in [
        ("tumbling = \"1m\"", "\"final\"", Emit::Final, None),
        (
            "tumbling = \"1m\"",
            "\"update\"",
            Emit::Update,
            Some(&["sensor", "window_start", "window_end"][..]),
        ),
        (
            "sliding = \"1m\", slide = \"5s\", time = \"processing\"",
            "\"update\"",
            Emit::Update,
            Some(&["sensor", "window_start", "window_end"]),
        ),
        (
            "cumulate = \"1h\", step = \"5m\"",
            "{ every = \"5s\" }",
            every,
            Some(&["sensor", "window_start", "window_end"]),
        ),
        (
            "global = true",
            "{ every = \"5s\" }",
            every,
            Some(&["sensor"]),
        ),
        (
            "global = true",
            "\"update\"",
            Emit::Update,
            Some(&["sensor"]),
        ),
    ] {
        let stage = stage(&format!(
            "aggregate = [{{ call = \"std#count\" }}]\nkey = [\"sensor\"]\nwindow = {{ {window} }}\nemit = {emit}"
        ));
        let Work::Aggregate(work) = &stage.work else {
            panic!("it is an aggregate");
        };
        assert_eq!(work.emit, expected, "{window}");
        let found = stage.upsert_key.map(|key| named(&key, &stage.schema));
        let key = key.map(|key| key.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(found, key, "{window}");
    }
}

#[test]
fn windows_can_be_corrected() {
    for window in [
        "tumbling = \"1m\"",
        "sliding = \"1m\", slide = \"5s\"",
        "cumulate = \"1h\", step = \"5m\"",
        "session = \"30s\"",
    ] {
        let stage = stage(&format!(
            "aggregate = [{{ call = \"std#count\" }}]\nwindow = {{ {window} }}\nallowed_lateness = \"10s\""
        ));
        let Work::Aggregate(work) = &stage.work else {
            panic!("it is an aggregate");
        };
        assert_eq!(work.lateness, Duration::from_secs(10));
        assert_eq!(stage.upsert_key, Some(vec![0, 1]), "{window}");
    }
}

#[test]
fn no_lateness_and_one_result_can_be_asked_of_every_window() {
    for window in [
        "session = \"30s\"",
        "count = 3",
        "global = true",
        "rolling = \"5m\"",
        "rolling_rows = 3",
        "tumbling = \"1m\", time = \"processing\"",
    ] {
        let stage = stage(&format!(
            "aggregate = [{{ call = \"std#count\", as = \"n\" }}]\nwindow = {{ {window} }}\nallowed_lateness = \"0s\"\nemit = \"final\""
        ));
        assert_eq!(stage.upsert_key, None, "{window}");
    }
}

#[test]
fn sessions_cannot_be_looked_at_before_they_close() {
    check_count(
        "window = { session = \"30s\" }\nemit = \"update\"",
        r#"
error: `session` windows cannot emit at every update
  --> weather.toml:12:8
   |
12 | emit = "update"
   |        ^^^^^^^^
   |
   = help: remove `emit`; it goes with windows that are `tumbling`, `sliding`, `cumulate`, `global`
"#,
    );
}

#[test]
fn rolling_windows_have_nothing_to_look_at_early() {
    check_count(
        "window = { rolling = \"30s\" }\nemit = { every = \"5s\" }",
        r#"
error: `rolling` windows cannot emit at an interval
  --> weather.toml:12:8
   |
12 | emit = { every = "5s" }
   |        ^^^^^^^^^^^^^^^^
   |
   = help: remove `emit`; it goes with windows that are `tumbling`, `sliding`, `cumulate`, `global`
"#,
    );
}

#[test]
fn emit_is_a_word_or_an_interval() {
    check_count(
        "window = { global = true }\nemit = \"updates\"",
        r#"
error: unknown emit `updates`
  --> weather.toml:12:8
   |
12 | emit = "updates"
   |        ^^^^^^^^^
   |
   = help: did you mean `update`?
"#,
    );
    check_count(
        "window = { global = true }\nemit = 5",
        r#"
error: expected emit (`final`, `update`), found integer
  --> weather.toml:12:8
   |
12 | emit = 5
   |        ^
"#,
    );
    check_count(
        "window = { global = true }\nemit = { each = \"5s\" }",
        r#"
error: `emit` has no `every`
  --> weather.toml:12:8
   |
12 | emit = { each = "5s" }
   |        ^^^^^^^^^^^^^^^
   |
   = help: add the time between two results, as in `every = "5s"`

error: unknown key `each` in `emit`
  --> weather.toml:12:10
   |
12 | emit = { each = "5s" }
   |          ^^^^
   |
   = help: known keys are `every`
"#,
    );
    check_count(
        "window = { global = true }\nemit = { every = \"0s\" }",
        r#"
error: expected a duration above zero, found no time at all
  --> weather.toml:12:18
   |
12 | emit = { every = "0s" }
   |                  ^^^^
"#,
    );
}

#[test]
fn lateness_goes_with_windows_that_close_once() {
    check_count(
        "window = { count = 3 }\nallowed_lateness = \"5s\"",
        r#"
error: `count` windows take no late rows
  --> weather.toml:12:20
   |
12 | allowed_lateness = "5s"
   |                    ^^^^
   |
   = help: remove `allowed_lateness`; it goes with windows in event time that are `tumbling`, `sliding`, `cumulate`, `session`
"#,
    );
    check_count(
        "window = { rolling = \"5m\" }\nallowed_lateness = \"5s\"",
        r#"
error: `rolling` windows take no late rows
  --> weather.toml:12:20
   |
12 | allowed_lateness = "5s"
   |                    ^^^^
   |
   = help: remove `allowed_lateness`; it goes with windows in event time that are `tumbling`, `sliding`, `cumulate`, `session`
"#,
    );
}

#[test]
fn nothing_is_late_by_the_clock() {
    check(
        &format!(
            "{SOURCE}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ tumbling = \"1m\", time = \"processing\" }}\nallowed_lateness = \"5s\"\nlate = \"late\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n"
        ),
        r#"
error: no row is late in processing time
  --> weather.toml:12:20
   |
12 | allowed_lateness = "5s"
   |                    ^^^^
   |
   = help: remove `allowed_lateness`; it goes with windows in event time that are `tumbling`, `sliding`, `cumulate`, `session`
"#,
    );
}

#[test]
fn a_lateness_is_a_duration() {
    check_count(
        "window = { tumbling = \"1m\" }\nallowed_lateness = 5",
        r#"
error: expected a duration such as `20s`, found integer
  --> weather.toml:12:20
   |
12 | allowed_lateness = 5
   |                    ^
"#,
    );
}

#[test]
fn only_rows_of_rolling_windows_keep_columns() {
    check_count(
        "window = { tumbling = \"1m\" }\nkeep = [\"sensor\"]",
        r#"
error: there is nothing to `keep`: a row of a `tumbling` window is made of many
  --> weather.toml:12:8
   |
12 | keep = ["sensor"]
   |        ^^^^^^^^^^
   |
   = help: remove `keep`, which goes with `rolling` and `rolling_rows`; columns of the `key` stay by themselves
"#,
    );
}

#[test]
fn rolling_windows_keep_columns_that_are_there() {
    check_count(
        "window = { rolling = \"1m\" }\nkeep = [\"senor\"]",
        r#"
error: there is no column `senor`
  --> weather.toml:12:9
   |
12 | keep = ["senor"]
   |         ^^^^^^^
   |
   = help: did you mean `sensor`?
"#,
    );
}

#[test]
fn results_of_rolling_windows_take_the_place_of_columns() {
    let stage = stage(
        "aggregate = [{ call = \"std#mean\", args = [\"temperature\"], as = \"temperature\" }]\nwindow = { rolling = \"5m\" }\nkeep = [\"temperature\", \"sensor\", \"ts\"]",
    );
    let Work::Aggregate(work) = &stage.work else {
        panic!("it is an aggregate");
    };
    assert_eq!(named(&work.keep, &stage.input_schema), ["sensor", "ts"]);
    assert_eq!(
        stage.schema.to_string(),
        "sensor: utf8?, ts: timestamp, temperature: float64?"
    );
}

#[test]
fn results_of_rolling_windows_have_names_of_their_own() {
    check_stage(
        "aggregate = [{ call = \"std#count\", as = \"n\" }, { call = \"std#sum\", args = [\"count\"], as = \"n\" }]\nwindow = { rolling = \"5m\" }",
        r#"
error: two columns of the output are called `n`
  --> weather.toml:10:91
   |
10 | aggregate = [{ call = "std#count", as = "n" }, { call = "std#sum", args = ["count"], as = "n" }]
   |                                         --- the other one                                 ^^^
   |
   = help: give this one another name with `as`
"#,
    );
}

#[test]
fn rows_are_late_where_the_watermark_matters() {
    for window in [
        "tumbling = \"1m\"",
        "cumulate = \"1h\", step = \"5m\"",
        "session = \"30s\"",
        "rolling = \"5m\"",
        "rolling_rows = 5",
    ] {
        let plan = load(&format!(
            "{SOURCE}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\", as = \"n\" }}]\nwindow = {{ {window} }}\nlate = \"late\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n"
        ))
        .expect("it is right");
        assert_eq!(plan.stages[0].late, Some(1), "{window}");
        assert_eq!(plan.sinks[1].schema, plan.sources[0].schema);
    }
}

#[test]
fn no_row_is_late_without_event_time() {
    check(
        &format!(
            "{LINES}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ rolling_rows = 3 }}\nlate = \"late\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n"
        ),
        r#"
error: no row is late without event time, so there is nothing to write
 --> weather.toml:9:8
  |
9 | late = "late"
  |        ^^^^^^
  |
  = help: remove `late`
"#,
    );
}

#[test]
fn no_row_is_late_for_a_count_window() {
    check(
        &format!(
            "{SOURCE}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ count = 3 }}\nlate = \"late\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n"
        ),
        r#"
error: no row is late for a `count` window, so there is nothing to write
  --> weather.toml:12:8
   |
12 | late = "late"
   |        ^^^^^^
   |
   = help: remove `late`
"#,
    );
}

#[test]
fn no_row_is_late_by_the_clock() {
    check(
        &format!(
            "{SOURCE}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ tumbling = \"1m\", time = \"processing\" }}\nlate = \"late\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n"
        ),
        r#"
error: no row is late in processing time, so there is nothing to write
  --> weather.toml:12:8
   |
12 | late = "late"
   |        ^^^^^^
   |
   = help: remove `late`
"#,
    );
}
