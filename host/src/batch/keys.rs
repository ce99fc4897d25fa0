//! Keys: the key columns of a batch as comparable, hashable bytes.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    buffer::NullBuffer,
    compute::SortOptions,
    datatypes::{DataType, Float32Type, Float64Type},
    error::ArrowError,
};
use arrow_row::{RowConverter, Rows, SortField};
use xxhash_rust::xxh3::xxh3_64;

/// Turns key columns into bytes that compare as the keys do, and back.
///
/// Every column type may be a key, and a null is a key like any other. Without key columns, every
/// row has the same, empty key.
#[derive(Debug)]
pub struct KeyEncoder {
    converter: RowConverter,
    columns: usize,
    /// Whether keys are not in the order of the columns' own values.
    is_descending: bool,
}

/// The hash of a key: the same on every machine and in every release, for it decides which subtask
/// owns the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(pub u64);

impl KeyHash {
    /// The hash of an encoded key.
    pub fn of(key: &[u8]) -> Self {
        Self(xxh3_64(key))
    }

    /// Which of `subtasks` subtasks owns the key.
    pub const fn subtask(self, subtasks: usize) -> usize {
        // The high bits, so that the hash tables inside a subtask still see all of the low ones.
        ((self.0 as u128 * subtasks as u128) >> 64) as usize
    }
}

impl KeyEncoder {
    /// An encoder of keys of columns of these Arrow types.
    ///
    /// # Errors
    ///
    /// If a type cannot be a key.
    pub fn new(types: impl IntoIterator<Item = DataType>) -> Result<Self, ArrowError> {
        let fields: Vec<_> = types.into_iter().map(SortField::new).collect();
        Self::with(fields, false)
    }

    /// An encoder whose bytes compare as rows do that are ordered by these columns, each with whether
    /// its greatest value comes first; nulls come last.
    ///
    /// # Errors
    ///
    /// If rows cannot be ordered by a type.
    pub fn ordered(
        columns: impl IntoIterator<Item = (DataType, bool)>,
    ) -> Result<Self, ArrowError> {
        let mut is_descending = false;
        let fields = columns.into_iter().map(|(data_type, descending)| {
            is_descending |= descending;
            let options = SortOptions {
                descending,
                nulls_first: false,
            };
            SortField::new_with_options(data_type, options)
        });
        let fields = fields.collect();
        Self::with(fields, is_descending)
    }

    fn with(fields: Vec<SortField>, is_descending: bool) -> Result<Self, ArrowError> {
        Ok(Self {
            columns: fields.len(),
            is_descending,
            converter: RowConverter::new(fields)?,
        })
    }

    /// Whether a column's greatest value comes first.
    pub(super) const fn is_descending(&self) -> bool {
        self.is_descending
    }

    /// Encodes the key of each of `rows` rows.
    ///
    /// # Errors
    ///
    /// If the columns have other types than the encoder was made for.
    pub fn encode(&self, columns: &[ArrayRef], rows: usize) -> Result<Keys, ArrowError> {
        if self.columns == 0 {
            return Ok(Keys {
                rows: None,
                len: rows,
            });
        }
        let columns: Vec<ArrayRef> = columns.iter().map(canonical).collect();
        Ok(Keys {
            rows: Some(self.converter.convert_columns(&columns)?),
            len: rows,
        })
    }

    /// Decodes keys to columns. Only for bytes that [`encode`](Self::encode) has made.
    ///
    /// # Errors
    ///
    /// If the bytes are not keys.
    pub fn decode<'a>(
        &self,
        keys: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        if self.columns == 0 {
            return Ok(Vec::new());
        }
        let parser = self.converter.parser();
        self.converter
            .convert_rows(keys.map(|key| parser.parse(key)))
    }
}

/// The column with one spelling for each number: 0 for -0, and one NaN for all.
fn canonical(column: &ArrayRef) -> ArrayRef {
    // Adding 0 makes 0 of -0 and leaves all other numbers as they are.
    if let Some(column) = column.as_primitive_opt::<Float64Type>() {
        let one = |value: f64| {
            if value.is_nan() {
                f64::NAN
            } else {
                value + 0.0
            }
        };
        return Arc::new(column.unary::<_, Float64Type>(one));
    }
    if let Some(column) = column.as_primitive_opt::<Float32Type>() {
        let one = |value: f32| {
            if value.is_nan() {
                f32::NAN
            } else {
                value + 0.0
            }
        };
        return Arc::new(column.unary::<_, Float32Type>(one));
    }
    Arc::clone(column)
}

/// Which rows have no null in any of `columns`: valid in what is returned; `None` if all rows do.
pub fn rows_without_nulls(columns: &[ArrayRef]) -> Option<NullBuffer> {
    let nulls = columns.iter().map(|column| column.nulls());
    nulls.fold(None, |all, one| NullBuffer::union(all.as_ref(), one))
}

/// The encoded keys of a batch.
#[derive(Debug)]
pub struct Keys {
    rows: Option<Rows>,
    len: usize,
}

impl Keys {
    /// The number of rows.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The key of row `row`.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn get(&self, row: usize) -> &[u8] {
        match &self.rows {
            Some(rows) => rows.row(row).data(),
            None => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn keys_come_back_as_they_were_and_nulls_are_keys() {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("a"), None, Some("")])),
            Arc::new(Int64Array::from(vec![None, Some(-1), Some(7)])),
        ];
        let types = columns.iter().map(|column| column.data_type().clone());
        let encoder = KeyEncoder::new(types).expect("types of keys");
        let keys = encoder.encode(&columns, 3).expect("columns of these types");
        let decoded = encoder.decode((0..3).map(|row| keys.get(row)));
        assert_eq!(decoded.expect("keys"), columns);
        assert_ne!(keys.get(0), keys.get(2));
    }

    #[test]
    fn a_number_has_one_key_however_it_is_spelled() {
        let numbers = Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN]);
        let encoder = KeyEncoder::new([DataType::Float64]).expect("a type of keys");
        let keys = encoder.encode(&[Arc::new(numbers)], 4).expect("numbers");
        assert_eq!(keys.get(0), keys.get(1));
        assert_eq!(keys.get(2), keys.get(3));
    }

    #[test]
    fn rows_are_ordered_by_columns_one_after_the_other() {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(1), None, Some(2), Some(2)])),
            Arc::new(Float64Array::from(vec![0.0, 0.0, f64::NAN, 7.0])),
        ];
        let order = [(DataType::Int64, true), (DataType::Float64, false)];
        let encoder = KeyEncoder::ordered(order).expect("types with an order");
        let keys = encoder.encode(&columns, 4).expect("columns of these types");
        let mut rows: Vec<usize> = (0..4).collect();
        rows.sort_by_key(|&row| keys.get(row));
        assert_eq!(rows, [3, 2, 0, 1]);
    }

    #[test]
    fn every_subtask_gets_its_share() {
        let mut counts = [0; 3];
        for key in 0_u32..3000 {
            counts[KeyHash::of(&key.to_le_bytes()).subtask(3)] += 1;
        }
        assert!(
            counts.iter().all(|count| (900..1100).contains(count)),
            "{counts:?}"
        );
    }
}
