//! Rows as JSON that nothing is lost in: the same types, the same values, whatever they are.

use std::{fmt, sync::Arc};

use anyhow::{Context as _, ensure};
use arrow::{
    array::{
        Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, RecordBatch,
        TimestampMicrosecondArray,
    },
    datatypes::{
        DataType as ArrowType, FieldRef, Float32Type, Float64Type, TimeUnit,
        TimestampMicrosecondType,
    },
    error::ArrowError,
    json::{
        ReaderBuilder,
        writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder},
    },
};

use super::{
    event_time::LIMITS,
    json::is_too_deep,
    raw::{RawType, raw_schema},
};
use crate::batch::{DataType, Schema};

/// Encodes numbers with fractions and timestamps: those that JSON has no word for, too. How a value is written does not
/// depend on the others in its column. Everything else is left to Arrow.
#[derive(Debug)]
pub(super) struct ExactValues;

/// The first instant of the year 0 and the last one that can be printed, in microseconds.
const PRINTED: (i64, i64) = (-62_167_219_200_000_000, LIMITS.1);

impl EncoderFactory for ExactValues {
    fn make_default_encoder<'a>(
        &self,
        _field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder: Option<Box<dyn Encoder + 'a>> = match array.data_type() {
            ArrowType::Float64 => Some(Box::new(Spelled {
                array: array.as_primitive::<Float64Type>(),
                spell: |value| spell(value, value),
            })),
            // Not by way of a double, which would have more digits.
            ArrowType::Float32 => Some(Box::new(Spelled {
                array: array.as_primitive::<Float32Type>(),
                spell: |value| spell(value, value.into()),
            })),
            ArrowType::Timestamp(TimeUnit::Microsecond, _) => Some(Box::new(Spelled {
                array: array.as_primitive::<TimestampMicrosecondType>(),
                spell: instant,
            })),
            _ => None,
        };
        let nulls = array.nulls().cloned();
        Ok(encoder.map(|encoder| NullableEncoder::new(encoder, nulls)))
    }
}

/// A number as JSON or, if that has no word for it, as a text that the decoder reads as one.
fn spell(number: impl fmt::Debug, value: f64) -> String {
    if value.is_finite() {
        return format!("{number:?}");
    }
    let word = match (value.is_nan(), value > 0.0) {
        (true, _) => "NaN",
        (false, true) => "Infinity",
        (false, false) => "-Infinity",
    };
    format!("\"{word}\"")
}

/// A timestamp as in RFC 3339, with as many digits as Arrow gives it, or, if there is no year for it, as a number of
/// microseconds.
fn instant(micros: i64) -> String {
    let printed = (PRINTED.0..=PRINTED.1).contains(&micros);
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(instant) if printed && micros % 1_000_000 == 0 => format!("\"{instant}\""),
        Ok(instant) if printed && micros % 1_000 == 0 => format!("\"{instant:.3}\""),
        Ok(instant) if printed => format!("\"{instant:.6}\""),
        _ => micros.to_string(),
    }
}

/// Encodes values in words of ours.
struct Spelled<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    spell: fn(T::Native) -> String,
}

impl<T: ArrowPrimitiveType> Encoder for Spelled<'_, T> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        out.extend_from_slice((self.spell)(self.array.value(index)).as_bytes());
    }
}

/// The row of these columns that a JSON object of an exact encoder stands for. Columns that the object does not have
/// are null.
///
/// # Errors
///
/// If the text is no such object.
pub fn row_of_json(schema: &Schema, text: &str) -> anyhow::Result<RecordBatch> {
    // The decoder's error messages would overflow the stack.
    ensure!(
        !is_too_deep(text.as_bytes()),
        "values are nested too deep in it"
    );
    // Bytes, too: the digits are our own, so there is nothing wrong with them to be told.
    let fields = schema.fields().iter();
    let raw: Vec<RawType> = fields.map(|field| RawType::Own(field.data_type)).collect();
    let mut decoder = ReaderBuilder::new(raw_schema(schema, &raw))
        .with_batch_size(1)
        .build_decoder()?;
    let taken = decoder.decode(text.as_bytes())?;
    ensure!(
        taken == text.len() && !decoder.has_partial_record(),
        "it is not one JSON object"
    );
    let record = decoder.flush()?.context("it is no JSON object")?;
    let columns = record.columns().iter().map(with_zone).collect();
    Ok(RecordBatch::try_new(schema.to_arrow(), columns)?)
}

/// The decoder is asked for timestamps without a zone.
fn with_zone(column: &ArrayRef) -> ArrayRef {
    match (column.data_type(), DataType::Timestamp.to_arrow()) {
        (ArrowType::Timestamp(..), wanted) => {
            let times: &TimestampMicrosecondArray = column.as_primitive();
            Arc::new(times.clone().with_data_type(wanted))
        }
        _ => Arc::clone(column),
    }
}

#[cfg(test)]
mod tests;
