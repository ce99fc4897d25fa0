//! The sessions of a stage with their keys, and when each of them fires.

use std::collections::VecDeque;

use super::queue::Queue;
use crate::{
    operator::windowed::Describe,
    state::{KeyTable, Slots},
    time::{Duration, Timestamp, Watermark},
    window::Sessions,
};

/// The sessions of a stage.
pub(super) struct Windows {
    pub(super) keys: KeyTable,
    pub(super) sessions: Sessions,
    /// The ids of sessions, by which the functions keep what they come to.
    pub(super) ids: Slots,
    /// By id: whether the row of the session as it is has been made.
    fired: Vec<bool>,
    queue: Queue,
    /// How long a session is kept after its end.
    lateness: Duration,
}

impl Windows {
    pub(super) fn new(gap: Duration, lateness: Duration) -> Self {
        Self {
            keys: KeyTable::default(),
            sessions: Sessions::new(gap),
            ids: Slots::default(),
            fired: Vec::new(),
            queue: Queue::default(),
            lateness,
        }
    }

    /// The ids of all sessions.
    pub(super) fn all(&self) -> Vec<u32> {
        self.ids.iter().collect()
    }

    /// Whether a session that ends at `end` takes no rows any more.
    pub(super) fn is_closed(lateness: Duration, watermark: Watermark, end: Timestamp) -> bool {
        watermark.closes(end.saturating_add(lateness))
    }

    pub(super) const fn lateness(&self) -> Duration {
        self.lateness
    }

    pub(super) fn key_of(&self, session: u32) -> &[u8] {
        self.keys.key(self.sessions.get(session).key)
    }

    pub(super) fn end(&self, session: u32) -> Timestamp {
        self.sessions.end(session)
    }

    pub(super) fn bounds(&self, session: u32) -> (Timestamp, Timestamp) {
        (self.sessions.get(session).start, self.end(session))
    }

    /// No later than there is something to do.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.queue.next()
    }

    /// Takes note that rows have come to sessions. Returns those that `watermark` has closed, in the
    /// order in which their rows are to leave.
    pub(super) fn changed(&mut self, sessions: &[u32], watermark: Watermark) -> Vec<u32> {
        let mut corrected = Vec::new();
        for &session in sessions {
            if !self.ids.is_given(session) {
                // It has become part of another one.
                continue;
            }
            self.mark(session, false);
            let end = self.end(session);
            if watermark.closes(end) {
                corrected.push(session);
            } else {
                self.queue.put(session, end);
            }
        }
        let order = |session: &u32| (self.end(*session), self.key_of(*session));
        corrected.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        corrected
    }

    /// Adds the sessions with the next end that `to` closes to `due`, by key. Returns those that have
    /// been closed until then, whose numbers may be given to others.
    pub(super) fn next_end(&mut self, to: Watermark, due: &mut VecDeque<u32>) -> Vec<u32> {
        let mut over = Vec::new();
        let mut found: Vec<u32> = Vec::new();
        let mut limit = to;
        while let Some((time, session)) = self.take(limit) {
            if self.fired[session as usize] {
                self.close(session);
                over.push(session);
            } else {
                found.push(session);
                limit = Watermark::at(time);
            }
        }
        found.sort_unstable_by(|&a, &b| self.key_of(a).cmp(self.key_of(b)));
        due.extend(found);
        over
    }

    /// Takes note that the rows of sessions have been made. Returns those that have been closed with
    /// that, whose numbers may be given to others.
    pub(super) fn fired(&mut self, sessions: &[u32]) -> Vec<u32> {
        if self.lateness.is_zero() {
            for &session in sessions {
                self.close(session);
            }
            return sessions.to_vec();
        }
        for &session in sessions {
            self.mark(session, true);
            let over = self.end(session).saturating_add(self.lateness);
            self.queue.put(session, over);
        }
        Vec::new()
    }

    /// Gives back memory if most of it is not needed any more, and tells how many numbers are left.
    pub(super) fn trim(&mut self) -> Option<usize> {
        let bound = self.ids.trim()?;
        if self.keys.is_empty() {
            self.keys = KeyTable::default();
        }
        self.sessions.truncate(bound, self.keys.bound());
        self.queue.truncate(bound);
        self.fired.truncate(bound);
        self.fired.shrink_to_fit();
        Some(bound)
    }

    fn take(&mut self, to: Watermark) -> Option<(Timestamp, u32)> {
        let Self {
            sessions,
            ids,
            fired,
            lateness,
            ..
        } = self;
        self.queue.take(to, |session| {
            let end = || sessions.end(session);
            ids.is_given(session)
                .then(|| match fired[session as usize] {
                    false => end(),
                    true => end().saturating_add(*lateness),
                })
        })
    }

    fn close(&mut self, session: u32) {
        let key = self.sessions.get(session).key;
        self.sessions.close(session);
        self.ids.give_back(session);
        if self.sessions.is_idle(key) {
            self.keys.remove(key);
        }
    }

    fn mark(&mut self, session: u32, fired: bool) {
        let place = session as usize;
        if place >= self.fired.len() {
            self.fired.resize(place + 1, false);
        }
        self.fired[place] = fired;
    }
}

impl Describe<3> for Windows {
    fn key(&self, window: u32) -> &[u8] {
        self.key_of(window)
    }

    fn numbers(&self, window: u32) -> [i64; 3] {
        let session = self.sessions.get(window);
        let fired = self.fired[window as usize];
        let (start, last) = (session.start.as_micros(), session.last.as_micros());
        [start, last, i64::from(fired)]
    }

    fn find_or_open(&mut self, key: &[u8], [start, last, fired]: [i64; 3]) -> u32 {
        let (key, _) = self.keys.number(key);
        let (start, last) = (Timestamp::from_micros(start), Timestamp::from_micros(last));
        if let Some(known) = self.sessions.find(key, start) {
            return known;
        }
        let id = self.ids.take();
        self.sessions.restore(id, key, start, last);
        self.mark(id, fired != 0);
        let due = match fired {
            0 => self.end(id),
            _ => self.end(id).saturating_add(self.lateness),
        };
        self.queue.put(id, due);
        id
    }

    fn bound(&self) -> usize {
        self.ids.bound()
    }
}
