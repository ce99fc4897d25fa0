//! Which slice each row of a batch falls into.

use hashbrown::HashMap;

use crate::{
    batch::Batch,
    time::{Timestamp, Watermark},
    window::{Slice, Slicing},
};

/// The row is late for all of its windows.
const LATE: u32 = u32::MAX;
/// The row falls into a gap between windows.
const OUTSIDE: u32 = u32::MAX - 1;

/// The slices that a batch touches, and which of them each row falls into.
#[derive(Debug)]
pub(super) struct Assignment {
    slices: Vec<Slice>,
    /// The place of each of them, by its start.
    places: HashMap<Timestamp, u32>,
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
    /// Assigns the rows of `batch`, judged against `watermark`.
    pub(super) fn of(slicing: &Slicing, watermark: Watermark, batch: &Batch) -> Self {
        let mut assignment = Self {
            slices: Vec::new(),
            places: HashMap::new(),
            rows: Vec::with_capacity(batch.rows()),
            has_outsiders: false,
        };
        let Some(times) = batch.times() else {
            // A stream without event time has one window, so any instant will do.
            let place = assignment.place(slicing, watermark, Timestamp::EPOCH);
            assignment.rows.resize(batch.rows(), place);
            return assignment;
        };
        let mut last = (0..0, OUTSIDE);
        for &time in times {
            if !last.0.contains(&time) {
                let place = assignment.place(slicing, watermark, Timestamp::from_micros(time));
                let range = match assignment.slices.get(place as usize) {
                    Some(slice) => slice.start.as_micros()..slice.end.as_micros(),
                    None => 0..0,
                };
                last = (range, place);
            }
            assignment.rows.push(last.1);
        }
        assignment
    }

    /// The slices that the batch touches.
    pub(super) fn slices(&self) -> &[Slice] {
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

    fn place(&mut self, slicing: &Slicing, watermark: Watermark, time: Timestamp) -> u32 {
        match slicing.slice_of(time) {
            None => {
                self.has_outsiders = true;
                OUTSIDE
            }
            Some(slice) if watermark.closes(slicing.last_end(slice)) => {
                self.has_outsiders = true;
                LATE
            }
            Some(slice) => *self.places.entry(slice.start).or_insert_with(|| {
                self.slices.push(slice);
                self.slices.len() as u32 - 1
            }),
        }
    }
}
