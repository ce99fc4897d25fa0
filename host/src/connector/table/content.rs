//! What is in a table at one time.

use anyhow::bail;
use arrow::{array::RecordBatch, compute, datatypes::SchemaRef};

use super::index::{TableIndex, describe};
use crate::batch::Batch;

/// The rows of a table, with an index for each key that they are looked up by. Never changes.
pub struct TableContent {
    rows: RecordBatch,
    indexes: Vec<TableIndex>,
}

impl TableContent {
    /// The rows of `batches`, one after the other.
    ///
    /// # Errors
    ///
    /// If two rows have the same key, naming both.
    pub(super) fn new(
        schema: &SchemaRef,
        batches: &[Batch],
        keys: &[Vec<usize>],
    ) -> anyhow::Result<Self> {
        let rows = compute::concat_batches(schema, batches.iter().map(Batch::record))?;
        let mut indexes = Vec::with_capacity(keys.len());
        for key in keys {
            match TableIndex::new(&rows, key)? {
                Ok(index) => indexes.push(index),
                Err((first, second)) => bail!(
                    "{} and {} have the same key: {}",
                    name(batches, first),
                    name(batches, second),
                    describe(&rows, key, second),
                ),
            }
        }
        Ok(Self { rows, indexes })
    }

    /// All rows.
    pub const fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// The index by the key of these columns; `None` if the table was opened without it.
    pub fn index(&self, key: &[usize]) -> Option<&TableIndex> {
        self.indexes.iter().find(|index| index.columns() == key)
    }
}

/// Where a row was read.
fn name(batches: &[Batch], row: u32) -> String {
    let mut row = row as usize;
    for batch in batches {
        if row < batch.rows() {
            let position = batch.origin().position(row);
            return position.map_or_else(|| format!("row {row}"), |at| format!("`{at}`"));
        }
        row -= batch.rows();
    }
    format!("row {row}")
}
