//! Stages: what they do, windows, keys and the columns that leave them.

use super::*;

#[test]
fn a_stage_does_something() {
    check_stage(
        "",
        r"
error: stage `it` does nothing
 --> weather.toml:8:8
  |
8 | [stage.it]
  |        ^^
  |
  = help: add one of `filter`, `map`, `flat_map`, `process`, `aggregate`, `top`, `join`, `lookup`
",
    );
}

#[test]
fn a_stage_does_one_thing() {
    check_stage(
        "filter = \"weather.wasm#is_hot\"\nmap = \"weather.wasm#upper\"",
        r#"
error: stage `it` can do one thing only, and has `filter`, `map`
  --> weather.toml:11:1
   |
11 | map = "weather.wasm#upper"
   | ^^^
   |
   = help: make a stage of each
"#,
    );
}

#[test]
fn keys_of_another_stage_are_named_as_such() {
    check_stage(
        "filter = \"weather.wasm#is_hot\"\nkeep = [\"ts\"]\nwindow = { tumbling = \"1m\" }\nlate = \"out\"",
        r#"
error: a `filter` stage cannot have `keep`
  --> weather.toml:11:1
   |
11 | keep = ["ts"]
   | ^^^^

error: a `filter` stage cannot have `window`
  --> weather.toml:12:1
   |
12 | window = { tumbling = "1m" }
   | ^^^^^^

error: a `filter` stage cannot have `late`
  --> weather.toml:13:1
   |
13 | late = "out"
   | ^^^^
"#,
    );
}

#[test]
fn on_error_is_one_of_three() {
    check_stage(
        "filter = \"weather.wasm#is_hot\"\non_error = \"dead-leter\"",
        r#"
error: unknown on_error `dead-leter`
  --> weather.toml:11:12
   |
11 | on_error = "dead-leter"
   |            ^^^^^^^^^^^^
   |
   = help: did you mean `dead-letter`?
"#,
    );
}

#[test]
fn limits_are_sizes_and_durations() {
    check_stage(
        "filter = \"weather.wasm#is_hot\"\nlimits = { memory = \"0MiB\", deadline = \"0s\", cpu = 1 }",
        r#"
error: `memory` goes from 64KiB to 4GiB, found 0MiB
  --> weather.toml:11:21
   |
11 | limits = { memory = "0MiB", deadline = "0s", cpu = 1 }
   |                     ^^^^^^

error: `deadline` goes from 1ms to 1h, found 0s
  --> weather.toml:11:40
   |
11 | limits = { memory = "0MiB", deadline = "0s", cpu = 1 }
   |                                        ^^^^

error: unknown key `cpu` in `limits`
  --> weather.toml:11:46
   |
11 | limits = { memory = "0MiB", deadline = "0s", cpu = 1 }
   |                                              ^^^
   |
   = help: known keys are `memory`, `deadline`, `output_rows`, `output_bytes`, `log_lines`, `log_bytes`, `table_elements`, `instances`
"#,
    );
}

#[test]
fn an_aggregate_needs_a_window() {
    check_stage(
        "aggregate = [{ call = \"std#count\" }]",
        r#"
error: stage `it` has no `window`
 --> weather.toml:8:8
  |
8 | [stage.it]
  |        ^^
  |
  = help: add `window = { tumbling = "1m" }`, or `{ sliding = "20s", slide = "5s" }`, or `{ global = true }` for one result at the end
"#,
    );
}

#[test]
fn a_window_is_of_one_kind() {
    check_stage(
        "aggregate = [{ call = \"std#count\" }]\nwindow = { tumbling = \"1m\", sliding = \"2m\" }",
        r#"
error: a window is one of `tumbling`, `sliding`, `cumulate`, `session`, `count`, `rolling_rows`, `rolling`, `global`, `inherited`
  --> weather.toml:11:10
   |
11 | window = { tumbling = "1m", sliding = "2m" }
   |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: `window = { tumbling = "1m" }`, or `{ sliding = "20s", slide = "5s" }`, or `{ global = true }` for one result at the end
"#,
    );
}

#[test]
fn a_window_is_of_some_kind() {
    check_stage(
        "aggregate = [{ call = \"std#count\" }]\nwindow = { tumblin = \"1m\" }",
        r#"
error: unknown key `tumblin` in a window
  --> weather.toml:11:12
   |
11 | window = { tumblin = "1m" }
   |            ^^^^^^^
   |
   = help: did you mean `tumbling`?
"#,
    );
}

#[test]
fn a_window_is_not_empty() {
    check_stage(
        "aggregate = [{ call = \"std#count\" }]\nwindow = { sliding = \"0s\", slide = \"0s\", offset = 1 }",
        r#"
error: expected a duration above zero, found no time at all
  --> weather.toml:11:22
   |
11 | window = { sliding = "0s", slide = "0s", offset = 1 }
   |                      ^^^^

error: expected a duration above zero, found no time at all
  --> weather.toml:11:36
   |
11 | window = { sliding = "0s", slide = "0s", offset = 1 }
   |                                    ^^^^

error: expected a duration such as `20s`, found integer
  --> weather.toml:11:51
   |
11 | window = { sliding = "0s", slide = "0s", offset = 1 }
   |                                                   ^
"#,
    );
}

