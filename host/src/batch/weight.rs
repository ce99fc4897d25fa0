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
        let mut weights = Self {
            offsets: Vec::new(),
            others: 0,
            most: 0,
        };
        for column in columns {
            let offsets = column
                .as_binary_opt::<i32>()
                .map(BinaryArray::value_offsets);
            let texts = || column.as_string_opt().map(StringArray::value_offsets);
            match offsets.or_else(texts) {
                Some(offsets) => {
                    let lengths = offsets.windows(2).map(|pair| length(pair[0], pair[1]));
                    weights.most += lengths.max().unwrap_or_default() + size_of::<i32>();
                    weights.others += size_of::<i32>();
                    weights.offsets.push(offsets);
                }
                None => {
                    let width = column.data_type().primitive_width().unwrap_or_default();
                    weights.most += width;
                    weights.others += width;
                }
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
        let most = rows.len().saturating_mul(self.most);
        if most <= enough {
            return most;
        }
        let rows = rows.iter().map(|&row| self.of_row(first + row as usize));
        rows.fold(0, usize::saturating_add)
    }
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
        assert!(
            (5 + 24..60).contains(&weight(&columns)),
            "{}",
            weight(&columns)
        );
    }
}
