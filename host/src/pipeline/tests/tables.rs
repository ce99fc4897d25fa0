//! Tables of reference data.

use super::*;
use crate::{
    connector::{Format, TableConfig},
    time::Duration,
};

/// A pipeline with a table `sensors`, which is read.
fn table(keys: &str) -> String {
    format!(
        "{SOURCE}[table.sensors]\n{keys}\n[stage.it]\nfrom = \"readings\"\nlookup = {{ table = \"sensors\", on = [\"sensor\"] }}\n{SINK}"
    )
}

#[test]
fn a_table_is_read_from_files() {
    let plan = load(&table(
        "path = \"sensors/*.csv\"\nformat = \"csv\"\ncolumns = { sensor = \"utf8\", place = \"utf8\" }",
    ))
    .expect("it is right");
    let table = &plan.tables[0];
    assert_eq!(table.summary, "file sensors/*.csv (2 files), csv");
    assert_eq!(table.schema.to_string(), "sensor: utf8?, place: utf8?");
    let TableConfig::File {
        path,
        decoding,
        refresh,
    } = &table.config
    else {
        panic!("it is in files");
    };
    assert_eq!(path, Path::new("sensors/*.csv"));
    assert_eq!(*refresh, Duration::from_secs(1));
    assert_eq!(decoding.format, Format::Csv);
    assert_eq!(decoding.event_time, None);
}

#[test]
fn a_table_in_parquet_knows_its_columns() {
    let plan = load(&table(
        "connector = \"file\"\npath = \"sensors.parquet\"\nformat = \"parquet\"\nrefresh = \"1m\"",
    ))
    .expect("it is right");
    let columns = plan.tables[0].schema.to_string();
    assert_eq!(
        columns,
        "ts: timestamp, sensor: utf8?, temperature: float64?"
    );
}

#[test]
fn a_table_can_come_from_a_script() {
    let plan = load(&table(
        "connector = \"test\"\ncolumns = { sensor = \"utf8\", place = \"utf8\" }",
    ))
    .expect("it is right");
    assert_eq!(plan.tables[0].summary, "test");
    assert!(
        matches!(&plan.tables[0].config, TableConfig::Test { decoding } if decoding.format == Format::Json)
    );
}

#[test]
fn a_table_has_a_path_and_a_format() {
    check(
        &table("columns = { sensor = \"utf8\" }"),
        r#"
error: table `sensors` has no `format`
 --> weather.toml:8:8
  |
8 | [table.sensors]
  |        ^^^^^^^
  |
  = help: add `format = "csv"`, or `json`, `parquet`

error: table `sensors` has no `path`
 --> weather.toml:8:8
  |
8 | [table.sensors]
  |        ^^^^^^^
  |
  = help: add the path of a file, a glob or a directory
"#,
    );
}

#[test]
fn a_table_has_columns() {
    check(
        &table("path = \"x\"\nformat = \"json\""),
        r#"
error: table `sensors` has no `columns`
 --> weather.toml:8:8
  |
8 | [table.sensors]
  |        ^^^^^^^
  |
  = help: add them, as in `columns = { sensor = "utf8", temperature = "float64" }`
"#,
    );
    check(
        &table("connector = \"test\""),
        r#"
error: table `sensors` has no `columns`
 --> weather.toml:8:8
  |
8 | [table.sensors]
  |        ^^^^^^^
  |
  = help: add them, as in `columns = { sensor = "utf8", temperature = "float64" }`
"#,
    );
}

#[test]
fn a_table_has_rows_that_are_found_by_key() {
    check(
        &table("path = \"x\"\nformat = \"lines\""),
        r#"
error: unknown format `lines`
  --> weather.toml:10:10
   |
10 | format = "lines"
   |          ^^^^^^^
   |
   = help: known are `json`, `csv`, `parquet`
"#,
    );
}

