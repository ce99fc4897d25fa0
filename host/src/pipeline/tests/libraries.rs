//! Libraries that cannot be used, and configurations that they refuse.

use super::*;

#[test]
fn a_library_must_be_there() {
    check_stage(
        "filter = \"wether.wasm#is_hot\"",
        r#"
error: there is no file `wether.wasm`
  --> weather.toml:10:11
   |
10 | filter = "wether.wasm#is_hot"
   |           ^^^^^^^^^^^
   |
   = help: build it, or correct the path: it is relative to this file
"#,
    );
}

#[test]
fn a_library_that_is_not_there_is_reported_once() {
    check(
        &format!(
            "{SOURCE}[stage.a]\nfrom = \"readings\"\nfilter = \"lib.wasm#f\"\n[stage.it]\nfrom = \"a\"\nmap = \"lib.wasm#g\"\nconfig = {{ a = 1 }}\n{SINK}"
        ),
        r#"
error: there is no file `lib.wasm`
  --> weather.toml:10:11
   |
10 | filter = "lib.wasm#f"
   |           ^^^^^^^^
...
13 | map = "lib.wasm#g"
   |        -------- and here
   |
   = help: build it, or correct the path: it is relative to this file
"#,
    );
}

#[test]
fn a_library_must_be_a_component() {
    check_stage(
        "filter = \"broken.wasm#is_hot\"",
        r#"
error: cannot use `broken.wasm`: it is not a component: unexpected end of file at offset 0
  --> weather.toml:10:11
   |
10 | filter = "broken.wasm#is_hot"
   |           ^^^^^^^^^^^
"#,
    );
}

#[test]
fn a_library_can_refuse_its_configuration() {
    check_stage(
        "filter = \"weather.wasm#is_hot\"\nconfig = { treshold = 30.0 }",
        r#"
error: `weather.wasm` refuses its configuration: unknown field `treshold` in {"treshold":30.0}
  --> weather.toml:11:10
   |
11 | config = { treshold = 30.0 }
   |          ^^^^^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn a_configuration_is_a_table_of_json() {
    check_stage(
        "filter = \"weather.wasm#is_hot\"\nconfig = 3",
        r"
error: expected a table such as `{ threshold = 30.0 }`, found integer
  --> weather.toml:11:10
   |
11 | config = 3
   |          ^
",
    );
    check_stage(
        "filter = \"weather.wasm#is_hot\"\nconfig = { a = [nan] }",
        r"
error: `nan` has no place in a configuration: it is not JSON
  --> weather.toml:11:17
   |
11 | config = { a = [nan] }
   |                 ^^^
",
    );
}
