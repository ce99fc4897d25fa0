//! The configuration of a library, from TOML to JSON.

use serde_json::{Map, Number, Value as Json};
use toml::de::DeValue;

use crate::pipeline::reader::Value;

/// Reads a table as a JSON object, with its keys in alphabetical order.
pub(super) fn config(value: &Value<'_>) -> Option<String> {
    if !value.raw().is_table() {
        return value.expected("a table such as `{ threshold = 30.0 }`");
    }
    json(value).map(|json| json.to_string())
}

fn json(value: &Value<'_>) -> Option<Json> {
    Some(match value.raw() {
        DeValue::String(_) => Json::String(value.text("a string")?.value.value().to_owned()),
        DeValue::Integer(_) => Json::Number(value.integer(i64::MIN..=i64::MAX)?.into()),
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
            Some(number) => Json::Number(number),
            None => {
                let message = format!("`{float}` has no place in a configuration: it is not JSON");
                value.context.error(value.span, message);
                return None;
            }
        },
        DeValue::Boolean(boolean) => Json::Bool(*boolean),
        DeValue::Datetime(datetime) => Json::String(datetime.to_string()),
        DeValue::Array(_) => {
            let elements: Vec<_> = value.list("a list")?.iter().map(json).collect();
            Json::Array(elements.into_iter().collect::<Option<_>>()?)
        }
        DeValue::Table(_) => {
            let table = value.table("a table", "the configuration".to_owned())?;
            let entries: Vec<_> = table
                .entries()
                .into_iter()
                .map(|(key, value)| Some((key.value.to_owned(), json(&value)?)))
                .collect();
            Json::Object(entries.into_iter().collect::<Option<Map<_, _>>>()?)
        }
    })
}
