//! How much of a guest's memory a call takes before the guest has done anything, and how much it may take.

use super::{
    limits::{Exceeded, Limits},
    lower::{Buffer, Column},
};

/// Of what there are several in a call, so that fewer can be sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A row, with the state that it touches.
    Row,
    /// All rows of a group, for a holistic function.
    Group,
}

/// Arguments may take one part in so many of the memory of an instance: there must be room for copies of them,
/// for results, and for what the function needs itself.
const SHARE: usize = 4;

/// What is sent stands in arrays before, which hold no more.
const MOST: usize = i32::MAX as usize;

/// The bytes of columns in the memory of a guest: nothing is looked at but their lengths.
pub(super) fn weight(columns: &[Column<'_>]) -> usize {
    columns.iter().map(of_column).sum()
}

fn of_column(column: &Column<'_>) -> usize {
    let values = match column.buffer {
        Buffer::Boolean(bits) => bits.len(),
        Buffer::Int32(values) => size_of_val(values),
        Buffer::Int64(values) | Buffer::Timestamp(values) => size_of_val(values),
        Buffer::Float32(values) => size_of_val(values),
        Buffer::Float64(values) => size_of_val(values),
        Buffer::Utf8(values) | Buffer::Binary(values) => {
            size_of_val(values.offsets) + values.data.len()
        }
    };
    values + column.validity.map_or(0, <[u8]>::len)
}

impl Limits {
    /// Whether a call may be made with `count` units of so many bytes together. Several may take their share
    /// of the memory, one alone may take what there is.
    ///
    /// # Errors
    ///
    /// If they are too large.
    pub const fn check_weight(
        &self,
        unit: Unit,
        count: usize,
        bytes: usize,
    ) -> Result<(), Exceeded> {
        let limit = match count {
            0 | 1 => self.memory,
            _ => self.memory / SHARE,
        };
        let limit = if limit < MOST { limit } else { MOST };
        if bytes <= limit {
            return Ok(());
        }
        Err(Exceeded::Arguments {
            unit,
            count,
            limit,
            requested: bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, StringArray};

    use super::*;
    use crate::{
        batch::{DataType, Field},
        wasm::lower::Moved,
    };

    #[track_caller]
    fn check(array: ArrayRef, data_type: DataType, expected: usize) {
        let arrays = [array];
        let moved = Moved::of(&arrays);
        let fields = [Field::nullable("x", data_type)];
        let columns = moved.columns(&fields, &arrays, arrays[0].len());
        assert_eq!(weight(&columns.expect("it fits")), expected);
    }

    #[test]
    fn a_slice_weighs_what_it_shows() {
        let numbers = Int64Array::from(vec![Some(1), None, Some(3), Some(4)]);
        check(Arc::new(numbers.slice(2, 2)), DataType::Int64, 16);
        check(Arc::new(numbers.slice(0, 2)), DataType::Int64, 17);
        let texts = StringArray::from(vec!["a", "bcd", "ef"]);
        check(Arc::new(texts.slice(1, 2)), DataType::Utf8, 3 * 4 + 5);
        check(
            Arc::new(BooleanArray::from(vec![true; 9])),
            DataType::Boolean,
            2,
        );
    }

    #[test]
    fn several_rows_may_take_a_share_and_one_may_take_all() {
        let limits = Limits {
            memory: 1000,
            ..Limits::default()
        };
        assert_eq!(limits.check_weight(Unit::Row, 2, 250), Ok(()));
        assert_eq!(limits.check_weight(Unit::Row, 1, 1000), Ok(()));
        let error = limits
            .check_weight(Unit::Row, 2, 251)
            .expect_err("too many");
        assert_eq!(
            error.to_string(),
            "2 rows of 251 bytes in one call, 250 bytes allowed (raise `limits.memory`)"
        );
        let largest = Limits {
            memory: 4 << 30,
            ..Limits::default()
        };
        assert!(largest.check_weight(Unit::Row, 1, MOST).is_ok());
        assert!(largest.check_weight(Unit::Row, 1, MOST + 1).is_err());
        let error = limits
            .check_weight(Unit::Row, 1, 1001)
            .expect_err("too large");
        assert_eq!(
            error.to_string(),
            "a row of 1001 bytes, with its state, 1000 bytes allowed (raise `limits.memory`)"
        );
        let error = limits
            .check_weight(Unit::Group, 1, 1001)
            .expect_err("too large");
        assert_eq!(
            error.to_string(),
            "a holistic function needs all rows of a group at once: 1001 bytes, 1000 bytes allowed \
             (raise `limits.memory`)"
        );
    }
}
