//! Puts together what several pieces of event time come to.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, UInt32Array},
    compute,
    error::ArrowError,
};

use super::{
    calls::Calls,
    partial::{Partial, Settled, take},
    value_log::ValueLog,
};
use crate::{
    operator::{guest, isolation::isolate, rejects::Patience},
    state::{Columns, overwrite},
};

/// Merges partials with the functions of a stage. Where two have the same keys, which is most often so,
/// their columns are sent as they are and what comes back is the result.
pub(super) struct Combiner<'a> {
    pub(super) calls: &'a mut Calls,
    pub(super) patience: Patience,
}

/// Accumulators that are merged in one call at most.
const CALL_ROWS: usize = 1 << 16;

impl Combiner<'_> {
    /// What `parts` come to, which follow each other in event time; `None` if there are none.
    pub(super) fn combine(
        &mut self,
        parts: impl IntoIterator<Item = Arc<Partial>>,
    ) -> anyhow::Result<Option<Arc<Partial>>> {
        let parts: Vec<Arc<Partial>> = parts.into_iter().collect();
        if parts.len() > 2
            && let Some(whole) = self.join_all(&parts)?
        {
            return Ok(Some(Arc::new(whole)));
        }
        let mut parts = parts.into_iter();
        let Some(mut whole) = parts.next() else {
            return Ok(None);
        };
        for part in parts {
            whole = Arc::new(self.join(&whole, &part)?);
        }
        Ok(Some(whole))
    }

    /// What `parts` come to, with one call of each function. `None` if a call fails: then they must be
    /// joined one by one, to find out on which keys.
    fn join_all(&mut self, parts: &[Arc<Partial>]) -> anyhow::Result<Option<Partial>> {
        let union = Union::of(parts);
        let mut calls = Vec::new();
        for call in 0..self.calls.calls.len() {
            let settled = parts.iter().map(|part| &part.calls[call]);
            if self.calls.is_holistic(call) {
                let logs = settled.filter_map(Settled::values);
                let chunks = logs.flat_map(|log| log.chunks.iter().cloned());
                calls.push(Settled::Values(ValueLog {
                    chunks: chunks.collect(),
                }));
                continue;
            }
            let columns: Vec<&Columns> = settled.filter_map(Settled::accumulators).collect();
            let mut accumulators = union.pick(&columns, &union.first)?;
            let partials = union.pick(&columns, &union.others)?;
            for start in (0..union.others.len()).step_by(CALL_ROWS) {
                let rows = start..union.others.len().min(start + CALL_ROWS);
                let groups = &union.groups[rows.clone()];
                let partials = guest::slice(&partials, &rows);
                match self
                    .calls
                    .merge_into(call, &accumulators, groups, &partials)
                {
                    Ok(merged) => accumulators = merged,
                    Err(_) => return Ok(None),
                }
            }
            calls.push(Settled::Accumulators(accumulators));
        }
        let failed = parts.iter().flat_map(|part| &part.failed);
        Ok(Some(Partial {
            keys: union.keys,
            calls,
            failed: failed.map(|(key, reason)| (*key, reason.clone())).collect(),
        }))
    }

    /// What `first` and `second` come to, which follow each other in event time. Keys on which a
    /// function fails are noted.
    fn join(&mut self, first: &Partial, second: &Partial) -> anyhow::Result<Partial> {
        let pairs = (first.keys != second.keys).then(|| Pairs::of(&first.keys, &second.keys));
        let mut failed = first.failed.clone();
        let others = second.failed.iter();
        failed.extend(others.map(|(key, reason)| (*key, reason.clone())));
        let mut calls = Vec::with_capacity(first.calls.len());
        for (call, both) in first.calls.iter().zip(&second.calls).enumerate() {
            calls.push(match both {
                (Settled::Accumulators(one), Settled::Accumulators(other)) => {
                    let mut note = |row: usize, reason| {
                        let row = pairs
                            .as_ref()
                            .map_or(row, |pairs| pairs.first.value(row) as usize);
                        failed.insert(first.keys[row], reason);
                    };
                    Settled::Accumulators(match &pairs {
                        None => self.merge(call, one, other, first.keys.len(), &mut note)?,
                        Some(pairs) => {
                            let common = take(one, &pairs.first)?;
                            let partials = take(other, &pairs.second)?;
                            let rows = pairs.first.len();
                            let merged = self.merge(call, &common, &partials, rows, &mut note)?;
                            pairs.interleave(one, other, &merged)?
                        }
                    })
                }
                (Settled::Values(one), Settled::Values(other)) => {
                    let chunks = one.chunks.iter().chain(&other.chunks).cloned();
                    Settled::Values(ValueLog {
                        chunks: chunks.collect(),
                    })
                }
                _ => unreachable!("the slices of a stage keep the same things"),
            });
        }
        Ok(Partial {
            keys: pairs.map_or_else(|| first.keys.clone(), |pairs| pairs.keys),
            calls,
            failed,
        })
    }

    /// Merges the accumulators of `rows` keys, one to one. Tells `note` the rows on which the function
    /// fails, and why.
    fn merge(
        &mut self,
        call: usize,
        first: &Columns,
        second: &Columns,
        rows: usize,
        note: &mut impl FnMut(usize, String),
    ) -> Result<Columns, ArrowError> {
        let mut pieces: Vec<(usize, Columns)> = Vec::new();
        for start in (0..rows).step_by(CALL_ROWS) {
            let end = rows.min(start + CALL_ROWS);
            let mut tried = start;
            let failed = isolate(
                start..end,
                self.patience,
                &mut |rows: Range<usize>| {
                    let (first, second) = (guest::slice(first, &rows), guest::slice(second, &rows));
                    self.calls.merge(call, &first, &second, rows.len())
                },
                &mut |rows, merged| {
                    tried = rows.end;
                    pieces.push((rows.start, merged));
                },
            );
            for bad in failed {
                tried = tried.max(bad.row + 1);
                pieces.push((bad.row, guest::slice(first, &(bad.row..bad.row + 1))));
                note(bad.row, bad.reason);
            }
            if tried < end {
                // Too many have failed one after the other: the job is about to end.
                pieces.push((tried, guest::slice(first, &(tried..end))));
            }
        }
        pieces.sort_by_key(|(start, _)| *start);
        concat(
            pieces.into_iter().map(|(_, columns)| columns).collect(),
            first,
        )
    }
}

