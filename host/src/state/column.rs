//! One column of state: rows that are appended, gathered and overwritten.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryBuilder, BooleanArray, PrimitiveArray,
        StringBuilder,
    },
    buffer::NullBuffer,
    datatypes::{Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};

use super::{portion::TooLarge, var_bytes::VarBytes};
use crate::batch::DataType;

/// A column of state.
///
/// Rows are numbered from 0 in the order of their appending. What is gathered is an Arrow array of
/// its own; what is appended or scattered must be an array of the column's type.
#[derive(Clone, Debug)]
pub struct StateColumn {
    values: Values,
    /// Whether each row has a value; nothing is kept while all of them have.
    valid: Option<Vec<bool>>,
}

#[derive(Clone, Debug)]
enum Values {
    Boolean(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Timestamp(Vec<i64>),
    Utf8(VarBytes),
    Binary(VarBytes),
}

/// Runs `$body` with `$vec` bound to the vector of a primitive column and `$type` to its Arrow type.
macro_rules! for_primitive {
    ($values:expr, $vec:ident, $type:ident => $body:expr, else $($other:tt)+) => {
        match $values {
            Values::Int32($vec) => { type $type = Int32Type; $body }
            Values::Int64($vec) => { type $type = Int64Type; $body }
            Values::Float32($vec) => { type $type = Float32Type; $body }
            Values::Float64($vec) => { type $type = Float64Type; $body }
            Values::Timestamp($vec) => { type $type = TimestampMicrosecondType; $body }
            $($other)+
        }
    };
}

mod copies;

impl StateColumn {
    /// A column without rows and of the same type.
    #[must_use]
    pub fn empty(&self) -> Self {
        Self::new(self.data_type())
    }

    /// The type of its rows.
    pub const fn data_type(&self) -> DataType {
        match &self.values {
            Values::Boolean(_) => DataType::Boolean,
            Values::Int32(_) => DataType::Int32,
            Values::Int64(_) => DataType::Int64,
            Values::Float32(_) => DataType::Float32,
            Values::Float64(_) => DataType::Float64,
            Values::Timestamp(_) => DataType::Timestamp,
            Values::Utf8(_) => DataType::Utf8,
            Values::Binary(_) => DataType::Binary,
        }
    }

