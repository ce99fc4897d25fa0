//! Stages that keep the first rows of a key and window.

use super::*;
use crate::operator::{Emit, SortColumn, TopWork, Work};

#[track_caller]
fn top(stage: &StagePlan) -> &TopWork {
    match &stage.work {
        Work::Top(work) => work,
        other => panic!("it is no `top` stage: {other:?}"),
    }
}

#[test]
fn rows_get_a_rank_behind_their_columns() {
    let stage = stage(
        "top = { n = 10, by = [\"count\", \"sensor\"] }\nkey = [\"sensor\"]\nwindow = { tumbling = \"1m\" }",
    );
    let work = top(&stage);
    assert_eq!((work.n.get(), &work.key[..]), (10, &[1][..]));
    let sort = |column| SortColumn {
        column,
        descending: true,
    };
    assert_eq!(work.by, [sort(3), sort(1)]);
    assert_eq!(work.emit, Emit::Final);
    assert_eq!(work.replaces, None);
    assert_eq!(
        stage.schema.to_string(),
        "ts: timestamp, sensor: utf8?, temperature: float64?, count: int32?, rank: int64"
    );
    assert!(stage.has_event_time);
    assert_eq!(stage.upsert_key, None);
}

#[test]
fn an_order_is_for_all_columns_or_for_each() {
    for (order, expected) in [
        ("\"asc\"", [false, false]),
        ("\"desc\"", [true, true]),
        ("[\"desc\", \"asc\"]", [true, false]),
    ] {
        let stage = stage(&format!(
            "top = {{ n = 1, by = [\"count\", \"sensor\"], order = {order} }}\nwindow = {{ global = true }}"
        ));
        let found: Vec<bool> = top(&stage).by.iter().map(|by| by.descending).collect();
        assert_eq!(found, expected, "{order}");
    }
}

#[test]
fn ranks_replace_each_other() {
    let stage = stage(
        "top = { n = 3, by = [\"count\"] }\nkey = [\"sensor\"]\nwindow = { global = true }\nemit = \"update\"",
    );
    let key = stage.upsert_key.expect("they are updates");
    assert_eq!(named(&key, &stage.schema), ["sensor", "rank"]);
}

#[test]
fn ranks_in_windows_of_the_input_replace_each_other_there() {
    let stage = stage_of(&format!(
        "{SOURCE}[stage.counted]\nfrom = \"readings\"\nkey = [\"sensor\"]\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ tumbling = \"1m\" }}\nemit = \"update\"\n[stage.it]\nfrom = \"counted\"\ntop = {{ n = 3, by = [\"count\"] }}\nwindow = {{ inherited = true }}\nemit = \"update\"\n{SINK}"
    ));
    let key = stage.upsert_key.clone().expect("they are updates");
    assert_eq!(
        named(&key, &stage.schema),
        ["rank", "window_start", "window_end"]
    );
    let replaces = top(&stage).replaces.as_deref().expect("so is the input");
    assert_eq!(
        named(replaces, &stage.input_schema),
        ["sensor", "window_start", "window_end"]
    );
}

#[test]
fn the_first_rows_are_some_by_something() {
    check_stage(
        "top = { by = [] }\nwindow = { global = true }",
        r#"
error: `top` has no `n`
  --> weather.toml:10:7
   |
10 | top = { by = [] }
   |       ^^^^^^^^^^^
   |
   = help: add how many rows there are at most, as in `n = 10`

error: expected a list of columns, found an empty list
  --> weather.toml:10:14
   |
10 | top = { by = [] }
   |              ^^
"#,
    );
    check_stage(
        "top = { n = 0 }\nwindow = { global = true }",
        r#"
error: `top` has no `by`
  --> weather.toml:10:7
   |
10 | top = { n = 0 }
   |       ^^^^^^^^^
   |
   = help: add the columns that decide, the most important first, as in `by = ["count"]`

error: expected an integer of at least 1, found 0
  --> weather.toml:10:13
   |
10 | top = { n = 0 }
   |             ^
"#,
    );
    check_stage(
        "top = 10\nwindow = { global = true }",
        r#"
error: expected a table such as `{ n = 10, by = ["count"] }`, found integer
  --> weather.toml:10:7
   |
10 | top = 10
   |       ^^
"#,
    );
}

