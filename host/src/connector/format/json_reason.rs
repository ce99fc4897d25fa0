//! What is wrong with a line of JSON, in words for the user. Decides nothing.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::{
    lines::text,
    raw::{RawType, shown},
};
use crate::batch::DataType;

/// What is wrong with a line, if it seems to be.
pub(super) fn explain(line: &[u8], names: &[String], raw: &[RawType]) -> Option<String> {
    let line = match text(line) {
        Ok(line) => line,
        Err(reason) => return Some(reason),
    };
    let start = line.trim_start_matches([' ', '\t', '\r']);
    if !start.starts_with('{') {
        return Some(format!("not a JSON object: found {}", kind(start)));
    }
    let mut json = serde_json::Deserializer::from_str(line);
    let row = Row { names };
    let values = match row.deserialize(&mut json) {
        Ok(values) => values,
        Err(error) => return Some(syntax(&error)),
    };
    if json.end().is_err() {
        return Some(format!(
            "expected one JSON object a line, found more after it at column {}",
            first_object(line) + 1
        ));
    }
    let columns = names.iter().zip(raw).zip(&values);
    for ((name, raw), value) in columns {
        if let Some(value) = value
            && !fits(raw, value)
        {
            let expected = raw.expected();
            let found = shown(&value.to_string());
            return Some(format!(
                "column `{name}`: expected {expected}, found {found}"
            ));
        }
    }
    None
}

/// Where the first object of a line ends.
fn first_object(line: &str) -> usize {
    let mut objects = serde_json::Deserializer::from_str(line).into_iter::<IgnoredAny>();
    let _ = objects.next();
    objects.byte_offset()
}

/// What a line that is not an object begins with.
fn kind(line: &str) -> &'static str {
    match line.bytes().next() {
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b'-' | b'0'..=b'9') => "a number",
        _ if ["true", "false", "null"].contains(&line) => "a single value",
        _ => "something else",
    }
}

fn syntax(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = match text.rfind(" at line ") {
        Some(end) => &text[..end],
        None => &text,
    };
    if error.is_eof() {
        return format!(
            "not a JSON object: the line ends at column {} before the object does",
            error.column()
        );
    }
    format!("not a JSON object: {what} at column {}", error.column())
}

/// Whether a decoder finds a value of this type in a JSON value.
fn fits(raw: &RawType, value: &Value) -> bool {
    match (raw, value) {
        (_, Value::Null) => true,
        (RawType::Own(DataType::Boolean), value) => value.is_boolean(),
        (RawType::Own(DataType::Utf8) | RawType::Text(_), value) => value.is_string(),
        (RawType::Own(DataType::Binary) | RawType::Hex, Value::String(text)) => {
            RawType::Own(DataType::Binary).accepts(text)
        }
        (RawType::Own(DataType::Binary) | RawType::Hex, _) => false,
        (raw, Value::String(text)) => raw.accepts(text),
        (RawType::Own(DataType::Int32), Value::Number(number)) => number
            .as_f64()
            .is_some_and(|number| number > -2_147_483_649.0 && number < 2_147_483_648.0),
        (RawType::Own(DataType::Int64) | RawType::Number(_), Value::Number(number)) => {
            number.is_i64()
                || number.is_f64()
                    && number.as_f64().is_some_and(|number| {
                        (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
                            .contains(&number)
                    })
        }
        (_, value) => value.is_number(),
    }
}

/// The values of the columns in an object.
struct Row<'a> {
    names: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Vec<Option<Value>>;

    fn deserialize<D: Deserializer<'de>>(self, object: D) -> Result<Self::Value, D::Error> {
        object.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Vec<Option<Value>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.names.len()];
        while let Some(name) = object.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.names.iter().position(|other| *other == name) {
                Some(column) => values[column] = Some(object.next_value()?),
                None => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}
