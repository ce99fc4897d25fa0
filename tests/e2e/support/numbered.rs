//! A job that numbers the rows of each sensor: none may be lost, none may come twice.

use std::collections::BTreeMap;

use super::{Pipeline, Workspace};

/// The job, with a source `in` of rows with a `ts` and a `sensor`. It writes to the folder `out`.
pub fn numbered(source: &str) -> Pipeline {
    Pipeline::new("numbered")
        .with("[source.in]")
        .with(source)
        .with(
            r#"
[stage.numbered]
from = "in"
key = ["sensor"]
process = "std#row_number"
keep = ["ts", "sensor"]
"#,
        )
        .file_sink("numbered", "out", "json")
        .checkpoints("30ms")
}

/// A source of so many rows, slow enough for its job to be met in its midst.
pub fn slow_rows(rows: usize) -> String {
    format!("connector = \"generator\"\nrate = 2000\nrows = {rows}")
}

/// Expects so many rows in `folder`, those of each sensor numbered from 1.
#[track_caller]
pub fn assert_numbered(workspace: &Workspace, folder: &str, count: usize) {
    let rows = workspace.rows(folder);
    let mut numbers: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in &rows {
        let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
        let sensor = row["sensor"].as_str().expect("a sensor").to_owned();
        let number = row["row_number"].as_i64().expect("a number");
        numbers.entry(sensor).or_default().push(number);
    }
    assert_eq!(rows.len(), count);
    for numbers in numbers.values_mut() {
        numbers.sort_unstable();
        let expected: Vec<i64> = (1..=numbers.len() as i64).collect();
        assert_eq!(*numbers, expected, "no row is lost, none comes twice");
    }
}
