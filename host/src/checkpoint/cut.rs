//! Where a table is cut into pieces, so that what has not changed is found again.
//!
//! What a row is known by decides whether a piece ends with it, not its place in the table: rows that come,
//! go or change elsewhere move no border but those beside them. So a table of windows whose
//! newest rows change, one of keys that change here and there, and one that only grows all keep most of their
//! pieces. The order of the rows stays as it is.

use std::ops::Range;

use arrow::{
    array::{Array, AsArray, BinaryArray, RecordBatch, StringArray},
    datatypes::Int64Type,
};

use crate::batch::KeyHash;

/// Columns after the key that may tell one row of a key from another.
const TELLING: usize = 2;

/// How many rows a piece is to have. It changes seldom while a table grows, and the borders of long
/// pieces are borders of short ones.
const fn wanted(rows: usize) -> usize {
    match rows {
        0..0x4_0000 => 1 << 10,
        0x4_0000..0x10_0000 => 1 << 12,
        _ => 1 << 14,
    }
}

/// How many bytes a piece may have before it ends, whatever its rows are known by: as many as are read at once.
const LARGE: usize = 8 << 20;

/// The rows of each piece of `table`; one piece at least.
pub(super) fn pieces(table: &RecordBatch) -> Vec<Range<usize>> {
    let rows = table.num_rows();
    let wanted = wanted(rows);
    let (least, most) = (wanted / 4, wanted * 4);
    let known = Known::of(table);
    let sizes = Sizes::of(table);
    let mut pieces = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for row in 0..rows {
        bytes += sizes.of_row(row);
        let length = row + 1 - start;
        let ends = length >= least && known.hash(row).is_multiple_of(wanted as u64);
        if ends || length >= most || bytes >= LARGE {
            pieces.push(start..row + 1);
            (start, bytes) = (row + 1, 0);
        }
    }
    if start < rows || pieces.is_empty() {
        pieces.push(start..rows);
    }
    pieces
}

/// What rows are known by.
struct Known<'a> {
    keys: Option<&'a BinaryArray>,
    numbers: Vec<&'a [i64]>,
}

impl<'a> Known<'a> {
    fn of(table: &'a RecordBatch) -> Self {
        let columns = table.columns();
        let keys = columns.first().and_then(|keys| keys.as_binary_opt::<i32>());
        let numbers = columns.iter().skip(1).take(TELLING);
        let numbers = numbers.filter_map(|column| column.as_primitive_opt::<Int64Type>());
        Self {
            keys: keys.filter(|keys| keys.null_count() == 0),
            numbers: numbers.map(|column| &column.values()[..]).collect(),
        }
    }

    fn hash(&self, row: usize) -> u64 {
        let key = self.keys.map_or(&[][..], |keys| keys.value(row));
        let mut hash = KeyHash::of(key).0;
        for numbers in &self.numbers {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&hash.to_le_bytes());
            bytes[8..].copy_from_slice(&numbers[row].to_le_bytes());
            hash = KeyHash::of(&bytes).0;
        }
        hash
    }
}

/// How large rows are.
struct Sizes<'a> {
    /// Of the columns whose values have lengths of their own.
    offsets: Vec<&'a [i32]>,
    /// What the other columns come to, on average.
    others: usize,
}

impl<'a> Sizes<'a> {
    fn of(table: &'a RecordBatch) -> Self {
        let mut sizes = Self {
            offsets: Vec::new(),
            others: 0,
        };
        for column in table.columns() {
            let offsets = column
                .as_binary_opt::<i32>()
                .map(BinaryArray::value_offsets);
            let texts = || column.as_string_opt().map(StringArray::value_offsets);
            match offsets.or_else(texts) {
                Some(offsets) => sizes.offsets.push(offsets),
                None => {
                    let bytes = column.to_data().get_slice_memory_size().unwrap_or(0);
                    sizes.others += bytes.div_ceil(table.num_rows().max(1));
                }
            }
        }
        sizes
    }

