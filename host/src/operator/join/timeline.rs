//! The rows of one key, in order of time.

use std::{collections::BTreeSet, ops::Bound};

use super::store::{RowId, Until};

/// A row and its time. Rows of the same time are in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) time: i64,
    pub(super) row: RowId,
}

/// The rows of one key on one side. Most keys have few, so the first one needs no memory of its own.
#[derive(Clone, Debug, Default)]
pub(super) enum Timeline {
    #[default]
    Empty,
    One(Entry),
    Many(BTreeSet<Entry>),
}

impl Timeline {
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        match self {
            Self::Empty => *self = Self::One(entry),
            Self::One(first) => *self = Self::Many(BTreeSet::from([*first, entry])),
            Self::Many(entries) => {
                entries.insert(entry);
            }
        }
    }

    /// The rows at `from`, at `to` and in between, without those up to `last`.
    pub(super) fn range(
        &self,
        from: i64,
        to: i64,
        last: Option<Entry>,
    ) -> impl Iterator<Item = Entry> {
        let one = match self {
            Self::One(entry) if from <= entry.time && entry.time <= to => Some(*entry),
            _ => None,
        };
        let one = one.filter(|entry| last.is_none_or(|last| last < *entry));
        let many = match self {
            Self::Many(entries) if from <= to => {
                let row = RowId::FIRST;
                let first = Bound::Included(Entry { time: from, row });
                let first = last.map_or(first, Bound::Excluded);
                let rows = entries.range((first, Bound::<Entry>::Unbounded));
                Some(rows.copied().take_while(move |entry| entry.time <= to))
            }
            _ => None,
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Forgets the rows before `until`; says whether they were the last.
    pub(super) fn forget(&mut self, until: Until) -> bool {
        let is_over = match self {
            Self::Empty => false,
            Self::One(entry) => until.covers(entry.time),
            Self::Many(entries) => {
                while entries
                    .first()
                    .is_some_and(|first| until.covers(first.time))
                {
                    entries.pop_first();
                }
                entries.is_empty()
            }
        };
        if is_over {
            *self = Self::Empty;
        }
        is_over
    }
}
