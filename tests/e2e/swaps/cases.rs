//! Scripted cases that swap components, at several widths and with a restart after every step.

use std::fs;

use super::versions::{Wrong, altered, marked, marks};
use crate::support::{Run, Workspace, library};

#[track_caller]
fn assert_ok(run: &Run) {
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
}

/// A folder with versions of components, beside which cases stand.
fn components() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("one.wasm", marks(1));
    workspace.write("two.wasm", marks(2));
    workspace.write("trap.wasm", marked(3, Wrong::Trap));
    workspace.write("late.wasm", marked(4, Wrong::Late));
    let read = |name: &str| fs::read(library(name)).expect("a component");
    workspace.write("next.wasm", read("marks_next"));
    workspace.write("mine.wasm", altered(read("std")));
    workspace.write("text.wasm", "this is no component");
    workspace
}

/// Writes a case of these stages, whose sink `out` takes what comes from `from`.
fn write(workspace: &Workspace, stages: &str, from: &str, steps: &str) {
    let pipeline = format!(
        r#"
name = "swapped"
[source.in]
connector = "test"
columns = {{ ts = "timestamp", key = "utf8", n = "int64" }}
event_time = {{ column = "ts", unit = "s" }}
{stages}
[sink.out]
from = "{from}"
connector = "test"
"#
    );
    workspace.write("case/pipeline.toml", pipeline);
    workspace.write("case/steps.jsonl", steps);
}

const MAP: &str = r#"
[stage.mark]
from = "in"
map = "../one.wasm#mark"
args = ["n"]
"#;

/// A window of ten seconds.
fn window(call: &str) -> String {
    format!(
        r#"
[stage.count]
from = "in"
key = ["key"]
window = {{ tumbling = "10s" }}
aggregate = [{{ call = "{call}", args = ["n"], as = "rows" }}]
"#
    )
}

/// Runs a case in every manner and expects it to be ok.
#[track_caller]
fn check(stages: &str, from: &str, steps: &str) {
    let workspace = components();
    write(&workspace, stages, from, steps);
    assert_ok(&workspace.output(&[
        "test",
        "case",
        "--parallelism",
        "1,3",
        "--restart-everywhere",
    ]));
}

#[test]
fn a_map_is_swapped_between_rows_and_back() {
    check(
        MAP,
        "mark",
        r#"
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"expect_new","rows":[{"n":1,"version":1}]}
{"op":"swap","stage":"mark","component":"../two.wasm"}
{"op":"row","data":{"ts":2,"key":"a","n":2}}
{"op":"expect_new","rows":[{"n":2,"version":2}]}
{"op":"restart","parallelism":2}
{"op":"row","data":{"ts":2,"key":"a","n":3}}
{"op":"expect_new","rows":[{"n":3,"version":2}]}
{"op":"crash"}
{"op":"expect_new","rows":[{"n":3,"version":2}]}
{"op":"swap","note":"what the files hold"}
{"op":"row","data":{"ts":3,"key":"a","n":4}}
{"op":"expect_new","rows":[{"n":4,"version":1}]}
"#,
    );
}

#[test]
fn a_crash_after_a_swap_goes_back_to_the_swap() {
    check(
        MAP,
        "mark",
        r#"
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"swap","stage":"mark","component":"../two.wasm"}
{"op":"row","data":{"ts":2,"key":"a","n":2}}
{"op":"crash"}
{"op":"expect_all","rows":[{"n":1,"version":1},{"n":2,"version":2}]}
"#,
    );
}

#[test]
fn an_aggregate_is_swapped_while_its_window_is_open() {
    check(
        &window("../one.wasm#tally"),
        "count",
        r#"
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"row","data":{"ts":1,"key":"b","n":1}}
{"op":"swap","stage":"count","component":"../two.wasm"}
{"op":"row","data":{"ts":2,"key":"a","n":2}}
{"op":"expect_new","rows":[]}
{"op":"end"}
{"op":"expect_new","rows":[{"key":"a","rows":2},{"key":"b","rows":1}]}
"#,
    );
}

#[test]
fn the_standard_library_is_swapped_for_a_component() {
    check(
        &window("std#sum"),
        "count",
        r#"
{"op":"row","data":{"ts":1,"key":"a","n":5}}
{"op":"swap","stage":"count","component":"../mine.wasm"}
{"op":"row","data":{"ts":2,"key":"a","n":7}}
{"op":"swap"}
{"op":"row","data":{"ts":3,"key":"a","n":1}}
{"op":"end"}
{"op":"expect_new","rows":[{"key":"a","rows":13}]}
"#,
    );
}

