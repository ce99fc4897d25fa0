//! From raw columns to those of the schema: event times checked and in microseconds, timestamps in
//! UTC, bytes as bytes.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, BooleanBufferBuilder, Int64Array,
        RecordBatch, TimestampMicrosecondArray,
    },
    buffer::ScalarBuffer,
    datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType},
};

use super::{
    csv::from_hex,
    event_time::{LIMITS, Latest, Scale, parse},
    raw::{RawType, shown},
};
use crate::{
    batch::{Batch, DataType, Origin, Schema},
    connector::Decoding,
    time::{Clock, Duration, Timestamp},
};

/// Rows by their place in a batch, and what is wrong with them.
type Bad = Vec<(usize, String)>;

/// Makes batches of raw columns.
pub(crate) struct Columns {
    schema: Schema,
    arrow: SchemaRef,
    event_time: Option<usize>,
    max_ahead: Option<Duration>,
    clock: Arc<dyn Clock>,
}

impl Columns {
    /// The columns that `decoding` asks for; `clock` judges which event times lie ahead.
    pub(crate) fn new(decoding: &Decoding, clock: Arc<dyn Clock>) -> Self {
        Self {
            schema: decoding.schema.clone(),
            arrow: decoding.schema.to_arrow(),
            event_time: decoding.event_time.as_ref().map(|time| time.column),
            max_ahead: decoding.max_ahead,
            clock,
        }
    }

    /// The earliest of some event times, of which `least` are the least; `None` if that cannot be told.
    pub(super) fn earliest(&self, raw: &RawType, least: ArrayRef) -> Option<Timestamp> {
        // The least text need not be the earliest time.
        if matches!(raw, RawType::Text(_)) {
            return None;
        }
        let latest = Latest::at(self.clock.now(), self.max_ahead);
        let mut bad = Vec::new();
        let (_, bounds) = event_times(raw, least, latest, &mut bad);
        bounds.map(|(earliest, _)| Timestamp::from_micros(earliest))
    }

    /// Makes a batch of the rows of `record` whose values are all right. Returns the others by
    /// their place in `record`, in order, with the reason. Those in `bad` are known already.
    pub(crate) fn batch(
        &self,
        raw: &[RawType],
        record: RecordBatch,
        origin: Origin,
        mut bad: Bad,
    ) -> anyhow::Result<(Batch, Bad)> {
        let (_, raw_columns, rows) = record.into_parts();
        let mut columns = Vec::with_capacity(raw_columns.len());
        let (mut times, mut bounds) = (None, None);
        for (index, (column, raw)) in raw_columns.into_iter().zip(raw).enumerate() {
            let before = bad.len();
            if self.event_time == Some(index) {
                let latest = Latest::at(self.clock.now(), self.max_ahead);
                let values;
                (values, bounds) = event_times(raw, column, latest, &mut bad);
                columns.push(timestamps(TimestampMicrosecondArray::new(
                    values.clone(),
                    None,
                )));
                times = Some(values);
            } else {
                columns.push(own_column(raw, column, &mut bad));
            }
            let name = &self.schema.fields()[index].name;
            for (_, reason) in &mut bad[before..] {
                *reason = format!("column `{name}`: {reason}");
            }
        }
        let arrow = SchemaRef::clone(&self.arrow);
        let batch = Batch::new(arrow, columns, rows, times, origin)?;
        if bad.is_empty() {
            let batch = match bounds {
                Some(bounds) => batch.with_time_bounds(bounds),
                None => batch,
            };
            return Ok((batch, bad));
        }
        // One reason a row, that of its first column.
        bad.sort_by_key(|&(row, _)| row);
        bad.dedup_by_key(|&mut (row, _)| row);
        let mut good = BooleanBufferBuilder::new(rows);
        good.append_n(rows, true);
        for &(row, _) in &bad {
            good.set_bit(row, false);
        }
        let batch = batch.filter(&BooleanArray::new(good.finish(), None))?;
        Ok((batch, bad))
    }
}

