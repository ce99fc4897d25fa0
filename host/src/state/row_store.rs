//! Rows that come and go: each has a place of its own while it is kept.

use std::ops::Range;

use arrow::array::ArrayRef;

use super::{Columns, StateTable, portion::TooLarge};
use crate::batch::DataType;

/// Rows of some columns, found again by their places. The place of a row that is released is given to
/// another one later.
#[derive(Clone, Debug)]
pub struct RowStore {
    table: StateTable,
    /// One more than the greatest place that was ever given.
    bound: u32,
    free: Vec<u32>,
}

impl RowStore {
    /// A store without rows, for columns of these types.
    pub fn new(types: impl IntoIterator<Item = DataType>) -> Self {
        Self {
            table: StateTable::with_types(types),
            bound: 0,
            free: Vec::new(),
        }
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.bound as usize - self.free.len()
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives out a place. It may be [released](Self::release) at once, and must be
    /// [filled](Self::fill) before it is read.
    ///
    /// # Panics
    ///
    /// If there would be more than 2^32 rows.
    pub fn reserve(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let place = self.bound;
            self.bound = place.checked_add(1).expect("less than 2^32 rows");
            place
        })
    }

    /// Gives out a place and adds it to `places`.
    pub fn reserve_for(&mut self, places: &mut Vec<u32>) -> u32 {
        let place = self.reserve();
        places.push(place);
        place
    }

    /// Writes row `i` of `columns` to `places[i]`. All places that were reserved since the last time
    /// and are still to be read must be among them.
    ///
    /// # Panics
    ///
    /// If a place was not reserved, or the columns are of other types.
    pub fn fill(&mut self, places: &[u32], columns: &[ArrayRef]) {
        if places.is_empty() {
            return;
        }
        self.table
            .append_blank(self.bound as usize - self.table.rows());
        self.table.scatter(places, columns, 0);
    }

    /// Writes the one row of `row` to each of `places`, as [`fill`](Self::fill) does. What is large in it is kept
    /// once.
    ///
    /// # Panics
    ///
    /// If a place was not reserved, or the columns are of other types.
    pub fn fill_copies(&mut self, places: &[u32], row: &[ArrayRef]) {
        if places.is_empty() {
            return;
        }
        self.table
            .append_blank(self.bound as usize - self.table.rows());
        self.table.scatter_copies(places, row);
    }

    /// Keeps `rows` rows and returns their places.
    ///
    /// # Panics
    ///
    /// If the columns are of other types or lengths.
    pub fn insert(&mut self, rows: usize, columns: &[ArrayRef]) -> Vec<u32> {
        let places: Vec<u32> = (0..rows).map(|_| self.reserve()).collect();
        self.fill(&places, columns);
        places
    }

    /// The bytes that a row takes once it is [gathered](Self::gather).
    ///
    /// # Panics
    ///
    /// If the place was not filled.
    pub fn weight_of(&self, place: u32) -> usize {
        self.table.weight_of(place)
    }

    /// The bytes that the rows at `places` take once they are [gathered](Self::gather).
    ///
    /// # Panics
    ///
    /// If a place was not filled.
    pub fn weight(&self, places: &[u32]) -> usize {
        self.table.weight(places)
    }

    /// Copies the rows at `places`.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    ///
    /// # Panics
    ///
    /// If a place was not filled.
    pub fn gather(&self, places: &[u32]) -> Result<Columns, TooLarge> {
        self.table.gather(places)
    }

    /// The bytes that some columns of the rows at `places` take once they are [gathered](Self::gather_columns).
    ///
    /// # Panics
    ///
    /// If a place was not filled, or there is no such column.
    pub fn weight_of_columns(&self, columns: Range<usize>, places: &[u32]) -> usize {
        self.table.weight_of_columns(columns, places)
    }

    /// Copies some columns of the rows at `places`.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    ///
    /// # Panics
    ///
    /// If a place was not filled, or there is no such column.
    pub fn gather_columns(
        &self,
        columns: Range<usize>,
        places: &[u32],
    ) -> Result<Columns, TooLarge> {
        self.table.gather_columns(columns, places)
    }

    /// Forgets the row at `place`.
    pub fn release(&mut self, place: u32) {
        self.free.push(place);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use arrow::array::{AsArray, StringArray};
    use proptest::prelude::*;

    use super::*;

    fn column(rows: &[String]) -> Vec<ArrayRef> {
        vec![Arc::new(StringArray::from(rows.to_vec()))]
    }

    proptest! {
        /// A store gives back what was put in, and places are given again.
        #[test]
        fn rows_keep_their_places(
            batches in prop::collection::vec(prop::collection::vec(("[a-c]{0,9}", any::<bool>()), 0..9), 0..30),
        ) {
            let mut store = RowStore::new([DataType::Utf8]);
            let mut model: HashMap<u32, String> = HashMap::new();
            for batch in batches {
                // Some rows are given up before they are written, some that were written before.
                let (mut places, mut rows) = (Vec::new(), Vec::new());
                for (row, keep) in batch {
                    let place = store.reserve();
                    if keep {
                        places.push(place);
                        rows.push(row);
                    } else {
                        store.release(place);
                    }
                }
                store.fill(&places, &column(&rows));
                model.extend(places.into_iter().zip(rows));
                let gone: Vec<u32> = model.keys().copied().filter(|place| place % 3 == 0).collect();
                for place in gone {
                    model.remove(&place);
                    store.release(place);
                }
                prop_assert_eq!(store.len(), model.len());
                let places: Vec<u32> = model.keys().copied().collect();
                let gathered = store.gather(&places).expect("little");
                for (row, place) in places.iter().enumerate() {
                    prop_assert_eq!(gathered[0].as_string::<i32>().value(row), &model[place]);
                }
            }
            prop_assert!(store.bound < 300);
        }
    }
}
