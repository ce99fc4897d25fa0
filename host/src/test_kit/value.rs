//! Rows as they have come out: columns by name, values by type.

use std::{fmt, sync::Arc};

use anyhow::Context;
use arrow::{
    array::{Array, AsArray},
    datatypes::{
        Float32Type, Float64Type, Int32Type, Int64Type, SchemaRef, TimestampMicrosecondType,
    },
};

use crate::{
    batch::{Batch, DataType},
    time::Timestamp,
};

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

/// A row that has come out.
#[derive(Clone, Debug)]
pub struct Row {
    /// The sink that has got it.
    pub sink: Arc<str>,
    schema: SchemaRef,
    values: Vec<Value>,
}

impl Row {
    /// The rows of `batch`, which `sink` has got.
    ///
    /// # Errors
    ///
    /// If a column is of a type that no pipeline has.
    pub fn of_batch(sink: &Arc<str>, batch: &Batch) -> anyhow::Result<Vec<Self>> {
        let schema = batch.record().schema();
        let row = |row| {
            let columns = batch.record().columns().iter();
            let values = columns.map(|column| value(column, row));
            Ok(Self {
                sink: Arc::clone(sink),
                schema: SchemaRef::clone(&schema),
                values: values.collect::<anyhow::Result<_>>()?,
            })
        };
        (0..batch.rows()).map(row).collect()
    }

    /// The value in the column called `name`, if there is one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let (place, _) = self.schema.column_with_name(name)?;
        self.values.get(place)
    }

    /// The values at these places.
    pub(super) fn at(&self, places: &[usize]) -> Vec<&Value> {
        let values = places.iter().filter_map(|&place| self.values.get(place));
        values.collect()
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().as_str())
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
pub(super) fn shown(text: &str) -> String {
    let is_plain = |letter: char| !letter.is_control() && letter != '"';
    let looks_like_another = serde_json::from_str::<serde_json::Value>(text).is_ok();
    let is_padded = text.trim() != text || text.contains("  ");
    if text.is_empty() || is_padded || looks_like_another || !text.chars().all(is_plain) {
        format!("{text:?}")
    } else {
        text.to_owned()
    }
}

fn value(column: &dyn Array, row: usize) -> anyhow::Result<Value> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    let kind = DataType::from_arrow(column.data_type());
    let kind = kind.with_context(|| format!("there is no type for {}", column.data_type()))?;
    Ok(match kind {
        DataType::Boolean => Value::Boolean(column.as_boolean().value(row)),
        DataType::Int32 => Value::Integer(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Integer(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => Value::Float(column.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Value::Float(column.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            Value::Timestamp(Timestamp::from_micros(micros))
        }
        DataType::Utf8 => Value::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Binary => Value::Binary(column.as_binary::<i32>().value(row).to_vec()),
    })
}
