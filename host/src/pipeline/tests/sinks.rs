//! `[sink.NAME]`: files that are rolled.

use super::*;
use crate::{
    connector::{Roll, SinkConfig},
    time::Duration,
};

/// A file sink with these keys.
fn file(keys: &str) -> String {
    format!(
        "{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"out\"\n{keys}\n"
    )
}

/// When the files of a sink with these keys are rolled, and what the plan says of it.
fn roll(keys: &str) -> (Roll, String) {
    let plan = load(&file(keys)).unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"));
    let sink = &plan.sinks[0];
    let SinkConfig::File { roll, .. } = &sink.config else {
        panic!("{:?} is no file", sink.config);
    };
    (*roll, sink.summary.clone())
}

#[test]
fn files_are_rolled_by_size_and_time() {
    let size = Some(64 << 20);
    let every = Some(Duration::from_secs(600));
    for (keys, expected, summary) in [
        ("", Roll::default(), "file out, json"),
        (
            "roll = { size = \"64MiB\" }",
            Roll { size, every: None },
            "file out, json, another file after 64MiB",
        ),
        (
            "roll = { every = \"10m\" }",
            Roll { size: None, every },
            "file out, json, another file after 10m",
        ),
        (
            "roll = { size = \"64MiB\", every = \"10m\" }",
            Roll { size, every },
            "file out, json, another file after 64MiB or 10m",
        ),
    ] {
        assert_eq!(roll(keys), (expected, summary.to_owned()), "{keys}");
    }
}

#[test]
fn what_does_not_say_when_is_refused() {
    check(
        &file("roll = { size = \"0B\", every = \"0s\", rows = 3 }"),
        r#"
error: `size` goes from 1B to 1073741824GiB, found 0B
  --> weather.toml:12:17
   |
12 | roll = { size = "0B", every = "0s", rows = 3 }
   |                 ^^^^

error: expected a duration above zero, found no time at all
  --> weather.toml:12:31
   |
12 | roll = { size = "0B", every = "0s", rows = 3 }
   |                               ^^^^

error: unknown key `rows` in `roll`
  --> weather.toml:12:37
   |
12 | roll = { size = "0B", every = "0s", rows = 3 }
   |                                     ^^^^
   |
   = help: known keys are `size`, `every`
"#,
    );
    check(
        &file("roll = { size = \"99999999999GiB\", every = \"999999999999d\" }"),
        r#"
error: `size` goes from 1B to 1073741824GiB, found 99999999999GiB
  --> weather.toml:12:17
   |
12 | roll = { size = "99999999999GiB", every = "999999999999d" }
   |                 ^^^^^^^^^^^^^^^^

error: expected a duration of at most `106751991d`, found `999999999999d`
  --> weather.toml:12:43
   |
12 | roll = { size = "99999999999GiB", every = "999999999999d" }
   |                                           ^^^^^^^^^^^^^^^
"#,
    );
    check(
        &file("roll = { size = 64, every = \"often\" }"),
        r#"
error: expected a size such as `64MiB`, found integer
  --> weather.toml:12:17
   |
12 | roll = { size = 64, every = "often" }
   |                 ^^

error: expected a duration such as `20s`, found `often`
  --> weather.toml:12:29
   |
12 | roll = { size = 64, every = "often" }
   |                             ^^^^^^^
"#,
    );
    check(
        &file("roll = {}"),
        r"
error: `roll` has neither `size` nor `every`
  --> weather.toml:12:8
   |
12 | roll = {}
   |        ^^
",
    );
    check(
        &file("roll = \"64MiB\""),
        r#"
error: expected a table such as `{ size = "64MiB" }`, found string
  --> weather.toml:12:8
   |
12 | roll = "64MiB"
   |        ^^^^^^^
"#,
    );
}

#[test]
fn only_files_are_rolled() {
    check(
        &format!(
            "{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"stdout\"\nroll = {{ size = \"1MiB\" }}\n\
             [dead_letters]\nconnector = \"blackhole\"\nroll = {{ size = \"1MiB\" }}\n"
        ),
        r#"
error: a `stdout` sink cannot have `roll`
  --> weather.toml:11:1
   |
11 | roll = { size = "1MiB" }
   | ^^^^

error: `[dead_letters]` cannot have `roll`
  --> weather.toml:14:1
   |
14 | roll = { size = "1MiB" }
   | ^^^^
"#,
    );
}

#[test]
fn the_sink_of_dead_letters_keeps_its_name() {
    check(
        &format!(
            "{SOURCE}[sink.dead_letters]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"out\"\n\
             [dead_letters]\nconnector = \"file\"\npath = \"dead\"\n"
        ),
        r"
error: a sink cannot be called `dead_letters`
 --> weather.toml:8:7
  |
8 | [sink.dead_letters]
  |       ^^^^^^^^^^^^
  |
  = help: that is the name of the sink of `[dead_letters]`
",
    );
}
