//! The keys of a join: the same numbers for both sides.

use arrow::{
    array::{Array, ArrayRef, BinaryArray},
    error::ArrowError,
};

use super::both::Both;
use crate::{
    batch::{Batch, KeyEncoder, rows_without_nulls},
    operator::{JoinWork, Side, StageSpec},
    state::KeyTable,
};

/// The keys of the rows that a join keeps.
pub(super) struct JoinKeys {
    places: Both<Vec<usize>>,
    encoder: KeyEncoder,
    table: KeyTable,
    /// By number: whether the key has a null, so that its rows meet none.
    lonely: Vec<bool>,
}

/// The number of a row without a key that could meet another one.
pub(super) const NO_KEY: u32 = u32::MAX;

impl JoinKeys {
    pub(super) fn new(spec: &StageSpec, work: &JoinWork) -> Result<Self, ArrowError> {
        let types = work
            .left_key
            .iter()
            .map(|&place| spec.input.fields()[place].data_type.to_arrow());
        Ok(Self {
            places: Both {
                left: work.left_key.clone(),
                right: work.right_key.clone(),
            },
            encoder: KeyEncoder::new(types)?,
            table: KeyTable::default(),
            lonely: Vec::new(),
        })
    }

    /// The number of each row's key. Rows with a null in the key get [`NO_KEY`], unless they are to be
    /// kept.
    pub(super) fn number(
        &mut self,
        side: Side,
        batch: &Batch,
        keep_nulls: bool,
    ) -> Result<Vec<u32>, ArrowError> {
        let column = |&place: &usize| ArrayRef::clone(batch.column(place));
        let columns: Vec<ArrayRef> = self.places[side].iter().map(column).collect();
        let whole = rows_without_nulls(&columns);
        let keys = self.encoder.encode(&columns, batch.rows())?;
        let number = |row| {
            let is_lonely = whole.as_ref().is_some_and(|whole| whole.is_null(row));
            if is_lonely && !keep_nulls {
                return NO_KEY;
            }
            self.number_one(keys.get(row), is_lonely)
        };
        Ok((0..batch.rows()).map(number).collect())
    }

    /// The numbers of encoded keys.
    pub(super) fn number_encoded(&mut self, keys: &BinaryArray) -> Result<Vec<u32>, ArrowError> {
        let encoded = || (0..keys.len()).map(|row| keys.value(row));
        let whole = rows_without_nulls(&self.encoder.decode(encoded())?);
        let is_lonely = |row| whole.as_ref().is_some_and(|whole| whole.is_null(row));
        let keys = encoded().enumerate();
        Ok(keys
            .map(|(row, key)| self.number_one(key, is_lonely(row)))
            .collect())
    }

    fn number_one(&mut self, key: &[u8], is_lonely: bool) -> u32 {
        let (number, is_new) = self.table.number(key);
        if is_new {
            if self.lonely.len() < self.table.bound() {
                self.lonely.resize(self.table.bound(), false);
            }
            self.lonely[number as usize] = is_lonely;
        }
        number
    }

    /// Puts numbers in the order of their keys.
    pub(super) fn sort(&self, numbers: &mut [u32]) {
        self.table.sort(numbers);
    }

    /// The key with a number, encoded.
    pub(super) fn key(&self, number: u32) -> &[u8] {
        self.table.key(number)
    }

    /// Whether rows with this key meet none.
    pub(super) fn is_lonely(&self, number: u32) -> bool {
        self.lonely[number as usize]
    }

    /// One more than the greatest number.
    pub(super) fn bound(&self) -> usize {
        self.table.bound()
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, number: u32) {
        self.table.remove(number);
    }

    /// How many keys there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }
}
