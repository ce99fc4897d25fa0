//! Syntax, sections, names, and files that cannot be read.

use super::*;
use crate::pipeline::{Span, load as load_file};

#[test]
fn an_unknown_key_suggests_the_nearest() {
    check(
        &format!(
            "{SOURCE}formt = \"csv\"\n[sink.out]\nfrom = \"readings\"\nconnector = \"stdout\"\n"
        ),
        r#"
error: unknown key `formt` in a `file` source
 --> weather.toml:8:1
  |
8 | formt = "csv"
  | ^^^^^
  |
  = help: did you mean `format`?
"#,
    );
}

#[test]
fn an_unknown_section_suggests_the_nearest() {
    check(
        &format!("{SOURCE}[sinks.out]\nfrom = \"readings\"\n"),
        r#"
error: the pipeline has no sink
 --> weather.toml:1:1
  |
1 | name = "weather"
  | ^
  |
  = help: add one as `[sink.NAME]`

error: unknown section `sinks` in the pipeline
 --> weather.toml:8:2
  |
8 | [sinks.out]
  |  ^^^^^
  |
  = help: did you mean `sink`?
"#,
    );
}

#[test]
fn an_unknown_key_that_resembles_nothing_lists_what_there_is() {
    check(
        &format!(
            "colour = 3\n{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"blackhole\"\n"
        ),
        r"
error: unknown key `colour` in the pipeline
 --> weather.toml:1:1
  |
1 | colour = 3
  | ^^^^^^
  |
  = help: known keys are `name`, `parallelism`, `max_dead_letters`, `source`, `stage`, `sink`, `table`, `dead_letters`, `checkpoint`, `restart`, `build`
",
    );
}

