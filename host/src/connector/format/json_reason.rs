//! What is wrong with a line of JSON, in words for the user. Decides nothing.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{
    json_value::JsonValue,
    json_whole::is_whole_type,
    lines::text,
    raw::{RawType, shown},
    salvage::Fault,
};
use crate::batch::DataType;

/// What is wrong with a line, if it seems to be. A fraction in a column of whole numbers certainly is; of
/// the rest, the decoder may think otherwise.
pub(super) fn explain(line: &[u8], names: &[String], raw: &[RawType]) -> Option<Fault> {
    let line = match text(line) {
        Ok(line) => line,
        Err(reason) => return Some(Fault::Suspected(reason)),
    };
    let start = line.trim_start_matches([' ', '\t', '\r']);
    if !start.starts_with('{') {
        let reason = format!("not a JSON object: found {}", kind(start));
        return Some(Fault::Suspected(reason));
    }
    let mut json = serde_json::Deserializer::from_str(line);
    let row = Row { names };
    let values = match row.deserialize(&mut json) {
        Ok(values) => values,
        Err(error) => return Some(Fault::Suspected(syntax(&error))),
    };
    if json.end().is_err() {
        return Some(Fault::Suspected(format!(
            "expected one JSON object a line, found more after it at column {}",
            first_object(line) + 1
        )));
    }
    let columns = names.iter().zip(raw).zip(&values);
    for ((name, raw), value) in columns {
        if let Some(value) = value
            && !fits(raw, value)
        {
            let (expected, found) = (raw.expected(), shown(&value.to_string()));
            let reason = format!("column `{name}`: expected {expected}, found {found}");
            return Some(match value {
                JsonValue::Number(_) if is_whole_type(raw) => Fault::Certain(reason),
                _ => Fault::Suspected(reason),
            });
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
        Some(0) => "a NUL byte",
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
fn fits(raw: &RawType, value: &JsonValue<'_>) -> bool {
    match (value, raw) {
        (JsonValue::Null, _) => true,
        (JsonValue::Boolean(_), raw) => matches!(raw, RawType::Own(DataType::Boolean)),
        (JsonValue::Text(_), RawType::Own(DataType::Boolean)) => false,
        (JsonValue::Text(text), RawType::Hex) => RawType::Own(DataType::Binary).accepts(text),
        (JsonValue::Text(text), raw) => raw.accepts(text),
        (JsonValue::Number(_), RawType::Own(DataType::Int32)) => {
            let whole = value.whole();
            whole.is_some_and(|number| i32::try_from(number).is_ok())
        }
        (JsonValue::Number(_), raw) if is_whole_type(raw) => value.whole().is_some(),
        (JsonValue::Number(_), raw) => {
            matches!(raw, RawType::Own(DataType::Float32 | DataType::Float64))
        }
        (JsonValue::List | JsonValue::Object, _) => false,
    }
}

/// The values of the columns in an object.
struct Row<'a> {
    names: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Vec<Option<JsonValue<'de>>>;

    fn deserialize<D: Deserializer<'de>>(self, object: D) -> Result<Self::Value, D::Error> {
        object.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Vec<Option<JsonValue<'de>>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.names.len()];
        while let Some(name) = object.next_key::<Cow<'de, str>>()? {
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
