//! Rows as programs write them, decoded in one pass: no escapes, no quotes in CSV, values of the types
//! that are asked for. Everything else is *odd*, and left to the decoders that know all there is.
//!
//! What is decoded here must be what they would find, to the last bit; rows that they would refuse must be
//! odd. So this decides how fast a row is read, and nothing else.

mod columns;
mod csv;
mod json;
mod number;
mod text;
pub(super) mod words;

use std::ops::Range;

use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    compute::interleave_record_batch,
};

use self::columns::PlainColumns;
pub(super) use self::{csv::PlainCsv, json::PlainJson};
use super::Block;

/// A block is given up when it has more odd rows than this, and more than half of its rows are odd so far.
const MOST_ODD_ROWS: usize = 32;

/// The rows of a block that are plain, and the places of those that are odd.
pub(crate) struct Plain {
    pub(crate) record: RecordBatch,
    pub(crate) odd: Vec<usize>,
}

impl Plain {
    /// All rows of the block in their order: `others` are the odd ones, without those that are bad,
    /// whose places among the odd ones are in `bad`.
    pub(super) fn merge(self, others: &RecordBatch, bad: &[usize]) -> Result<RecordBatch, String> {
        if others.num_rows() == 0 {
            return Ok(self.record);
        }
        let (mut odd, mut bad) = (self.odd.iter().peekable(), bad.iter().peekable());
        let (mut plain, mut other, mut place_of_odd) = (0, 0, 0);
        let rows = self.record.num_rows() + others.num_rows();
        let mut places = Vec::with_capacity(rows);
        for row in 0..self.record.num_rows() + self.odd.len() {
            if odd.next_if_eq(&&row).is_none() {
                places.push((0, plain));
                plain += 1;
                continue;
            }
            if bad.next_if_eq(&&place_of_odd).is_none() {
                places.push((1, other));
                other += 1;
            }
            place_of_odd += 1;
        }
        let merged = if self.record.num_columns() == 0 {
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            RecordBatch::try_new_with_options(self.record.schema(), Vec::new(), &options)
        } else {
            interleave_record_batch(&[&self.record, others], &places)
        };
        merged.map_err(|error| error.to_string())
    }
}

/// Decodes the rows of a block one by one: `row` appends the values of one and says how many there are, or
/// that it is odd. None if most rows are, and the block is better decoded as a whole.
fn decode(
    columns: &mut PlainColumns,
    block: Block<'_>,
    mut row: impl FnMut(&mut PlainColumns, Range<usize>) -> Option<usize>,
) -> Option<Plain> {
    columns.reserve(block.rows.len());
    let mut odd = Vec::new();
    for (index, span) in block.rows.iter().enumerate() {
        if let Some(values) = row(columns, span.bytes.clone()) {
            columns.end_row(values);
            continue;
        }
        columns.undo_row();
        odd.push(index);
        if odd.len() > MOST_ODD_ROWS.max(index / 2) {
            columns.truncate(0);
            return None;
        }
    }
    let record = columns.finish().ok()?;
    Some(Plain { record, odd })
}

#[cfg(test)]
mod tests;
