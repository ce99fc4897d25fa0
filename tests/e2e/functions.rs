//! Every kind of function, and every function of the standard library, in a pipeline.

use serde_json::{Value, json};

use crate::support::{Workspace, library};

/// A pipeline over `rows` (JSON lines with `ts` in milliseconds, `k`, `n`, `x`, `s`) with one stage.
#[track_caller]
fn run(rows: &[Value], stage: &str) -> Vec<Value> {
    let workspace = Workspace::new();
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    workspace.write("rows.jsonl", lines);
    workspace.succeed(&format!(
        r#"
name = "functions"
parallelism = 3
[source.rows]
connector = "file"
path = "rows.jsonl"
format = "json"
columns = {{ ts = "timestamp", k = "utf8", n = "int64", x = "float64", s = "utf8" }}
event_time = {{ column = "ts", unit = "ms" }}
[stage.work]
from = "rows"
{stage}
[sink.out]
from = "work"
connector = "file"
path = "out"
format = "json"
"#
    ));
    workspace.json_lines("out")
}

fn row(ts: i64, k: &str, n: Option<i64>, x: Option<f64>, s: Option<&str>) -> Value {
    json!({ "ts": ts, "k": k, "n": n, "x": x, "s": s })
}

/// Five rows of one key in one window, the nulls in the middle, and one row of another key.
fn rows() -> Vec<Value> {
    vec![
        row(1000, "a", Some(3), Some(2.0), Some("pear")),
        row(2000, "a", Some(1), Some(4.0), Some("apple")),
        row(3000, "a", None, None, None),
        row(4000, "a", Some(3), Some(9.0), Some("fig")),
        row(5000, "b", Some(7), Some(7.0), Some("lime")),
        row(6000, "a", Some(5), Some(1.0), Some("fig")),
    ]
}

/// The result of a function of the standard library for the key `a` of [`rows`].
#[track_caller]
fn check(call: &str, expected: &Value) {
    let stage = format!(
        "key = [\"k\"]\nwindow = {{ tumbling = \"1m\" }}\naggregate = [{{ {call}, as = \"result\" }}]"
    );
    let out = run(&rows(), &stage);
    assert_eq!(out.len(), 2, "{out:?}");
    assert_eq!(out[0]["k"], "a");
    assert_eq!(&out[0]["result"], expected, "{call}");
}

