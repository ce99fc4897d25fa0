//! Functions that are not there, do not fit, or fit more than once.

use super::*;

/// A stage with one call over a global window.
#[track_caller]
fn check_call(call: &str, expected: &str) {
    check_stage(
        &format!("aggregate = [{{ {call} }}]\nwindow = {{ global = true }}"),
        expected,
    );
}

#[test]
fn a_function_must_be_there() {
    check_stage(
        "filter = \"weather.wasm#is_hott\"",
        r#"
error: `weather.wasm` has no function `is_hott`
  --> weather.toml:10:24
   |
10 | filter = "weather.wasm#is_hott"
   |                        ^^^^^^^
   |
   = help: did you mean `is_hot`?
"#,
    );
}

#[test]
fn a_function_that_resembles_none_lists_what_there_is() {
    check_stage(
        "filter = \"weather.wasm#cold\"",
        r#"
error: `weather.wasm` has no function `cold`
  --> weather.toml:10:24
   |
10 | filter = "weather.wasm#cold"
   |                        ^^^^
   |
   = help: its functions are `is_hot`, `to_fahrenheit`, `upper`, `twice`, `words`, `jumps`
"#,
    );
}

#[test]
fn a_function_may_only_be_left_out_if_one_fits() {
    check_stage(
        "map = \"weather.wasm\"",
        r#"
error: `weather.wasm` has several functions for a `map` stage
  --> weather.toml:10:7
   |
10 | map = "weather.wasm"
   |       ^^^^^^^^^^^^^^
   |
   = help: say which, as in `weather.wasm#is_hot`; there are `is_hot`, `to_fahrenheit`, `upper`, `twice`
"#,
    );
}

#[test]
fn a_library_without_a_fitting_function_is_refused() {
    check_stage(
        "flat_map = \"one.wasm\"",
        r#"
error: `one.wasm` has no function for a `flat_map` stage
  --> weather.toml:10:12
   |
10 | flat_map = "one.wasm"
   |            ^^^^^^^^^^
   |
   = help: its functions are `double`
"#,
    );
}

#[test]
fn a_filter_cannot_aggregate() {
    check_stage(
        "filter = \"std#mean\"",
        r#"
error: a `filter` stage cannot call `mean`, which is an aggregate function
  --> weather.toml:10:15
   |
10 | filter = "std#mean"
   |               ^^^^
   |
   = help: call it in an `aggregate` stage
"#,
    );
}

#[test]
fn a_filter_needs_a_boolean() {
    check_stage(
        "filter = \"weather.wasm#upper\"",
        r#"
error: a filter needs one boolean, and `upper` gives sensor: utf8
  --> weather.toml:10:24
   |
10 | filter = "weather.wasm#upper"
   |                        ^^^^^
   |
   = help: call it in a `map` stage, or choose a function that says yes or no
"#,
    );
}

#[test]
fn an_aggregate_cannot_filter() {
    check_call(
        "call = \"weather.wasm#is_hot\"",
        r#"
error: an `aggregate` stage cannot call `is_hot`, which is a scalar function
  --> weather.toml:10:37
   |
10 | aggregate = [{ call = "weather.wasm#is_hot" }]
   |                                     ^^^^^^
   |
   = help: call it in a `filter` or `map` stage
"#,
    );
}

#[test]
fn a_map_makes_no_rows() {
    check_stage(
        "map = \"weather.wasm#words\"",
        r#"
error: a `map` stage cannot call `words`, which is a table function
  --> weather.toml:10:21
   |
10 | map = "weather.wasm#words"
   |                     ^^^^^
   |
   = help: call it in a `flat_map` stage
"#,
    );
}

#[test]
fn a_flat_map_keeps_no_state() {
    check_stage(
        "flat_map = \"weather.wasm#jumps\"",
        r#"
error: a `flat_map` stage cannot call `jumps`, which is a process function
  --> weather.toml:10:26
   |
10 | flat_map = "weather.wasm#jumps"
   |                          ^^^^^
   |
   = help: call it in a `process` stage
"#,
    );
}

#[test]
fn a_process_stage_wants_a_process_function() {
    check_stage(
        "process = \"std#median\"\nkey = [\"sensor\"]",
        r#"
error: a `process` stage cannot call `median`, which is a holistic function
  --> weather.toml:10:16
   |
10 | process = "std#median"
   |                ^^^^^^
   |
   = help: call it in an `aggregate` stage
"#,
    );
}