#[test]
fn a_table_knows_no_time_and_no_bad_rows() {
    check(
        &table(
            "path = \"x\"\nformat = \"csv\"\ncolumns = { sensor = \"utf8\" }\nevent_time = { column = \"ts\", unit = \"ms\" }\non_error = \"skip\"\nfollow = true\nrefesh = \"1s\"",
        ),
        r#"
error: a table cannot have `event_time`
  --> weather.toml:12:1
   |
12 | event_time = { column = "ts", unit = "ms" }
   | ^^^^^^^^^^

error: a table cannot have `on_error`
  --> weather.toml:13:1
   |
13 | on_error = "skip"
   | ^^^^^^^^

error: `follow` is not supported yet
  --> weather.toml:14:1
   |
14 | follow = true
   | ^^^^^^

error: unknown key `refesh` in a table
  --> weather.toml:15:1
   |
15 | refesh = "1s"
   | ^^^^^^
   |
   = help: did you mean `refresh`?
"#,
    );
}

#[test]
fn a_table_is_not_looked_at_all_the_time() {
    check(
        &table("path = \"x\"\nformat = \"csv\"\ncolumns = { sensor = \"utf8\" }\nrefresh = \"0s\""),
        r#"
error: expected a duration above zero, found no time at all
  --> weather.toml:12:11
   |
12 | refresh = "0s"
   |           ^^^^
"#,
    );
}

#[test]
fn tables_have_connectors() {
    check(
        &table("connector = \"stdin\"\nformat = \"csv\""),
        r#"
error: unknown connector `stdin`
 --> weather.toml:9:13
  |
9 | connector = "stdin"
  |             ^^^^^^^
  |
  = help: known are `file`, `test`
"#,
    );
}

#[test]
fn a_table_of_a_script_has_columns_only() {
    check(
        &table("connector = \"test\"\npath = \"x\"\ncolumns = { sensor = \"utf8\" }"),
        r#"
error: a `test` table cannot have `path`
  --> weather.toml:10:1
   |
10 | path = "x"
   | ^^^^
"#,
    );
}

#[test]
fn the_files_of_a_table_are_there() {
    check(
        &table("path = \"no/x.csv\"\nformat = \"csv\"\ncolumns = { sensor = \"utf8\" }"),
        r#"
error: there are no files `no/x.csv`
 --> weather.toml:9:8
  |
9 | path = "no/x.csv"
  |        ^^^^^^^^^^
  |
  = help: paths are relative to this file
"#,
    );
    check(
        &table("path = \"torn/x.parquet\"\nformat = \"parquet\""),
        r#"
error: cannot read the columns of this table: `torn/x.parquet` has no footer
  --> weather.toml:10:10
   |
10 | format = "parquet"
   |          ^^^^^^^^^
"#,
    );
}

#[test]
fn a_table_that_nobody_looks_into_is_an_error() {
    check(
        &format!(
            "{SOURCE}[table.sensors]\nconnector = \"test\"\ncolumns = {{ sensor = \"utf8\" }}\n[sink.out]\nfrom = \"readings\"\nconnector = \"stdout\"\n"
        ),
        r#"
error: nothing reads table `sensors`
 --> weather.toml:8:8
  |
8 | [table.sensors]
  |        ^^^^^^^
  |
  = help: look into it with `lookup = { table = "sensors", … }`, or remove it
"#,
    );
}

#[test]
fn rows_do_not_come_from_tables() {
    check(
        &table("connector = \"test\"\ncolumns = { sensor = \"utf8\" }")
            .replace("from = \"it\"", "from = [\"it\", \"sensors\"]"),
        r#"
error: `sensors` is a table; rows come from sources and stages
  --> weather.toml:15:15
   |
15 | from = ["it", "sensors"]
   |               ^^^^^^^^^
   |
   = help: look rows up in it: `lookup = { table = "sensors", … }`
"#,
    );
}

#[test]
fn tables_have_names_of_their_own() {
    check(
        &table("connector = \"test\"\ncolumns = { sensor = \"utf8\" }").replace("sensors", "it"),
        r#"
error: `it` is already the name of a table
  --> weather.toml:11:8
   |
 8 | [table.it]
   |        -- first used here
...
11 | [stage.it]
   |        ^^
   |
   = help: sources, stages, sinks and tables need names of their own

error: `it` is a table; rows come from sources and stages
  --> weather.toml:15:8
   |
15 | from = "it"
   |        ^^^^
   |
   = help: look rows up in it: `lookup = { table = "it", … }`
"#,
    );
}
