//! TOML as JSON, so that serde reads it: `case.toml` and what is asked of a pipeline.

use anyhow::{Context, bail};
use serde_json::Value;
use toml::{Spanned, de::DeTable, de::DeValue};

use crate::expected_row::Row;

/// Reads a document.
pub fn parse(text: &str) -> anyhow::Result<Value> {
    let table = DeTable::parse(text).context("this is not TOML")?;
    object(table.get_ref())
}

fn object(table: &DeTable<'_>) -> anyhow::Result<Value> {
    let mut row = Row::new();
    for (key, entry) in table {
        row.insert(key.get_ref().to_string(), value(entry)?);
    }
    Ok(Value::Object(row))
}

fn value(entry: &Spanned<DeValue<'_>>) -> anyhow::Result<Value> {
    Ok(match entry.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(truth) => Value::from(*truth),
        DeValue::Integer(number) if number.radix() == 10 => serde_json::from_str(number.as_str())?,
        DeValue::Float(number) => serde_json::from_str(number.as_str())?,
        DeValue::Array(entries) => {
            Value::Array(entries.iter().map(value).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => object(table)?,
        other => bail!("no case needs {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_become_objects() {
        let text = "a = { b = 1 }\n[c]\nd = [true, \"x\"]\n";
        let expected = json!({"a": {"b": 1}, "c": {"d": [true, "x"]}});
        assert_eq!(parse(text).expect("TOML"), expected);
        assert!(parse("a = ").is_err());
    }
}