#[test]
fn a_parameter_without_a_column_is_explained() {
    check_stage(
        "map = \"weather.wasm#to_fahrenheit\"",
        r#"
error: `to_fahrenheit` takes `celsius: float64`, and there is no such column
  --> weather.toml:10:21
   |
10 | map = "weather.wasm#to_fahrenheit"
   |                     ^^^^^^^^^^^^^
   |
   = help: say which it is, as in `args = { celsius = "temperature" }`; of a fitting type are `temperature`, `count`
"#,
    );
}

#[test]
fn an_argument_of_the_wrong_type_is_explained() {
    check_stage(
        "map = \"weather.wasm#to_fahrenheit\"\nargs = { celsius = \"sensor\" }",
        r#"
error: `to_fahrenheit` takes `celsius` as float64, and column `sensor` is utf8
  --> weather.toml:11:20
   |
11 | args = { celsius = "sensor" }
   |                    ^^^^^^^^
   |
   = help: the function is `to_fahrenheit(celsius: float64) -> fahrenheit: float64`
"#,
    );
}

#[test]
fn an_argument_must_be_a_column() {
    check_stage(
        "map = \"weather.wasm#to_fahrenheit\"\nargs = { celsius = \"temprature\" }",
        r#"
error: there is no column `temprature`
  --> weather.toml:11:20
   |
11 | args = { celsius = "temprature" }
   |                    ^^^^^^^^^^^^
   |
   = help: did you mean `temperature`?
"#,
    );
}

#[test]
fn a_parameter_must_be_there() {
    check_stage(
        "map = \"weather.wasm#to_fahrenheit\"\nargs = { celcius = \"temperature\" }",
        r#"
error: `to_fahrenheit` has no parameter `celcius`
  --> weather.toml:11:10
   |
11 | args = { celcius = "temperature" }
   |          ^^^^^^^
   |
   = help: did you mean `celsius`?
"#,
    );
}

#[test]
fn arguments_are_names() {
    check_stage(
        "map = \"weather.wasm#to_fahrenheit\"\nargs = { celsius = 3 }",
        r"
error: expected the name of a column, found integer
  --> weather.toml:11:20
   |
11 | args = { celsius = 3 }
   |                    ^
",
    );
    check_stage(
        "map = \"weather.wasm#to_fahrenheit\"\nargs = \"temperature\"",
        r#"
error: expected columns, as in `{ parameter = "column" }` or `["column"]`, found string
  --> weather.toml:11:8
   |
11 | args = "temperature"
   |        ^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn the_number_of_arguments_is_checked() {
    check_call(
        "call = \"std#mean\", args = [\"temperature\", \"count\"]",
        r#"
error: `mean` takes 1 argument, found 2
  --> weather.toml:10:42
   |
10 | aggregate = [{ call = "std#mean", args = ["temperature", "count"] }]
   |                                          ^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: the function is `mean(value: float64) -> mean: float64?`
"#,
    );
}

#[test]
fn overloads_that_do_not_fit_are_listed() {
    check_call(
        "call = \"std#sum\", args = [\"sensor\"]",
        r#"
error: no function `sum` fits (sensor: utf8?)
  --> weather.toml:10:41
   |
10 | aggregate = [{ call = "std#sum", args = ["sensor"] }]
   |                                         ^^^^^^^^^^
   |
   = help: there are `sum(value: float64) -> sum: float64?`, `sum(value: int64) -> sum: int64?`
"#,
    );
    check_call(
        "call = \"std#sum\", args = { value = \"sensor\" }",
        r#"
error: no function `sum` fits (value = sensor: utf8?)
  --> weather.toml:10:28
   |
10 | aggregate = [{ call = "std#sum", args = { value = "sensor" } }]
   |                            ^^^
   |
   = help: there are `sum(value: float64) -> sum: float64?`, `sum(value: int64) -> sum: int64?`
"#,
    );
    check_call(
        "call = \"std#sum\"",
        r#"
error: no function `sum` fits (ts: timestamp, sensor: utf8?, temperature: float64?, count: int32?)
  --> weather.toml:10:28
   |
10 | aggregate = [{ call = "std#sum" }]
   |                            ^^^
   |
   = help: there are `sum(value: float64) -> sum: float64?`, `sum(value: int64) -> sum: int64?`
"#,
    );
}

#[test]
fn overloads_that_fit_alike_are_ambiguous() {
    check_stage(
        "map = \"weather.wasm#twice\"",
        r#"
error: several functions fit this call of `twice`
  --> weather.toml:10:21
   |
10 | map = "weather.wasm#twice"
   |                     ^^^^^
   |
   = help: say with `args` which columns are meant; these fit: `twice(temperature: float64) -> doubled: float64`, `twice(ts: timestamp) -> doubled: timestamp`
"#,
    );
}
