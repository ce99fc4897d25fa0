//! Rows that replace each other: what becomes of them from stage to stage, and who may read them.

use super::*;

/// Counts that replace each other.
const COUNTED: &str = r#"[stage.counted]
from = "readings"
key = ["sensor"]
window = { tumbling = "1m" }
aggregate = [{ call = "std#count" }]
emit = "update"
"#;

/// A pipeline with a stage `it` that reads the counts.
fn after(keys: &str) -> String {
    format!("{SOURCE}{COUNTED}[stage.it]\nfrom = \"counted\"\n{keys}\n{SINK}")
}

#[track_caller]
fn key(toml: &str) -> Option<Vec<String>> {
    let plan = load(toml).unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"));
    let sink = &plan.sinks[0];
    let key = sink.upsert_key.as_deref();
    key.map(|key| named(key, &sink.schema))
}

#[test]
fn updates_pass_through_what_looks_at_each_row() {
    let expected = ["sensor", "window_start", "window_end"].map(str::to_owned);
    for keys in [
        "filter = \"weather.wasm#is_hot\"\nargs = [\"average\"]",
        "map = \"weather.wasm#to_fahrenheit\"\nargs = [\"average\"]",
        "map = \"weather.wasm#to_fahrenheit\"\nargs = [\"average\"]\nkeep = [\"window_end\", \"window_start\", \"sensor\"]",
    ] {
        let toml = after(keys).replace(
            "{ call = \"std#count\" }",
            "{ call = \"std#mean\", args = [\"temperature\"], as = \"average\" }",
        );
        assert_eq!(key(&toml).as_deref(), Some(&expected[..]), "{keys}");
    }
}

#[test]
fn updates_pass_through_lookups() {
    let toml = after(
        "lookup = { table = \"sensors\", on = [\"sensor\"] }\nkeep = [\"place\", \"window_end\", \"sensor\", \"window_start\"]",
    ) + "[table.sensors]\nconnector = \"test\"\ncolumns = { sensor = \"utf8\", place = \"utf8\" }\n";
    let expected = ["sensor", "window_start", "window_end"].map(str::to_owned);
    assert_eq!(key(&toml).as_deref(), Some(&expected[..]));
}

#[test]
fn each_row_made_of_an_update_stands_for_itself() {
    for keys in [
        "flat_map = \"weather.wasm#words\"\nargs = [\"sensor\"]",
        "process = \"weather.wasm#jumps\"\nargs = [\"average\"]\nkey = [\"sensor\"]",
    ] {
        let toml = after(keys).replace(
            "{ call = \"std#count\" }",
            "{ call = \"std#mean\", args = [\"temperature\"], as = \"average\" }",
        );
        assert_eq!(key(&toml), None, "{keys}");
    }
}

#[test]
fn inputs_that_agree_replace_rows_together() {
    let more = COUNTED.replace("stage.counted", "stage.more");
    let sink = SINK.replace("\"it\"", "[\"counted\", \"more\"]");
    let expected = ["sensor", "window_start", "window_end"].map(str::to_owned);
    let toml = format!("{SOURCE}{COUNTED}{more}{sink}");
    assert_eq!(key(&toml).as_deref(), Some(&expected[..]));
    // Those of the second are final.
    let toml = format!(
        "{SOURCE}{COUNTED}{}{sink}",
        more.replace("emit = \"update\"\n", "")
    );
    assert_eq!(key(&toml), None);
}

#[test]
fn one_row_without_a_key_replaces_the_one_before() {
    let stage = stage(
        "aggregate = [{ call = \"std#count\" }]\nwindow = { global = true }\nemit = \"update\"",
    );
    assert_eq!(stage.upsert_key, Some(Vec::new()));
}

#[test]
fn updates_are_not_counted() {
    check(
        &after(
            "aggregate = [{ call = \"std#sum\", args = [\"count\"] }]\nwindow = { inherited = true }",
        ),
        r#"
error: `it` would count rows of `counted` once for each update
  --> weather.toml:15:8
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
14 | [stage.it]
15 | from = "counted"
   |        ^^^^^^^^^
   |
   = help: set `emit = "final"` on `counted`, and no `allowed_lateness`
"#,
    );
}

#[test]
fn corrections_are_not_counted() {
    let toml = after(
        "aggregate = [{ call = \"std#sum\", args = [\"count\"] }]\nwindow = { inherited = true }",
    )
    .replace("emit = \"update\"", "allowed_lateness = \"5s\"");
    check(
        &toml,
        r#"
error: `it` would count rows of `counted` once for each update
  --> weather.toml:15:8
   |
13 | allowed_lateness = "5s"
   |                    ---- rows of `counted` replace each other
14 | [stage.it]
15 | from = "counted"
   |        ^^^^^^^^^
   |
   = help: set `emit = "final"` on `counted`, and no `allowed_lateness`
"#,
    );
}

