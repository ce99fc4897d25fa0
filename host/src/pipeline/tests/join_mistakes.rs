//! What a join cannot be.

use super::{joins::join, *};

#[test]
fn circles_can_lead_through_the_right_side() {
    check(
        &format!(
            "{SOURCE}[stage.it]\nfrom = \"readings\"\njoin = {{ with = \"b\", within = \"5s\" }}\n[stage.b]\nfrom = \"it\"\nfilter = \"weather.wasm#is_hot\"\n{SINK}"
        ),
        r#"
error: these stages feed themselves: it -> b -> it
  --> weather.toml:10:17
   |
10 | join = { with = "b", within = "5s" }
   |                 ^^^ closes the circle
"#,
    );
}

#[test]
fn a_join_says_with_whom_and_which_rows_meet() {
    check(
        &join("join = { on = [\"sensor\"] }"),
        r#"
error: `join` has no `with`
  --> weather.toml:16:8
   |
16 | join = { on = ["sensor"] }
   |        ^^^^^^^^^^^^^^^^^^^
   |
   = help: add `with = "NAME"`, a source or a stage

error: it is not said which rows of the two sides may meet
  --> weather.toml:16:8
   |
16 | join = { on = ["sensor"] }
   |        ^^^^^^^^^^^^^^^^^^^
   |
   = help: add `within = "5s"` for those with a near event time, or `window = { tumbling = "1m" }` for those in one window, or `window = { global = true }` for all
"#,
    );
}

#[test]
fn a_join_is_a_table() {
    check(
        &join("join = \"events\""),
        r#"
error: expected a table such as `{ with = "other", on = ["sensor"], within = "5s" }`, found string
  --> weather.toml:16:8
   |
16 | join = "events"
   |        ^^^^^^^^
"#,
    );
}

#[test]
fn a_join_is_with_rows() {
    check(
        &join("join = { with = \"event\", within = \"5s\" }"),
        r#"
error: there is no source or stage `event`
  --> weather.toml:16:17
   |
16 | join = { with = "event", within = "5s" }
   |                 ^^^^^^^
   |
   = help: did you mean `events`?
"#,
    );
    check(
        &join("join = { with = [\"events\", \"out\"], within = \"5s\" }"),
        r#"
error: `out` is a sink; rows come from sources and stages
  --> weather.toml:16:28
   |
16 | join = { with = ["events", "out"], within = "5s" }
   |                            ^^^^^
"#,
    );
}

#[test]
fn rows_meet_in_one_way() {
    check(
        &join("join = { with = \"events\", within = \"5s\", window = { tumbling = \"1m\" } }"),
        r#"
error: a join has either `within` or a `window`
  --> weather.toml:16:51
   |
16 | join = { with = "events", within = "5s", window = { tumbling = "1m" } }
   |                                    ----           ^^^^^^^^^^^^^^^^^^^
   |                                    |
   |                                    the other one
"#,
    );
}

#[test]
fn a_bound_has_two_sides() {
    check(
        &join("join = { with = \"events\", within = { after = \"5s\", befor = \"1s\" } }"),
        r#"
error: `within` has no `before`
  --> weather.toml:16:36
   |
16 | join = { with = "events", within = { after = "5s", befor = "1s" } }
   |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: add how much earlier the right row may be, as in `before = "0s"`

error: unknown key `befor` in `within`
  --> weather.toml:16:52
   |
16 | join = { with = "events", within = { after = "5s", befor = "1s" } }
   |                                                    ^^^^^
   |
   = help: did you mean `before`?
"#,
    );
}

