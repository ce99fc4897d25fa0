//! The type in which a column is read, before it becomes what the schema says.

use arrow::{
    array::timezone::Tz,
    compute::kernels::cast_utils::{Parser, string_to_datetime},
    datatypes::{
        DataType as ArrowType, Field as ArrowField, Float32Type, Float64Type, Int32Type, Int64Type,
        Schema as ArrowSchema, SchemaRef, TimeUnit,
    },
};

use crate::{
    batch::{DataType, Field, Schema},
    connector::{EventTime, EventTimeUnit, Format},
};

/// What a text format is asked to read for a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RawType {
    /// The type of the column itself.
    Own(DataType),
    /// An event time as a number of this unit.
    Number(EventTimeUnit),
    /// An event time as a text of this form.
    Text(EventTimeUnit),
    /// Bytes as hexadecimal digits, which the decoder leaves to us.
    Hex,
}

impl RawType {
    /// The raw types of the columns of `schema`.
    pub(crate) fn of_schema(
        schema: &Schema,
        event_time: Option<&EventTime>,
        format: Format,
    ) -> Vec<Self> {
        let raw = |(index, field): (usize, &Field)| match event_time {
            Some(time) if time.column == index => match time.unit {
                EventTimeUnit::Rfc3339 | EventTimeUnit::Pattern(_) => Self::Text(time.unit.clone()),
                _ => Self::Number(time.unit.clone()),
            },
            _ if field.data_type == DataType::Binary && format != Format::Parquet => Self::Hex,
            _ => Self::Own(field.data_type),
        };
        schema.fields().iter().enumerate().map(raw).collect()
    }

    /// The type that the decoder is asked for.
    pub(crate) fn to_arrow(&self) -> ArrowType {
        match self {
            // The decoders take a time without an offset for one in the zone of the column, and
            // know `UTC` only as no zone at all.
            Self::Own(DataType::Timestamp) => ArrowType::Timestamp(TimeUnit::Microsecond, None),
            Self::Own(own) => own.to_arrow(),
            Self::Number(_) => ArrowType::Int64,
            Self::Text(_) | Self::Hex => ArrowType::Utf8,
        }
    }

    /// What a user is told that the column should hold.
    pub(crate) fn expected(&self) -> String {
        let what = match self {
            Self::Own(own) => own.name(),
            Self::Number(EventTimeUnit::Seconds) => "whole seconds since 1970",
            Self::Number(EventTimeUnit::Millis) => "whole milliseconds since 1970",
            Self::Number(EventTimeUnit::Micros) => "whole microseconds since 1970",
            Self::Number(_) => "whole nanoseconds since 1970",
            Self::Text(EventTimeUnit::Pattern(pattern)) => {
                return format!("a time like `{pattern}`");
            }
            Self::Text(_) => "a time as in RFC 3339",
            Self::Hex => "binary as hexadecimal digits",
        };
        what.to_owned()
    }

    /// Whether a decoder finds a value of this type in a text.
    pub(crate) fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Own(DataType::Boolean) => {
                text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
            }
            Self::Own(DataType::Int32) => Int32Type::parse(text).is_some(),
            Self::Own(DataType::Int64) | Self::Number(_) => Int64Type::parse(text).is_some(),
            Self::Own(DataType::Float32) => Float32Type::parse(text).is_some(),
            Self::Own(DataType::Float64) => Float64Type::parse(text).is_some(),
            Self::Own(DataType::Timestamp) => "+00:00"
                .parse::<Tz>()
                .is_ok_and(|utc| string_to_datetime(&utc, text).is_ok()),
            Self::Own(DataType::Binary) => text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Self::Own(DataType::Utf8) | Self::Text(_) | Self::Hex => true,
        }
    }
}

/// The Arrow schema of raw columns.
pub(crate) fn raw_schema(schema: &Schema, raw: &[RawType]) -> SchemaRef {
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .zip(raw)
        .map(|(field, raw)| ArrowField::new(&field.name, raw.to_arrow(), true))
        .collect();
    std::sync::Arc::new(ArrowSchema::new(fields))
}

/// A value for an error message: not longer than a line.
pub(crate) fn shown(value: &str) -> String {
    const MOST: usize = 60;
    match value.char_indices().nth(MOST) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}
