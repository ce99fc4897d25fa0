//! Columns of state that belong together: one row a key or an accumulator.

use std::ops::Range;

use arrow::array::{Array, ArrayRef};

use super::{StateColumn, portion::TooLarge};
use crate::batch::{DataType, Field};

/// Columns as a guest gives and takes them.
pub type Columns = Vec<ArrayRef>;

/// Rows of state with the columns that a function declares.
#[derive(Clone, Debug)]
pub struct StateTable {
    columns: Vec<StateColumn>,
    rows: usize,
}

impl StateTable {
    /// A table without rows for the `state` of a function.
    pub fn new(state: &[Field]) -> Self {
        Self::with_types(state.iter().map(|field| field.data_type))
    }

    /// A table without rows and with columns of these types.
    pub fn with_types(types: impl IntoIterator<Item = DataType>) -> Self {
        Self {
            columns: types.into_iter().map(StateColumn::new).collect(),
            rows: 0,
        }
    }

    /// A table without rows and with the same columns.
    #[must_use]
    pub fn empty(&self) -> Self {
        Self {
            columns: self.columns.iter().map(StateColumn::empty).collect(),
            rows: 0,
        }
    }

    /// The number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Appends `rows` rows.
    ///
    /// # Panics
    ///
    /// If the columns are of other types or lengths.
    pub fn append(&mut self, rows: usize, columns: &[ArrayRef]) {
        assert_eq!(columns.len(), self.columns.len(), "columns of state");
        for (column, array) in self.columns.iter_mut().zip(columns) {
            assert_eq!(array.len(), rows, "rows of state");
            column.append(array.as_ref());
        }
        self.rows += rows;
    }

    /// Appends the one row of `row` `copies` times. What is large in it is kept once.
    ///
    /// # Panics
    ///
    /// If it has no row, or the columns are of other types.
    pub fn append_copies(&mut self, copies: usize, row: &[ArrayRef]) {
        for (column, array) in self.columns.iter_mut().zip(row) {
            column.append_copies(copies, array.as_ref());
        }
        self.rows += copies;
    }

    /// Appends rows that are to be overwritten before they are read.
    pub fn append_blank(&mut self, blanks: usize) {
        let columns = self.columns.iter_mut();
        columns.for_each(|column| column.append_blank(blanks));
        self.rows += blanks;
    }

    /// Overwrites the rows at `places` with the one row of `row`. What is large in it is kept once.
    ///
    /// # Panics
    ///
    /// If there is no such row, or the columns are of other types.
    pub fn scatter_copies(&mut self, places: &[u32], row: &[ArrayRef]) {
        if places.is_empty() {
            return;
        }
        for (column, array) in self.columns.iter_mut().zip(row) {
            column.scatter_copies(places, array.as_ref());
        }
    }

    /// Removes the rows from row `first` on but those at `kept`, which ascend.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn retain_from(&mut self, first: usize, kept: &[u32]) {
        let columns = self.columns.iter_mut();
        columns.for_each(|column| column.retain_from(first, kept));
        self.rows = first + kept.len();
    }

    /// Removes all rows from row `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        self.columns
            .iter_mut()
            .for_each(|column| column.truncate(rows));
        self.rows = self.rows.min(rows);
    }

    /// Gives back memory that rows do not need any more since they were [removed](Self::truncate).
    pub fn shrink(&mut self) {
        self.columns.iter_mut().for_each(StateColumn::shrink);
    }

    /// Gives back the memory of rows whose values do not matter any more, as far as they have some of
    /// their own.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn clear(&mut self, places: &[u32]) {
        self.columns
            .iter_mut()
            .for_each(|column| column.clear(places));
    }

    /// The bytes that a row takes once it is [gathered](Self::gather).
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn weight_of(&self, row: u32) -> usize {
        let columns = self.columns.iter().map(|column| column.weight_of(row));
        columns.fold(0, usize::saturating_add)
    }

    /// The bytes that the rows at `places` take once they are [gathered](Self::gather): nothing is looked at but
    /// their lengths.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn weight(&self, places: &[u32]) -> usize {
        self.weight_of_columns(0..self.columns.len(), places)
    }

    /// Copies the rows at `places`.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn gather(&self, places: &[u32]) -> Result<Columns, TooLarge> {
        self.gather_columns(0..self.columns.len(), places)
    }

    /// The bytes that some columns of the rows at `places` take once they are [gathered](Self::gather_columns).
    ///
    /// # Panics
    ///
    /// If there is no such row or column.
    pub fn weight_of_columns(&self, columns: Range<usize>, places: &[u32]) -> usize {
        let columns = self.columns[columns].iter();
        let columns = columns.map(|column| column.weight(places));
        columns.fold(0, usize::saturating_add)
    }

    /// Copies some columns of the rows at `places`.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    ///
    /// # Panics
    ///
    /// If there is no such row or column.
    pub fn gather_columns(
        &self,
        columns: Range<usize>,
        places: &[u32],
    ) -> Result<Columns, TooLarge> {
        let columns = self.columns[columns].iter();
        columns.map(|column| column.gather(places)).collect()
    }

    /// Copies rows of tables with the same columns, of one after the other.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    ///
    /// # Panics
    ///
    /// If there is no such row, or the columns are others.
    pub fn gather_all(parts: &[(&Self, &[u32])]) -> Result<Columns, TooLarge> {
        match parts {
            [] => Ok(Vec::new()),
            [(table, places)] => table.gather(places),
            [(first, _), ..] => (0..first.columns.len())
                .map(|place| {
                    let mut column = first.columns[place].empty();
                    for (table, places) in parts {
                        column.append_from(&table.columns[place], places);
                    }
                    column.into_array()
                })
                .collect(),
        }
    }

    /// Overwrites the row at `places[i]` with row `from + i` of `columns`.
    ///
    /// # Panics
    ///
    /// If there is no such row, or the columns are of other types.
    pub fn scatter(&mut self, places: &[u32], columns: &[ArrayRef], from: usize) {
        for (column, array) in self.columns.iter_mut().zip(columns) {
            column.scatter(places, array.as_ref(), from);
        }
    }
}

