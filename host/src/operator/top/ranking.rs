//! The rows of one key and window in their order.
//!
//! Pure: a row is the bytes that it is compared by and the place where its columns are.

use std::{
    collections::{BTreeMap, btree_map::Entry as Occupancy},
    mem,
};

use hashbrown::HashMap;

/// Rows in their order, the best first.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    rows: BTreeMap<Rank, Row>,
    /// If rows replace each other: where the row with these bytes is.
    replaceable: HashMap<Box<[u8]>, Rank>,
    /// What was handed on last: the version of each of the best rows.
    sent: Vec<u64>,
}

/// What rows are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Compares as the row does.
    bytes: Box<[u8]>,
    /// Of equal rows the first is the better one.
    arrival: u64,
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Where its columns are.
    pub(super) place: u32,
    /// Unique among the rows of a stage.
    pub(super) version: u64,
}

/// What becomes of a row that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It is not among the best.
    Refused,
    /// It is kept; if there is no room for another one, that one is kept no longer.
    Taken(Option<Row>),
}

impl Ranking {
    /// Whether a row with these bytes would be among the best `n`.
    pub(super) fn has_room(&self, bytes: &[u8], n: usize) -> bool {
        self.rows.len() < n || self.worst().is_some_and(|worst| bytes < &*worst.bytes)
    }

    /// Adds a row if it is among the best `n`.
    pub(super) fn offer(&mut self, bytes: &[u8], row: Row, n: usize) -> Offer {
        if !self.has_room(bytes, n) {
            return Offer::Refused;
        }
        let worst = (self.rows.len() >= n).then(|| self.rows.pop_last());
        self.put(bytes, row.version, row);
        Offer::Taken(worst.flatten().map(|(_, row)| row))
    }

    /// Adds a row in the place of the one with the same `key`, which is returned. As long as it is
    /// compared by the same bytes, it stands where that one has stood.
    pub(super) fn replace(&mut self, key: &[u8], bytes: &[u8], row: Row) -> Option<Row> {
        if let Some(rank) = self.replaceable.get(key) {
            let old = match (self.rows.entry(rank.clone()), *rank.bytes == *bytes) {
                (Occupancy::Occupied(mut known), true) => {
                    return Some(mem::replace(known.get_mut(), row));
                }
                (Occupancy::Occupied(known), false) => Some(known.remove()),
                (Occupancy::Vacant(_), _) => None,
            };
            let rank = self.put(bytes, row.version, row);
            self.replaceable.insert(key.into(), rank);
            return old;
        }
        let rank = self.put(bytes, row.version, row);
        self.replaceable.insert(key.into(), rank);
        None
    }

    /// Adds a row that was there before a restart.
    pub(super) fn restore(&mut self, key: Option<&[u8]>, bytes: &[u8], arrival: u64, row: Row) {
        let rank = self.put(bytes, arrival, row);
        if let Some(key) = key {
            self.replaceable.insert(key.into(), rank);
        }
    }

    /// The rows that are kept, the best first, and the arrival of each.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u64, Row)> {
        self.rows.iter().map(|(rank, row)| (rank.arrival, *row))
    }

    /// The best `n` rows.
    pub(super) fn best(&self, n: usize) -> impl Iterator<Item = Row> {
        self.rows.values().copied().take(n)
    }

    /// The places among the best `n`, from 0, at which another row stands than the last time, and the
    /// rows.
    pub(super) fn changes(&mut self, n: usize) -> Vec<(usize, Row)> {
        let mut changes = Vec::new();
        for (place, row) in self.rows.values().take(n).enumerate() {
            match self.sent.get_mut(place) {
                Some(version) if *version == row.version => continue,
                Some(version) => *version = row.version,
                None => self.sent.push(row.version),
            }
            changes.push((place, *row));
        }
        changes
    }

    fn worst(&self) -> Option<&Rank> {
        self.rows.last_key_value().map(|(rank, _)| rank)
    }

    fn put(&mut self, bytes: &[u8], arrival: u64, row: Row) -> Rank {
        let rank = Rank {
            bytes: bytes.into(),
            arrival,
        };
        self.rows.insert(rank.clone(), row);
        rank
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn row(version: u64) -> Row {
        Row {
            place: version as u32,
            version,
        }
    }

    #[test]
    fn of_equal_rows_the_first_stays() {
        let mut ranking = Ranking::default();
        assert_eq!(ranking.offer(b"b", row(1), 2), Offer::Taken(None));
        assert_eq!(ranking.offer(b"b", row(2), 2), Offer::Taken(None));
        assert_eq!(ranking.offer(b"b", row(3), 2), Offer::Refused);
        assert_eq!(ranking.offer(b"a", row(4), 2), Offer::Taken(Some(row(2))));
        let best: Vec<u64> = ranking.best(2).map(|row| row.version).collect();
        assert_eq!(best, [4, 1]);
    }

    #[test]
    fn a_row_that_is_compared_alike_keeps_its_place() {
        let mut ranking = Ranking::default();
        assert_eq!(ranking.replace(b"x", b"5", row(1)), None);
        assert_eq!(ranking.replace(b"y", b"5", row(2)), None);
        assert_eq!(ranking.changes(2), [(0, row(1)), (1, row(2))]);
        assert_eq!(ranking.replace(b"x", b"5", row(3)), Some(row(1)));
        assert_eq!(ranking.changes(2), [(0, row(3))]);
        assert_eq!(ranking.replace(b"x", b"6", row(4)), Some(row(3)));
        assert_eq!(ranking.replace(b"x", b"5", row(5)), Some(row(4)));
        assert_eq!(ranking.changes(2), [(0, row(2)), (1, row(5))]);
        assert_eq!(ranking.changes(2), []);
    }

    proptest! {
        /// What is kept is what sorting all rows gives, and changes turn what was sent into it.
        #[test]
        fn the_best_rows_are_kept(
            rows in prop::collection::vec((0_u8..9, prop::bool::weighted(0.3)), 0..60), n in 1_usize..6,
        ) {
            let mut ranking = Ranking::default();
            let mut all = Vec::new();
            let mut sent: Vec<Row> = Vec::new();
            for (version, (byte, look)) in (0..).zip(rows) {
                ranking.offer(&[byte], row(version), n);
                all.push((byte, version));
                if look {
                    for (place, row) in ranking.changes(n) {
                        sent.truncate(sent.len().max(place));
                        match sent.get_mut(place) {
                            Some(known) => *known = row,
                            None => sent.push(row),
                        }
                    }
                    let mut sorted = all.clone();
                    sorted.sort_unstable();
                    let best = sorted.iter().take(n).map(|&(_, version)| row(version));
                    prop_assert_eq!(&sent, &best.collect::<Vec<_>>());
                }
            }
            prop_assert!(ranking.rows().count() <= n);
        }
    }
}