#[test]
fn keys_of_a_join_stand_inside() {
    check(
        &join(
            "join = { with = \"events\", keep = [\"ts\"] }\nwindow = { tumbling = \"1m\" }\non = [\"sensor\"]\nemit = \"final\"",
        ),
        r#"
error: it is not said which rows of the two sides may meet
  --> weather.toml:16:8
   |
16 | join = { with = "events", keep = ["ts"] }
   |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: add `within = "5s"` for those with a near event time, or `window = { tumbling = "1m" }` for those in one window, or `window = { global = true }` for all

error: `join` cannot have `keep`
  --> weather.toml:16:27
   |
16 | join = { with = "events", keep = ["ts"] }
   |                           ^^^^

error: `window` belongs into `join = { … }`
  --> weather.toml:17:1
   |
17 | window = { tumbling = "1m" }
   | ^^^^^^

error: `on` belongs into `join = { … }`
  --> weather.toml:18:1
   |
18 | on = ["sensor"]
   | ^^

error: a `join` stage cannot have `emit`
  --> weather.toml:19:1
   |
19 | emit = "final"
   | ^^^^
"#,
    );
}

#[test]
fn kinds_of_joins_are_known() {
    check(
        &join("join = { with = \"events\", within = \"5s\", kind = \"outer\" }"),
        r#"
error: unknown kind of join `outer`
  --> weather.toml:16:49
   |
16 | join = { with = "events", within = "5s", kind = "outer" }
   |                                                 ^^^^^^^
   |
   = help: known are `inner`, `left`, `right`, `full`
"#,
    );
}

#[test]
fn columns_of_both_sides_have_one_type() {
    check(
        &join(
            "join = { with = \"events\", on = { count = \"level\", sensor = \"ts\" }, within = \"5s\" }",
        ),
        r#"
error: column `sensor` is utf8, and column `ts` of `events` is timestamp
  --> weather.toml:16:60
   |
16 | join = { with = "events", on = { count = "level", sensor = "ts" }, within = "5s" }
   |                                                            ^^^^
   |
   = help: only values of one type can be equal: convert one of them in a `map` stage
"#,
    );
}

#[test]
fn columns_of_both_sides_are_there_and_there_once() {
    check(
        &join(
            "join = { with = \"events\", on = [\"sensr\", \"temperature\", \"sensor\", \"sensor\"], within = \"5s\" }",
        ),
        r#"
error: `events` has no column `sensr`
  --> weather.toml:16:33
   |
16 | join = { with = "events", on = ["sensr", "temperature", "sensor", "sensor"], within = "5s" }
   |                                 ^^^^^^^
   |
   = help: did you mean `sensor`?

error: there is no column `sensr`
  --> weather.toml:16:33
   |
16 | join = { with = "events", on = ["sensr", "temperature", "sensor", "sensor"], within = "5s" }
   |                                 ^^^^^^^
   |
   = help: did you mean `sensor`?

error: `events` has no column `temperature`
  --> weather.toml:16:42
   |
16 | join = { with = "events", on = ["sensr", "temperature", "sensor", "sensor"], within = "5s" }
   |                                          ^^^^^^^^^^^^^
   |
   = help: its columns are `at`, `sensor`, `level`, `ts`

error: column `sensor` is listed twice
  --> weather.toml:16:67
   |
16 | join = { with = "events", on = ["sensr", "temperature", "sensor", "sensor"], within = "5s" }
   |                                                                   ^^^^^^^^
"#,
    );
}

#[test]
fn on_names_columns() {
    check(
        &join("join = { with = \"events\", on = \"sensor\", within = \"5s\" }"),
        r#"
error: expected columns, as in `["sensor"]`, or `{ sensor = "id" }` if their names differ, found string
  --> weather.toml:16:32
   |
16 | join = { with = "events", on = "sensor", within = "5s" }
   |                                ^^^^^^^^
"#,
    );
}

#[test]
fn within_needs_event_time_on_both_sides() {
    let toml = join("join = { with = \"events\", within = \"5s\" }")
        .replace("event_time = { column = \"at\", unit = \"ms\" }\n", "");
    check(
        &toml,
        r#"
error: `within` is about event time, and the rows of `events` have none
  --> weather.toml:15:36
   |
15 | join = { with = "events", within = "5s" }
   |                                    ^^^^
   |
   = help: set `event_time = { column = …, unit = … }` on the source, or join with `window = { global = true }`
"#,
    );
}