    fn of_row(&self, row: usize) -> usize {
        let lengths = self.offsets.iter().map(|offsets| {
            let length = offsets[row + 1] - offsets[row];
            length.unsigned_abs() as usize
        });
        self.others + lengths.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use arrow::{
        array::{ArrayRef, Int64Array},
        datatypes::{Field, Schema},
    };

    use super::*;

    /// A table of keys, windows and sums.
    fn table(rows: &[(u32, i64, i64)]) -> RecordBatch {
        let keys = rows.iter().map(|row| row.0.to_be_bytes());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(BinaryArray::from_iter_values(keys)),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2))),
        ];
        let fields = columns.iter().zip(["0", "1", "2"]);
        let fields =
            fields.map(|(column, name)| Field::new(name, column.data_type().clone(), true));
        let schema = Schema::new(fields.collect::<Vec<_>>());
        RecordBatch::try_new(Arc::new(schema), columns).expect("a table")
    }

    /// The rows of each piece.
    fn cut(rows: &[(u32, i64, i64)]) -> HashSet<Vec<(u32, i64, i64)>> {
        let pieces = pieces(&table(rows)).into_iter();
        pieces.map(|piece| rows[piece].to_vec()).collect()
    }

    /// The share of rows that are in pieces which were there before.
    fn found_again(before: &[(u32, i64, i64)], after: &[(u32, i64, i64)]) -> f64 {
        let known = cut(before);
        let pieces = cut(after).into_iter();
        let found = pieces.filter(|piece| known.contains(piece));
        found.map(|piece| piece.len()).sum::<usize>() as f64 / after.len() as f64
    }

    /// Windows of 1,000 keys.
    fn windows(windows: Range<i64>, newest: i64) -> Vec<(u32, i64, i64)> {
        let last = windows.end - 1;
        let sum = |window| if window == last { newest } else { 0 };
        windows
            .flat_map(|window| (0..1000).map(move |key| (key, window, sum(window))))
            .collect()
    }

    #[test]
    fn pieces_are_all_rows_in_their_order() {
        for rows in [0, 1, 255, 256, 5000, 300_000] {
            let rows: Vec<_> = (0..rows).map(|row| (row % 77, i64::from(row), 0)).collect();
            let pieces = pieces(&table(&rows));
            let mut next = 0;
            for piece in &pieces {
                assert_eq!(piece.start, next);
                next = piece.end;
            }
            assert_eq!(next, rows.len());
            assert!(pieces.len() <= 1 + rows.len() / 500, "{}", pieces.len());
            let longest = pieces.iter().map(ExactSizeIterator::len).max();
            assert!(longest.is_some_and(|longest| longest <= 16_384));
        }
    }

    #[test]
    fn windows_that_do_not_change_any_more_are_found_again() {
        let before = windows(0..60, 1);
        assert!(found_again(&before, &windows(0..60, 2)) > 0.9);
        assert!(found_again(&before, &windows(0..61, 1)) > 0.9);
        assert!(found_again(&before, &windows(1..61, 1)) > 0.85);
    }

    #[test]
    fn keys_that_come_go_and_change_leave_the_others_alone() {
        let before: Vec<_> = (0..100_000).map(|key| (key, 0, 0)).collect();
        let mut after = before.clone();
        after[70_000].2 = 1;
        after.remove(30_000);
        after.insert(10, (200_000, 0, 0));
        assert!(found_again(&before, &after) > 0.85);
    }

    #[test]
    fn rows_of_one_key_are_cut_as_well() {
        let before: Vec<_> = (0..100_000).map(|row| (7, row, 0)).collect();
        assert!(found_again(&before, &before[20_000..]) > 0.9);
        let same: Vec<_> = (0..100_000).map(|_| (7, 0, 0)).collect();
        assert!(pieces(&table(&same)).len() > 20);
    }

    #[test]
    fn rows_that_are_large_are_cut_sooner() {
        let longest = 1 << 20;
        let texts = (0..1000).map(|row| "x".repeat(if row >= 960 { longest } else { 10 }));
        let column: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let field = Field::new("0", column.data_type().clone(), true);
        let schema = Arc::new(Schema::new(vec![field]));
        let table = RecordBatch::try_new(schema, vec![column]).expect("a table");
        let pieces = pieces(&table);
        assert_eq!(
            pieces.iter().map(ExactSizeIterator::len).sum::<usize>(),
            1000
        );
        for piece in pieces {
            let large = piece.filter(|row| *row >= 960).count();
            assert!(large * longest <= LARGE, "{large}");
        }
    }
}
