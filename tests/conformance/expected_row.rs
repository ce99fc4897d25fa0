//! Turns an expected row of a case into one of ours: other names of columns, never other values.

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value};

use crate::adapter::Expected;

/// A row, as an object.
pub type Row = Map<String, Value>;

impl Expected {
    /// The sink that the row is expected in, if a column says so, and the row as we spell it.
    pub fn adapt(&self, row: &Value) -> anyhow::Result<(Option<String>, Row)> {
        let row = row
            .as_object()
            .context("an expected row is not an object")?;
        let mut sink = None;
        let mut adapted = Row::new();
        for (column, value) in row {
            if self.sink_column.as_ref() == Some(column) {
                let name = value.as_str().context("the name of a sink is not a text")?;
                sink = Some(name.to_owned());
            } else if let Some(parts) = self.split.get(column) {
                let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
                ensure!(
                    values.len() == parts.len(),
                    "`{column}` does not have {} parts",
                    parts.len()
                );
                for (part, value) in parts.iter().zip(values) {
                    insert(&mut adapted, part, value)?;
                }
            } else if !self.is_dropped(column, value) {
                let name = self.rename.get(column).unwrap_or(column);
                insert(&mut adapted, name, value)?;
            }
        }
        if let Some(column) = &self.sink_column
            && sink.is_none()
        {
            bail!("an expected row has no column `{column}`");
        }
        Ok((sink, adapted))
    }

    fn is_dropped(&self, column: &String, value: &Value) -> bool {
        self.drop.contains(column) || value.is_null() && self.drop_nulls.contains(column)
    }
}

/// Adds a column. One that is there already, under another name, must be the same.
fn insert(row: &mut Row, name: &str, value: &Value) -> anyhow::Result<()> {
    match row.insert(name.to_owned(), value.clone()) {
        Some(other) if !same(&other, value) => {
            bail!("two expected columns are `{name}` here and differ: {other} and {value}")
        }
        _ => Ok(()),
    }
}

/// Whether two values are the same, as numbers if they are some.
fn same(left: &Value, right: &Value) -> bool {
    left == right
        || left
            .as_f64()
            .is_some_and(|number| Some(number) == right.as_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapter::Adapter;

    fn adapt(expected: &str, row: &Value) -> anyhow::Result<(Option<String>, Row)> {
        let adapter = Adapter::parse(&format!("[expected]\n{expected}"))?;
        adapter.expected.adapt(row)
    }

    #[track_caller]
    fn check(expected: &str, row: &Value, sink: Option<&str>, adapted: &Value) {
        let (found_sink, found) = adapt(expected, row).expect("a row that fits");
        assert_eq!(found_sink.as_deref(), sink);
        assert_eq!(&Value::Object(found), adapted);
    }

    #[test]
    fn columns_get_our_names() {
        check(
            "rename = { hour = \"window_start\" }",
            &json!({"hour": 1, "n": 2}),
            None,
            &json!({"window_start": 1, "n": 2}),
        );
    }

    #[test]
    fn a_column_names_the_sink_and_another_is_split() {
        check(
            "sink_column = \"kind\"\nsplit = { window = [\"from\", \"to\"] }",
            &json!({"kind": "final", "window": [0, 2]}),
            Some("final"),
            &json!({"from": 0, "to": 2}),
        );
        assert!(adapt("sink_column = \"kind\"", &json!({"n": 1})).is_err());
        assert!(adapt("split = { n = [\"a\", \"b\"] }", &json!({"n": [1]})).is_err());
    }

    #[test]
    fn nulls_are_left_out_where_told() {
        let expected = "drop_nulls = [\"uid\"]\ndrop = [\"x\"]";
        check(expected, &json!({"uid": null, "x": 1}), None, &json!({}));
        check(expected, &json!({"uid": 1}), None, &json!({"uid": 1}));
    }

    #[test]
    fn columns_that_become_one_must_agree() {
        let expected = "rename = { parity = \"value\" }";
        let agreeing = json!({"value": 1, "parity": 1.0});
        check(expected, &agreeing, None, &json!({"value": 1}));
        assert!(adapt(expected, &json!({"value": 1, "parity": 2})).is_err());
    }
}
