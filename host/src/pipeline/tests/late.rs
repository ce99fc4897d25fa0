//! Late rows and the sinks they go to.

use super::*;

/// A stage that can have late rows.
pub(super) const AVERAGE: &str = r#"[stage.it]
from = "readings"
aggregate = [{ call = "std#count" }]
window = { tumbling = "1m" }
"#;

#[test]
fn late_must_be_a_sink() {
    check(
        &format!("{SOURCE}{AVERAGE}late = \"readings\"\n{SINK}"),
        r#"
error: `readings` is a source; late rows go to a sink
  --> weather.toml:12:8
   |
12 | late = "readings"
   |        ^^^^^^^^^^
"#,
    );
    check(
        &format!(
            "{SOURCE}{AVERAGE}late = \"laet\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n"
        ),
        r#"
error: there is no sink `laet`
  --> weather.toml:12:8
   |
12 | late = "laet"
   |        ^^^^^^
   |
   = help: did you mean `late`?
"#,
    );
}

#[test]
fn a_late_sink_has_no_from() {
    check(
        &format!("{SOURCE}{AVERAGE}late = \"out\"\n{SINK}"),
        r#"
error: sink `out` cannot take late rows: it has a `from`
  --> weather.toml:12:8
   |
12 | late = "out"
   |        ^^^^^
13 | [sink.out]
14 | from = "it"
   |        ---- takes these rows
   |
   = help: give late rows a sink of their own, without `from`
"#,
    );
}

#[test]
fn a_late_sink_has_one_stage() {
    check(
        &format!(
            "{SOURCE}{AVERAGE}late = \"late\"\n{}late = \"late\"\n[sink.late]\nconnector = \"blackhole\"\n[sink.out]\nfrom = [\"it\", \"that\"]\nconnector = \"stdout\"\n",
            AVERAGE.replace("stage.it", "stage.that")
        ),
        r#"
error: sink `late` already takes the late rows of another stage
  --> weather.toml:17:8
   |
12 | late = "late"
   |        ------ of this one
...
17 | late = "late"
   |        ^^^^^^
   |
   = help: give each stage's late rows a sink of their own
"#,
    );
}

#[test]
fn a_sink_gets_rows_from_somewhere() {
    check(
        &format!("{SOURCE}{AVERAGE}{SINK}[sink.late]\nconnector = \"blackhole\"\n"),
        r#"
error: sink `late` gets no rows
  --> weather.toml:15:7
   |
15 | [sink.late]
   |       ^^^^
   |
   = help: add `from = "NAME"` to it, or `late = "late"` to an `aggregate`, `top` or `join` stage
"#,
    );
}

#[test]
fn no_row_is_late_for_a_global_window() {
    check(
        &format!(
            "{SOURCE}{}late = \"late\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n",
            AVERAGE.replace("tumbling = \"1m\"", "global = true")
        ),
        r#"
error: no row is late for a `global` window, so there is nothing to write
  --> weather.toml:12:8
   |
12 | late = "late"
   |        ^^^^^^
   |
   = help: remove `late`
"#,
    );
}
