//! Which types of Parquet files can be read as which of ours, and how.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType as ArrowType, Date32Type, Date64Type, Int64Type, TimeUnit},
    error::ArrowError,
};

use super::super::raw::{RawType, shown};
use crate::{
    batch::DataType,
    connector::{EventTime, EventTimeUnit},
};

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conversion {
    raw: RawType,
    /// Whether there are values that it cannot convert.
    partial: bool,
}

impl Conversion {
    /// The conversion of a column of type `found` to one of type `wanted`; `None` if there is none
    /// that keeps every value or can tell which it does not keep.
    pub(super) fn new(
        found: &ArrowType,
        wanted: DataType,
        event_time: Option<&EventTime>,
    ) -> Option<Self> {
        if let Some(time) = event_time {
            return Self::of_event_time(found, &time.unit);
        }
        let partial = match how(found, wanted)? {
            How::Whole => false,
            How::Partial => true,
        };
        Some(Self {
            raw: RawType::Own(wanted),
            partial,
        })
    }

    /// A column with a type of time tells its unit itself; the pipeline does for numbers and texts.
    fn of_event_time(found: &ArrowType, unit: &EventTimeUnit) -> Option<Self> {
        let raw = match found {
            ArrowType::Timestamp(TimeUnit::Second, _) => RawType::Number(EventTimeUnit::Seconds),
            ArrowType::Timestamp(TimeUnit::Millisecond, _) => {
                RawType::Number(EventTimeUnit::Millis)
            }
            ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
                RawType::Number(EventTimeUnit::Micros)
            }
            ArrowType::Timestamp(TimeUnit::Nanosecond, _) => RawType::Number(EventTimeUnit::Nanos),
            ArrowType::Date32 | ArrowType::Date64 => RawType::Own(DataType::Timestamp),
            found => match unit {
                EventTimeUnit::Rfc3339 | EventTimeUnit::Pattern(_) => {
                    how(found, DataType::Utf8)?;
                    RawType::Text(unit.clone())
                }
                _ => {
                    how(found, DataType::Int64)?;
                    RawType::Number(unit.clone())
                }
            },
        };
        Some(Self { raw, partial: true })
    }

    /// The raw type of the converted column.
    pub(super) fn raw(&self) -> RawType {
        self.raw.clone()
    }

    /// Converts a column. Calls `bad` for every row whose value cannot be.
    pub(super) fn convert(
        &self,
        column: &ArrayRef,
        mut bad: impl FnMut(usize, String),
    ) -> Result<ArrayRef, ArrowError> {
        let wanted = self.raw.to_arrow();
        if *column.data_type() == wanted {
            return Ok(Arc::clone(column));
        }
        let options = CastOptions {
            safe: true,
            ..CastOptions::default()
        };
        let column = &match column.data_type() {
            ArrowType::Dictionary(_, values) => cast_with_options(column, values, &options)?,
            _ => Arc::clone(column),
        };
        let converted = match column.data_type() {
            ArrowType::Timestamp(TimeUnit::Nanosecond, _) if wanted != ArrowType::Int64 => {
                return micros_of_nanos(column);
            }
            ArrowType::Date64 => micros_of_millis(column),
            // So that a zone is not taken for that of the numbers.
            ArrowType::Timestamp(unit, Some(_)) => {
                let plain =
                    cast_with_options(column, &ArrowType::Timestamp(*unit, None), &options)?;
                cast_with_options(&plain, &wanted, &options)?
            }
            _ => cast_with_options(column, &wanted, &options)?,
        };
        if self.partial && converted.logical_null_count() > column.logical_null_count() {
            let before = column.logical_nulls();
            for row in 0..column.len() {
                let was_null = before.as_ref().is_some_and(|nulls| nulls.is_null(row));
                if converted.is_null(row) && !was_null {
                    let found = found(column, row);
                    bad(
                        row,
                        format!("expected {}, found {}", self.raw.expected(), shown(&found)),
                    );
                }
            }
        }
        Ok(converted)
    }
}

