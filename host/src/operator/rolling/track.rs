//! The rows of one key that frames need: in order, numbered, with what runs of them come to.
//!
//! Pure: the accumulators themselves, and the columns of rows, are elsewhere, and here are their
//! places. Runs are those of [`cover`](crate::window::cover), over the numbers of rows.

use std::{collections::VecDeque, ops::Range};

use crate::window::{Run, WindowKind, cover};

/// Which rows of its key a row's frame holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    /// So many rows up to the row itself, and so many after it.
    Rows { rows: i64, following: i64 },
    /// Those up to the row itself that are less than so many microseconds older.
    Span(i64),
}

impl Frame {
    /// The frames of rolling windows; `None` for others.
    pub(super) fn of(window: WindowKind) -> Option<Self> {
        // No key has more rows.
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX).min(1 << 60);
        match window {
            WindowKind::RollingRows { rows, following } => Some(Self::Rows {
                rows: count(rows.get()),
                following: count(following),
            }),
            WindowKind::Rolling { span } => Some(Self::Span(span.as_micros())),
            _ => None,
        }
    }

    /// Whether rows wait for others to come after them.
    pub(super) const fn looks_ahead(self) -> bool {
        matches!(self, Self::Rows { following: 1.., .. })
    }

    /// The level of the longest run that lies in a frame.
    const fn levels(self) -> u32 {
        match self {
            Self::Rows { rows, following } => (rows + following).ilog2(),
            Self::Span(_) => i64::BITS - 2,
        }
    }
}

/// The rows of a key. They are numbered one by one as they are settled.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// The number of the next row.
    next: i64,
    /// The times of the rows that are kept, which are the last ones.
    times: VecDeque<i64>,
    /// By level: what runs of rows come to. Level 0 has the rows themselves.
    levels: Vec<Level>,
    /// The places of the rows' values, if there are functions that want to see them.
    values: VecDeque<u32>,
    /// The rows whose frames are not complete, which are the last ones.
    waiting: VecDeque<Waiting>,
    /// How many rows of the key have come and are not settled.
    pub(super) unsettled: u32,
    /// Whether the key stands in the queue of those to be forgotten.
    pub(super) is_queued: bool,
}

/// Runs of one length, one after the other.
#[derive(Debug, Default)]
struct Level {
    /// The index of the first one.
    first: i64,
    places: VecDeque<u32>,
}

/// A row whose frame is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Where its columns are.
    pub(super) row: u32,
    /// Its place among all rows of the stage.
    pub(super) arrival: u64,
    /// Its event time, if it has one.
    pub(super) time: Option<i64>,
}

/// What a row is settled with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// Where its accumulators are.
    pub(super) leaf: u32,
    /// Where its values are, if they are kept.
    pub(super) values: Option<u32>,
}

/// Places that are no longer needed.
#[derive(Debug, Default)]
pub(super) struct Freed {
    /// Of accumulators.
    pub(super) nodes: Vec<u32>,
    /// Of values.
    pub(super) values: Vec<u32>,
}

impl Track {
    /// A key of which rows from number `first` on are known.
    pub(super) fn starting_at(first: i64) -> Self {
        Self {
            next: first,
            ..Self::default()
        }
    }

    /// Adds a row that comes after all others, and waits for its frame to be complete.
    pub(super) fn settle(&mut self, time: i64, places: Places, row: Waiting) {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        if self.times.is_empty() {
            self.levels[0].first = self.next;
        }
        self.levels[0].places.push_back(places.leaf);
        self.values.extend(places.values);
        self.times.push_back(time);
        self.waiting.push_back(row);
        self.next += 1;
    }

    /// Takes note that the row that was settled last does not wait any more.
    pub(super) fn was_fired(&mut self) {
        self.waiting.pop_back();
    }

    /// The two runs that make the next one of `level`, if frames have use for it and its rows are there.
    pub(super) fn next_node(&mut self, level: u32, frame: Frame) -> Option<(u32, u32)> {
        if level > frame.levels() || self.times.is_empty() {
            return None;
        }
        let first = self.first();
        if self.levels.len() == level as usize {
            self.levels.push(Level::default());
        }
        let (lower, upper) = self.levels.split_at_mut(level as usize);
        let (below, level_of) = (lower.last()?, upper.first_mut()?);
        if level_of.places.is_empty() {
            level_of.first = first_run(first, level);
        }
        let index = level_of.first + level_of.places.len() as i64;
        let [left, right] = (Run { level, index }).halves()?;
        Some((below.get(left.index)?, below.get(right.index)?))
    }

    /// Adds the run of `level` that [`next_node`](Self::next_node) has told the parts of.
    pub(super) fn push_node(&mut self, level: u32, place: u32) {
        self.levels[level as usize].places.push_back(place);
    }

