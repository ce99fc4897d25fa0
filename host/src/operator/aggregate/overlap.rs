//! How the keys of two partials lie to each other, and what follows for their rows.

use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
    error::ArrowError,
};

use super::partial::take;
use crate::state::{Columns, overwrite};

/// How the keys of two partials, each ascending, lie to each other.
pub(super) enum Overlap {
    /// They are the same.
    Same,
    /// The keys of the second are among those of the first, at these places.
    Within(Vec<u32>),
    /// The keys of the first are among those of the second, at these places.
    Around(Vec<u32>),
    /// Each has keys that the other does not have.
    Mixed(Pairs),
}

/// How the rows of two partials make one.
pub(super) struct Pairs {
    /// All keys, ascending.
    keys: Vec<u32>,
    /// The rows of those keys that both have, in the first and in the second.
    first: Vec<u32>,
    second: Vec<u32>,
    /// Where the row of each key comes from: the first, the second, or what was merged of both.
    sources: Vec<(usize, usize)>,
}

impl Overlap {
    pub(super) fn of(first: &[u32], second: &[u32]) -> Self {
        if first == second {
            return Self::Same;
        }
        let (few, many) = match first.len() < second.len() {
            true => (first, second),
            false => (second, first),
        };
        match places(few, many) {
            Some(places) if first.len() < second.len() => Self::Around(places),
            Some(places) => Self::Within(places),
            None => Self::Mixed(Pairs::of(first, second)),
        }
    }

    /// The keys of both.
    pub(super) fn keys(self, first: &[u32], second: &[u32]) -> Vec<u32> {
        match self {
            Self::Same | Self::Within(_) => first.to_vec(),
            Self::Around(_) => second.to_vec(),
            Self::Mixed(pairs) => pairs.keys,
        }
    }

    /// How many keys both have, if `first` are those of the first.
    pub(super) fn common_rows(&self, first: &[u32]) -> usize {
        match self {
            Self::Same | Self::Around(_) => first.len(),
            Self::Within(places) => places.len(),
            Self::Mixed(pairs) => pairs.first.len(),
        }
    }

    /// The row in the first of a key that both have.
    pub(super) fn first_row(&self, common: usize) -> usize {
        match self {
            Self::Same | Self::Around(_) => common,
            Self::Within(places) => places[common] as usize,
            Self::Mixed(pairs) => pairs.first[common] as usize,
        }
    }

    /// The rows of the keys that both have, of the first and of the second.
    pub(super) fn common(
        &self,
        first: &Columns,
        second: &Columns,
    ) -> Result<(Columns, Columns), ArrowError> {
        let some = |columns, places: &[u32]| take(columns, &UInt32Array::from(places.to_vec()));
        Ok(match self {
            Self::Same => (first.clone(), second.clone()),
            Self::Within(places) => (some(first, places)?, second.clone()),
            Self::Around(places) => (first.clone(), some(second, places)?),
            Self::Mixed(pairs) => (some(first, &pairs.first)?, some(second, &pairs.second)?),
        })
    }

    /// The rows of all keys, if what both have was `merged`.
    pub(super) fn spread(
        &self,
        first: &Columns,
        second: &Columns,
        merged: Columns,
    ) -> Result<Columns, ArrowError> {
        let pairs = match self {
            Self::Same => return Ok(merged),
            Self::Within(places) => return Ok(overwrite(first, places, &merged)?),
            Self::Around(places) => return Ok(overwrite(second, places, &merged)?),
            Self::Mixed(pairs) => pairs,
        };
        let columns = first.iter().zip(second).zip(&merged);
        let columns = columns.map(
            |((first, second), merged)| -> Result<ArrayRef, ArrowError> {
                compute::interleave(&[&**first, &**second, &**merged], &pairs.sources)
            },
        );
        columns.collect()
    }
}

/// Where `few` keys are among `many`; `None` if one of them is not there.
fn places(few: &[u32], many: &[u32]) -> Option<Vec<u32>> {
    let (Some(&first), Some(&last)) = (many.first(), many.last()) else {
        return few.is_empty().then(Vec::new);
    };
    if (last - first) as usize == many.len() - 1 {
        // There is no gap: most often all keys of the stage are there.
        let mut ends = few.first().into_iter().chain(few.last());
        let are_there = ends.all(|key| (first..=last).contains(key));
        return are_there.then(|| few.iter().map(|key| key - first).collect());
    }
    let mut places = Vec::with_capacity(few.len());
    let mut place = 0;
    for &key in few {
        while *many.get(place)? < key {
            place += 1;
        }
        if many[place] != key {
            return None;
        }
        places.push(place as u32);
    }
    Some(places)
}

impl Pairs {
    /// Finds the keys of both of two ascending lists.
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
            first,
            second,
            sources,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use arrow::array::Int32Array;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_lists_of_keys_become_one(
            one in prop::collection::btree_set(0_u32..50, 0..30),
            other in prop::collection::btree_set(0_u32..50, 0..30),
            is_part in any::<bool>(),
            is_run in any::<bool>(),
        ) {
            let one: BTreeSet<u32> = match (is_run, one.first(), one.last()) {
                (true, Some(&first), Some(&last)) => (first..=last).collect(),
                _ => one,
            };
            let other = if is_part { one.intersection(&other).copied().collect() } else { other };
            for (one, other) in [(&one, &other), (&other, &one)] {
                let both: Vec<u32> = one.intersection(other).copied().collect();
                let all: Vec<u32> = one.union(other).copied().collect();
                let columns = |keys: &BTreeSet<u32>, tag: u32| -> Columns {
                    let rows = keys.iter().map(|key| (key * 10 + tag) as i32);
                    vec![Arc::new(rows.collect::<Int32Array>())]
                };
                let keys = |keys: &BTreeSet<u32>| keys.iter().copied().collect::<Vec<_>>();
                let overlap = Overlap::of(&keys(one), &keys(other));
                let (first, second) = (columns(one, 1), columns(other, 2));
                let common = overlap.common(&first, &second).expect("rows");
                let common_keys: BTreeSet<u32> = both.iter().copied().collect();
                prop_assert_eq!(&common, &(columns(&common_keys, 1), columns(&common_keys, 2)));
                prop_assert_eq!(overlap.common_rows(&keys(one)), both.len());
                for (row, key) in both.iter().enumerate() {
                    prop_assert_eq!(keys(one)[overlap.first_row(row)], *key);
                }
                let spread = overlap.spread(&first, &second, columns(&common_keys, 3));
                let expected = all.iter().map(|key| {
                    let tag = match (one.contains(key), other.contains(key)) {
                        (true, true) => 3,
                        (true, false) => 1,
                        _ => 2,
                    };
                    (key * 10 + tag) as i32
                });
                let expected: Columns = vec![Arc::new(expected.collect::<Int32Array>())];
                prop_assert_eq!(spread.expect("rows"), expected);
                prop_assert_eq!(overlap.keys(&keys(one), &keys(other)), all);
            }
        }
    }
}
