//! Columns of state that belong together: one row a key or an accumulator.

use arrow::{
    array::{Array, ArrayRef, UInt32Array},
    compute,
    error::ArrowError,
};

use super::StateColumn;
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

    /// Appends the one row of `row` `copies` times.
    ///
    /// # Errors
    ///
    /// If it is not one row.
    pub fn append_copies(&mut self, copies: usize, row: &[ArrayRef]) -> Result<(), ArrowError> {
        if copies == 0 {
            return Ok(());
        }
        let places = UInt32Array::from(vec![0; copies]);
        let rows: Columns = row
            .iter()
            .map(|column| compute::take(column, &places, None))
            .collect::<Result<_, _>>()?;
        self.append(copies, &rows);
        Ok(())
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

    /// Copies the rows at `places`.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn gather(&self, places: &[u32]) -> Columns {
        self.columns
            .iter()
            .map(|column| column.gather(places))
            .collect()
    }

    /// Copies rows of tables with the same columns, of one after the other.
    ///
    /// # Panics
    ///
    /// If there is no such row, or the columns are others.
    pub fn gather_all(parts: &[(&Self, &[u32])]) -> Columns {
        match parts {
            [] => Vec::new(),
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
/// # Panics
///
/// If there is no such row, or the columns are of different types or of one that no state has.
pub fn overwrite(columns: &[ArrayRef], places: &[u32], rows: &[ArrayRef]) -> Columns {
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
            prop_assert_eq!(table.gather(&all), columns(&model));
            let twice = StateTable::gather_all(&[(&table, &all), (&table, &all[..1])]);
            model.push(model[0].clone());
            prop_assert_eq!(twice, columns(&model));
        }
    }
}