    /// A column without rows.
    pub fn new(data_type: DataType) -> Self {
        let values = match data_type {
            DataType::Boolean => Values::Boolean(Vec::new()),
            DataType::Int32 => Values::Int32(Vec::new()),
            DataType::Int64 => Values::Int64(Vec::new()),
            DataType::Float32 => Values::Float32(Vec::new()),
            DataType::Float64 => Values::Float64(Vec::new()),
            DataType::Timestamp => Values::Timestamp(Vec::new()),
            DataType::Utf8 => Values::Utf8(VarBytes::default()),
            DataType::Binary => Values::Binary(VarBytes::default()),
        };
        Self {
            values,
            valid: None,
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Boolean(rows) => rows.len(),
            Values::Int32(rows) => rows.len(),
            Values::Int64(rows) | Values::Timestamp(rows) => rows.len(),
            Values::Float32(rows) => rows.len(),
            Values::Float64(rows) => rows.len(),
            Values::Utf8(rows) | Values::Binary(rows) => rows.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the rows of `array`.
    ///
    /// # Panics
    ///
    /// If the array is of another type; what comes from a guest has been checked by then.
    pub fn append(&mut self, array: &dyn Array) {
        let before = self.len();
        for_primitive!(&mut self.values, rows, T =>
            rows.extend_from_slice(array.as_primitive::<T>().values()), else
            Values::Boolean(rows) => rows.extend(array.as_boolean().values()),
            Values::Utf8(rows) => {
                let array = array.as_string::<i32>();
                (0..array.len()).for_each(|row| rows.push(array.value(row).as_bytes()));
            }
            Values::Binary(rows) => {
                let array = array.as_binary::<i32>();
                (0..array.len()).for_each(|row| rows.push(array.value(row)));
            }
        );
        if array.null_count() > 0 || self.valid.is_some() {
            let valid = self.valid.get_or_insert_with(|| vec![true; before]);
            valid.extend((0..array.len()).map(|row| array.is_valid(row)));
        }
    }

    /// Appends the rows of `other`, a column of the same type, at `places`.
    ///
    /// # Panics
    ///
    /// If there is no such row, or the column is of another type.
    pub fn append_from(&mut self, other: &Self, places: &[u32]) {
        let before = self.len();
        let at = places.iter().map(|&place| place as usize);
        match (&mut self.values, &other.values) {
            (Values::Int32(rows), Values::Int32(from)) => rows.extend(at.map(|row| from[row])),
            (Values::Int64(rows), Values::Int64(from)) => rows.extend(at.map(|row| from[row])),
            (Values::Float32(rows), Values::Float32(from)) => rows.extend(at.map(|row| from[row])),
            (Values::Float64(rows), Values::Float64(from)) => rows.extend(at.map(|row| from[row])),
            (Values::Timestamp(rows), Values::Timestamp(from)) => {
                rows.extend(at.map(|row| from[row]));
            }
            (Values::Boolean(rows), Values::Boolean(from)) => rows.extend(at.map(|row| from[row])),
            (Values::Utf8(rows), Values::Utf8(from))
            | (Values::Binary(rows), Values::Binary(from)) => {
                at.for_each(|row| rows.push(from.get(row)));
            }
            _ => unreachable!("the columns are of one type"),
        }
        if self.valid.is_some() || other.valid.is_some() {
            let valid = self.valid.get_or_insert_with(|| vec![true; before]);
            valid.extend(places.iter().map(|&place| other.is_valid(place as usize)));
        }
    }

    /// Removes the rows from row `first` on but those at `kept`, which ascend.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn retain_from(&mut self, first: usize, kept: &[u32]) {
        fn retain<T: Copy>(values: &mut Vec<T>, first: usize, kept: &[u32]) {
            for (row, &from) in (first..).zip(kept) {
                values[row] = values[from as usize];
            }
            values.truncate(first + kept.len());
        }
        for_primitive!(&mut self.values, values, T => {
                retain::<<T as ArrowPrimitiveType>::Native>(values, first, kept);
            }, else
            Values::Boolean(values) => retain(values, first, kept),
            Values::Utf8(values) | Values::Binary(values) => values.retain_from(first, kept),
        );
        if let Some(valid) = &mut self.valid {
            retain(valid, first, kept);
        }
    }

    /// Removes all rows from row `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        match &mut self.values {
            Values::Boolean(values) => values.truncate(rows),
            Values::Int32(values) => values.truncate(rows),
            Values::Int64(values) | Values::Timestamp(values) => values.truncate(rows),
            Values::Float32(values) => values.truncate(rows),
            Values::Float64(values) => values.truncate(rows),
            Values::Utf8(values) | Values::Binary(values) => values.truncate(rows),
        }
        if let Some(valid) = &mut self.valid {
            valid.truncate(rows);
        }
    }

    /// Gives back memory that rows do not need any more since they were [removed](Self::truncate).
    pub fn shrink(&mut self) {
        match &mut self.values {
            Values::Boolean(values) => values.shrink_to_fit(),
            Values::Int32(values) => values.shrink_to_fit(),
            Values::Int64(values) | Values::Timestamp(values) => values.shrink_to_fit(),
            Values::Float32(values) => values.shrink_to_fit(),
            Values::Float64(values) => values.shrink_to_fit(),
            Values::Utf8(values) | Values::Binary(values) => values.shrink(),
        }
        if let Some(valid) = &mut self.valid {
            valid.shrink_to_fit();
        }
    }