#[test]
fn state_is_migrated_in_windows_and_keyed_stages() {
    let number = r#"
[stage.number]
from = "in"
key = ["key"]
process = "../one.wasm#number"
args = ["n"]
[sink.numbers]
from = "number"
connector = "test"
"#;
    check(
        &[&window("../one.wasm#tally"), number].concat(),
        "count",
        r#"
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"row","data":{"ts":1,"key":"b","n":1}}
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"expect_new","sink":"numbers","rows":[{"number":1},{"number":1},{"number":2}]}
{"op":"swap","stage":"number","component":"../next.wasm"}
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"expect_new","sink":"numbers","rows":[{"number":3}]}
{"op":"swap","stage":"count","component":"../next.wasm"}
{"op":"row","data":{"ts":2,"key":"b","n":2}}
{"op":"crash"}
{"op":"expect_new","sink":"numbers","rows":[{"number":2}]}
{"op":"end"}
{"op":"expect_new","sink":"out","rows":[{"key":"a","rows":1000000003},{"key":"b","rows":1000000002}]}
"#,
    );
}

#[test]
fn what_is_refused_leaves_the_job_as_it_was() {
    let lost = window("../one.wasm#lost");
    check(
        &[
            MAP,
            &lost,
            "[sink.lost]\nfrom = \"count\"\nconnector = \"test\"\n",
        ]
        .concat(),
        "mark",
        r#"
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"swap","stage":"mark","component":"../next.wasm"}
{"op":"expect_failure","reason":"mark"}
{"op":"swap","stage":"count","component":"../next.wasm"}
{"op":"expect_failure","reason":"migrate"}
{"op":"swap","stage":"mark","component":"../text.wasm"}
{"op":"expect_failure","reason":"text.wasm"}
{"op":"swap","stage":"mark","component":"../none.wasm"}
{"op":"expect_failure","reason":"none.wasm"}
{"op":"swap","stage":"nobody","component":"../two.wasm"}
{"op":"expect_failure","reason":"there is no stage `nobody`"}
{"op":"swap","stage":"mark","component":"../trap.wasm","note":"it is tried on the row above"}
{"op":"expect_failure","reason":"this version cannot do it"}
{"op":"row","data":{"ts":2,"key":"a","n":2}}
{"op":"expect_new","sink":"out","rows":[{"n":1,"version":1},{"n":2,"version":1}]}
{"op":"expect_dead_letters","rows":[]}
{"op":"end"}
{"op":"swap","stage":"mark","component":"../two.wasm"}
{"op":"expect_failure","reason":"the job has come to the end of its input"}
{"op":"expect_new","sink":"lost","rows":[{"key":"a","rows":2}]}
"#,
    );
}

#[test]
fn a_version_that_fails_later_is_taken_back() {
    let workspace = components();
    let steps = r#"
{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"swap","stage":"mark","component":"../late.wasm"}
{"op":"row","data":{"ts":2,"key":"a","n":2}}
{"op":"row","data":{"ts":2,"key":"a","n":999}}
{"op":"row","data":{"ts":2,"key":"a","n":3}}
{"op":"expect_new","rows":[{"n":1,"version":1},{"n":2,"version":4},{"n":999,"version":1},{"n":3,"version":1}]}
{"op":"expect_dead_letters","rows":[]}
{"op":"crash"}
{"op":"expect_new","rows":[{"n":3,"version":1}]}
{"op":"restart"}
{"op":"row","data":{"ts":2,"key":"a","n":4}}
{"op":"expect_new","rows":[{"n":4,"version":1}]}
"#;
    write(&workspace, MAP, "mark", steps);
    // A restart ends its probation: only without restarts it is taken back.
    assert_ok(&workspace.output(&["test", "case", "--parallelism", "1,3"]));
}

#[test]
fn a_swap_that_nobody_expects_to_be_refused_is_reported() {
    let workspace = components();
    let steps = r#"{"op":"row","data":{"ts":1,"key":"a","n":1}}
{"op":"swap","stage":"mark","component":"../next.wasm"}
{"op":"row","data":{"ts":2,"key":"a","n":2}}
"#;
    write(&workspace, MAP, "mark", steps);
    let run = workspace.output(&["test", "case"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr
            .starts_with("case/steps.jsonl:2: error: `mark` takes `n` as float64"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_swap_of_a_stage_needs_a_component() {
    let workspace = components();
    write(&workspace, MAP, "mark", r#"{"op":"swap","stage":"mark"}"#);
    let run = workspace.output(&["test", "case"]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    let expected = "`swap` needs both `stage` and `component`, or neither of them";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}
