//! The sessions of one key, in order.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use crate::time::Timestamp;

/// The ids of the sessions of a key. Most keys have one or none, which costs no memory of its own.
#[derive(Debug)]
#[expect(
    clippy::box_collection,
    reason = "there is a line for every key, and few need more than one session"
)]
pub(super) enum Line {
    /// No session.
    Empty,
    /// One session.
    One(u32),
    /// Sessions by their start. Stays until it is empty: a key that has had two will have two again.
    Many(Box<BTreeMap<Timestamp, u32>>),
}

impl Line {
    /// Puts in a session. `other` is the one that is there, if it is one.
    pub(super) fn put_in(&mut self, start: Timestamp, id: u32, other: Option<(Timestamp, u32)>) {
        match self {
            Self::Empty => *self = Self::One(id),
            Self::One(_) => {
                let both = other.into_iter().chain([(start, id)]);
                *self = Self::Many(Box::new(both.collect()));
            }
            Self::Many(ids) => {
                ids.insert(start, id);
            }
        }
    }

    /// Takes out the session that begins at `start`.
    pub(super) fn take_out(&mut self, start: Timestamp) {
        if let Self::Many(ids) = self {
            ids.remove(&start);
            if !ids.is_empty() {
                return;
            }
        }
        *self = Self::Empty;
    }
}

/// The session that began last before `time` or at it, and the first one after that.
pub(super) fn around(
    ids: &BTreeMap<Timestamp, u32>,
    time: Timestamp,
) -> (Option<u32>, Option<u32>) {
    let before = ids.range(..=time).next_back();
    let after = ids.range((Excluded(time), Unbounded)).next();
    (before.map(|(_, id)| *id), after.map(|(_, id)| *id))
}
