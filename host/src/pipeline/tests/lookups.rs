//! Lookups: which table, by which columns, and the columns that come out.

use super::*;
use crate::operator::{LookupWork, Miss, OutputColumn, Work};

/// A table.
const SENSORS: &str = r#"[table.sensors]
path = "sensors.csv"
format = "csv"
columns = { id = "utf8", place = "utf8", count = "int32", ts = "timestamp" }
"#;

fn lookup(keys: &str) -> String {
    format!("{SOURCE}{SENSORS}[stage.it]\nfrom = \"readings\"\n{keys}\n{SINK}")
}

#[track_caller]
fn looked_up(keys: &str) -> (LookupWork, StagePlan) {
    let stage = stage_of(&lookup(keys));
    match stage.work.clone() {
        Work::Lookup(work) => (work, stage),
        other => panic!("it is no `lookup` stage: {other:?}"),
    }
}

#[test]
fn a_lookup_adds_columns() {
    let (work, stage) = looked_up("lookup = { table = \"sensors\", on = { sensor = \"id\" } }");
    assert_eq!((work.table, work.miss), (0, Miss::Null));
    assert_eq!((work.input_key, work.table_key), (vec![1], vec![0]));
    assert_eq!(work.columns, [1, 2, 3]);
    assert_eq!(
        stage.schema.to_string(),
        "ts: timestamp, sensor: utf8?, temperature: float64?, count: int32?, place: utf8?, sensors_count: int32?, sensors_ts: timestamp?"
    );
    assert!(stage.has_event_time);
}

#[test]
fn a_lookup_keeps_columns() {
    use OutputColumn::{Input, Result};
    let (work, stage) = looked_up(
        "lookup = { table = \"sensors\", on = { sensor = \"id\" }, miss = \"drop\" }\nkeep = [\"place\", \"ts\", \"sensors_count\"]",
    );
    assert_eq!(work.miss, Miss::Drop);
    assert_eq!(work.output, [Result(0), Input(0), Result(1)]);
    assert_eq!(
        stage.schema.to_string(),
        "place: utf8?, ts: timestamp, sensors_count: int32?"
    );
}

#[test]
fn columns_can_have_one_name_on_both_sides() {
    let (work, stage) = looked_up("lookup = { table = \"sensors\", on = [\"count\", \"ts\"] }");
    assert_eq!((work.input_key, work.table_key), (vec![3, 0], vec![2, 3]));
    assert_eq!(work.columns, [0, 1]);
    assert!(stage.schema.find("place").is_some());
}

#[test]
fn a_lookup_names_a_table_and_columns() {
    check(
        &lookup("lookup = { miss = \"nul\" }"),
        r#"
error: `lookup` has no `on`
  --> weather.toml:14:10
   |
14 | lookup = { miss = "nul" }
   |          ^^^^^^^^^^^^^^^^
   |
   = help: add the columns that must be equal, as in `on = ["station"]`

error: `lookup` has no `table`
  --> weather.toml:14:10
   |
14 | lookup = { miss = "nul" }
   |          ^^^^^^^^^^^^^^^^
   |
   = help: add `table = "NAME"`, that of a section `[table.NAME]`

error: unknown miss `nul`
  --> weather.toml:14:19
   |
14 | lookup = { miss = "nul" }
   |                   ^^^^^
   |
   = help: did you mean `null`?
"#,
    );
    check(
        &lookup("lookup = { table = \"sensors\", on = [] }"),
        r#"
error: a row of a table is found by one column at least
  --> weather.toml:14:36
   |
14 | lookup = { table = "sensors", on = [] }
   |                                    ^^
   |
   = help: add the columns that must be equal, as in `on = ["station"]`
"#,
    );
    check(
        &lookup("lookup = \"sensors\""),
        r#"
error: expected a table such as `{ table = "stations", on = ["station"] }`, found string
  --> weather.toml:14:10
   |
14 | lookup = "sensors"
   |          ^^^^^^^^^
"#,
    );
}

