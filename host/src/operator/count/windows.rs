//! How many rows of each key there are, and which window they go into.

use std::num::NonZeroU64;

use crate::{
    batch::Keys,
    operator::windowed::{Assign, Assigned, Describe, are_different},
    state::{KeyTable, Slots},
    time::Timestamp,
};

/// No window.
const NONE: u32 = u32::MAX;

/// The windows of a stage: those that are not complete, one a key at most, and those that were completed
/// just now.
pub(super) struct Windows {
    rows: NonZeroU64,
    keys: KeyTable,
    /// By the number of the key: the window that its next row goes into.
    open: Vec<u32>,
    ids: Slots,
    /// By window.
    windows: Vec<Window>,
    /// What the trial has changed, in order.
    trial: Vec<Change>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    /// The number of the key.
    key: u32,
    rows: u64,
    /// The time of the latest row, if there is time.
    latest: Option<Timestamp>,
}

/// What a row has changed.
#[derive(Clone, Copy, Debug)]
struct Change {
    window: u32,
    /// The latest time from before.
    latest: Option<Timestamp>,
    /// Whether the window is complete with it.
    is_last: bool,
}

impl Windows {
    pub(super) fn new(rows: NonZeroU64) -> Self {
        Self {
            rows,
            keys: KeyTable::default(),
            open: Vec::new(),
            ids: Slots::default(),
            windows: Vec::new(),
            trial: Vec::new(),
        }
    }

    /// All windows, in the order of their keys.
    pub(super) fn by_key(&self) -> Vec<u32> {
        let mut windows: Vec<u32> = self.ids.iter().collect();
        windows.sort_unstable_by(|&a, &b| self.key_of(a).cmp(self.key_of(b)));
        windows
    }

    pub(super) fn key_of(&self, window: u32) -> &[u8] {
        self.keys.key(self.windows[window as usize].key)
    }

    /// The time of the latest row of a window, if there is time.
    pub(super) fn latest(&self, window: u32) -> Option<Timestamp> {
        self.windows[window as usize].latest
    }

    /// Forgets windows, whose numbers may be given to others.
    pub(super) fn close(&mut self, windows: &[u32]) {
        for &window in windows {
            let key = self.windows[window as usize].key;
            self.ids.give_back(window);
            let open = &mut self.open[key as usize];
            if *open == window {
                *open = NONE;
            }
        }
        let keys = windows
            .iter()
            .map(|&window| self.windows[window as usize].key);
        let mut keys: Vec<u32> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        self.forget_idle(&keys);
    }

    /// Gives back memory if most of it is not needed any more, and tells how many numbers are left.
    pub(super) fn trim(&mut self) -> Option<usize> {
        let bound = self.ids.trim()?;
        self.windows.truncate(bound);
        self.windows.shrink_to_fit();
        if self.keys.is_empty() {
            self.keys = KeyTable::default();
            self.open = Vec::new();
        }
        Some(bound)
    }

    /// Forgets those of `keys` that have no window.
    fn forget_idle(&mut self, keys: &[u32]) {
        for &key in keys {
            if self.open[key as usize] == NONE {
                self.keys.remove(key);
            }
        }
    }

    /// The number of a key, and whether it had none.
    fn number(&mut self, key: &[u8]) -> (u32, bool) {
        let (number, is_new) = self.keys.number(key);
        if number as usize >= self.open.len() {
            self.open.resize(number as usize + 1, NONE);
        }
        (number, is_new)
    }

    /// Opens a window for the next rows of a key.
    fn open(&mut self, key: u32, rows: u64, latest: Option<Timestamp>) -> u32 {
        let id = self.ids.take();
        let window = Window { key, rows, latest };
        if id as usize >= self.windows.len() {
            self.windows.resize(id as usize + 1, window);
        }
        self.windows[id as usize] = window;
        self.open[key as usize] = id;
        id
    }