#[test]
fn updates_are_not_counted_behind_a_filter_or_in_a_union() {
    let stages = "[stage.few]\nfrom = \"counted\"\nmap = \"one.wasm\"\nargs = [\"count\"]\n[stage.more]\nfrom = \"readings\"\nkey = [\"sensor\"]\nwindow = { tumbling = \"1m\" }\naggregate = [{ call = \"std#mean\", args = [\"temperature\"], as = \"count\" }]\n[stage.most]\nfrom = \"more\"\nmap = \"one.wasm\"\nargs = [\"count\"]\n[stage.it]";
    let toml = after(
        "aggregate = [{ call = \"std#sum\", args = [\"count\"] }]\nwindow = { inherited = true }",
    )
    .replace(
        "{ call = \"std#count\" }",
        "{ call = \"std#mean\", args = [\"temperature\"], as = \"count\" }",
    )
    .replace("[stage.it]", stages)
    .replace(
        "from = \"counted\"\naggregate",
        "from = [\"most\", \"few\"]\naggregate",
    );
    check(
        &toml,
        r#"
error: `it` would count rows of `few` once for each update
  --> weather.toml:28:17
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
...
28 | from = ["most", "few"]
   |                 ^^^^^
   |
   = help: set `emit = "final"` on `counted`, and no `allowed_lateness`
"#,
    );
}

#[test]
fn updates_are_not_joined() {
    check(
        &after("join = { with = \"readings\", on = [\"sensor\"], within = \"5s\" }"),
        r#"
error: `it` would join rows of `counted` once for each update
  --> weather.toml:15:8
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
14 | [stage.it]
15 | from = "counted"
   |        ^^^^^^^^^
   |
   = help: set `emit = "final"` on `counted`, and no `allowed_lateness`
"#,
    );
    check(
        &after("join = { with = \"counted\", on = [\"sensor\"], within = \"5s\" }")
            .replace("from = \"counted\"\njoin", "from = \"readings\"\njoin"),
        r#"
error: `it` would join rows of `counted` once for each update
  --> weather.toml:16:17
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
...
16 | join = { with = "counted", on = ["sensor"], within = "5s" }
   |                 ^^^^^^^^^
   |
   = help: set `emit = "final"` on `counted`, and no `allowed_lateness`
"#,
    );
}

#[test]
fn updates_are_ranked_where_they_find_each_other() {
    for window in ["inherited", "global"] {
        let keys = format!("top = {{ n = 1, by = [\"count\"] }}\nwindow = {{ {window} = true }}");
        assert_eq!(key(&after(&keys)), None, "the ranks are final");
    }
    check(
        &after("top = { n = 1, by = [\"count\"] }\nwindow = { tumbling = \"1h\" }"),
        r#"
error: `it` would rank rows of `counted` once for each update
  --> weather.toml:15:8
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
14 | [stage.it]
15 | from = "counted"
   |        ^^^^^^^^^
   |
   = help: set `emit = "final"` on `counted`, and no `allowed_lateness`
"#,
    );
}

#[test]
fn ranks_that_change_are_not_counted() {
    let toml = format!(
        "{SOURCE}[stage.best]\nfrom = \"readings\"\ntop = {{ n = 1, by = [\"count\"] }}\nwindow = {{ global = true }}\nemit = \"update\"\n[stage.it]\nfrom = \"best\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ global = true }}\n{SINK}"
    );
    check(
        &toml,
        r#"
error: `it` would count rows of `best` once for each update
  --> weather.toml:14:8
   |
12 | emit = "update"
   |        -------- rows of `best` replace each other
13 | [stage.it]
14 | from = "best"
   |        ^^^^^^
   |
   = help: set `emit = "final"` on `best`, and no `allowed_lateness`
"#,
    );
}

#[test]
fn the_columns_by_which_rows_replace_each_other_stay() {
    let toml = |keys: &str| {
        after(keys).replace(
            "{ call = \"std#count\" }",
            "{ call = \"std#mean\", args = [\"temperature\"], as = \"average\" }",
        )
    };
    check(
        &toml(
            "map = \"weather.wasm#to_fahrenheit\"\nargs = [\"average\"]\nkeep = [\"sensor\", \"window_end\"]",
        ),
        r#"
error: column `window_start`, by which rows of `counted` replace each other, is gone
  --> weather.toml:18:8
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
...
18 | keep = ["sensor", "window_end"]
   |        ^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: keep the column as it is, under its name
"#,
    );
    check(
        &toml("map = \"weather.wasm#upper\""),
        r#"
error: column `sensor`, by which rows of `counted` replace each other, is gone
  --> weather.toml:16:7
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
...
16 | map = "weather.wasm#upper"
   |       ^^^^^^^^^^^^^^^^^^^^
   |
   = help: keep the column as it is, under its name
"#,
    );
}

#[test]
fn a_lookup_keeps_the_columns_by_which_rows_replace_each_other() {
    let toml = after(
        "lookup = { table = \"sensors\", on = [\"sensor\"] }\nkeep = [\"place\", \"count\"]",
    ) + "[table.sensors]\nconnector = \"test\"\ncolumns = { sensor = \"utf8\", place = \"utf8\" }\n";
    check(
        &toml,
        r#"
error: column `sensor`, by which rows of `counted` replace each other, is gone
  --> weather.toml:17:8
   |
13 | emit = "update"
   |        -------- rows of `counted` replace each other
...
17 | keep = ["place", "count"]
   |        ^^^^^^^^^^^^^^^^^^
   |
   = help: keep the column as it is, under its name
"#,
    );
}
