//! How many bytes rows take.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray};

/// The bytes that columns take as far as they are shown.
pub fn weight(columns: &[ArrayRef]) -> usize {
    let all = columns.iter();
    all.map(|column| {
        column
            .to_data()
            .get_slice_memory_size()
            .unwrap_or(usize::MAX)
    })
    .fold(0, usize::saturating_add)
}

/// The bytes that single rows of some columns take, without the single bits.
#[derive(Debug)]
pub struct RowWeights<'a> {
    /// Of the columns whose values have lengths of their own.
    offsets: Vec<&'a [i32]>,
    /// What the other columns come to.
    others: usize,
    /// What a row takes at most.
    most: usize,
}

impl<'a> RowWeights<'a> {
    /// Those of `columns`, which are of one length.
    pub fn of(columns: &'a [ArrayRef]) -> Self {
        let weights = Self::of_some(columns);
        let longest = |offsets: &&[i32]| {
            let lengths = offsets.windows(2).map(|pair| length(pair[0], pair[1]));
            lengths.max().unwrap_or_default()
        };
        let longest: usize = weights.offsets.iter().map(longest).sum();
        Self {
            most: weights.others + longest,
            ..weights
        }
    }

    /// The same where it does not matter what a row takes at most: nobody looks at all of them.
    pub fn of_some(columns: &'a [ArrayRef]) -> Self {
        let mut weights = Self {
            offsets: Vec::new(),
            others: 0,
            most: usize::MAX,
        };
        for column in columns {
            match offsets(column) {
                Some(offsets) => {
                    weights.others += size_of::<i32>();
                    weights.offsets.push(offsets);
                }
                None => weights.others += column.data_type().primitive_width().unwrap_or_default(),
            }
        }
        weights
    }

    /// What columns take however many rows there are of them: offsets are one more.
    pub const fn of_none(&self) -> usize {
        self.offsets.len() * size_of::<i32>()
    }

    /// What a row takes.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn of_row(&self, row: usize) -> usize {
        let offsets = self.offsets.iter();
        let lengths = offsets.map(|offsets| length(offsets[row], offsets[row + 1]));
        self.others + lengths.sum::<usize>()
    }

    /// What `rows`, counted from row `first` on, take together, or more if that is at most `enough`.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn of_rows(&self, first: usize, rows: &[u32], enough: usize) -> usize {
        if self.offsets.is_empty() {
            return rows.len().saturating_mul(self.others);
        }
        let most = rows.len().saturating_mul(self.most);
        if most <= enough {
            return most;
        }
        let rows = rows.iter().map(|&row| self.of_row(first + row as usize));
        rows.fold(0, usize::saturating_add)
    }
}

/// The bytes that single rows take of columns that are kept for long and asked often.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowBytes {
    /// What a row takes at most.
    most: usize,
}

impl RowBytes {
    /// Rows that take no more are all alike.
    const NARROW: usize = 2 * 1024;

    /// Those of `columns`.
    pub fn of(columns: &[ArrayRef]) -> Self {
        Self {
            most: RowWeights::of(columns).most,
        }
    }

    /// What a row of the same columns takes, or the widest of them if that is little.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn of_row(self, columns: &[ArrayRef], row: usize) -> usize {
        if self.most <= Self::NARROW {
            return self.most;
        }
        let columns = columns.iter().map(|column| match offsets(column) {
            Some(offsets) => size_of::<i32>() + length(offsets[row], offsets[row + 1]),
            None => column.data_type().primitive_width().unwrap_or_default(),
        });
        columns.sum()
    }
}

/// Where the values of a column begin and end, if they have lengths of their own.
fn offsets(column: &ArrayRef) -> Option<&[i32]> {
    let bytes = column.as_binary_opt::<i32>();
    let texts = || column.as_string_opt().map(StringArray::value_offsets);
    bytes.map(BinaryArray::value_offsets).or_else(texts)
}

/// Offsets never decrease.
fn length(start: i32, end: i32) -> usize {
    (end - start).unsigned_abs() as usize
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Int64Array};

    use super::*;

    #[test]
    fn rows_weigh_what_they_show() {
        let texts = StringArray::from(vec![Some("far"), Some("a"), None, Some("four")]);
        let columns: [ArrayRef; 3] = [
            Arc::new(texts.slice(1, 3)),
            Arc::new(Int64Array::from(vec![1, 2, 3])),
            Arc::new(BooleanArray::from(vec![true, false, true])),
        ];
        let weights = RowWeights::of(&columns);
        let rows: Vec<usize> = (0..3).map(|row| weights.of_row(row)).collect();
        assert_eq!(rows, [13, 12, 16]);
        assert_eq!(weights.of_rows(0, &[0, 0, 1], 0), 38);
        assert_eq!(weights.of_rows(1, &[0, 0, 1], 0), 40);
        assert_eq!(weights.of_rows(0, &[0, 0, 1], 48), 48, "enough is enough");
        let some = RowWeights::of_some(&columns);
        assert_eq!(some.of_rows(0, &[0, 0, 1], 48), 38);
        assert!(
            (5 + 24..60).contains(&weight(&columns)),
            "{}",
            weight(&columns)
        );
    }

    #[test]
    fn rows_that_are_wide_are_looked_at_one_by_one() {
        let columns = |long: usize| -> [ArrayRef; 2] {
            let long = "x".repeat(long);
            [
                Arc::new(StringArray::from(vec!["a", long.as_str(), "bc"])),
                Arc::new(Int64Array::from(vec![1, 2, 3])),
            ]
        };
        for (long, expected) in [(100, [112; 3]), (10_000, [13, 10_012, 14])] {
            let columns = columns(long);
            let bytes = RowBytes::of(&columns);
            let found: Vec<usize> = (0..3).map(|row| bytes.of_row(&columns, row)).collect();
            assert_eq!(found, expected);
        }
    }
}
