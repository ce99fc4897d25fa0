//! Rows that have come and meet those that were kept.

use super::{
    store::{NewRows, Place},
    timeline::Entry,
};
use crate::{batch::RowBytes, operator::Side};

/// New rows of one side, and how many of them have met those of the other.
#[derive(Debug)]
pub(super) struct Meeting {
    pub(super) side: Side,
    pub(super) rows: NewRows,
    pub(super) done: usize,
    /// The last one that the next row has met, if it has not met all of them.
    pub(super) last: Option<Entry>,
    bytes: RowBytes,
}

impl Meeting {
    /// Rows that have met nobody.
    pub(super) fn new(side: Side, rows: NewRows) -> Self {
        Self {
            side,
            bytes: RowBytes::of(&rows.columns),
            rows,
            done: 0,
            last: None,
        }
    }

    /// How many bytes a new row takes.
    pub(super) fn row_bytes(&self, row: usize) -> usize {
        self.bytes.of_row(&self.rows.columns, row)
    }
}

/// Pairs of a new row and one that was kept, with the later of their times.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) rows: Vec<u32>,
    pub(super) places: Vec<Place>,
    pub(super) times: Vec<i64>,
    /// What they take.
    pub(super) bytes: usize,
}

impl Pairs {
    pub(super) fn push(&mut self, row: u32, place: Place, time: i64, bytes: usize) {
        self.rows.push(row);
        self.places.push(place);
        self.times.push(time);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}