#[test]
fn the_table_of_a_lookup_is_there() {
    check(
        &lookup("lookup = { table = \"sensor\", on = { sensor = \"id\" } }"),
        r#"
error: there is no table `sensor`
  --> weather.toml:14:20
   |
14 | lookup = { table = "sensor", on = { sensor = "id" } }
   |                    ^^^^^^^^
   |
   = help: did you mean `sensors`?
"#,
    );
    check(
        &lookup("lookup = { table = \"stations\", on = [\"sensor\"] }").replace(SENSORS, ""),
        r#"
error: there is no table `stations`
  --> weather.toml:10:20
   |
10 | lookup = { table = "stations", on = ["sensor"] }
   |                    ^^^^^^^^^^
   |
   = help: add it as `[table.stations]`
"#,
    );
}

#[test]
fn rows_are_looked_up_in_tables_only() {
    check(
        &lookup("lookup = { table = \"readings\", on = [\"sensor\"] }"),
        r#"
error: `readings` is a source; rows are looked up in a table
  --> weather.toml:14:20
   |
14 | lookup = { table = "readings", on = ["sensor"] }
   |                    ^^^^^^^^^^
   |
   = help: put rows of two streams together with `join`
"#,
    );
}

#[test]
fn columns_of_row_and_table_have_one_type() {
    check(
        &lookup(
            "lookup = { table = \"sensors\", on = { sensor = \"count\", temperature = \"plac\" } }",
        ),
        r#"
error: column `sensor` is utf8, and column `count` of `sensors` is int32
  --> weather.toml:14:47
   |
14 | lookup = { table = "sensors", on = { sensor = "count", temperature = "plac" } }
   |                                               ^^^^^^^
   |
   = help: only values of one type can be equal: convert one of them in a `map` stage

error: `sensors` has no column `plac`
  --> weather.toml:14:70
   |
14 | lookup = { table = "sensors", on = { sensor = "count", temperature = "plac" } }
   |                                                                      ^^^^^^
   |
   = help: did you mean `place`?
"#,
    );
}

#[test]
fn keys_of_a_lookup_stand_in_their_place() {
    check(
        &lookup(
            "lookup = { table = \"sensors\", on = { sensor = \"id\" }, keep = [\"ts\"] }\nkey = [\"sensor\"]\non_error = \"skip\"",
        ),
        r#"
error: `lookup` cannot have `keep`
  --> weather.toml:14:55
   |
14 | lookup = { table = "sensors", on = { sensor = "id" }, keep = ["ts"] }
   |                                                       ^^^^

error: a `lookup` stage cannot have `key`
  --> weather.toml:15:1
   |
15 | key = ["sensor"]
   | ^^^

error: a `lookup` stage cannot have `on_error`
  --> weather.toml:16:1
   |
16 | on_error = "skip"
   | ^^^^^^^^
"#,
    );
}

#[test]
fn a_name_with_the_table_in_front_can_be_taken_as_well() {
    check(
        &lookup("lookup = { table = \"sensors\", on = { sensor = \"id\" } }")
            .replace("temperature =", "sensors_ts ="),
        r#"
error: two columns of the output would be called `sensors_ts`
  --> weather.toml:14:10
   |
14 | lookup = { table = "sensors", on = { sensor = "id" } }
   |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: a column of a table whose name is taken gets that of the table in front; give one of them another name
"#,
    );
}

#[test]
fn what_is_kept_of_a_lookup_are_columns_of_the_output() {
    check(
        &lookup("lookup = { table = \"sensors\", on = { sensor = \"id\" } }\nkeep = [\"id\"]"),
        r#"
error: there is no column `id`
  --> weather.toml:15:9
   |
15 | keep = ["id"]
   |         ^^^^
   |
   = help: the columns are `ts`, `sensor`, `temperature`, `count`, `place`, `sensors_count`, `sensors_ts`
"#,
    );
}