/// The rows of all pieces; of none, no rows of the columns `like`.
fn concat(mut pieces: Vec<Columns>, like: &Columns) -> Result<Columns, ArrowError> {
    if pieces.len() < 2 {
        let none = || like.iter().map(|column| column.slice(0, 0)).collect();
        return Ok(pieces.pop().unwrap_or_else(none));
    }
    let columns = 0..like.len();
    columns
        .map(|column| {
            let parts: Vec<&dyn Array> = pieces.iter().map(|piece| &*piece[column]).collect();
            compute::concat(&parts)
        })
        .collect()
}

/// How the rows of two partials make one.
struct Pairs {
    /// All keys, ascending.
    keys: Vec<u32>,
    /// The rows of those keys that both have, in the first and in the second.
    first: UInt32Array,
    second: UInt32Array,
    /// Where the row of each key comes from: the first, the second, or what was merged of both.
    sources: Vec<(usize, usize)>,
}

/// How the rows of many partials make one.
#[derive(Default)]
struct Union {
    /// All keys, ascending.
    keys: Vec<u32>,
    /// By key: the first partial that has it, and the row.
    first: Vec<(usize, usize)>,
    /// All other rows, in the order of the partials…
    others: Vec<(usize, usize)>,
    /// … and the place of each one's key.
    groups: Vec<u32>,
}

impl Union {
    fn of(parts: &[Arc<Partial>]) -> Self {
        let mut union = Self {
            keys: all_keys(parts),
            ..Self::default()
        };
        union.first = vec![(usize::MAX, 0); union.keys.len()];
        for (part, partial) in parts.iter().enumerate() {
            let mut place = 0;
            for (row, key) in partial.keys.iter().enumerate() {
                while union.keys[place] < *key {
                    place += 1;
                }
                let first = &mut union.first[place];
                if first.0 == usize::MAX {
                    *first = (part, row);
                } else {
                    union.others.push((part, row));
                    union.groups.push(place as u32);
                }
            }
        }
        union
    }

    fn pick(&self, parts: &[&Columns], rows: &[(usize, usize)]) -> Result<Columns, ArrowError> {
        let columns = parts.first().map_or(0, |columns| columns.len());
        (0..columns)
            .map(|column| {
                let arrays: Vec<&dyn Array> = parts.iter().map(|part| &*part[column]).collect();
                compute::interleave(&arrays, rows)
            })
            .collect()
    }
}