#[test]
fn a_window_of_a_join_needs_event_time_on_both_sides() {
    let toml = join("join = { with = \"events\", window = { tumbling = \"1m\" } }")
        .replace("event_time = { column = \"at\", unit = \"ms\" }\n", "");
    check(
        &toml,
        r#"
error: a window needs event time, and the rows of `events` have none
  --> weather.toml:15:36
   |
15 | join = { with = "events", window = { tumbling = "1m" } }
   |                                    ^^^^^^^^^^^^^^^^^^^
   |
   = help: set `event_time = { column = …, unit = … }` on the source
"#,
    );
}

#[test]
fn inherited_windows_are_on_both_sides() {
    check(
        &join("join = { with = \"events\", window = { inherited = true } }"),
        r#"
error: the rows of `events` have no column `window_start`
  --> weather.toml:16:36
   |
16 | join = { with = "events", window = { inherited = true } }
   |                                    ^^^^^^^^^^^^^^^^^^^^
   |
   = help: `inherited` windows are those of an `aggregate` stage before: their bounds are in the columns `window_start` and `window_end`, of type timestamp

error: the rows of `readings` have no column `window_start`
  --> weather.toml:16:36
   |
16 | join = { with = "events", window = { inherited = true } }
   |                                    ^^^^^^^^^^^^^^^^^^^^
   |
   = help: `inherited` windows are those of an `aggregate` stage before: their bounds are in the columns `window_start` and `window_end`, of type timestamp
"#,
    );
}

#[test]
fn windows_of_a_join_are_shared() {
    check(
        &join("join = { with = \"events\", window = { session = \"5s\" } }"),
        r#"
error: a `join` stage cannot have a `session` window
  --> weather.toml:16:36
   |
16 | join = { with = "events", window = { session = "5s" } }
   |                                    ^^^^^^^^^^^^^^^^^^
   |
   = help: its windows are `tumbling`, `sliding`, `cumulate`, `global`, `inherited`
"#,
    );
}

#[test]
fn what_is_kept_of_a_join_are_columns_of_the_output() {
    check(
        &join(
            "join = { with = \"events\", on = [\"sensor\"], within = \"5s\" }\nkeep = [\"events_sensor\"]",
        ),
        r#"
error: there is no column `events_sensor`
  --> weather.toml:17:9
   |
17 | keep = ["events_sensor"]
   |         ^^^^^^^^^^^^^^^
   |
   = help: the columns are `ts`, `sensor`, `temperature`, `count`, `at`, `level`, `events_ts`
"#,
    );
}

#[test]
fn a_name_in_front_can_be_taken_as_well() {
    let toml =
        join("join = { with = \"events\", within = \"5s\" }").replace("count =", "events_ts =");
    check(
        &toml,
        r#"
error: two columns of the output would be called `events_ts`
  --> weather.toml:16:17
   |
16 | join = { with = "events", within = "5s" }
   |                 ^^^^^^^^
   |
   = help: a column of the right side whose name is taken gets that of its stage in front; leave one out, or give it another name, in a `map` stage
"#,
    );
}

#[test]
fn the_bounds_of_a_join_have_names_of_their_own() {
    let toml = join("join = { with = \"events\", window = { tumbling = \"1m\" } }")
        .replace("count =", "window_end =");
    check(
        &toml,
        r#"
error: a column of the left side cannot be called `window_end`: the window's bounds are
  --> weather.toml:16:36
   |
16 | join = { with = "events", window = { tumbling = "1m" } }
   |                                    ^^^^^^^^^^^^^^^^^^^
   |
   = help: join with `window = { inherited = true }` if both sides have windows, or leave the column out in a `map` stage
"#,
    );
}

#[test]
fn no_row_is_late_for_a_global_join() {
    check(
        &(join("join = { with = \"events\", window = { global = true } }\nlate = \"late\"")
            + "[sink.late]\nconnector = \"blackhole\"\n"),
        r#"
error: no row is late for a `global` window, so there is nothing to write
  --> weather.toml:17:8
   |
17 | late = "late"
   |        ^^^^^^
   |
   = help: remove `late`
"#,
    );
}
