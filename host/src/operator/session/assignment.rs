//! Which session each row of a batch belongs to.

use super::windows::Windows;
use crate::{
    batch::Keys,
    operator::windowed::{Assign, Assigned, are_different},
    time::{Timestamp, Watermark},
};

/// Assigns the rows of a batch, judged against one watermark.
pub(super) struct Assignment<'a> {
    windows: &'a mut Windows,
    /// The number of each row's key.
    keys: Vec<u32>,
    /// Keys that had no session.
    fresh: Vec<u32>,
    times: &'a [i64],
    watermark: Watermark,
    /// Sessions to which rows have come, perhaps more than once.
    changed: Vec<u32>,
}

impl<'a> Assignment<'a> {
    pub(super) fn new(
        windows: &'a mut Windows,
        keys: &Keys,
        times: &'a [i64],
        watermark: Watermark,
    ) -> Self {
        let mut fresh = Vec::new();
        let numbers = (0..keys.len()).map(|row| {
            let (number, is_new) = windows.keys.number(keys.get(row));
            if is_new {
                fresh.push(number);
            }
            number
        });
        Self {
            keys: numbers.collect(),
            fresh,
            windows,
            times,
            watermark,
            changed: Vec::new(),
        }
    }

    /// Ends the batch. Returns the sessions whose rows leave again, in order.
    pub(super) fn end(mut self) -> Vec<u32> {
        for &key in &self.fresh {
            if self.windows.sessions.is_idle(key) {
                self.windows.keys.remove(key);
            }
        }
        self.changed.sort_unstable();
        self.changed.dedup();
        self.windows.changed(&self.changed, self.watermark)
    }
}

impl Assign for Assignment<'_> {
    fn assign(&mut self, rows: &[u32]) -> Assigned {
        let mut assigned = Assigned {
            rows: Vec::with_capacity(rows.len()),
            windows: Vec::with_capacity(rows.len()),
            ..Assigned::default()
        };
        let lateness = self.windows.lateness();
        let Windows { sessions, ids, .. } = &mut *self.windows;
        let is_closed = |end| Windows::is_closed(lateness, self.watermark, end);
        for &row in rows {
            let time = Timestamp::from_micros(self.times[row as usize]);
            let key = self.keys[row as usize];
            match sessions.place(key, time, is_closed, || ids.take()) {
                Some(session) => {
                    assigned.rows.push(row);
                    assigned.windows.push(session);
                }
                None => assigned.late.push(row),
            }
        }
        let joins = sessions.joins();
        if !joins.is_empty() {
            for window in &mut assigned.windows {
                *window = joins.root(*window);
            }
            assigned.gone = joins.gone().collect();
            assigned.parts = joins.parts;
        }
        assigned.bound = ids.bound();
        assigned
    }

    fn is_certain(&self, refused: &[u32]) -> bool {
        // A row may be in a session, or two sessions may be one, only because of one that is refused.
        self.windows.sessions.joins().is_empty()
            && are_different(refused.iter().map(|&row| self.keys[row as usize]))
    }

    fn take_back(&mut self) {
        let Windows { sessions, ids, .. } = &mut *self.windows;
        sessions.undo(|id| ids.give_back(id));
    }

    fn keep(&mut self, assigned: &Assigned) {
        let Windows { sessions, ids, .. } = &mut *self.windows;
        sessions.keep(|id| ids.give_back(id));
        self.changed.extend(&assigned.windows);
    }
}