impl Pairs {
    /// Finds keys in both of two ascending lists.
    fn of(one: &[u32], other: &[u32]) -> Self {
        let room = one.len().max(other.len());
        let (mut keys, mut sources) = (Vec::with_capacity(room), Vec::with_capacity(room));
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let (mut a, mut b) = (0, 0);
        loop {
            let (key, source) = match (one.get(a), other.get(b)) {
                (None, None) => break,
                (Some(&key), Some(&same)) if key == same => {
                    first.push(a as u32);
                    second.push(b as u32);
                    (a, b) = (a + 1, b + 1);
                    (key, (2, first.len() - 1))
                }
                (Some(&key), other) if other.is_none_or(|&other| key < other) => {
                    a += 1;
                    (key, (0, a - 1))
                }
                (_, Some(&key)) => {
                    b += 1;
                    (key, (1, b - 1))
                }
                (Some(_), None) => unreachable!("nothing is less than nothing"),
            };
            keys.push(key);
            sources.push(source);
        }
        Self {
            keys,
            first: first.into(),
            second: second.into(),
            sources,
        }
    }

    fn interleave(
        &self,
        first: &Columns,
        second: &Columns,
        merged: &Columns,
    ) -> Result<Columns, ArrowError> {
        // Most often one of them has all keys, and only needs what was merged.
        for (all, places) in [(first, &self.first), (second, &self.second)] {
            if all.iter().all(|column| column.len() == self.keys.len()) {
                return Ok(overwrite(all, places.values(), merged));
            }
        }
        let columns = first.iter().zip(second).zip(merged);
        columns
            .map(
                |((first, second), merged)| -> Result<ArrayRef, ArrowError> {
                    compute::interleave(&[&**first, &**second, &**merged], &self.sources)
                },
            )
            .collect()
    }
}

/// The keys of all partials, ascending.
fn all_keys(parts: &[Arc<Partial>]) -> Vec<u32> {
    let longest = parts
        .iter()
        .map(|part| &part.keys)
        .max_by_key(|keys| keys.len());
    let Some(longest) = longest else {
        return Vec::new();
    };
    if parts.iter().all(|part| part.keys == *longest) {
        return longest.clone();
    }
    let rows: usize = parts.iter().map(|part| part.keys.len()).sum();
    let bound = parts.iter().filter_map(|part| part.keys.last()).max();
    let bound = bound.map_or(0, |key| *key as usize + 1);
    let all = parts.iter().flat_map(|part| &part.keys).copied();
    if bound > rows * SPARSE {
        let mut keys: Vec<u32> = all.collect();
        keys.sort_unstable();
        keys.dedup();
        return keys;
    }
    let mut has = vec![false; bound];
    all.for_each(|key| has[key as usize] = true);
    let keys = (0..).zip(has);
    keys.filter_map(|(key, has)| has.then_some(key)).collect()
}

/// Keys are marked by their number rather than sorted if there are at most so many numbers for each.
const SPARSE: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_lists_of_keys_become_one(
            one in prop::collection::btree_set(0_u32..50, 0..30),
            other in prop::collection::btree_set(0_u32..50, 0..30),
        ) {
            let both: Vec<u32> = one.intersection(&other).copied().collect();
            let all: BTreeSet<u32> = one.union(&other).copied().collect();
            let (one, other): (Vec<u32>, Vec<u32>) =
                (one.into_iter().collect(), other.into_iter().collect());
            let pairs = Pairs::of(&one, &other);
            prop_assert_eq!(&pairs.keys, &all.into_iter().collect::<Vec<_>>());
            let at = |keys: &[u32], rows: &UInt32Array| -> Vec<u32> {
                rows.values().iter().map(|&row| keys[row as usize]).collect()
            };
            prop_assert_eq!(&at(&one, &pairs.first), &both);
            prop_assert_eq!(&at(&other, &pairs.second), &both);
            let lists = [&one, &other, &both];
            for (key, &(list, row)) in pairs.keys.iter().zip(&pairs.sources) {
                prop_assert_eq!(lists[list][row], *key);
                prop_assert_eq!(both.contains(key), list == 2);
            }
        }
    }
}
