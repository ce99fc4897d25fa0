//! Sources and sinks of scripted cases, and partitions that fall silent.

use super::*;
use crate::{
    connector::{Format, SinkConfig, SourceConfig},
    time::Duration,
};

/// A pipeline with a source from a script.
fn script(keys: &str) -> String {
    format!(
        "name = \"case\"\n[source.in]\nconnector = \"test\"\n{keys}\n[sink.out]\nfrom = \"in\"\nconnector = \"test\"\n[dead_letters]\nconnector = \"test\"\n"
    )
}

#[test]
fn a_case_has_sources_and_sinks_of_its_own() {
    let plan = load(&script(
        "columns = { ts = \"timestamp\", v = \"int64\" }\nevent_time = { column = \"ts\", unit = \"s\" }\nwatermark = { delay = \"5s\", idle_timeout = \"30s\" }\nbatch_rows = 2\non_error = \"skip\"",
    ))
    .expect("it is right");
    let source = &plan.sources[0];
    let SourceConfig::Test { decoding } = &source.config else {
        panic!("it is from a script");
    };
    assert_eq!((decoding.format, decoding.batch_rows), (Format::Json, 2));
    assert_eq!(source.schema.to_string(), "ts: timestamp, v: int64?");
    assert!(source.event_time);
    assert_eq!(source.idle_timeout, Some(Duration::from_secs(30)));
    assert_eq!(plan.sinks[0].config, SinkConfig::Test);
    assert_eq!(plan.dead_letters, Some(SinkConfig::Test));
}

#[test]
fn rows_of_a_script_have_columns_and_no_format() {
    check(
        &script("format = \"json\"\npath = \"x\"\nmax_drift = \"1s\""),
        r#"
error: source `in` has no `columns`
 --> weather.toml:2:9
  |
2 | [source.in]
  |         ^^
  |
  = help: add them, as in `columns = { sensor = "utf8", temperature = "float64" }`

error: a `test` source cannot have `format`
 --> weather.toml:4:1
  |
4 | format = "json"
  | ^^^^^^

error: a `test` source cannot have `path`
 --> weather.toml:5:1
  |
5 | path = "x"
  | ^^^^

error: a `test` source cannot have `max_drift`
 --> weather.toml:6:1
  |
6 | max_drift = "1s"
  | ^^^^^^^^^
"#,
    );
}

#[test]
fn a_sink_of_a_case_has_nothing_else() {
    let toml = script("columns = { v = \"int64\" }")
        .replace("from = \"in\"\n", "from = \"in\"\nformat = \"json\"\n");
    check(
        &toml,
        r#"
error: a `test` sink cannot have `format`
 --> weather.toml:7:1
  |
7 | format = "json"
  | ^^^^^^
"#,
    );
}

#[test]
fn a_source_falls_silent_after_some_time() {
    check(
        &(SOURCE.replace(
            "event_time = ",
            "watermark = { idle_timeout = \"0s\", delays = \"1s\" }\nevent_time = ",
        ) + "[sink.out]\nfrom = \"readings\"\nconnector = \"test\"\n"),
        r#"
error: expected a duration above zero, found no time at all
 --> weather.toml:7:30
  |
7 | watermark = { idle_timeout = "0s", delays = "1s" }
  |                              ^^^^

error: unknown key `delays` in `watermark`
 --> weather.toml:7:36
  |
7 | watermark = { idle_timeout = "0s", delays = "1s" }
  |                                    ^^^^^^
  |
  = help: did you mean `delay`?
"#,
    );
}

#[test]
fn silence_matters_where_there_is_event_time() {
    check(
        &script("columns = { v = \"int64\" }\nwatermark = { idle_timeout = \"30s\" }"),
        r#"
error: `watermark` is about event time, and this source has none
 --> weather.toml:5:13
  |
5 | watermark = { idle_timeout = "30s" }
  |             ^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: set `event_time = { column = …, unit = … }`
"#,
    );
}
