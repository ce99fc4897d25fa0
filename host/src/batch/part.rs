//! The rows of a batch that go to one of several subtasks.

use arrow::{buffer::ScalarBuffer, error::ArrowError};

use super::{Batch, KeyIds};

/// The rows of a batch that go to one of several subtasks. They are copied out by whoever gets them: one who sends to
/// several would have to copy for all, and those who compute less would wait for it.
#[derive(Clone, Debug)]
pub struct Part {
    batch: Batch,
    rows: ScalarBuffer<u32>,
}

impl Part {
    /// Splits a batch: row by row, `owners` tells which part it belongs to, below `parts`. Rows keep their order.
    pub fn split(batch: &Batch, owners: impl Iterator<Item = u32>, parts: usize) -> Vec<Self> {
        // As much as each gets if they get the same, and a bit: counting first would take as long as splitting.
        let room = batch.rows() / parts + batch.rows() / 8;
        let mut rows: Vec<Vec<u32>> = (0..parts).map(|_| Vec::with_capacity(room)).collect();
        for (row, owner) in (0..).zip(owners) {
            rows[owner as usize].push(row);
        }
        let parts = rows.into_iter().map(|rows| Self {
            batch: batch.clone(),
            rows: ScalarBuffer::from(rows),
        });
        parts.collect()
    }

    /// The same rows, with what the sender calls the keys of the batch.
    #[must_use]
    pub fn with_key_ids(self, keys: KeyIds) -> Self {
        let batch = self.batch.with_key_ids(keys);
        Self { batch, ..self }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, in a batch of their own.
    ///
    /// # Errors
    ///
    /// Never, as long as Arrow can copy columns of all types.
    pub fn into_batch(self) -> Result<Batch, ArrowError> {
        if self.rows.len() == self.batch.rows() {
            return Ok(self.batch);
        }
        self.batch.take_rows(self.rows)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{ArrayRef, AsArray, Int64Array},
        datatypes::Int64Type,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::batch::{DataType, Field, Origin, Schema};

    proptest! {
        /// Each row is in the part of its owner, once, and behind those that came before it.
        #[test]
        fn every_row_goes_to_its_owner_in_order(owners in prop::collection::vec(0_u32..5, 0..100)) {
            let schema = Schema::new(vec![Field::required("row", DataType::Int64)]).expect("a schema");
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..owners.len() as i64));
            let origin = Origin::consecutive("file".into(), 7);
            let batch = Batch::new(schema.to_arrow(), vec![column], owners.len(), None, origin);
            let parts = Part::split(&batch.expect("a batch"), owners.iter().copied(), 5);
            prop_assert_eq!(parts.len(), 5);
            for (owner, part) in (0..).zip(parts) {
                let expected = (0_i64..).zip(&owners).filter(|(_, other)| **other == owner);
                let expected: Vec<i64> = expected.map(|(row, _)| row).collect();
                prop_assert_eq!(part.is_empty(), expected.is_empty());
                let rows = part.into_batch().expect("rows of the batch");
                prop_assert_eq!(rows.column(0).as_primitive::<Int64Type>().values(), &expected[..]);
                for (place, row) in expected.iter().enumerate() {
                    let position = rows.origin().position(place).expect("a position");
                    prop_assert_eq!(position.number, 7 + row.cast_unsigned());
                }
            }
        }
    }
}
