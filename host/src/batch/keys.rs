//! Keys: the key columns of a batch as comparable, hashable bytes.

use arrow::{array::ArrayRef, datatypes::DataType, error::ArrowError};
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
        Ok(Self {
            columns: fields.len(),
            converter: RowConverter::new(fields)?,
        })
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
        Ok(Keys {
            rows: Some(self.converter.convert_columns(columns)?),
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