/// A column that is not the event time.
fn own_column(raw: &RawType, column: ArrayRef, bad: &mut Bad) -> ArrayRef {
    match raw {
        RawType::Own(DataType::Timestamp) => {
            let column = column.as_primitive::<TimestampMicrosecondType>();
            check_each(column.values(), LIMITS, |row, micros| {
                if column.is_valid(row) {
                    let time = Timestamp::from_micros(micros);
                    let printable = Timestamp::PRINTABLE;
                    bad.push((row, format!("time {time} is outside {printable}")));
                }
            });
            timestamps(column.clone())
        }
        RawType::Hex => {
            let column = column.as_string::<i32>();
            let mut bytes =
                BinaryBuilder::with_capacity(column.len(), column.value_data().len() / 2);
            for (row, digits) in column.iter().enumerate() {
                let value = digits.and_then(from_hex);
                if let Some(digits) = digits
                    && value.is_none()
                {
                    let expected = raw.expected();
                    let found = shown(digits);
                    bad.push((row, format!("expected {expected}, found \"{found}\"")));
                }
                bytes.append_option(value);
            }
            Arc::new(bytes.finish())
        }
        _ => column,
    }
}

/// The least and the greatest of some times, in microseconds.
type Bounds = (i64, i64);

/// The event times in a column, in microseconds, and their bounds, if all are good and that takes nothing to tell; garbage in
/// bad rows.
fn event_times(
    raw: &RawType,
    column: ArrayRef,
    latest: Latest,
    bad: &mut Bad,
) -> (ScalarBuffer<i64>, Option<Bounds>) {
    for row in column
        .nulls()
        .into_iter()
        .flat_map(|nulls| (0..nulls.len()).filter(|&row| nulls.is_null(row)))
    {
        bad.push((row, "event time is null".to_owned()));
    }
    match raw {
        RawType::Text(unit) => {
            let texts = column.as_string::<i32>();
            let micros = texts.iter().enumerate().map(|(row, text)| {
                let parsed = parse(unit, text?).and_then(|micros| {
                    latest.check(micros)?;
                    Ok(micros)
                });
                parsed.map_err(|reason| bad.push((row, reason))).ok()
            });
            (micros.map(Option::unwrap_or_default).collect(), None)
        }
        RawType::Number(unit) => {
            let numbers = column.as_primitive::<Int64Type>().clone();
            // So that nobody shares the memory, and it can be changed in place.
            drop(column);
            let scale = Scale::of(unit).expect("only units of numbers are read as numbers");
            let bounds = check_each(
                numbers.values(),
                scale.limits(latest.micros),
                |row, number| {
                    if numbers.is_null(row) {
                        return;
                    }
                    let micros = i64::try_from(scale.wide_micros(number));
                    let reason = micros
                        .map_err(|_| too_large(number))
                        .and_then(|micros| latest.check(micros));
                    bad.extend(reason.err().map(|reason| (row, reason)));
                },
            );
            let has_nulls = numbers.null_count() > 0;
            let bounds = bounds.filter(|_| !has_nulls);
            let bounds =
                bounds.map(|(least, greatest)| (scale.micros(least), scale.micros(greatest)));
            (scaled(numbers, scale), bounds)
        }
        _ => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            let limits = (LIMITS.0, latest.micros);
            let bounds = check_each(times.values(), limits, |row, micros| {
                if times.is_valid(row) {
                    bad.extend(latest.check(micros).err().map(|reason| (row, reason)));
                }
            });
            let bounds = bounds.filter(|_| times.null_count() == 0);
            (times.values().clone(), bounds)
        }
    }
}

fn scaled(numbers: Int64Array, scale: Scale) -> ScalarBuffer<i64> {
    if scale.is_identity() {
        return numbers.values().clone();
    }
    let micros = numbers
        .unary_mut(|number| scale.micros(number))
        .unwrap_or_else(|shared| shared.unary(|number| scale.micros(number)));
    let (_, micros, _) = micros.into_parts();
    micros
}

fn too_large(number: i64) -> String {
    format!("event time {number} is outside {}", Timestamp::PRINTABLE)
}

/// Calls `outside` for the values that are not within the limits. Returns the least and the greatest value if there are none
/// of these, and any at all.
fn check_each(
    values: &[i64],
    (least, greatest): (i64, i64),
    mut outside: impl FnMut(usize, i64),
) -> Option<Bounds> {
    // Without a branch a row.
    let (first, last) = values
        .iter()
        .fold((i64::MAX, i64::MIN), |(first, last), &value| {
            (first.min(value), last.max(value))
        });
    if values.is_empty() {
        return None;
    }
    if first >= least && last <= greatest {
        return Some((first, last));
    }
    for (row, &value) in values.iter().enumerate() {
        if !(least..=greatest).contains(&value) {
            outside(row, value);
        }
    }
    None
}

/// Timestamps in UTC.
fn timestamps(column: TimestampMicrosecondArray) -> ArrayRef {
    Arc::new(column.with_timezone("UTC"))
}