#[test]
fn keys_of_the_stage_stand_beside_top() {
    check_stage(
        "top = { n = 1, by = [\"count\"], key = [\"sensor\"], orders = \"asc\" }\nwindow = { global = true }",
        r#"
error: `top` cannot have `key`
  --> weather.toml:10:32
   |
10 | top = { n = 1, by = ["count"], key = ["sensor"], orders = "asc" }
   |                                ^^^

error: unknown key `orders` in `top`
  --> weather.toml:10:50
   |
10 | top = { n = 1, by = ["count"], key = ["sensor"], orders = "asc" }
   |                                                  ^^^^^^
   |
   = help: did you mean `order`?
"#,
    );
}

#[test]
fn an_order_has_a_direction_for_each_column() {
    check_stage(
        "top = { n = 1, by = [\"count\", \"ts\"], order = [\"asc\"] }\nwindow = { global = true }",
        r#"
error: `order` has 1 direction, and `by` has 2 columns
  --> weather.toml:10:46
   |
10 | top = { n = 1, by = ["count", "ts"], order = ["asc"] }
   |                                              ^^^^^^^
   |
   = help: give one for each column, or one word for all
"#,
    );
    check_stage(
        "top = { n = 1, by = [\"count\"], order = \"ascending\" }\nwindow = { global = true }",
        r#"
error: unknown order `ascending`
  --> weather.toml:10:40
   |
10 | top = { n = 1, by = ["count"], order = "ascending" }
   |                                        ^^^^^^^^^^^
   |
   = help: known are `desc`, `asc`
"#,
    );
}

#[test]
fn rows_are_put_in_order_by_columns_that_are_there() {
    check_stage(
        "top = { n = 1, by = [\"count\", \"cuont\", \"count\"] }\nkey = [\"sensors\"]\nwindow = { global = true }",
        r#"
error: there is no column `cuont`
  --> weather.toml:10:31
   |
10 | top = { n = 1, by = ["count", "cuont", "count"] }
   |                               ^^^^^^^
   |
   = help: did you mean `count`?

error: column `count` is listed twice
  --> weather.toml:10:40
   |
10 | top = { n = 1, by = ["count", "cuont", "count"] }
   |                                        ^^^^^^^

error: there is no column `sensors`
  --> weather.toml:11:8
   |
11 | key = ["sensors"]
   |        ^^^^^^^^^
   |
   = help: did you mean `sensor`?
"#,
    );
}

#[test]
fn a_top_stage_needs_a_window() {
    check_stage(
        "top = { n = 1, by = [\"count\"] }",
        r#"
error: stage `it` has no `window`
 --> weather.toml:8:8
  |
8 | [stage.it]
  |        ^^
  |
  = help: add `window = { tumbling = "1m" }`, or `{ inherited = true }` for the windows of the input, or `{ global = true }` for one over everything
"#,
    );
}

#[test]
fn a_top_stage_has_windows_that_are_shared() {
    check_stage(
        "top = { n = 1, by = [\"count\"] }\nwindow = { session = \"1m\" }",
        r#"
error: a `top` stage cannot have a `session` window
  --> weather.toml:11:10
   |
11 | window = { session = "1m" }
   |          ^^^^^^^^^^^^^^^^^^
   |
   = help: its windows are `tumbling`, `sliding`, `cumulate`, `global`, `inherited`
"#,
    );
    check_stage(
        "top = { n = 1, by = [\"count\"] }\nwindow = { }",
        r#"
error: a window is one of `tumbling`, `sliding`, `cumulate`, `global`, `inherited`
  --> weather.toml:11:10
   |
11 | window = { }
   |          ^^^
   |
   = help: `window = { tumbling = "1m" }`, or `{ inherited = true }` for the windows of the input, or `{ global = true }` for one over everything
"#,
    );
}

