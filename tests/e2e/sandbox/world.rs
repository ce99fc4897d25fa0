//! Clocks, random bytes and variables: virtual, unless a stage allows them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::{column, pipeline, run};
use crate::support::{Workspace, library};

/// Three rows a minute apart, of minutes that begin at a billion seconds.
fn minutes() -> String {
    let line = |n: i64| format!("{{\"ts\":{},\"n\":{n}}}\n", 1_000_000_000_000 + n * 60_000);
    (1..=3).map(line).collect()
}

/// So many rows of two keys.
fn many(rows: i64) -> String {
    let line = |n: i64| format!("{{\"ts\":{},\"n\":{n},\"s\":\"{}\"}}\n", n * 1000, n % 2);
    (1..=rows).map(line).collect()
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.expect("a clock that is right").as_micros()).expect("not yet")
}

#[test]
fn the_clock_stands_at_the_epoch_and_then_at_the_watermark() {
    // The only batch comes before any watermark.
    let (workspace, _) = run(&minutes(), "map = \"onlooker#wall\"");
    assert_eq!(column(&workspace, "wall"), [0, 0, 0]);

    // The batches of a stage with a key come behind the watermarks of those before them.
    let cases = Workspace::new();
    let library = library("onlooker");
    cases.write(
        "clock/pipeline.toml",
        format!(
            r#"
name = "clock"
[source.in]
connector = "test"
columns = {{ ts = "timestamp", n = "int64" }}
event_time = {{ column = "ts", unit = "ms" }}
[stage.wall]
from = "in"
map = "{library}#wall"
[stage.both]
from = "wall"
map = "{library}#monotonic"
[sink.out]
from = "both"
connector = "test"
"#,
            library = library.display()
        ),
    );
    cases.write(
        "clock/steps.jsonl",
        r#"{"op":"row","data":{"ts":1000,"n":1}}
{"op":"expect_new","rows":[{"ts":1000,"n":1,"wall":0,"monotonic":1000}]}
{"op":"watermark","ts":1000}
{"op":"row","data":{"ts":2000,"n":2}}
{"op":"row","data":{"ts":3000,"n":3}}
{"op":"expect_new","rows":[{"ts":2000,"n":2,"wall":1000000,"monotonic":1000001000},{"ts":3000,"n":3,"wall":1000000,"monotonic":1000001000}]}
{"op":"watermark","ts":5000}
{"op":"restart"}
{"op":"row","data":{"ts":6000,"n":6}}
{"op":"expect_new","rows":[{"ts":6000,"n":6,"wall":5000000,"monotonic":5000001000}]}
"#,
    );
    let run = cases.output(&[
        "test",
        "--restart-everywhere",
        "--parallelism",
        "1,2",
        "clock",
    ]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
}

#[test]
fn random_bytes_are_the_same_in_every_run_and_differ_from_row_to_row() {
    let drawn = |stage: &str| {
        let (workspace, _) = run(&minutes(), stage);
        column(&workspace, "drawn")
    };
    let first = drawn("map = \"onlooker#draw\"");
    assert_eq!(drawn("map = \"onlooker#draw\""), first);
    assert_ne!(first[0], first[1]);
    assert_ne!(first[1], first[2]);
    // Of the host: nobody knows them.
    let of_host = drawn("map = \"onlooker#draw\"\nallow = [\"random\"]");
    assert_ne!(of_host, first);
    assert_ne!(
        drawn("map = \"onlooker#draw\"\nallow = [\"random\"]"),
        of_host
    );
}

#[test]
fn random_bytes_are_those_of_the_call_however_often_an_instance_was_renewed() {
    // The row 13 breaks the instance, and the batch is halved until only that row is left.
    let renewed = || {
        let (workspace, run) = run(&many(20), "map = \"onlooker#draw\"");
        assert_eq!(run.count("work", "dead letters"), 1);
        column(&workspace, "drawn")
    };
    let first = renewed();
    assert_eq!(first.len(), 19);
    assert_eq!(renewed(), first);
    // The seed of hash tables stays through all calls of all instances.
    let (workspace, _) = run(&many(20), "map = \"onlooker#seed\"");
    let seeds = column(&workspace, "seed");
    assert!(seeds.iter().all(|seed| *seed == seeds[0]), "{seeds:?}");
}

#[test]
fn a_job_that_is_killed_draws_what_it_would_have_drawn() {
    let stage = "key = [\"s\"]\nprocess = \"onlooker#look\"\nkeep = [\"ts\"]";
    let (whole, _) = run(&many(60_000), stage);
    let expected = whole.rows("out");
    assert_eq!(expected.len(), 60_000);

    // Steps that a second checkpoint comes to even if it is the last, as on a slow disk.
    for failpoint in ["write:2", "manifest:2", "commit:2"] {
        let workspace = Workspace::new();
        let text = pipeline(&workspace, &many(60_000), stage);
        let text = format!("{text}[checkpoint]\npath = \"state\"\ninterval = \"1ms\"\n");
        workspace.write("pipeline.toml", text);
        let mut killed = workspace.tidemill(&["run", "pipeline.toml"]);
        let killed = killed.env("TIDEMILL_FAILPOINT", failpoint).output();
        assert!(!killed.expect("it runs").status.success(), "{failpoint}");
        let again = workspace.output(&["run", "pipeline.toml"]);
        assert_eq!(again.status, 0, "{failpoint}: {}", again.stderr);
        // Not with `assert_eq!`, which would print all of them.
        assert!(workspace.rows("out") == expected, "{failpoint}");
    }
}

#[test]
fn what_is_allowed_is_that_of_the_host() {
    let before = now();
    let (workspace, _) = run(&minutes(), "map = \"onlooker#wall\"\nallow = [\"clock\"]");
    let walls = column(&workspace, "wall");
    let (first, last) = (walls[0].as_i64(), walls[2].as_i64());
    assert!(first.expect("a time") >= before, "{walls:?}");
    assert!(last.expect("a time") <= now(), "{walls:?}");

    let workspace = Workspace::new();
    let names = ["TIDEMILL_SHOWN", "TIDEMILL_HIDDEN", "PATH"];
    let line = |name: &str| format!("{{\"ts\":1,\"n\":1,\"s\":\"{name}\"}}\n");
    let lines: String = names.map(line).concat();
    let stage = "map = \"onlooker#variable\"\nargs = [\"s\"]\nallow = [\"env:TIDEMILL_SHOWN\"]";
    let text = pipeline(&workspace, &lines, stage);
    workspace.write("pipeline.toml", text);
    let mut command = workspace.tidemill(&["run", "pipeline.toml"]);
    let command = command
        .env("TIDEMILL_SHOWN", "hunter2")
        .env("TIDEMILL_HIDDEN", "hunter3");
    let output = command.output().expect("it runs");
    assert!(output.status.success());
    assert_eq!(
        column(&workspace, "value"),
        [Value::from("hunter2"), Value::Null, Value::Null]
    );

    // What a stage may do is shown; what variables hold is not.
    let mut command = workspace.tidemill(&["check", "pipeline.toml"]);
    let output = command
        .env("TIDEMILL_SHOWN", "hunter2")
        .output()
        .expect("it runs");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("  allow         env:TIDEMILL_SHOWN\n"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    let run = workspace.output(&["check", "pipeline.toml"]);
    assert_eq!(run.status, 2);
    let expected = "the environment variable `TIDEMILL_SHOWN` is not set";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}

#[test]
fn inspect_tells_what_a_component_gets_of_what_it_imports() {
    let workspace = Workspace::new();
    let run = workspace.output(&["inspect", &library("onlooker").display().to_string()]);
    for (import, gets) in [
        (
            "wasi:clocks/wall-clock@0.2.0",
            "the time of the stream; with `allow = [\"clock\"]`",
        ),
        (
            "wasi:random/random@0.2.0",
            "bytes that follow from the call; with `allow = [\"random\"]`",
        ),
        (
            "wasi:cli/environment@0.2.0",
            "no variables; with `allow = [\"env:NAME\"]`",
        ),
        ("wasi:cli/stdout@0.2.0", "the log"),
    ] {
        let mut lines = run.stdout.lines();
        let line = lines.find(|line| line.contains(import));
        let line = line.unwrap_or_else(|| panic!("{import}: {}", run.stdout));
        assert!(line.contains(gets), "{line}");
    }
}
