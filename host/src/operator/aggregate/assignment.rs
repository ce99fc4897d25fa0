//! Which slice each row of a batch falls into.

use std::{array, ops::Range};

use hashbrown::HashMap;

use crate::{
    batch::Batch,
    time::{Duration, Timestamp, Watermark},
    window::Slicing,
};

/// The row is late for all of its windows.
const LATE: u32 = u32::MAX;
/// The row falls into a gap between windows.
const OUTSIDE: u32 = u32::MAX - 1;

/// Slices that are looked at before one is looked up.
const RECENT: usize = 4;

/// The slices that a batch touches, and which of them each row falls into.
#[derive(Debug)]
pub(super) struct Assignment {
    slices: Vec<i64>,
    /// The place of each of them, by its number.
    places: HashMap<i64, u32>,
    /// One a row: a place in `slices`, or one of the constants above.
    rows: Vec<u32>,
    /// Whether one of the constants above is among `rows`.
    has_outsiders: bool,
}

/// The rows of a batch by what becomes of them.
#[derive(Debug)]
pub(super) struct Split {
    /// Rows that fall into an open window.
    pub(super) kept: Vec<u32>,
    /// Rows that are late for all of their windows.
    pub(super) late: Vec<u32>,
    /// How many rows fall into no window.
    pub(super) outside: usize,
}

impl Assignment {
    /// Assigns the rows of `batch`, judged against `watermark`, to windows that are kept for `lateness`
    /// after their end.
    pub(super) fn of(
        slicing: &Slicing,
        watermark: Watermark,
        lateness: Duration,
        batch: &Batch,
    ) -> Self {
        let mut assignment = Self {
            slices: Vec::new(),
            places: HashMap::new(),
            rows: Vec::new(),
            has_outsiders: false,
        };
        let mut place = |time| assignment.place(slicing, watermark, lateness, time);
        let Some(times) = batch.times() else {
            // A stream without event time has one window, so any instant will do.
            let (_, place) = place(Timestamp::EPOCH);
            assignment.rows.resize(batch.rows(), place);
            return assignment;
        };
        // Most rows are in the slice of the row before them, and most others in one of the last few.
        let mut recent: [(Range<i64>, u32); RECENT] = array::from_fn(|_| (0..0, OUTSIDE));
        let mut oldest = 0;
        let mut last = (0..0, OUTSIDE);
        let rows = times.iter().map(|time| {
            if !last.0.contains(time) {
                let known = recent.iter().find(|(slice, _)| slice.contains(time));
                last = known.cloned().unwrap_or_else(|| {
                    let found = place(Timestamp::from_micros(*time));
                    recent[oldest] = found.clone();
                    oldest = (oldest + 1) % RECENT;
                    found
                });
            }
            last.1
        });
        let rows = rows.collect();
        assignment.rows = rows;
        assignment
    }

    /// The slices that the batch touches.
    pub(super) fn slices(&self) -> &[i64] {
        &self.slices
    }

    /// For each row its place among [`slices`](Self::slices).
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Takes out the rows that fall into no open window; `None` if there are none.
    pub(super) fn split(&mut self) -> Option<Split> {
        if !self.has_outsiders {
            return None;
        }
        let at = |wanted: fn(u32) -> bool| -> Vec<u32> {
            let rows = self.rows.iter().zip(0..);
            rows.filter_map(|(&row, place)| wanted(row).then_some(place))
                .collect()
        };
        let split = Split {
            kept: at(|row| row < OUTSIDE),
            late: at(|row| row == LATE),
            outside: at(|row| row == OUTSIDE).len(),
        };
        self.rows.retain(|&row| row < OUTSIDE);
        self.has_outsiders = false;
        Some(split)
    }

    /// The place of the slice at `time`, and all instants for which it is the same.
    fn place(
        &mut self,
        slicing: &Slicing,
        watermark: Watermark,
        lateness: Duration,
        time: Timestamp,
    ) -> (Range<i64>, u32) {
        let Some(number) = slicing.slice_at(time) else {
            self.has_outsiders = true;
            return (0..0, OUTSIDE);
        };
        let slice = slicing.slice(number);
        let last = slicing.window(*slicing.windows_of(number).end());
        let place = if watermark.closes(last.end.saturating_add(lateness)) {
            self.has_outsiders = true;
            LATE
        } else {
            *self.places.entry(number).or_insert_with(|| {
                self.slices.push(number);
                self.slices.len() as u32 - 1
            })
        };
        (slice.start.as_micros()..slice.end.as_micros(), place)
    }
}