    /// Takes out the rows whose frames are complete, with their numbers; all of them if no more rows come.
    pub(super) fn ready(&mut self, frame: Frame, is_end: bool) -> Vec<(i64, Waiting)> {
        let following = match frame {
            Frame::Rows { following, .. } if !is_end => following,
            Frame::Rows { .. } | Frame::Span(_) => 0,
        };
        let first = self.next - self.waiting.len() as i64;
        let ready = (self.next - following - first).max(0) as usize;
        (first..).zip(self.waiting.drain(..ready)).collect()
    }

    /// The rows in the frame of a row.
    pub(super) fn frame_of(&self, row: i64, frame: Frame) -> Range<i64> {
        let first = self.first();
        match frame {
            Frame::Rows { rows, following } => {
                let start = (row + 1).saturating_sub(rows).max(first);
                start..row.saturating_add(following + 1).min(self.next)
            }
            Frame::Span(span) => {
                let time = self.time(row);
                let old = |&time_of: &i64| time_of <= time.saturating_sub(span);
                first + self.times.partition_point(old) as i64..row + 1
            }
        }
    }

    /// The runs that some rows are made of, in order.
    pub(super) fn runs_of(&self, rows: Range<i64>) -> Vec<u32> {
        let place = |run: Run| {
            let level = self.levels.get(run.level as usize);
            let place = level.and_then(|level| level.get(run.index));
            place.expect("runs are made before they are needed")
        };
        cover(rows).into_iter().map(place).collect()
    }

    /// Where the values of some rows are; nowhere if no function asks for them.
    pub(super) fn values_of(&self, rows: Range<i64>) -> impl Iterator<Item = u32> {
        let before = (rows.start - self.first()) as usize;
        let len = (rows.end - rows.start) as usize;
        self.values.iter().skip(before).take(len).copied()
    }

    /// Forgets the rows that no frame needs any more if no row before `now` comes.
    pub(super) fn trim(&mut self, frame: Frame, now: i64, freed: &mut Freed) {
        let first = self.first();
        let unneeded = match frame {
            Frame::Rows { rows, .. } => {
                let next = self.next - self.waiting.len() as i64;
                (next + 1).saturating_sub(rows) - first
            }
            Frame::Span(span) => {
                let old = |&time: &i64| time.saturating_add(span) <= now;
                self.times.partition_point(old) as i64
            }
        };
        let unneeded = unneeded.clamp(0, self.times.len() as i64) as usize;
        if unneeded == 0 {
            return;
        }
        self.times.drain(..unneeded);
        let values = unneeded.min(self.values.len());
        freed.values.extend(self.values.drain(..values));
        let first = self.first();
        for (level, runs) in (0..).zip(&mut self.levels) {
            let gone = (first_run(first, level) - runs.first).max(0) as usize;
            let gone = gone.min(runs.places.len());
            runs.first += gone as i64;
            freed.nodes.extend(runs.places.drain(..gone));
        }
    }

    /// Whether nothing is known of the key.
    pub(super) fn is_blank(&self) -> bool {
        self.times.is_empty() && self.waiting.is_empty() && self.unsettled == 0
    }

    /// Whether rows wait.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The rows that are kept: the number, the time, the places, and what waits of each.
    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, i64, Places, Option<Waiting>)> {
        let first = self.first();
        let leaves = self.levels.first().into_iter();
        let leaves = leaves.flat_map(|level| level.places.iter().copied());
        let rows = (first..).zip(&self.times).zip(leaves).enumerate();
        rows.map(move |(place, ((number, &time), leaf))| {
            let places = Places {
                leaf,
                values: self.values.get(place).copied(),
            };
            let fired = self.times.len() - self.waiting.len();
            let waiting = place.checked_sub(fired);
            let waiting = waiting.and_then(|place| self.waiting.get(place).copied());
            (number, time, places, waiting)
        })
    }

    /// The time of the last row; the start of time if no row is kept.
    pub(super) fn last(&self) -> i64 {
        self.times.back().copied().unwrap_or(i64::MIN)
    }

    fn first(&self) -> i64 {
        self.next - self.times.len() as i64
    }

    /// The time of a row that is kept.
    pub(super) fn time(&self, row: i64) -> i64 {
        self.times[(row - self.first()) as usize]
    }
}

impl Level {
    fn get(&self, index: i64) -> Option<u32> {
        let place = usize::try_from(index - self.first).ok()?;
        self.places.get(place).copied()
    }
}

/// The index of the first run of a level that begins with row `first` or later.
const fn first_run(first: i64, level: u32) -> i64 {
    (first >> level) + (first & ((1 << level) - 1) != 0) as i64
}

#[cfg(test)]
mod tests;
