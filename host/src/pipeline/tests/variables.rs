//! References to the environment, and that their values are never shown.

use super::*;
use crate::connector::SourceConfig;

#[test]
fn a_missing_variable_is_reported_at_its_place() {
    check(
        &format!(
            "{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"out/${{HOMEE}}/${{1}}/$${{x}}\"\n"
        ),
        r#"
error: the environment variable `HOMEE` is not set
  --> weather.toml:11:13
   |
11 | path = "out/${HOMEE}/${1}/$${x}"
   |             ^^^^^^^^

error: `1` cannot be an environment variable
  --> weather.toml:11:22
   |
11 | path = "out/${HOMEE}/${1}/$${x}"
   |                      ^^^^
   |
   = help: such a name has letters, digits and `_`; write `$${` for the characters `${`
"#,
    );
}

#[test]
fn a_variable_must_be_closed() {
    check(
        &format!(
            "{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"out/${{HOME\"\n"
        ),
        r#"
error: `${` starts the name of an environment variable
  --> weather.toml:11:13
   |
11 | path = "out/${HOME"
   |             ^^ is not closed
   |
   = help: close it as in `${NAME}`, or write `$${` for the characters themselves
"#,
    );
}

#[test]
fn values_of_the_environment_are_never_shown() {
    check(
        r#"name = "weather"
[source.a]
connector = "file"
path = "${DATA}/a.jsonl"
format = "json"
columns = { x = "int64" }
[source.b]
connector = "socket"
address = "${PASSWORD}"
format = "lines"
[stage.it]
from = "a"
filter = "weather.wasm#is_hot"
config = { treshold = "${PASSWORD}" }
[sink.out]
from = ["it", "${PASSWORD}"]
connector = "stdout"
"#,
        r#"
error: cannot read `${DATA}/a.jsonl`: `${DATA}/a.jsonl` may not be looked into
 --> weather.toml:4:8
  |
4 | path = "${DATA}/a.jsonl"
  |        ^^^^^^^^^^^^^^^^^

error: expected an address such as `localhost:9000`, found `${PASSWORD}`
 --> weather.toml:9:11
  |
9 | address = "${PASSWORD}"
  |           ^^^^^^^^^^^^^

error: `weather.wasm` refuses its configuration: unknown field `treshold` in {"treshold":"${PASSWORD}"}
  --> weather.toml:14:10
   |
14 | config = { treshold = "${PASSWORD}" }
   |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

error: expected a name, found a reference to the environment, `${PASSWORD}`
  --> weather.toml:16:15
   |
16 | from = ["it", "${PASSWORD}"]
   |               ^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn values_of_the_environment_reach_the_runtime_only() {
    let plan = load("name = \"a\"\n[source.it]\nconnector = \"socket\"\naddress = \"${PASSWORD}:9000\"\nformat = \"lines\"\n[sink.out]\nfrom = \"it\"\nconnector = \"stdout\"\n").expect("it is right");
    let SourceConfig::Socket { address, .. } = &plan.sources[0].config else {
        panic!("it is a socket");
    };
    assert_eq!(address, "hunter2:9000");
    assert!(plan.to_string().contains("socket ${PASSWORD}:9000, lines"));
    assert!(!plan.to_string().contains("hunter2"));
}
