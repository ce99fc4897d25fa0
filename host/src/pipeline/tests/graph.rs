//! Edges: unknown names, circles, dead ends, unions.

use super::{late::AVERAGE, *};

const OTHER: &str = r#"[source.other]
connector = "stdin"
format = "csv"
columns = { ts = "timestamp", sensor = "utf8", temperature = "float32", count = "int32" }
"#;

#[test]
fn from_must_be_a_source_or_a_stage() {
    check(
        &format!("{SOURCE}[sink.out]\nfrom = \"reading\"\nconnector = \"stdout\"\n"),
        r#"
error: there is no source or stage `reading`
 --> weather.toml:9:8
  |
9 | from = "reading"
  |        ^^^^^^^^^
  |
  = help: did you mean `readings`?
"#,
    );
}

#[test]
fn from_cannot_be_a_sink() {
    check(
        &format!(
            "{SOURCE}[stage.a]\nfrom = \"out\"\nfilter = \"weather.wasm#is_hot\"\n[sink.out]\nfrom = [\"readings\", \"a\"]\nconnector = \"stdout\"\n"
        ),
        r#"
error: `out` is a sink; rows come from sources and stages
 --> weather.toml:9:8
  |
9 | from = "out"
  |        ^^^^^
"#,
    );
}

#[test]
fn from_is_a_name_or_a_list_of_names() {
    check(
        &format!(
            "{SOURCE}[sink.a]\nfrom = 3\nconnector = \"stdout\"\n[sink.b]\nfrom = []\nconnector = \"stdout\"\n[sink.c]\nfrom = [\"readings\", \"readings\", 3]\nconnector = \"stdout\"\n"
        ),
        r#"
error: expected the name of a source or stage, or a list of them, found integer
 --> weather.toml:9:8
  |
9 | from = 3
  |        ^

error: expected the name of a source or stage, or a list of them, found an empty list
  --> weather.toml:12:8
   |
12 | from = []
   |        ^^

error: expected a name, found integer
  --> weather.toml:15:33
   |
15 | from = ["readings", "readings", 3]
   |                                 ^
"#,
    );
}

#[test]
fn a_stage_needs_a_from() {
    check(
        &format!("{SOURCE}[stage.it]\nfilter = \"weather.wasm#is_hot\"\n{SINK}"),
        r#"
error: stage `it` has no `from`
 --> weather.toml:8:8
  |
8 | [stage.it]
  |        ^^
  |
  = help: add `from = "NAME"`, a source or a stage
"#,
    );
}

#[test]
fn names_are_given_once() {
    check(
        &format!(
            "{SOURCE}[stage.readings]\nfrom = \"readings\"\nfilter = \"weather.wasm#is_hot\"\n[sink.readings]\nfrom = \"readings\"\nconnector = \"stdout\"\n"
        ),
        r"
error: `readings` is already the name of a source
 --> weather.toml:8:8
  |
2 | [source.readings]
  |         -------- first used here
...
8 | [stage.readings]
  |        ^^^^^^^^
  |
  = help: sources, stages, sinks and tables need names of their own

error: `readings` is already the name of a source
  --> weather.toml:11:7
   |
 2 | [source.readings]
   |         -------- first used here
...
11 | [sink.readings]
   |       ^^^^^^^^
   |
   = help: sources, stages, sinks and tables need names of their own
",
    );
}

#[test]
fn circles_are_named() {
    let stage = |name: &str, from: &str| {
        format!("[stage.{name}]\nfrom = {from}\nfilter = \"weather.wasm#is_hot\"\n")
    };
    let stages = [
        stage("a", "[\"readings\", \"c\"]"),
        stage("b", "\"a\""),
        stage("c", "\"b\""),
        stage("it", "[\"c\", \"it\"]"),
    ];
    check(
        &format!("{SOURCE}{}{SINK}", stages.concat()),
        r#"
error: these stages feed themselves: a -> b -> c -> a
 --> weather.toml:9:21
  |
9 | from = ["readings", "c"]
  |                     ^^^ closes the circle

error: these stages feed themselves: it -> it
  --> weather.toml:18:14
   |
18 | from = ["c", "it"]
   |              ^^^^ closes the circle
"#,
    );
}

