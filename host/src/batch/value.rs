//! Single values, for people and for comparisons. Rows that are on their way are columns, never these.

use std::fmt;

use arrow::{
    array::{Array, AsArray},
    datatypes::{Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};

use super::{DataType, visible::is_visible};
use crate::time::Timestamp;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number, of 32 or 64 bits.
    Integer(i64),
    /// A number, of 32 or 64 bits.
    Float(f64),
    /// An instant.
    Timestamp(Timestamp),
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Value {
    /// The value in a row of a column; `None` if the column is of a type that no pipeline has.
    pub fn at(column: &dyn Array, row: usize) -> Option<Self> {
        if column.is_null(row) {
            return Some(Self::Null);
        }
        Some(match DataType::from_arrow(column.data_type())? {
            DataType::Boolean => Self::Boolean(column.as_boolean().value(row)),
            DataType::Int32 => Self::Integer(column.as_primitive::<Int32Type>().value(row).into()),
            DataType::Int64 => Self::Integer(column.as_primitive::<Int64Type>().value(row)),
            DataType::Float32 => {
                Self::Float(column.as_primitive::<Float32Type>().value(row).into())
            }
            DataType::Float64 => Self::Float(column.as_primitive::<Float64Type>().value(row)),
            DataType::Timestamp => {
                let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
                Self::Timestamp(Timestamp::from_micros(micros))
            }
            DataType::Utf8 => Self::Text(column.as_string::<i32>().value(row).to_owned()),
            DataType::Binary => Self::Binary(column.as_binary::<i32>().value(row).to_vec()),
        })
    }
}

/// As in a script, but that text is not in quotes unless it would pass for something else.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(value) => value.fmt(formatter),
            Self::Integer(value) => value.fmt(formatter),
            Self::Float(value) => write!(formatter, "{value:?}"),
            Self::Timestamp(value) => value.fmt(formatter),
            Self::Text(text) => formatter.write_str(&shown(text)),
            Self::Binary(bytes) => {
                let mut digits = bytes.iter();
                digits.try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }
    }
}

/// A text, in quotes if it would pass for something else or for nothing.
pub(crate) fn shown(text: &str) -> String {
    let is_plain = |letter: char| is_visible(letter) && letter != '"';
    let looks_like_another = serde_json::from_str::<serde_json::Value>(text).is_ok();
    let is_padded = text.trim() != text || text.contains("  ");
    if text.is_empty() || is_padded || looks_like_another || !text.chars().all(is_plain) {
        format!("{text:?}")
    } else {
        text.to_owned()
    }
}
