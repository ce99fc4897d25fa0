//! What calls for parts of some rows have come to, and what stands where they have failed.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use arrow::{array::ArrayRef, error::ArrowError};

use super::functions::concat;
use crate::{operator::failure::Cause, state::Columns};

/// The columns of rows for which calls have succeeded, part by part, in any order.
#[derive(Default)]
pub(super) struct Pieces(Vec<(Range<usize>, Columns)>);

/// Rows on which a function has failed, and why.
pub(super) type Failures = BTreeMap<usize, Arc<Cause>>;

impl Pieces {
    pub(super) fn add(&mut self, rows: Range<usize>, columns: Columns) {
        self.0.push((rows, columns));
    }

    /// The columns of all of `rows` rows, with what `fill` gives for those on which no call has succeeded.
    pub(super) fn complete(
        mut self,
        rows: usize,
        fill: impl Fn(Range<usize>) -> Columns,
    ) -> Result<Columns, ArrowError> {
        self.0.sort_by_key(|(rows, _)| rows.start);
        let mut parts: Vec<Columns> = Vec::with_capacity(self.0.len());
        let mut next = 0;
        for (range, columns) in self.0.into_iter().chain([(rows..rows, Vec::new())]) {
            if next < range.start {
                parts.push(fill(next..range.start));
            }
            next = range.end;
            if !range.is_empty() {
                parts.push(columns);
            }
        }
        match parts.is_empty() {
            true => Ok(fill(0..0)),
            false => concat(&parts),
        }
    }
}

/// A part of `columns`, without copying.
pub(super) fn part(columns: &[ArrayRef], rows: &Range<usize>) -> Columns {
    let columns = columns.iter();
    columns
        .map(|column| column.slice(rows.start, rows.len()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int32Array;

    use super::*;

    fn numbers(numbers: impl IntoIterator<Item = i32>) -> Columns {
        vec![Arc::new(Int32Array::from_iter_values(numbers))]
    }

    #[test]
    fn gaps_are_filled() {
        let mut pieces = Pieces::default();
        pieces.add(3..5, numbers([3, 4]));
        pieces.add(0..1, numbers([0]));
        let nothing = |rows: Range<usize>| numbers(rows.map(|_| -1));
        let all = pieces.complete(6, nothing);
        assert_eq!(all.expect("columns"), numbers([0, -1, -1, 3, 4, -1]));
    }
}