#[test]
fn what_nobody_reads_is_an_error() {
    check(
        &format!(
            "{SOURCE}{OTHER}[stage.hot]\nfrom = \"readings\"\nfilter = \"weather.wasm#is_hot\"\n[sink.out]\nfrom = \"readings\"\nconnector = \"stdout\"\n"
        ),
        r#"
error: nothing reads source `other`
 --> weather.toml:8:9
  |
8 | [source.other]
  |         ^^^^^
  |
  = help: read it with `from = "other"`, or remove it

error: nothing reads stage `hot`
  --> weather.toml:12:8
   |
12 | [stage.hot]
   |        ^^^
   |
   = help: read it with `from = "hot"`, or remove it
"#,
    );
}

#[test]
fn a_pipeline_needs_a_sink() {
    check(
        SOURCE,
        r#"
error: the pipeline has no sink
 --> weather.toml:1:1
  |
1 | name = "weather"
  | ^
  |
  = help: add one as `[sink.NAME]`
"#,
    );
}

#[test]
fn a_union_needs_equal_types() {
    check(
        &format!(
            "{SOURCE}{OTHER}[sink.out]\nfrom = [\"readings\", \"other\"]\nconnector = \"stdout\"\n"
        ),
        r#"
error: `readings` and `other` cannot be read together: column `temperature` is float64 in `readings` and float32 in `other`
  --> weather.toml:13:21
   |
13 | from = ["readings", "other"]
   |                     ^^^^^^^
   |
   = help: bring them to the same columns in a `map` stage
"#,
    );
}

#[test]
fn a_union_needs_equal_columns() {
    check(
        &format!(
            "{SOURCE}{AVERAGE}[sink.out]\nfrom = [\"it\", \"readings\"]\nconnector = \"stdout\"\n"
        ),
        r#"
error: `it` and `readings` cannot be read together: `readings` has no column `window_start`
  --> weather.toml:13:15
   |
13 | from = ["it", "readings"]
   |               ^^^^^^^^^^
   |
   = help: bring them to the same columns in a `map` stage
"#,
    );
}

#[test]
fn a_union_needs_event_time_in_all_or_none() {
    let other = OTHER.replace("float32", "float64");
    check(
        &format!(
            "{SOURCE}{other}[sink.out]\nfrom = [\"readings\", \"other\"]\nconnector = \"stdout\"\n"
        ),
        r#"
error: `readings` and `other` cannot be read together: `other` has no event time
  --> weather.toml:13:21
   |
13 | from = ["readings", "other"]
   |                     ^^^^^^^
   |
   = help: set `event_time` on the sources of both, or of neither
"#,
    );
}

#[test]
fn sinks_have_directories_of_their_own() {
    check(
        &format!(
            "{SOURCE}[sink.a]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"out\"\n[dead_letters]\nconnector = \"file\"\npath = \"out\"\n"
        ),
        r#"
error: two sinks cannot write to one directory
  --> weather.toml:14:8
   |
11 | path = "out"
   |        ----- the other one
...
14 | path = "out"
   |        ^^^^^
   |
   = help: give each a directory of its own
"#,
    );
}

#[test]
fn sinks_have_connectors_with_keys_of_their_own() {
    check(
        &format!(
            "{SOURCE}[sink.a]\nfrom = \"readings\"\nconnector = \"blackhole\"\npath = \"out\"\n[sink.b]\nfrom = \"readings\"\npath = \"x\"\n[sink.c]\nfrom = \"readings\"\nconnector = \"file\"\nformat = \"lines\"\n[dead_letters]\nconnector = \"stdout\"\nfrom = \"readings\"\n"
        ),
        r#"
error: a `blackhole` sink cannot have `path`
  --> weather.toml:11:1
   |
11 | path = "out"
   | ^^^^

error: sink `b` has no `connector`
  --> weather.toml:12:7
   |
12 | [sink.b]
   |       ^
   |
   = help: add `connector = "stdout"`, or `file`, `blackhole`, `test`

error: sink `c` has no `path`
  --> weather.toml:15:7
   |
15 | [sink.c]
   |       ^
   |
   = help: add the path of a directory

error: unknown format `lines`
  --> weather.toml:18:10
   |
18 | format = "lines"
   |          ^^^^^^^
   |
   = help: known are `json`, `csv`, `parquet`

error: `[dead_letters]` cannot have `from`
  --> weather.toml:21:1
   |
21 | from = "readings"
   | ^^^^
"#,
    );
}

#[test]
fn an_input_is_listed_once() {
    check(
        &format!(
            "{SOURCE}[sink.out]\nfrom = [\"readings\", \"readings\"]\nconnector = \"stdout\"\n"
        ),
        r#"
error: `readings` is listed twice
 --> weather.toml:9:21
  |
9 | from = ["readings", "readings"]
  |                     ^^^^^^^^^^
"#,
    );
}
