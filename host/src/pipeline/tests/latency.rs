//! How long rows wait for others, and what is wrong with that.

use super::*;
use crate::time::Duration;

/// A file with one source and a sink that takes its rows.
#[track_caller]
fn check_source(source: &str, expected: &str) {
    check(
        &format!("name = \"weather\"\n[source.it]\n{source}\n{SINK}"),
        expected,
    );
}

#[track_caller]
fn check_latency(source: &str, expected: Option<Duration>) {
    let plan = load(&format!(
        "name = \"weather\"\n[source.it]\n{source}\n[sink.out]\nfrom = \"it\"\nconnector = \"stdout\"\n"
    ));
    let plan = plan.expect("it is right");
    assert_eq!(plan.sources[0].max_latency, expected);
}

#[test]
fn rows_that_come_when_they_come_wait_a_tenth_of_a_second() {
    let tenth = Some(Duration::from_millis(100));
    check_latency("connector = \"stdin\"\nformat = \"lines\"", tenth);
    check_latency("connector = \"generator\"\nrate = 1000", tenth);
    check_latency("connector = \"generator\"", None);
    let socket = "connector = \"socket\"\naddress = \"localhost:9000\"\nformat = \"lines\"\n";
    check_latency(socket, tenth);
    let set = |latency| format!("{socket}max_latency = \"{latency}\"");
    check_latency(&set("0s"), Some(Duration::ZERO));
    check_latency(&set("5ms"), Some(Duration::from_millis(5)));
    check_latency(&set("1m"), Some(Duration::from_secs(60)));
}

#[test]
fn rows_wait_for_others_no_longer_than_a_minute() {
    check_source(
        "connector = \"socket\"\naddress = \"localhost:9000\"\nformat = \"lines\"\nmax_latency = \"61s\"",
        r#"
error: expected a duration of at most `1m`, found `61s`
 --> weather.toml:6:15
  |
6 | max_latency = "61s"
  |               ^^^^^
"#,
    );
}

#[test]
fn rows_of_files_wait_for_nobody() {
    check_source(
        "connector = \"file\"\npath = \"a\"\nformat = \"lines\"\nmax_latency = \"1s\"",
        r#"
error: a `file` source cannot have `max_latency`
 --> weather.toml:6:1
  |
6 | max_latency = "1s"
  | ^^^^^^^^^^^
"#,
    );
}

#[test]
fn readings_without_a_rate_wait_for_nobody() {
    check_source(
        "connector = \"generator\"\nmax_latency = \"1s\"",
        r#"
error: `max_latency` is about readings at a `rate`, and this source has none
 --> weather.toml:4:15
  |
4 | max_latency = "1s"
  |               ^^^^
  |
  = help: set `rate`, or remove `max_latency`: readings come as fast as they are taken
"#,
    );
}