    /// Puts a row into the next window of its key.
    fn place(&mut self, key: u32, time: Option<Timestamp>) -> u32 {
        let id = match self.open[key as usize] {
            NONE => self.open(key, 0, None),
            id => id,
        };
        let window = &mut self.windows[id as usize];
        window.rows += 1;
        let is_last = window.rows >= self.rows.get();
        self.trial.push(Change {
            window: id,
            latest: window.latest,
            is_last,
        });
        window.latest = window.latest.max(time);
        if is_last {
            self.open[key as usize] = NONE;
        }
        id
    }

    fn undo(&mut self) {
        while let Some(change) = self.trial.pop() {
            let id = change.window;
            let window = &mut self.windows[id as usize];
            window.rows -= 1;
            window.latest = change.latest;
            let is_gone = window.rows == 0;
            self.open[window.key as usize] = if is_gone { NONE } else { id };
            if is_gone {
                self.ids.give_back(id);
            }
        }
    }
}

impl Describe<3> for Windows {
    fn key(&self, window: u32) -> &[u8] {
        self.key_of(window)
    }

    fn numbers(&self, window: u32) -> [i64; 3] {
        let Window { rows, latest, .. } = self.windows[window as usize];
        let has_time = i64::from(latest.is_some());
        let latest = latest.map_or(0, Timestamp::as_micros);
        [i64::try_from(rows).unwrap_or(i64::MAX), has_time, latest]
    }

    fn find_or_open(&mut self, key: &[u8], [rows, has_time, latest]: [i64; 3]) -> u32 {
        let (key, _) = self.number(key);
        match self.open[key as usize] {
            NONE => {
                let latest = (has_time != 0).then(|| Timestamp::from_micros(latest));
                self.open(key, rows.unsigned_abs(), latest)
            }
            known => known,
        }
    }

    fn bound(&self) -> usize {
        self.ids.bound()
    }
}

/// Assigns the rows of a batch.
pub(super) struct Assignment<'a> {
    windows: &'a mut Windows,
    /// The number of each row's key.
    keys: Vec<u32>,
    /// Keys that had no window.
    fresh: Vec<u32>,
    times: Option<&'a [i64]>,
    /// Windows that are complete, in the order of their last rows.
    complete: Vec<u32>,
}

impl<'a> Assignment<'a> {
    pub(super) fn new(windows: &'a mut Windows, keys: &Keys, times: Option<&'a [i64]>) -> Self {
        let mut fresh = Vec::new();
        let numbers = (0..keys.len()).map(|row| {
            let (number, is_new) = windows.number(keys.get(row));
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
            complete: Vec::new(),
        }
    }

    /// Ends the batch. Returns the windows that are complete, in the order of their last rows; they are
    /// to be closed.
    pub(super) fn end(mut self) -> Vec<u32> {
        // Those of complete windows are needed until their rows are made.
        let complete = self.complete.iter();
        let mut needed: Vec<u32> = complete
            .map(|&window| self.windows.windows[window as usize].key)
            .collect();
        needed.sort_unstable();
        self.fresh.retain(|key| needed.binary_search(key).is_err());
        self.windows.forget_idle(&self.fresh);
        self.complete
    }
}

impl Assign for Assignment<'_> {
    fn assign(&mut self, rows: &[u32]) -> Assigned {
        let time = |row: usize| self.times.map(|times| Timestamp::from_micros(times[row]));
        let windows = rows.iter().map(|&row| {
            let row = row as usize;
            self.windows.place(self.keys[row], time(row))
        });
        Assigned {
            rows: rows.to_vec(),
            windows: windows.collect(),
            bound: self.windows.ids.bound(),
            ..Assigned::default()
        }
    }

    fn is_certain(&self, refused: &[u32]) -> bool {
        // The rows of a key after one that is refused take other places.
        are_different(refused.iter().map(|&row| self.keys[row as usize]))
    }

    fn take_back(&mut self) {
        self.windows.undo();
    }

    fn keep(&mut self, _: &Assigned) {
        let changes = self.windows.trial.drain(..);
        let last = changes.filter(|change| change.is_last);
        self.complete.extend(last.map(|change| change.window));
    }
}
