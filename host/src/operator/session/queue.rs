//! When sessions are to be looked at: a queue that is cheap to keep while they grow.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::time::{Timestamp, Watermark};

/// Sessions by the time at which there is something to do for them.
///
/// Most rows put that time off, and then nothing is done: when a session is taken out, whoever takes it
/// says for when it really is. So a session costs one step for each time that it lives on, however many
/// rows it has.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// By session: the time of the entry by which it will be found, never after the true one. Other
    /// entries of the session mean nothing.
    entries: Vec<Option<Timestamp>>,
}

impl Queue {
    /// Puts in a session that is not in the queue, or is for `due` now.
    pub(super) fn put(&mut self, session: u32, due: Timestamp) {
        let place = session as usize;
        if place >= self.entries.len() {
            self.entries.resize(place + 1, None);
        }
        let entry = &mut self.entries[place];
        if entry.is_none_or(|known| due < known) {
            *entry = Some(due);
            self.heap.push(Reverse((due, session)));
        }
    }

    /// No later than the time of the first session.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes out the first session whose time is not after `to`, and tells its time. `due` tells the
    /// true time of a session, or `None` if there is no such session any more.
    pub(super) fn take(
        &mut self,
        to: Watermark,
        due: impl Fn(u32) -> Option<Timestamp>,
    ) -> Option<(Timestamp, u32)> {
        while self.next().is_some_and(|time| to.closes(time)) {
            let Reverse((time, session)) = self.heap.pop()?;
            let entry = self.entries.get_mut(session as usize);
            if let Some(entry) = entry.filter(|entry| **entry == Some(time)) {
                *entry = None;
                match due(session) {
                    Some(due) if due <= time => return Some((due, session)),
                    Some(due) => self.put(session, due),
                    None => {}
                }
            }
        }
        None
    }

    /// Gives back the memory of sessions from `bound` on, which are gone.
    pub(super) fn truncate(&mut self, bound: usize) {
        self.entries.truncate(bound);
        self.entries.shrink_to_fit();
        self.heap
            .retain(|Reverse((_, session))| (*session as usize) < bound);
        self.heap.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Sessions come out at their time, in order, whatever their time was before.
        #[test]
        fn sessions_come_out_when_they_are_due(
            steps in prop::collection::vec((0_u32..4, prop::option::of(0_i64..20), 0_i64..6), 0..80),
        ) {
            let mut queue = Queue::default();
            let mut model: BTreeMap<u32, i64> = BTreeMap::new();
            let mut now = 0;
            for (session, after, step) in steps {
                match after {
                    Some(after) => {
                        let due = now + 1 + after;
                        model.insert(session, due);
                        queue.put(session, Timestamp::from_micros(due));
                    }
                    None => {
                        model.remove(&session);
                    }
                }
                now += step;
                let to = Watermark::at(Timestamp::from_micros(now));
                let due = |id| model.get(&id).copied().map(Timestamp::from_micros);
                let mut found = Vec::new();
                while let Some((time, id)) = queue.take(to, due) {
                    found.push((time.as_micros(), id));
                }
                let over = model.iter().filter(|(_, due)| **due <= now);
                let mut wanted: Vec<(i64, u32)> = over.map(|(id, due)| (*due, *id)).collect();
                wanted.sort_unstable();
                prop_assert_eq!(found, wanted);
                model.retain(|_, due| *due > now);
                let next = queue.next();
                prop_assert!(model.values().all(|due| next.is_some_and(|next| next.as_micros() <= *due)));
            }
        }
    }
}