#[test]
fn syntax_errors_are_reported_together() {
    check(
        "name = \n[source.a\nx = [1,,2]\n",
        r"
error: string values must be quoted, expected literal string
 --> weather.toml:1:8
  |
1 | name = 
  |        ^

error: unclosed table, expected `]`
 --> weather.toml:2:10
  |
2 | [source.a
  |          ^

error: extra comma in array, expected value
 --> weather.toml:3:8
  |
3 | x = [1,,2]
  |        ^
",
    );
}

#[test]
fn a_key_given_twice_is_an_error() {
    check(
        "name = \"a\"\nname = \"b\"\n",
        r#"
error: duplicate key
 --> weather.toml:2:1
  |
2 | name = "b"
  | ^^^^
"#,
    );
}

#[test]
fn an_empty_file_lacks_everything() {
    check(
        "",
        r"
error: the pipeline has no `name`
--> weather.toml
 = help: add a name for the pipeline: its state is kept under it

error: the pipeline has no sink
--> weather.toml
 = help: add one as `[sink.NAME]`

error: the pipeline has no source
--> weather.toml
 = help: add one as `[source.NAME]`
",
    );
}

#[test]
fn a_name_must_look_like_one() {
    check(
        "name = \"my pipeline\"\n[source.\"a b\"]\nconnector = \"generator\"\n[sink.out]\nfrom = \"a b\"\nconnector = \"blackhole\"\n",
        r#"
error: `my pipeline` cannot be a name
 --> weather.toml:1:8
  |
1 | name = "my pipeline"
  |        ^^^^^^^^^^^^^
  |
  = help: a name starts with a letter or `_` and goes on with letters, digits, `_` and `-`

error: `a b` cannot be a name
 --> weather.toml:2:9
  |
2 | [source."a b"]
  |         ^^^^^
  |
  = help: a name starts with a letter or `_` and goes on with letters, digits, `_` and `-`
"#,
    );
}

#[test]
fn top_level_numbers_are_checked() {
    check(
        &format!(
            "parallelism = 0\nmax_dead_letters = \"many\"\n{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"stdout\"\n"
        ),
        r#"
error: expected an integer from 1 to 1024, found 0
 --> weather.toml:1:15
  |
1 | parallelism = 0
  |               ^

error: expected an integer of at least 0, found string
 --> weather.toml:2:20
  |
2 | max_dead_letters = "many"
  |                    ^^^^^^
"#,
    );
}

#[test]
fn a_section_must_be_a_table() {
    check(
        "name = \"a\"\nsource = 3\n[sink]\nout = 4\n",
        r#"
error: the pipeline has no sink
 --> weather.toml:1:1
  |
1 | name = "a"
  | ^
  |
  = help: add one as `[sink.NAME]`

error: the pipeline has no source
 --> weather.toml:1:1
  |
1 | name = "a"
  | ^
  |
  = help: add one as `[source.NAME]`

error: expected sections such as `[source.NAME]`, found integer
 --> weather.toml:2:10
  |
2 | source = 3
  |          ^

error: expected a section `[sink.NAME]`, found integer
 --> weather.toml:4:7
  |
4 | out = 4
  |       ^
"#,
    );
}

#[test]
fn several_mistakes_are_reported_at_once_and_in_order() {
    check(
        r#"nam = "weather"
[source.readings]
connector = "file"
path = "readings.jsonl"
format = "jsn"
columns = { ts = "timestamp" }

[stage.hot]
from = "reading"
filter = "weather.wasm#is_hott"
limits = { deadline = 20, memory = "1 GB" }

[sink.out]
from = "hot"
connector = "stdout"
format = "parquet"
"#,
        r#"
error: the pipeline has no `name`
 --> weather.toml:1:1
  |
1 | nam = "weather"
  | ^
  |
  = help: add a name for the pipeline: its state is kept under it

error: unknown key `nam` in the pipeline
 --> weather.toml:1:1
  |
1 | nam = "weather"
  | ^^^
  |
  = help: did you mean `name`?

error: unknown format `jsn`
 --> weather.toml:5:10
  |
5 | format = "jsn"
  |          ^^^^^
  |
  = help: did you mean `json`?

error: there is no source or stage `reading`
 --> weather.toml:9:8
  |
9 | from = "reading"
  |        ^^^^^^^^^
  |
  = help: did you mean `readings`?

error: `weather.wasm` has no function `is_hott`
  --> weather.toml:10:24
   |
10 | filter = "weather.wasm#is_hott"
   |                        ^^^^^^^
   |
   = help: did you mean `is_hot`?

error: expected a duration such as `20s`, found integer
  --> weather.toml:11:23
   |
11 | limits = { deadline = 20, memory = "1 GB" }
   |                       ^^

error: expected a size such as `64MiB`, found `1 GB`
  --> weather.toml:11:36
   |
11 | limits = { deadline = 20, memory = "1 GB" }
   |                                    ^^^^^^

error: unknown format `parquet`
  --> weather.toml:16:10
   |
16 | format = "parquet"
   |          ^^^^^^^^^
   |
   = help: known are `json`, `csv`
"#,
    );
}

#[test]
fn colours_are_only_there_when_asked_for() {
    let mistakes = load("nam = 3").expect_err("there is a mistake");
    assert!(!mistakes.render(false).contains('\u{1b}'));
    assert!(mistakes.render(true).contains('\u{1b}'));
}

#[test]
fn a_missing_file_is_named() {
    let path = Path::new("no/such/pipeline.toml");
    let found = World.with(|environment| load_file(path, environment));
    let text = found.expect_err("there is no such file").to_string();
    assert_eq!(
        text,
        "error: cannot read the pipeline: No such file or directory (os error 2)\n\
         --> no/such/pipeline.toml"
    );
}

#[test]
fn a_file_that_is_not_utf8_is_refused_where_it_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("pipeline.toml");
    std::fs::write(&path, b"name = \"weather\"\nparallelism = \xff\n").expect("it is ours");
    let found = World.with(|environment| load_file(&path, environment));
    let mistakes = found.expect_err("it is not UTF-8");
    assert_eq!(mistakes.list()[0].message, "the file is not UTF-8 text");
    assert_eq!(mistakes.list()[0].span, Span { start: 31, end: 34 });
    assert!(mistakes.to_string().contains("pipeline.toml:2:15"));
}
