//! Rows that leave a join without having met another.

use std::cmp::Ordering;

use super::{keys::JoinKeys, store::Place};
use crate::operator::{BATCH_BYTES, BATCH_ROWS, Side};

/// A row that leaves alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lone {
    pub(super) time: i64,
    pub(super) side: Side,
    pub(super) key: u32,
    pub(super) place: Place,
}

/// Rows that leave alone, in the order in which they do: that of event time, then of the key.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    rows: Vec<Lone>,
    /// How many have left.
    left: usize,
}

impl Leaving {
    /// Rows that are about to leave. Of the same time and key, left ones go first.
    pub(super) fn new(mut rows: Vec<Lone>, keys: &JoinKeys) -> Self {
        let key = |row: &Lone| keys.key(row.key);
        let side = |row: &Lone| row.side == Side::Right;
        let place = |row: &Lone| (row.place.chunk, row.place.row);
        rows.sort_unstable_by(|a, b| {
            let times = a.time.cmp(&b.time);
            let keys = || {
                if a.key == b.key {
                    Ordering::Equal
                } else {
                    key(a).cmp(key(b))
                }
            };
            let sides = || side(a).cmp(&side(b));
            let places = || place(a).cmp(&place(b));
            times.then_with(keys).then_with(sides).then_with(places)
        });
        Self { rows, left: 0 }
    }

    /// The rows that go next, as many as a batch holds; `bytes` says what one takes.
    pub(super) fn take(&mut self, bytes: impl Fn(&Lone) -> usize) -> &[Lone] {
        let start = self.left;
        let mut together = 0_usize;
        for row in self.rows.iter().skip(start).take(BATCH_ROWS) {
            if together >= BATCH_BYTES {
                break;
            }
            together = together.saturating_add(bytes(row));
            self.left += 1;
        }
        &self.rows[start..self.left]
    }

    /// The time of the row that goes next.
    pub(super) fn next_time(&self) -> Option<i64> {
        self.rows.get(self.left).map(|row| row.time)
    }
}
