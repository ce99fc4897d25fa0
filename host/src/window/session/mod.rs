//! Sessions: which rows of a key follow each other closely enough to belong together.
//!
//! Pure: bounds only. What the rows of a session come to is kept elsewhere, by the session's id; ids
//! are given by whoever keeps it.

mod line;

#[cfg(test)]
mod tests;

use hashbrown::HashMap;

use self::line::Line;
use crate::time::{Duration, Timestamp};

/// The sessions of all keys. Those of one key are more than the gap apart.
///
/// Rows are placed one by one, in the order of their coming, on trial: a trial is [kept](Self::keep)
/// or [undone](Self::undo) as a whole, so that rows that turn out to be refused leave no trace.
#[derive(Debug)]
pub struct Sessions {
    gap: Duration,
    /// By the number of the key.
    lines: Vec<Line>,
    /// By id; those of ids that are not in use mean nothing.
    sessions: Vec<Session>,
    /// What the trial has changed, in order.
    trial: Vec<Change>,
}

/// Rows of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The number of the key.
    pub key: u32,
    /// The time of the first row.
    pub start: Timestamp,
    /// The time of the last row.
    pub last: Timestamp,
    /// Whether it was opened in the trial.
    is_new: bool,
}

/// What a row does to the sessions of its key.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// It is the first of a session.
    Opened(u32),
    /// It belongs to a session; the bounds are those from before.
    Stretched {
        id: u32,
        start: Timestamp,
        last: Timestamp,
    },
    /// It makes one of two; the bounds are those of `kept` from before.
    Joined {
        kept: u32,
        gone: u32,
        start: Timestamp,
        last: Timestamp,
    },
}

/// Which sessions have become one in a trial.
#[derive(Debug, Default)]
pub struct Joins {
    /// What session each of those that are gone is part of.
    roots: HashMap<u32, u32>,
    /// Sessions from before the trial that are gone, after the session that they are part of: in the
    /// order of event time for each of those, of which the first part is the session itself.
    pub parts: Vec<(u32, u32)>,
}

impl Joins {
    /// Whether all sessions are what they were.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Sessions that are part of others now, from before the trial and new ones.
    pub fn gone(&self) -> impl Iterator<Item = u32> {
        self.roots.keys().copied()
    }

    /// The session that rows belong to which were placed in `id`.
    pub fn root(&self, id: u32) -> u32 {
        match self.roots.is_empty() {
            true => id,
            false => self.roots.get(&id).copied().unwrap_or(id),
        }
    }
}

impl Sessions {
    /// No sessions yet; rows of a key at most `gap` apart will be one.
    pub const fn new(gap: Duration) -> Self {
        Self {
            gap,
            lines: Vec::new(),
            sessions: Vec::new(),
            trial: Vec::new(),
        }
    }

    /// The session with an id that is in use.
    ///
    /// # Panics
    ///
    /// If the id was never in use.
    pub fn get(&self, id: u32) -> Session {
        self.sessions[id as usize]
    }

    /// When a session ends: the gap after its last row.
    ///
    /// # Panics
    ///
    /// If the id was never in use.
    pub fn end(&self, id: u32) -> Timestamp {
        self.get(id).last.saturating_add(self.gap)
    }

    /// Whether a key has no session.
    pub fn is_idle(&self, key: u32) -> bool {
        self.lines
            .get(key as usize)
            .is_none_or(|line| matches!(line, Line::Empty))
    }

    /// Places a row: it joins the sessions that it touches, or is the first of one with an id from
    /// `new_id`. Returns the session; it may be gone later in the trial, see [`joins`](Self::joins).
    /// `None` if `is_closed` says of the end of what the row would make that it is too late for it;
    /// then nothing is changed.
    pub fn place(
        &mut self,
        key: u32,
        time: Timestamp,
        is_closed: impl FnOnce(Timestamp) -> bool,
        new_id: impl FnOnce() -> u32,
    ) -> Option<u32> {
        let (before, after) = self.touching(key, time);
        let last = after.or(before).map_or(time, |id| self.get(id).last);
        let last = last.max(time);
        if is_closed(last.saturating_add(self.gap)) {
            return None;
        }
        let start = before.or(after).map_or(time, |id| self.get(id).start);
        let start = start.min(time);
        Some(match (before, after) {
            (None, None) => {
                let id = new_id();
                self.open(id, key, start, last, true);
                self.trial.push(Change::Opened(id));
                id
            }
            (Some(id), None) | (None, Some(id)) => {
                let old = self.get(id);
                self.trial.push(Change::Stretched {
                    id,
                    start: old.start,
                    last: old.last,
                });
                self.stretch(id, start, last);
                id
            }
            (Some(before), Some(after)) => self.join(before, after, start, last),
        })
    }

    /// Which sessions have become one in the trial.
    pub fn joins(&self) -> Joins {
        let mut joins = Joins::default();
        // What is kept may be gone later, so the end is looked at first.
        for change in self.trial.iter().rev() {
            if let Change::Joined { kept, gone, .. } = *change {
                let root = joins.root(kept);
                joins.roots.insert(gone, root);
                if !self.get(gone).is_new {
                    joins.parts.push((root, gone));
                }
            }
        }
        // A session that is gone has kept its own bounds.
        joins
            .parts
            .sort_unstable_by_key(|&(root, gone)| (root, self.get(gone).start));
        joins
    }