/// The rows of `columns`, of which the one at `places[i]` is replaced by row `i` of `rows`.
///
/// # Errors
///
/// If they are more than an array holds then.
///
/// # Panics
///
/// If there is no such row, or the columns are of different types or of one that no state has.
pub fn overwrite(
    columns: &[ArrayRef],
    places: &[u32],
    rows: &[ArrayRef],
) -> Result<Columns, TooLarge> {
    let pairs = columns.iter().zip(rows);
    pairs
        .map(|(column, rows)| {
            let data_type = DataType::from_arrow(column.data_type());
            let mut copy = StateColumn::new(data_type.expect("state has columns of our types"));
            copy.append(column.as_ref());
            copy.scatter(places, rows.as_ref(), 0);
            copy.into_array()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, StringArray};
    use proptest::prelude::*;

    use super::*;

    fn columns(rows: &[(Option<f64>, Option<String>)]) -> Columns {
        vec![
            Arc::new(rows.iter().map(|row| row.0).collect::<Float64Array>()),
            Arc::new(
                rows.iter()
                    .map(|row| row.1.clone())
                    .collect::<StringArray>(),
            ),
        ]
    }

    fn row() -> impl Strategy<Value = (Option<f64>, Option<String>)> {
        (
            prop::option::of(-1e9..1e9),
            prop::option::of("[a-zß]{0,40}"),
        )
    }

    proptest! {
        /// A table does what a plain vector of rows does.
        #[test]
        fn a_table_is_a_vector_of_rows(
            initial in prop::collection::vec(row(), 1..20),
            writes in prop::collection::vec((any::<prop::sample::Index>(), row()), 0..40),
        ) {
            let mut table = StateTable::with_types([DataType::Float64, DataType::Utf8]);
            table.append(initial.len(), &columns(&initial));
            let mut model = initial.clone();
            for (index, value) in writes {
                let place = index.index(model.len());
                model[place] = value.clone();
                table.scatter(&[place as u32], &columns(&[value]), 0);
            }
            let all: Vec<u32> = (0..model.len() as u32).rev().collect();
            model.reverse();
            prop_assert_eq!(table.gather(&all).expect("little"), columns(&model));
            let twice = StateTable::gather_all(&[(&table, &all), (&table, &all[..1])]);
            model.push(model[0].clone());
            prop_assert_eq!(twice.expect("little"), columns(&model));
        }

        /// Copies of a row are as good as rows, and weigh as much.
        #[test]
        fn copies_are_rows(
            mut rows in prop::collection::vec(row(), 1..20),
            copied in row(),
            copies in 0_usize..9,
            places in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
            written in row(),
            kept in prop::collection::vec(any::<bool>(), 30),
        ) {
            let mut table = StateTable::with_types([DataType::Float64, DataType::Utf8]);
            table.append(rows.len(), &columns(&rows));
            table.append_copies(copies, &columns(std::slice::from_ref(&copied)));
            rows.extend(vec![copied.clone(); copies]);
            let places: Vec<u32> = places.iter().map(|place| place.index(rows.len()) as u32).collect();
            table.scatter_copies(&places, &columns(std::slice::from_ref(&copied)));
            places.iter().for_each(|&place| rows[place as usize] = copied.clone());
            if let Some(&place) = places.first() {
                table.scatter(&[place], &columns(std::slice::from_ref(&written)), 0);
                rows[place as usize] = written;
            }
            let mut kept = kept.into_iter();
            let kept: Vec<u32> = (1..rows.len() as u32).filter(|_| kept.next() == Some(true)).collect();
            table.retain_from(1, &kept);
            let rows: Vec<_> = [0].iter().chain(&kept).map(|&row| rows[row as usize].clone()).collect();
            prop_assert_eq!(table.rows(), rows.len());
            let all: Vec<u32> = (0..rows.len() as u32).collect();
            prop_assert_eq!(table.gather(&all).expect("little"), columns(&rows));
            let bytes = rows.iter().map(|row| 12 + row.1.as_ref().map_or(0, String::len));
            prop_assert_eq!(table.weight(&all), 4 + bytes.sum::<usize>());
        }
    }
}
