//! Mistakes in pipelines: one clear message each, with file, line and column.

use crate::support::{Run, Workspace, library};

/// A pipeline without mistakes, but for what a test replaces.
const GOOD: &str = r#"name = "bad"

[source.readings]
connector = "file"
path = "readings.jsonl"
format = "json"
columns = { ts = "timestamp", sensor = "utf8", temperature = "float64" }
event_time = { column = "ts", unit = "ms" }

[stage.hot]
from = "readings"
filter = "weather.wasm#is_hot"

[stage.average]
from = "hot"
key = ["sensor"]
window = { tumbling = "1m" }
aggregate = [{ call = "std#mean", args = ["temperature"] }]

[sink.out]
from = "average"
connector = "blackhole"
"#;

/// A folder with everything that the pipeline names.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("readings.jsonl", "");
    let weather = std::fs::read(library("weather")).expect("a component");
    workspace.write("weather.wasm", weather);
    workspace
}

/// Replaces `from` by `to` in the good pipeline and runs it.
fn run(from: &str, to: &str) -> Run {
    assert!(GOOD.contains(from), "`{from}` is not in the pipeline");
    workspace().run(&GOOD.replacen(from, to, 1))
}

/// Expects exactly `expected` on standard error, and the exit status of an invalid pipeline.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    let run = run(from, to);
    assert_eq!(run.stderr.trim(), expected.trim(), "\n{}", run.stderr);
    assert_eq!(run.status, 2);
    assert_eq!(run.stdout, "");
}

#[test]
fn the_good_one_is_good() {
    let run = run("name", "name");
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn an_unknown_key() {
    check(
        "format = \"json\"",
        "format = \"json\"\nformt = \"json\"",
        r#"
error: unknown key `formt` in a `file` source
 --> pipeline.toml:7:1
  |
7 | formt = "json"
  | ^^^^^
  |
  = help: did you mean `format`?
"#,
    );
}

#[test]
fn a_missing_input_file() {
    check(
        "readings.jsonl",
        "redings.jsonl",
        r#"
error: cannot read `redings.jsonl`: there is no file or directory `redings.jsonl`
 --> pipeline.toml:5:8
  |
5 | path = "redings.jsonl"
  |        ^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn a_missing_component() {
    check(
        "\"std#mean\"",
        "\"stats.wasm#mean\"",
        r#"
error: there is no file `stats.wasm`
  --> pipeline.toml:18:24
   |
18 | aggregate = [{ call = "stats.wasm#mean", args = ["temperature"] }]
   |                        ^^^^^^^^^^
   |
   = help: build it, or correct the path: it is relative to this file
"#,
    );
}

#[test]
fn a_missing_function() {
    check(
        "#is_hot",
        "#is_hott",
        r#"
error: `weather.wasm` has no function `is_hott`
  --> pipeline.toml:12:24
   |
12 | filter = "weather.wasm#is_hott"
   |                        ^^^^^^^
   |
   = help: did you mean `is_hot`?
"#,
    );
}

#[test]
fn a_wrong_parameter_type() {
    check(
        "temperature = \"float64\"",
        "temperature = \"utf8\"",
        r#"
error: `is_hot` takes `temperature` as float64, and column `temperature` is utf8
  --> pipeline.toml:12:24
   |
12 | filter = "weather.wasm#is_hot"
   |                        ^^^^^^
   |
   = help: the function is `is_hot(temperature: float64) -> is_hot: boolean`
"#,
    );
}

#[test]
fn an_unknown_column() {
    check(
        "key = [\"sensor\"]",
        "key = [\"sensr\"]",
        r#"
error: there is no column `sensr`
  --> pipeline.toml:16:8
   |
16 | key = ["sensr"]
   |        ^^^^^^^
   |
   = help: did you mean `sensor`?
"#,
    );
}

#[test]
fn a_cycle() {
    check(
        "from = \"readings\"",
        "from = \"average\"",
        r#"
error: nothing reads source `readings`
 --> pipeline.toml:3:9
  |
3 | [source.readings]
  |         ^^^^^^^^
  |
  = help: read it with `from = "readings"`, or remove it

error: these stages feed themselves: hot -> average -> hot
  --> pipeline.toml:11:8
   |
11 | from = "average"
   |        ^^^^^^^^^ closes the circle
"#,
    );
}

#[test]
fn a_duplicate_name() {
    check(
        "[sink.out]",
        "[sink.average]",
        r#"
error: `average` is already the name of a stage
  --> pipeline.toml:20:7
   |
14 | [stage.average]
   |        ------- first used here
...
20 | [sink.average]
   |       ^^^^^^^
   |
   = help: sources, stages, sinks and tables need names of their own
"#,
    );
}

#[test]
fn an_unreachable_stage() {
    check(
        "from = \"average\"",
        "from = \"hot\"",
        r#"
error: nothing reads stage `average`
  --> pipeline.toml:14:8
   |
14 | [stage.average]
   |        ^^^^^^^
   |
   = help: read it with `from = "average"`, or remove it
"#,
    );
}

#[test]
fn a_component_of_another_version() {
    let workspace = workspace();
    // The name stands in the component as plain text.
    let mut bytes = std::fs::read(library("weather")).expect("a component");
    let (old, new) = (b"tidemill:udf/catalog@0.1.0", b"tidemill:udf/catalog@0.2.0");
    let mut replaced = 0;
    for start in 0..bytes.len() - old.len() {
        if bytes[start..].starts_with(old) {
            bytes[start..start + new.len()].copy_from_slice(new);
            replaced += 1;
        }
    }
    assert!(replaced > 0);
    workspace.write("newer.wasm", bytes);
    let run = workspace.run(&GOOD.replace("weather.wasm", "newer.wasm"));
    assert_eq!(run.status, 2);
    assert_eq!(
        run.stderr.trim(),
        r#"error: cannot use `newer.wasm`: the component is made for `tidemill:udf/catalog@0.2.0`, this host speaks 0.1.0 of the contract
  --> pipeline.toml:12:11
   |
12 | filter = "newer.wasm#is_hot"
   |           ^^^^^^^^^^"#
    );
}

#[test]
fn not_a_component_at_all() {
    let workspace = workspace();
    workspace.write("notes.wasm", "these are notes");
    let run = workspace.run(&GOOD.replace("weather.wasm", "notes.wasm"));
    assert_eq!(run.status, 2);
    assert_eq!(
        run.stderr.trim(),
        r#"error: cannot use `notes.wasm`: not a WebAssembly component: the file begins with the bytes 74 68 65 73 (`thes`)
  --> pipeline.toml:12:11
   |
12 | filter = "notes.wasm#is_hot"
   |           ^^^^^^^^^^"#
    );
}

#[test]
fn a_configuration_that_the_library_refuses() {
    check(
        "#is_hot\"",
        "#is_hot\"\nconfig = { treshold = 3.0 }",
        r#"
error: `weather.wasm` refuses its configuration: the configuration does not fit: unknown field `treshold`, expected `threshold` at line 1 column 11
  --> pipeline.toml:13:10
   |
13 | config = { treshold = 3.0 }
   |          ^^^^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let run = run(
        "[sink.out]\nfrom = \"average\"",
        "[sink.out]\nform = \"average\"\ncolour = 3",
    );
    assert_eq!(run.status, 2);
    assert!(run.stderr.matches("error: ").count() >= 3, "{}", run.stderr);
}

#[test]
fn a_file_that_is_not_there() {
    let run = Workspace::new().output(&["run", "nowhere.toml"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr
            .contains("cannot read the pipeline: No such file"),
        "{}",
        run.stderr
    );
}
