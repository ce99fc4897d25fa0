//! `[checkpoint]`.

use super::*;
use crate::{
    pipeline::{CheckpointConfig, Location, Place},
    time::Duration,
};

/// A pipeline with a section `[checkpoint]`.
fn pipeline(keys: &str) -> String {
    let sink = "[sink.out]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"out\"\n";
    format!("{SOURCE}[checkpoint]\n{keys}\n{sink}")
}

#[track_caller]
fn config(keys: &str) -> Option<CheckpointConfig> {
    let plan = load(&pipeline(keys)).unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"));
    plan.checkpoint
}

#[test]
fn a_place_is_enough() {
    let expected = CheckpointConfig {
        location: Location::directory("state/"),
        interval: Duration::from_secs(10),
        keep: 3,
    };
    assert_eq!(config("path = \"state/\""), Some(expected));
    let toml = format!("{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"stdout\"\n");
    assert_eq!(load(&toml).expect("it is right").checkpoint, None);
}

#[test]
fn a_place_can_be_a_url() {
    let expected = CheckpointConfig {
        location: Location::url("s3://bucket/jobs"),
        interval: Duration::from_millis(1500),
        keep: 1,
    };
    let keys = "path = \"s3://bucket/jobs\"\ninterval = \"1500ms\"\nkeep = 1";
    assert_eq!(config(keys), Some(expected));
}

#[test]
fn the_environment_is_not_shown() {
    let found = config("path = \"s3://${PASSWORD}/jobs\"").expect("a place");
    assert_eq!(found.location.to_string(), "s3://${PASSWORD}/jobs");
    assert_eq!(format!("{:?}", found.location), "\"s3://${PASSWORD}/jobs\"");
    let Place::Url(url) = found.location.place() else {
        panic!("a URL");
    };
    assert!(!url.contains("PASSWORD"), "the value of the variable");
    let directory = config("path = \"${PASSWORD}/x\"").expect("a place");
    assert_eq!(directory.location.to_string(), "${PASSWORD}/x");
}

#[test]
fn the_plan_tells_where_checkpoints_are() {
    let plan = load(&pipeline("path = \"state/\"\ninterval = \"1m\"")).expect("it is right");
    let text = plan.to_string();
    let expected = "every 1m to state/; the last 3 are kept";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn mistakes_are_named() {
    check(
        &pipeline("interval = \"0s\"\nkeep = 0\nkepp = 3"),
        r#"
error: `[checkpoint]` has no `path`
 --> weather.toml:8:1
  |
8 | [checkpoint]
  | ^^^^^^^^^^^^
  |
  = help: add a directory such as `path = "state/"`, or the URL of an object store

error: expected a duration above zero, found no time at all
 --> weather.toml:9:12
  |
9 | interval = "0s"
  |            ^^^^

error: expected an integer from 1 to 1000, found 0
  --> weather.toml:10:8
   |
10 | keep = 0
   |        ^

error: unknown key `kepp` in `[checkpoint]`
  --> weather.toml:11:1
   |
11 | kepp = 3
   | ^^^^
   |
   = help: did you mean `keep`?
"#,
    );
}

#[test]
fn a_place_that_cannot_be_is_refused() {
    check(
        &pipeline("path = \"gs://bucket\""),
        r#"
error: checkpoints cannot be kept in `gs://bucket`
 --> weather.toml:9:8
  |
9 | path = "gs://bucket"
  |        ^^^^^^^^^^^^^
  |
  = help: they are kept in a directory, or an object store such as `s3://bucket/folder`
"#,
    );
    check(
        &pipeline("path = \"s3:///jobs\""),
        r#"
error: `s3:///jobs` names no bucket
 --> weather.toml:9:8
  |
9 | path = "s3:///jobs"
  |        ^^^^^^^^^^^^
  |
  = help: write it as in `s3://bucket/folder`
"#,
    );
    check(
        &pipeline("path = \"\""),
        r#"
error: expected a directory or a URL, found an empty string
 --> weather.toml:9:8
  |
9 | path = ""
  |        ^^
"#,
    );
}

#[test]
fn checkpoints_have_a_directory_of_their_own() {
    check(
        &pipeline("path = \"./out\""),
        r#"
error: a sink cannot write to the directory of the checkpoints
  --> weather.toml:13:8
   |
 9 | path = "./out"
   |        ------- the checkpoints
...
13 | path = "out"
   |        ^^^^^
   |
   = help: give each a directory of its own
"#,
    );
}
