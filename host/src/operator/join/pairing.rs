//! The pairs that the rows of one window make.

use std::ops::Range;

use super::{both::Both, keys::JoinKeys, store::Place};
use crate::operator::{JoinKind, Side, touched::Touched};

/// A row of the output: a row of each side, or of one.
pub(super) type Pair = Both<Option<Place>>;

/// The rows of a window by their key, and how far their pairs have been made.
///
/// Pairs are in the order of the keys, and in that in which the left and then the right row came.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// In the order of their keys.
    rows: Both<Vec<Place>>,
    groups: Vec<Group>,
    /// How many groups are done.
    done: usize,
    /// How far the next one is.
    at: Both<u32>,
}

/// The rows of one key.
#[derive(Debug)]
struct Group {
    rows: Both<Range<u32>>,
    /// Whether the rows of one side meet those of the other.
    meet: bool,
}

impl Pairing {
    /// Sorts rows, given with the numbers of their keys. `touched` is used for its memory.
    pub(super) fn new(
        rows: &Both<Vec<(u32, Place)>>,
        kind: JoinKind,
        keys: &JoinKeys,
        touched: &mut Touched,
    ) -> Self {
        touched.begin();
        let mut distinct = Vec::new();
        let mut number = |rows: &[(u32, Place)]| -> Vec<u32> {
            let keys = rows.iter().map(|row| row.0);
            keys.map(|key| touched.touch(key, &mut distinct)).collect()
        };
        let numbers = Both {
            left: number(&rows.left),
            right: number(&rows.right),
        };
        let counts = Both {
            left: count(&numbers.left, distinct.len()),
            right: count(&numbers.right, distinct.len()),
        };
        let leaves = |(place, &key): (usize, &u32)| {
            let (left, right) = (counts.left[place] > 0, counts.right[place] > 0);
            let alone = left && kind.keeps(Side::Left) || right && kind.keeps(Side::Right);
            (alone || left && right && !keys.is_lonely(key)).then_some(key)
        };
        let mut order: Vec<u32> = distinct.iter().enumerate().filter_map(leaves).collect();
        keys.sort(&mut order);
        for key in &mut order {
            *key = touched.touch(*key, &mut distinct);
        }
        let left = by_key(&rows.left, &numbers.left, &counts.left, &order);
        let right = by_key(&rows.right, &numbers.right, &counts.right, &order);
        let groups = order.iter().zip(left.1.into_iter().zip(right.1));
        let groups = groups.filter_map(|(&key, (left, right))| {
            let is_lonely = keys.is_lonely(distinct[key as usize]);
            let meet = !is_lonely && !left.is_empty() && !right.is_empty();
            let keep = |side, rows: Range<u32>| {
                if meet || kind.keeps(side) { rows } else { 0..0 }
            };
            let rows = Both {
                left: keep(Side::Left, left),
                right: keep(Side::Right, right),
            };
            let has_rows = !rows.left.is_empty() || !rows.right.is_empty();
            has_rows.then_some(Group { rows, meet })
        });
        Self {
            groups: groups.collect(),
            rows: Both {
                left: left.0,
                right: right.0,
            },
            done: 0,
            at: Both::default(),
        }
    }
}

impl Iterator for Pairing {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        let group = self.groups.get(self.done)?;
        let at = self.at;
        let ends = Both {
            left: group.rows.left.len() as u32,
            right: group.rows.right.len() as u32,
        };
        let row = |side: Side| {
            let place = group.rows[side].start + at[side];
            self.rows[side].get(place as usize).copied()
        };
        let pair = Pair {
            left: (at.left < ends.left).then(|| row(Side::Left)).flatten(),
            right: (group.meet || at.left == ends.left)
                .then(|| row(Side::Right))
                .flatten(),
        };
        if !group.meet && at.left < ends.left {
            // All of the left go before those of the right.
            self.at.left += 1;
        } else {
            self.at.right += 1;
        }
        if group.meet && self.at.right == ends.right {
            self.at.right = 0;
            self.at.left += 1;
        }
        if self.at.left == ends.left && (group.meet || self.at.right == ends.right) {
            self.done += 1;
            self.at = Both::default();
        }
        Some(pair)
    }
}

/// How often each number occurs.
fn count(numbers: &[u32], distinct: usize) -> Vec<u32> {
    let mut counts = vec![0; distinct];
    for &number in numbers {
        counts[number as usize] += 1;
    }
    counts
}

/// The rows whose number is in `order`, in that order, and where those of each are.
fn by_key(
    rows: &[(u32, Place)],
    numbers: &[u32],
    counts: &[u32],
    order: &[u32],
) -> (Vec<Place>, Vec<Range<u32>>) {
    const ELSEWHERE: u32 = u32::MAX;
    let mut ends = vec![ELSEWHERE; counts.len()];
    let mut ranges = Vec::with_capacity(order.len());
    let mut total = 0;
    for &number in order {
        let start = total;
        ends[number as usize] = start;
        total += counts[number as usize];
        ranges.push(start..total);
    }
    let mut sorted = vec![Place { chunk: 0, row: 0 }; total as usize];
    for (&number, &(_, place)) in numbers.iter().zip(rows) {
        let end = &mut ends[number as usize];
        if *end != ELSEWHERE {
            sorted[*end as usize] = place;
            *end += 1;
        }
    }
    (sorted, ranges)
}