#[test]
fn a_top_stage_goes_by_event_time() {
    check_stage(
        "top = { n = 1, by = [\"count\"] }\nwindow = { tumbling = \"1m\", time = \"processing\" }",
        r#"
error: the windows of a `top` stage go by event time
  --> weather.toml:11:36
   |
11 | window = { tumbling = "1m", time = "processing" }
   |                                    ^^^^^^^^^^^^
   |
   = help: remove `time`; `aggregate` stages can go by processing time, and their windows can be `inherited`
"#,
    );
}

#[test]
fn ranks_are_not_emitted_at_intervals() {
    check_stage(
        "top = { n = 1, by = [\"count\"] }\nwindow = { global = true }\nemit = { every = \"5s\" }",
        r#"
error: a `top` stage cannot emit at an interval
  --> weather.toml:12:8
   |
12 | emit = { every = "5s" }
   |        ^^^^^^^^^^^^^^^^
   |
   = help: `emit` is "final" or "update" here
"#,
    );
}

#[test]
fn ranks_that_change_say_of_which_window_they_are() {
    check_stage(
        "top = { n = 1, by = [\"count\"] }\nwindow = { tumbling = \"1m\" }\nemit = \"update\"",
        r#"
error: ranks in `tumbling` windows cannot be updated: their rows do not say which window they are of
  --> weather.toml:12:8
   |
12 | emit = "update"
   |        ^^^^^^^^
   |
   = help: aggregate in such windows and rank with `window = { inherited = true }`
"#,
    );
}

#[test]
fn a_rank_has_a_column_of_its_own() {
    let source = SOURCE.replace("sensor", "rank");
    check(
        &format!(
            "{source}[stage.it]\nfrom = \"readings\"\ntop = {{ n = 1, by = [\"count\"] }}\nwindow = {{ global = true }}\n{SINK}"
        ),
        r#"
error: the input has a column `rank`, and `top` adds another
 --> weather.toml:8:8
  |
8 | [stage.it]
  |        ^^
  |
  = help: leave it out, or give it another name, in a `map` stage
"#,
    );
}

#[test]
fn a_top_stage_calls_no_function() {
    check_stage(
        "top = { n = 1, by = [\"count\"] }\nwindow = { global = true }\nargs = [\"count\"]\nlimits = { memory = \"1MiB\" }\non_error = \"skip\"\nallowed_lateness = \"1s\"",
        r#"
error: a `top` stage cannot have `args`
  --> weather.toml:12:1
   |
12 | args = ["count"]
   | ^^^^

error: a `top` stage cannot have `limits`
  --> weather.toml:13:1
   |
13 | limits = { memory = "1MiB" }
   | ^^^^^^

error: a `top` stage cannot have `on_error`
  --> weather.toml:14:1
   |
14 | on_error = "skip"
   | ^^^^^^^^

error: a `top` stage cannot have `allowed_lateness`
  --> weather.toml:15:1
   |
15 | allowed_lateness = "1s"
   | ^^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn late_rows_are_not_ranked() {
    let toml = |window: &str| {
        format!(
            "{SOURCE}[stage.it]\nfrom = \"readings\"\ntop = {{ n = 1, by = [\"count\"] }}\nwindow = {{ {window} }}\nlate = \"late\"\n{SINK}[sink.late]\nconnector = \"blackhole\"\n"
        )
    };
    let plan = load(&toml("tumbling = \"1m\"")).expect("it is right");
    assert_eq!(plan.sinks[1].schema, plan.sources[0].schema);
    check(
        &toml("global = true"),
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
