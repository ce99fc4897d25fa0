//! Finds the row of a table that has a key.

use arrow::{
    array::{ArrayRef, RecordBatch},
    util::display::{ArrayFormatter, FormatOptions},
};
use hashbrown::{HashTable, hash_table::Entry};

use crate::batch::{KeyEncoder, KeyHash, Keys, rows_without_nulls};

/// The rows of a table by their key. Rows with a null in the key cannot be found.
pub struct TableIndex {
    columns: Vec<usize>,
    keys: Keys,
    places: HashTable<u32>,
}

impl TableIndex {
    /// An index of `rows` by these columns; the two rows if two have the same key.
    pub(super) fn new(
        rows: &RecordBatch,
        columns: &[usize],
    ) -> anyhow::Result<Result<Self, (u32, u32)>> {
        let arrays = key_columns(rows, columns);
        let types = arrays.iter().map(|array| array.data_type().clone());
        let keys = KeyEncoder::new(types)?.encode(&arrays, rows.num_rows())?;
        let whole = rows_without_nulls(&arrays);
        let mut places: HashTable<u32> = HashTable::with_capacity(keys.len());
        let hash = |row: u32| KeyHash::of(keys.get(row as usize)).0;
        for row in 0..keys.len() {
            if whole.as_ref().is_some_and(|whole| whole.is_null(row)) {
                continue;
            }
            let row = u32::try_from(row)?;
            let same = |&other: &u32| keys.get(other as usize) == keys.get(row as usize);
            match places.entry(hash(row), same, |&row| hash(row)) {
                Entry::Occupied(entry) => return Ok(Err((*entry.get(), row))),
                Entry::Vacant(entry) => entry.insert(row),
            };
        }
        Ok(Ok(Self {
            columns: columns.to_vec(),
            keys,
            places,
        }))
    }

    /// The columns that make the key.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The row with `key`, as a [`KeyEncoder`] of the columns' types encodes it.
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let same = |&row: &u32| self.keys.get(row as usize) == key;
        self.places.find(KeyHash::of(key).0, same).copied()
    }
}

/// The key of a row, for people.
pub(super) fn describe(rows: &RecordBatch, columns: &[usize], row: u32) -> String {
    let options = FormatOptions::default().with_null("null");
    let schema = rows.schema();
    let values = columns.iter().map(|&column| {
        let name = schema.field(column).name();
        match ArrayFormatter::try_new(rows.column(column).as_ref(), &options) {
            Ok(formatter) => format!("{name} = {}", formatter.value(row as usize)),
            Err(_) => name.clone(),
        }
    });
    values.collect::<Vec<_>>().join(", ")
}

fn key_columns(rows: &RecordBatch, columns: &[usize]) -> Vec<ArrayRef> {
    let column = |&column: &usize| ArrayRef::clone(rows.column(column));
    columns.iter().map(column).collect()
}