#[test]
fn a_sliding_window_has_a_slide() {
    check_stage(
        "aggregate = [{ call = \"std#count\" }]\nwindow = { sliding = \"20s\" }",
        r#"
error: a `sliding` window has no `slide`
  --> weather.toml:11:10
   |
11 | window = { sliding = "20s" }
   |          ^^^^^^^^^^^^^^^^^^^
   |
   = help: add the time from one window's start to the next, as in `slide = "5s"`
"#,
    );
}

#[test]
fn a_global_window_has_nothing_else() {
    check_stage(
        "aggregate = [{ call = \"std#count\" }]\nwindow = { global = 1, offset = \"1s\" }",
        r#"
error: expected `true`, found integer
  --> weather.toml:11:21
   |
11 | window = { global = 1, offset = "1s" }
   |                     ^

error: a `global` window cannot have `offset`
  --> weather.toml:11:24
   |
11 | window = { global = 1, offset = "1s" }
   |                        ^^^^^^
"#,
    );
}

#[test]
fn an_aggregate_is_a_list_of_calls() {
    check_stage(
        "aggregate = \"std#count\"\nwindow = { global = true }",
        r#"
error: expected a list of calls such as `{ call = "std#mean", args = ["temperature"] }`, found string
  --> weather.toml:10:13
   |
10 | aggregate = "std#count"
   |             ^^^^^^^^^^^
"#,
    );
}

#[test]
fn a_call_names_a_function() {
    check_stage(
        "aggregate = [{ args = [\"ts\"], cal = \"std#count\" }, { call = \"std#\" }]\nwindow = { global = true }",
        r#"
error: a call has no `call`
  --> weather.toml:10:14
   |
10 | aggregate = [{ args = ["ts"], cal = "std#count" }, { call = "std#" }]
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: add the function, as in `call = "std#mean"`

error: unknown key `cal` in a call
  --> weather.toml:10:31
   |
10 | aggregate = [{ args = ["ts"], cal = "std#count" }, { call = "std#" }]
   |                               ^^^
   |
   = help: did you mean `call`?

error: expected a function such as `library.wasm#function` or `std#mean`, found `std#`
  --> weather.toml:10:61
   |
10 | aggregate = [{ args = ["ts"], cal = "std#count" }, { call = "std#" }]
   |                                                             ^^^^^^
"#,
    );
}

#[test]
fn a_key_consists_of_columns() {
    check_stage(
        "aggregate = [{ call = \"std#count\" }]\nwindow = { tumbling = \"1m\" }\nkey = [\"sensr\", \"ts\", \"ts\"]",
        r#"
error: there is no column `sensr`
  --> weather.toml:12:8
   |
12 | key = ["sensr", "ts", "ts"]
   |        ^^^^^^^
   |
   = help: did you mean `sensor`?

error: column `ts` is listed twice
  --> weather.toml:12:23
   |
12 | key = ["sensr", "ts", "ts"]
   |                       ^^^^
"#,
    );
}

#[test]
fn a_column_of_the_output_has_a_name_of_its_own() {
    check_stage(
        "aggregate = [{ call = \"std#sum\", args = [\"count\"] }, { call = \"std#sum\", args = [\"temperature\"] }, { call = \"std#count\", as = \"window_end\" }]\nwindow = { tumbling = \"1m\" }",
        r#"
error: two columns of the output are called `sum`
  --> weather.toml:10:63
   |
10 | aggregate = [{ call = "std#sum", args = ["count"] }, { call = "std#sum", args = ["temperature"] }, { call = "std#count", as = "windo...
   |                       --------- the other one                 ^^^^^^^^^
   |
   = help: give this one another name with `as`

error: two columns of the output are called `window_end`
  --> weather.toml:10:127
   |
10 | ...re"] }, { call = "std#count", as = "window_end" }]
   |                                       ^^^^^^^^^^^^ a column of the key or the window is called so
   |
   = help: give this one another name with `as`
"#,
    );
}

#[test]
fn a_window_needs_event_time() {
    check(
        r#"name = "weather"
[source.lines]
connector = "stdin"
format = "lines"
[stage.it]
from = "lines"
aggregate = [{ call = "std#count" }]
window = { tumbling = "1m" }
[sink.out]
from = "it"
connector = "stdout"
"#,
        r#"
error: a window needs event time, and the rows of this stage have none
 --> weather.toml:8:10
  |
8 | window = { tumbling = "1m" }
  |          ^^^^^^^^^^^^^^^^^^^
  |
  = help: set `event_time = { column = …, unit = … }` on the source, or `time = "processing"` in the window
"#,
    );
}

#[test]
fn what_is_kept_are_columns() {
    check_stage(
        "map = \"weather.wasm#upper\"\nkeep = [\"ts\", \"humidity\"]",
        r#"
error: there is no column `humidity`
  --> weather.toml:11:15
   |
11 | keep = ["ts", "humidity"]
   |               ^^^^^^^^^^
   |
   = help: the columns are `ts`, `sensor`, `temperature`, `count`
"#,
    );
}

#[test]
fn the_bounds_of_a_window_have_names_of_their_own() {
    let stage = r#"[stage.it]
from = "readings"
key = ["window_end"]
aggregate = [{ call = "std#count" }]
window = { tumbling = "1m" }
"#;
    let source = SOURCE.replace("sensor", "window_end");
    check(
        &format!("{source}{stage}{SINK}"),
        r#"
error: a column of the key cannot be called `window_end`
  --> weather.toml:12:10
   |
12 | window = { tumbling = "1m" }
   |          ^^^^^^^^^^^^^^^^^^^
   |
   = help: rename it in a `map` stage: the window's bounds are called so
"#,
    );
}