#[test]
fn the_standard_library_counts_adds_and_compares() {
    check(r#"call = "std#count""#, &json!(5));
    check(r#"call = "std#count", args = ["x"]"#, &json!(4));
    check(r#"call = "std#sum", args = ["n"]"#, &json!(12));
    check(r#"call = "std#sum", args = ["x"]"#, &json!(16.0));
    check(r#"call = "std#min", args = ["n"]"#, &json!(1));
    check(r#"call = "std#max", args = ["x"]"#, &json!(9.0));
    check(r#"call = "std#min", args = ["s"]"#, &json!("apple"));
    check(
        r#"call = "std#max", args = ["ts"]"#,
        &json!("1970-01-01T00:00:06Z"),
    );
    check(r#"call = "std#mean", args = ["x"]"#, &json!(4.0));
    check(r#"call = "std#first", args = ["s"]"#, &json!("pear"));
    check(r#"call = "std#last", args = ["n"]"#, &json!(5));
}

#[test]
fn the_standard_library_looks_at_all_rows_at_once() {
    check(r#"call = "std#count_distinct", args = ["s"]"#, &json!(3));
    check(r#"call = "std#median", args = ["x"]"#, &json!(3.0));
    check(
        r#"call = "std#quantile", args = ["x"], config = { quantile = 0.5 }"#,
        &json!(3.0),
    );
    check(
        r#"call = "std#collect", args = ["s"]"#,
        &json!(r#"["pear","apple","fig","fig"]"#),
    );
}

#[test]
fn the_standard_library_looks_at_two_columns() {
    check(r#"call = "std#min_by", args = ["s", "n"]"#, &json!("apple"));
    check(r#"call = "std#max_by", args = ["s", "x"]"#, &json!("fig"));
    check(
        r#"call = "std#max_by", args = { value = "ts", by = "x" }"#,
        &json!("1970-01-01T00:00:04Z"),
    );
    check(
        r#"call = "std#covariance", args = ["n", "x"]"#,
        &json!(-2.0),
    );
}

#[test]
fn the_standard_library_looks_back_and_ahead() {
    check(r#"call = "std#lag", args = ["s"]"#, &json!("fig"));
    check(
        r#"call = "std#lag", args = ["s"], config = { rows = 2 }"#,
        &Value::Null,
    );
    check(
        r#"call = "std#lead", args = ["s"], config = { rows = 1 }"#,
        &json!("apple"),
    );
}

#[test]
fn rows_pass_that_a_process_function_lets_pass() {
    let out = run(
        &rows(),
        "key = [\"s\"]\nprocess = \"std#deduplicate\"\nkeep = [\"s\"]",
    );
    let found: Vec<String> = out.iter().map(|row| row["s"].to_string()).collect();
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(out.iter().filter(|row| row["s"] == "fig").count(), 1);
    let columns = out[0].as_object().map(serde_json::Map::len);
    assert_eq!(columns, Some(1), "there is no result");
}

#[test]
fn stddev_is_that_of_a_sample() {
    let stage = "key = [\"k\"]\nwindow = { global = true }\naggregate = [{ call = \"std#stddev\", args = [\"x\"] }]";
    let out = run(&rows(), stage);
    let found = out[0]["stddev"].as_f64().expect("a number");
    assert!((found - 3.559_026_084).abs() < 1e-9, "{found}");
    assert_eq!(out[1]["stddev"], Value::Null, "one row has no deviation");
}

#[test]
fn sliding_windows_merge_what_slices_have_seen() {
    let stage = r#"
key = ["k"]
window = { sliding = "4s", slide = "3s", offset = "1s" }
aggregate = [
  { call = "std#count", as = "count" },
  { call = "std#collect", args = ["s"], as = "all" },
]"#;
    let out: Vec<String> = run(&rows(), stage)
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {}",
                row["window_end"], row["k"], row["count"], row["all"]
            )
        })
        .collect();
    assert_eq!(
        out,
        [
            r#""1970-01-01T00:00:02Z" "a" 1 "[\"pear\"]""#,
            r#""1970-01-01T00:00:05Z" "a" 4 "[\"pear\",\"apple\",\"fig\"]""#,
            r#""1970-01-01T00:00:08Z" "a" 2 "[\"fig\",\"fig\"]""#,
            r#""1970-01-01T00:00:08Z" "b" 1 "[\"lime\"]""#,
        ]
    );
}

#[test]
fn a_global_window_has_no_borders_and_a_stream_without_keys_one_row() {
    let stage = "window = { global = true }\naggregate = [{ call = \"std#count\" }]";
    assert_eq!(run(&rows(), stage), [json!({ "count": 6 })]);
}

#[test]
fn windows_of_windows_hold_the_windows_in_them() {
    let workspace = Workspace::new();
    let lines: String = rows().iter().map(|row| format!("{row}\n")).collect();
    workspace.write("rows.jsonl", lines);
    workspace.succeed(
        r#"
name = "chained"
[source.rows]
connector = "file"
path = "rows.jsonl"
format = "json"
columns = { ts = "timestamp", k = "utf8", x = "float64" }
event_time = { column = "ts", unit = "ms" }
[stage.seconds]
from = "rows"
key = ["k"]
window = { tumbling = "2s" }
aggregate = [{ call = "std#sum", args = ["x"] }]
[stage.best]
from = "seconds"
window = { tumbling = "4s" }
aggregate = [{ call = "std#max", args = ["sum"], as = "best" }, { call = "std#count", as = "windows" }]
[sink.out]
from = "best"
connector = "file"
path = "out"
format = "json"
"#,
    );
    let out: Vec<String> = workspace
        .json_lines("out")
        .iter()
        .map(|row| format!("{} {} {}", row["window_end"], row["best"], row["windows"]))
        .collect();
    assert_eq!(
        out,
        [
            r#""1970-01-01T00:00:04Z" 4.0 2"#,
            r#""1970-01-01T00:00:08Z" 9.0 3"#,
        ]
    );
}

#[test]
fn a_table_function_makes_any_number_of_rows() {
    let rows = [
        row(1, "x", None, None, Some("The quick fox")),
        row(2, "y", None, None, Some("...")),
        row(3, "z", None, None, None),
        row(4, "x", None, None, Some("jumps")),
    ];
    let stage = format!(
        "flat_map = \"{}#words\"\nargs = {{ line = \"s\" }}\nkeep = [\"k\"]",
        library("text").display()
    );
    let words = |word: &str| json!({ "k": "x", "word": word });
    assert_eq!(
        run(&rows, &stage),
        ["the", "quick", "fox", "jumps"].map(words)
    );
}

#[test]
fn a_process_function_remembers_each_key() {
    let stage = format!(
        "key = [\"k\"]\nprocess = \"{}#running_count\"",
        library("bank").display()
    );
    let mut out: Vec<String> = run(&rows(), &stage)
        .iter()
        .map(|row| format!("{} {} {}", row["k"], row["ts"], row["count"]))
        .collect();
    out.sort();
    assert_eq!(out.len(), 6);
    assert_eq!(out[0], r#""a" "1970-01-01T00:00:01Z" 1"#);
    assert_eq!(out[4], r#""a" "1970-01-01T00:00:06Z" 5"#);
    assert_eq!(out[5], r#""b" "1970-01-01T00:00:05Z" 1"#);
}

#[test]
fn streams_unite() {
    let workspace = Workspace::new();
    for (name, from) in [("one", 0), ("two", 10)] {
        let lines: String = (from..from + 5)
            .map(|n| format!("{}\n", &json!({ "ts": n * 1000, "n": n })))
            .collect();
        workspace.write(&format!("{name}.jsonl"), lines);
    }
    let source = |name: &str| {
        format!(
            r#"
[source.{name}]
connector = "file"
path = "{name}.jsonl"
format = "json"
columns = {{ ts = "timestamp", n = "int64" }}
event_time = {{ column = "ts", unit = "ms" }}
"#
        )
    };
    workspace.succeed(&format!(
        r#"
name = "union"
parallelism = 2
{}{}
[stage.total]
from = ["one", "two"]
window = {{ global = true }}
aggregate = [{{ call = "std#sum", args = ["n"] }}, {{ call = "std#count" }}]
[sink.out]
from = "total"
connector = "file"
path = "out"
format = "json"
"#,
        source("one"),
        source("two")
    ));
    assert_eq!(
        workspace.json_lines("out"),
        [json!({ "sum": 70, "count": 10 })]
    );
}

#[test]
fn a_window_on_which_a_function_fails_is_a_dead_letter_and_the_others_go_on() {
    let workspace = Workspace::new();
    // Each half of the window fits an int64, both together do not.
    let rows = [
        row(500, "a", Some(i64::MAX), None, None),
        row(600, "b", Some(1), None, None),
        row(1500, "a", Some(5), None, None),
        row(1600, "b", Some(2), None, None),
    ];
    workspace.write("rows.jsonl", rows.map(|row| format!("{row}\n")).concat());
    let run = workspace.succeed(
        r#"
name = "overflow"
[source.rows]
connector = "file"
path = "rows.jsonl"
format = "json"
columns = { ts = "timestamp", k = "utf8", n = "int64" }
event_time = { column = "ts", unit = "ms" }
[stage.sums]
from = "rows"
key = ["k"]
window = { sliding = "2s", slide = "1s" }
aggregate = [{ call = "std#sum", args = ["n"] }]
[sink.out]
from = "sums"
connector = "file"
path = "out"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
"#,
    );
    let sums: Vec<String> = workspace
        .json_lines("out")
        .iter()
        .map(|row| format!("{} {}", row["k"], row["sum"]))
        .collect();
    assert_eq!(
        sums,
        [
            r#""a" 9223372036854775807"#,
            r#""b" 1"#,
            r#""b" 3"#,
            r#""a" 5"#,
            r#""b" 2"#
        ]
    );
    let letters = workspace.json_lines("dead");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["stage"], "sums");
    assert!(
        letters[0]["row"]
            .as_str()
            .expect("a row")
            .contains(r#""window_end":"1970-01-01T00:00:02Z""#)
    );
    assert_eq!(run.count("sums", "windows failed"), 1);
    assert_eq!(run.count("sums", "in windows"), 4);
}

#[test]
fn layers_of_unions_stay_small() {
    let workspace = Workspace::new();
    let lines: String = (0..3)
        .map(|n| format!("{}\n", json!({ "temperature": n })))
        .collect();
    workspace.write("rows.jsonl", lines);
    let weather = library("weather");
    let mut stages = String::new();
    let mut below = r#""rows""#.to_owned();
    for layer in 0..14 {
        for side in ["a", "b"] {
            stages.push_str(&format!(
                "[stage.{side}{layer}]\nfrom = [{below}]\nfilter = \"{}#is_hot\"\nconfig = {{ threshold = -1.0 }}\n",
                weather.display()
            ));
        }
        below = format!(r#""a{layer}", "b{layer}""#);
    }
    let run = workspace.succeed(&format!(
        r#"
name = "layers"
parallelism = 2
[source.rows]
connector = "file"
path = "rows.jsonl"
format = "json"
columns = {{ temperature = "float64" }}
{stages}
[sink.out]
from = [{below}]
connector = "blackhole"
"#
    ));
    // Each layer hands on what both stages of the layer below have handed on.
    assert_eq!(run.count("out", "rows"), 3 << 14);
}
