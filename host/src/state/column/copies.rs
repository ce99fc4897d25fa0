//! Many rows of the same value. One that has a length of its own is kept once for all of them.

use arrow::{
    array::{Array, ArrowPrimitiveType, AsArray},
    datatypes::{Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};

use super::{StateColumn, Values};

impl StateColumn {
    /// Appends the only row of `array` so many times.
    ///
    /// # Panics
    ///
    /// If the array has no row or is of another type.
    pub fn append_copies(&mut self, copies: usize, array: &dyn Array) {
        let rows = self.len() + copies;
        for_primitive!(&mut self.values, values, T =>
            values.resize(rows, array.as_primitive::<T>().value(0)), else
            Values::Boolean(values) => values.resize(rows, array.as_boolean().value(0)),
            Values::Utf8(values) => values.push_copies(copies, array.as_string::<i32>().value(0).as_bytes()),
            Values::Binary(values) => values.push_copies(copies, array.as_binary::<i32>().value(0)),
        );
        if array.is_null(0) || self.valid.is_some() {
            let valid = self.valid.get_or_insert_with(|| vec![true; rows - copies]);
            valid.resize(rows, array.is_valid(0));
        }
    }

    /// Appends rows that are to be overwritten before they are read.
    pub fn append_blank(&mut self, blanks: usize) {
        let rows = self.len() + blanks;
        for_primitive!(&mut self.values, values, T => {
                values.resize(rows, <T as ArrowPrimitiveType>::Native::default());
            }, else
            Values::Boolean(values) => values.resize(rows, false),
            Values::Utf8(values) | Values::Binary(values) => values.push_copies(blanks, &[]),
        );
        if let Some(valid) = &mut self.valid {
            valid.resize(rows, true);
        }
    }

    /// Overwrites the rows at `places` with the only row of `array`.
    ///
    /// # Panics
    ///
    /// If there is no such row, or the array has none or is of another type.
    pub fn scatter_copies(&mut self, places: &[u32], array: &dyn Array) {
        let at = places.iter().map(|&place| place as usize);
        for_primitive!(&mut self.values, values, T => {
                let value = array.as_primitive::<T>().value(0);
                at.clone().for_each(|row| values[row] = value);
            }, else
            Values::Boolean(values) => {
                let value = array.as_boolean().value(0);
                at.clone().for_each(|row| values[row] = value);
            }
            Values::Utf8(values) => {
                values.set_copies(at.clone(), array.as_string::<i32>().value(0).as_bytes());
            }
            Values::Binary(values) => values.set_copies(at.clone(), array.as_binary::<i32>().value(0)),
        );
        if array.is_null(0) || self.valid.is_some() {
            let len = self.len();
            let valid = self.valid.get_or_insert_with(|| vec![true; len]);
            at.for_each(|row| valid[row] = array.is_valid(0));
        }
    }
}