    /// Ends the trial and keeps what it has changed. `free` takes back the ids of sessions that have
    /// become part of others.
    pub fn keep(&mut self, mut free: impl FnMut(u32)) {
        for change in std::mem::take(&mut self.trial) {
            match change {
                Change::Opened(id) => self.sessions[id as usize].is_new = false,
                Change::Stretched { .. } => {}
                Change::Joined { gone, .. } => free(gone),
            }
        }
    }

    /// Ends the trial and makes everything as it was before. `free` takes back the ids of sessions that
    /// were opened.
    pub fn undo(&mut self, mut free: impl FnMut(u32)) {
        while let Some(change) = self.trial.pop() {
            match change {
                Change::Opened(id) => {
                    self.take_out(id);
                    free(id);
                }
                Change::Stretched { id, start, last } => self.stretch(id, start, last),
                Change::Joined {
                    kept,
                    gone,
                    start,
                    last,
                } => {
                    self.stretch(kept, start, last);
                    let Session { key, start, .. } = self.get(gone);
                    self.put_in(key, start, gone);
                }
            }
        }
    }

    /// Takes up a session as it was before: not in a trial.
    pub fn restore(&mut self, id: u32, key: u32, start: Timestamp, last: Timestamp) {
        self.open(id, key, start, last, false);
    }

    /// The session of a key that begins at `start`.
    pub fn find(&self, key: u32, start: Timestamp) -> Option<u32> {
        let (before, _) = self.touching(key, start);
        before.filter(|&id| self.get(id).start == start)
    }

    /// Forgets a session: not in a trial.
    ///
    /// # Panics
    ///
    /// If there is no such session.
    pub fn close(&mut self, id: u32) {
        self.take_out(id);
    }

    /// Gives back the memory of ids from `ids` on and keys from `keys` on, none of which is in use.
    pub fn truncate(&mut self, ids: usize, keys: usize) {
        self.sessions.truncate(ids);
        self.sessions.shrink_to_fit();
        self.lines.truncate(keys);
        self.lines.shrink_to_fit();
    }

    /// The sessions that a row touches: one that began before it or with it, and one that begins after.
    fn touching(&self, key: u32, time: Timestamp) -> (Option<u32>, Option<u32>) {
        let (before, after) = match self.lines.get(key as usize) {
            None | Some(Line::Empty) => (None, None),
            Some(&Line::One(id)) if self.get(id).start <= time => (Some(id), None),
            Some(&Line::One(id)) => (None, Some(id)),
            Some(Line::Many(ids)) => line::around(ids, time),
        };
        let near = |from: Timestamp, to: Timestamp| {
            from >= to || from.as_micros().abs_diff(to.as_micros()) <= self.gap()
        };
        let before = before.filter(|&id| near(self.get(id).last, time));
        let after = after.filter(|&id| near(time, self.get(id).start));
        (before, after)
    }

    const fn gap(&self) -> u64 {
        self.gap.as_micros().unsigned_abs()
    }

    fn join(&mut self, before: u32, after: u32, start: Timestamp, last: Timestamp) -> u32 {
        // Whatever was there before the trial is kept by preference: something is known of it.
        let kept_is_after = self.get(before).is_new && !self.get(after).is_new;
        let (kept, gone) = match kept_is_after {
            true => (after, before),
            false => (before, after),
        };
        let old = self.get(kept);
        self.trial.push(Change::Joined {
            kept,
            gone,
            start: old.start,
            last: old.last,
        });
        self.take_out(gone);
        self.stretch(kept, start, last);
        kept
    }

    fn open(&mut self, id: u32, key: u32, start: Timestamp, last: Timestamp, is_new: bool) {
        let session = Session {
            key,
            start,
            last,
            is_new,
        };
        let place = id as usize;
        if place >= self.sessions.len() {
            self.sessions.resize(place + 1, session);
        }
        self.sessions[place] = session;
        self.put_in(key, start, id);
    }

    fn stretch(&mut self, id: u32, start: Timestamp, last: Timestamp) {
        let session = &mut self.sessions[id as usize];
        let (key, old) = (session.key, session.start);
        session.start = start;
        session.last = last;
        if start != old
            && let Line::Many(ids) = &mut self.lines[key as usize]
        {
            ids.remove(&old);
            ids.insert(start, id);
        }
    }

    fn put_in(&mut self, key: u32, start: Timestamp, id: u32) {
        let place = key as usize;
        if place >= self.lines.len() {
            self.lines.resize_with(place + 1, || Line::Empty);
        }
        let other = match self.lines[place] {
            Line::One(other) => Some((self.get(other).start, other)),
            Line::Empty | Line::Many(_) => None,
        };
        self.lines[place].put_in(start, id, other);
    }

    fn take_out(&mut self, id: u32) {
        let Session { key, start, .. } = self.get(id);
        self.lines[key as usize].take_out(start);
    }
}
