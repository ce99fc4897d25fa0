//! Rows of one side of a join that are kept together.

use std::iter;

use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
    error::ArrowError,
};

use super::store::{NewRows, RowId, Until};
use crate::batch::RowBytes;

/// Some rows that came one after the other, in columns.
///
/// A row goes when its time has passed. Rows that are gone take up room until the chunk is
/// [packed](Self::pack).
#[derive(Debug)]
pub(super) struct Chunk {
    /// The number of the first row that was ever in it.
    pub(super) first: u64,
    /// How far the number of each row is from the first; `None` if they follow one by one.
    offsets: Option<Vec<u32>>,
    pub(super) rows: NewRows,
    /// The rows in order of time.
    order: Vec<u32>,
    /// How many of them are gone.
    gone: usize,
    bytes: RowBytes,
}

impl Chunk {
    pub(super) fn new(first: u64, rows: NewRows) -> Self {
        let mut order: Vec<u32> = (0..rows.keys.len() as u32).collect();
        if !rows.times.is_sorted() {
            order.sort_by_key(|&row| rows.times[row as usize]);
        }
        Self {
            first,
            offsets: None,
            bytes: RowBytes::of(&rows.columns),
            rows,
            order,
            gone: 0,
        }
    }

    /// How many rows take up room.
    pub(super) const fn len(&self) -> usize {
        self.order.len()
    }

    /// How many rows are not gone.
    pub(super) const fn live(&self) -> usize {
        self.order.len() - self.gone
    }

    /// The number of the row at `place`.
    pub(super) fn id(&self, place: u32) -> RowId {
        let offset = match &self.offsets {
            None => place,
            Some(offsets) => offsets[place as usize],
        };
        RowId(self.first + u64::from(offset))
    }

    /// The place of a row that is in the chunk.
    pub(super) fn place(&self, row: RowId) -> u32 {
        let offset = (row.0 - self.first) as u32;
        match &self.offsets {
            None => offset,
            Some(offsets) => {
                let place = offsets.binary_search(&offset);
                place.expect("a row is in its chunk until it is gone") as u32
            }
        }
    }

    /// The time of the row that goes next.
    pub(super) fn next_time(&self) -> Option<i64> {
        let &row = self.order.get(self.gone)?;
        Some(self.rows.times[row as usize])
    }

    /// Lets the next row go if it stands before `until`.
    pub(super) fn let_go(&mut self, until: Until) -> Option<u32> {
        self.next_time().filter(|&time| until.covers(time))?;
        self.gone += 1;
        self.order.get(self.gone - 1).copied()
    }

    /// The places of the rows that are not gone, in the order in which they came.
    pub(super) fn live_places(&self) -> Vec<u32> {
        let mut live = self.order[self.gone..].to_vec();
        live.sort_unstable();
        live
    }

    /// How many bytes a row takes.
    pub(super) fn row_bytes(&self, place: u32) -> usize {
        self.bytes.of_row(&self.rows.columns, place as usize)
    }

    /// How many bytes the columns take up.
    pub(super) fn bytes(&self) -> usize {
        let columns = self.rows.columns.iter();
        columns.map(|column| column.get_array_memory_size()).sum()
    }

    /// Whether the numbers of all rows up to those of `last` are near enough to be in one chunk.
    pub(super) fn reaches(&self, last: &Self) -> bool {
        let place = last.len().saturating_sub(1) as u32;
        u32::try_from(last.id(place).0 - self.first).is_ok()
    }

    /// One chunk of the rows of `chunks` that are not gone; `chunks` follow each other.
    ///
    /// # Errors
    ///
    /// If a column of all rows would be too long.
    pub(super) fn pack(chunks: &[Self]) -> Result<Self, ArrowError> {
        let first = chunks.first().map_or(0, |chunk| chunk.first);
        let live: Vec<Vec<u32>> = chunks.iter().map(Self::live_places).collect();
        let parts = || chunks.iter().zip(&live);
        let each = || parts().flat_map(|(chunk, live)| iter::repeat(chunk).zip(live));
        let offsets: Vec<u32> = each()
            .map(|(chunk, &place)| (chunk.id(place).0 - first) as u32)
            .collect();
        let matched = each().map(|(chunk, &place)| chunk.rows.matched.get(place as usize).copied());
        let columns = chunks.first().map_or(0, |chunk| chunk.rows.columns.len());
        let column = |column: usize| {
            let parts = parts().map(|(chunk, live)| {
                let column = &chunk.rows.columns[column];
                if live.len() == chunk.len() {
                    return Ok(ArrayRef::clone(column));
                }
                compute::take(column, &UInt32Array::from(live.clone()), None)
            });
            let parts: Vec<ArrayRef> = parts.collect::<Result<_, _>>()?;
            let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
            compute::concat(&parts)
        };
        let rows = NewRows {
            keys: each()
                .map(|(chunk, &place)| chunk.rows.keys[place as usize])
                .collect(),
            times: each()
                .map(|(chunk, &place)| chunk.rows.times[place as usize])
                .collect(),
            matched: matched.flatten().collect(),
            columns: (0..columns).map(column).collect::<Result<_, _>>()?,
        };
        let has_gaps = (0..).zip(&offsets).any(|(place, &offset)| place != offset);
        Ok(Self {
            offsets: has_gaps.then_some(offsets),
            ..Self::new(first, rows)
        })
    }
}