    /// Gives back the memory of rows whose values do not matter any more, if they have some beyond
    /// their place in the column.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn clear(&mut self, places: &[u32]) {
        if let Values::Utf8(values) | Values::Binary(values) = &mut self.values {
            places.iter().for_each(|&row| values.set(row as usize, &[]));
        }
    }

    /// The bytes that a row takes in an array.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn weight_of(&self, row: u32) -> usize {
        match &self.values {
            Values::Utf8(rows) | Values::Binary(rows) => {
                rows.length(row as usize) + size_of::<i32>()
            }
            _ => self.width(),
        }
    }

    /// The bytes that the rows at `places` take in an array.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn weight(&self, places: &[u32]) -> usize {
        match &self.values {
            Values::Utf8(_) | Values::Binary(_) => {
                let rows = places.iter().map(|&row| self.weight_of(row));
                rows.fold(size_of::<i32>(), usize::saturating_add)
            }
            _ => places.len() * self.width(),
        }
    }

    /// The bytes of a value; of one that has a length of its own, or less than one byte, none.
    const fn width(&self) -> usize {
        match self.values {
            Values::Utf8(_) | Values::Binary(_) | Values::Boolean(_) => 0,
            Values::Int32(_) | Values::Float32(_) => 4,
            Values::Int64(_) | Values::Float64(_) | Values::Timestamp(_) => 8,
        }
    }

    /// Copies the rows at `places` into an array.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds. Whoever asks for many of them asks for their [weight](Self::weight)
    /// first.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn gather(&self, places: &[u32]) -> Result<ArrayRef, TooLarge> {
        let at = places.iter().map(|&place| place as usize);
        let run = run(places);
        let nulls = self
            .valid
            .as_ref()
            .map(|valid| at.clone().map(|row| valid[row]).collect::<NullBuffer>())
            .filter(|nulls| nulls.null_count() > 0);
        Ok(for_primitive!(&self.values, rows, T => {
            let values = match run {
                Some(run) => rows[run].to_vec(),
                None => at.map(|row| rows[row]).collect(),
            };
            primitive::<T>(values, nulls)
        }, else
            Values::Boolean(rows) => Arc::new(BooleanArray::new(at.map(|row| rows[row]).collect(), nulls)),
            Values::Utf8(rows) => {
                let bytes = bytes(rows, places)?;
                let mut array = StringBuilder::with_capacity(places.len(), bytes);
                for row in at {
                    let text = std::str::from_utf8(rows.get(row)).expect("only text is put in");
                    array.append_option(self.is_valid(row).then_some(text));
                }
                Arc::new(array.finish())
            }
            Values::Binary(rows) => {
                let bytes = bytes(rows, places)?;
                let mut array = BinaryBuilder::with_capacity(places.len(), bytes);
                at.for_each(|row| array.append_option(self.is_valid(row).then(|| rows.get(row))));
                Arc::new(array.finish())
            }
        ))
    }

    /// All rows, in an array; numbers are not copied.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    pub fn into_array(self) -> Result<ArrayRef, TooLarge> {
        let nulls = self
            .valid
            .as_ref()
            .map(|valid| valid.iter().copied().collect());
        let nulls = nulls.filter(|nulls: &NullBuffer| nulls.null_count() > 0);
        Ok(
            for_primitive!(self.values, rows, T => primitive::<T>(rows, nulls), else
                Values::Boolean(_) | Values::Utf8(_) | Values::Binary(_) => {
                    let all: Vec<u32> = (0..self.len() as u32).collect();
                    return self.gather(&all);
                }
            ),
        )
    }

    /// Overwrites the row at `places[i]` with row `from + i` of `array`.
    ///
    /// # Panics
    ///
    /// If there is no such row, or the array is of another type.
    pub fn scatter(&mut self, places: &[u32], array: &dyn Array, from: usize) {
        let pairs = places.iter().map(|&place| place as usize).zip(from..);
        for_primitive!(&mut self.values, rows, T => {
            let array = &array.as_primitive::<T>().values()[from..];
            for (&place, value) in places.iter().zip(array) {
                rows[place as usize] = *value;
            }
        }, else
            Values::Boolean(rows) => {
                let array = array.as_boolean().values();
                pairs.clone().for_each(|(place, row)| rows[place] = array.value(row));
            }
            Values::Utf8(rows) => {
                let array = array.as_string::<i32>();
                pairs.clone().for_each(|(place, row)| rows.set(place, array.value(row).as_bytes()));
            }
            Values::Binary(rows) => {
                let array = array.as_binary::<i32>();
                pairs.clone().for_each(|(place, row)| rows.set(place, array.value(row)));
            }
        );
        if array.null_count() > 0 || self.valid.is_some() {
            let len = self.len();
            let valid = self.valid.get_or_insert_with(|| vec![true; len]);
            pairs.for_each(|(place, row)| valid[place] = array.is_valid(row));
        }
    }

    fn is_valid(&self, row: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[row])
    }
}

/// The bytes of some values, if an array holds so many.
fn bytes(rows: &VarBytes, places: &[u32]) -> Result<usize, TooLarge> {
    let lengths = places.iter().map(|&row| rows.length(row as usize));
    TooLarge::check(lengths.fold(0, usize::saturating_add))
}

/// The rows that `places` are, if they follow each other.
fn run(places: &[u32]) -> Option<Range<usize>> {
    let first = *places.first()?;
    let follow = places.iter().zip(first..).all(|(&place, row)| place == row);
    follow.then(|| first as usize..first as usize + places.len())
}

fn primitive<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    let array = PrimitiveArray::<T>::new(values.into(), nulls);
    // Only timestamps differ from their native type: they carry the zone.
    if T::DATA_TYPE == TimestampMicrosecondType::DATA_TYPE {
        return Arc::new(array.with_data_type(DataType::Timestamp.to_arrow()));
    }
    Arc::new(array)
}