/// A value as people read it. Dates that are no timestamps are too far away to be written as dates.
fn found(column: &ArrayRef, row: usize) -> String {
    match column.data_type() {
        ArrowType::Date32 => {
            let days = column.as_primitive::<Date32Type>().value(row);
            format!("{days} days since 1970")
        }
        ArrowType::Date64 => {
            let millis = column.as_primitive::<Date64Type>().value(row);
            format!("{millis} ms since 1970")
        }
        _ => arrow::util::display::array_value_to_string(column, row)
            .unwrap_or_else(|_| "something else".to_owned()),
    }
}

/// Arrow divides towards zero; times are cut off downwards.
fn micros_of_nanos(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nanos = arrow::compute::cast(column, &ArrowType::Int64)?;
    let micros: TimestampMicrosecondArray = nanos
        .as_primitive::<Int64Type>()
        .unary(|nanos: i64| nanos.div_euclid(1_000));
    Ok(Arc::new(micros))
}

/// Arrow multiplies without looking whether the product fits.
fn micros_of_millis(column: &ArrayRef) -> ArrayRef {
    let micros: TimestampMicrosecondArray = column
        .as_primitive::<Date64Type>()
        .unary_opt(|millis: i64| millis.checked_mul(1_000));
    Arc::new(micros)
}

/// Whether a conversion keeps every value, or rejects some.
enum How {
    Whole,
    Partial,
}

fn how(found: &ArrowType, wanted: DataType) -> Option<How> {
    use ArrowType as A;
    if let A::Dictionary(_, values) = found {
        return how(values, wanted);
    }
    let whole = match wanted {
        DataType::Boolean => matches!(found, A::Boolean),
        DataType::Int32 => matches!(found, A::Int8 | A::Int16 | A::Int32 | A::UInt8 | A::UInt16),
        DataType::Int64 => {
            found.is_signed_integer() || matches!(found, A::UInt8 | A::UInt16 | A::UInt32)
        }
        DataType::Float32 => matches!(
            found,
            A::Float16 | A::Float32 | A::Int8 | A::Int16 | A::UInt8 | A::UInt16
        ),
        DataType::Float64 => {
            found.is_floating()
                || matches!(
                    found,
                    A::Int8 | A::Int16 | A::Int32 | A::UInt8 | A::UInt16 | A::UInt32
                )
        }
        DataType::Timestamp => matches!(
            found,
            A::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, _)
        ),
        DataType::Utf8 => matches!(found, A::Utf8 | A::LargeUtf8 | A::Utf8View),
        DataType::Binary => matches!(
            found,
            A::Binary
                | A::LargeBinary
                | A::BinaryView
                | A::FixedSizeBinary(_)
                | A::Utf8
                | A::LargeUtf8
        ),
    };
    if whole {
        return Some(How::Whole);
    }
    let partial = match wanted {
        DataType::Int32 => matches!(found, A::Int64 | A::UInt32 | A::UInt64),
        DataType::Int64 => matches!(found, A::UInt64),
        DataType::Timestamp => matches!(found, A::Timestamp(..) | A::Date32 | A::Date64),
        DataType::Utf8 => matches!(found, A::Binary | A::LargeBinary | A::BinaryView),
        _ => false,
    };
    partial.then_some(How::Partial)
}

/// Our type for a column whose type the pipeline does not say.
pub(super) fn natural_type(found: &ArrowType) -> Option<DataType> {
    use ArrowType as A;
    Some(match found {
        A::Dictionary(_, values) => return natural_type(values),
        A::Boolean => DataType::Boolean,
        A::Int8 | A::Int16 | A::Int32 | A::UInt8 | A::UInt16 => DataType::Int32,
        A::Int64 | A::UInt32 => DataType::Int64,
        A::Float16 | A::Float32 => DataType::Float32,
        A::Float64 => DataType::Float64,
        A::Timestamp(..) | A::Date32 | A::Date64 => DataType::Timestamp,
        A::Utf8 | A::LargeUtf8 | A::Utf8View => DataType::Utf8,
        A::Binary | A::LargeBinary | A::BinaryView | A::FixedSizeBinary(_) => DataType::Binary,
        _ => return None,
    })
}
