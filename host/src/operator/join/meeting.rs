//! Rows that have come and meet those that were kept.

use super::store::{NewRows, Place};
use crate::operator::Side;

/// New rows of one side, and how many of them have met those of the other.
#[derive(Debug)]
pub(super) struct Meeting {
    pub(super) side: Side,
    pub(super) rows: NewRows,
    pub(super) done: usize,
}

/// Pairs of a new row and one that was kept, with the later of their times.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) rows: Vec<u32>,
    pub(super) places: Vec<Place>,
    pub(super) times: Vec<i64>,
}

impl Pairs {
    pub(super) fn push(&mut self, row: u32, place: Place, time: i64) {
        self.rows.push(row);
        self.places.push(place);
        self.times.push(time);
    }
}
