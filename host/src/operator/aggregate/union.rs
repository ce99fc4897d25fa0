//! All rows of several partials, so that they are merged at once.

use std::sync::Arc;

use arrow::{
    array::{Array, UInt32Array},
    compute,
    error::ArrowError,
};

use super::partial::Partial;
use crate::state::Columns;

/// How the rows of many partials make one.
pub(super) struct Union {
    /// All keys, ascending.
    pub(super) keys: Vec<u32>,
    /// Where the rows are taken from; `None` if all partials have all keys, so that nothing has to be looked for.
    mixed: Option<Mixed>,
    /// By row that is not the first one of its key, in the order of the partials: the place of its key.
    pub(super) groups: Vec<u32>,
}

/// Where rows are taken from, which are counted from the first partial to the last.
struct Mixed {
    /// By key: the row of the first partial that has it.
    first: UInt32Array,
    /// All other rows.
    others: UInt32Array,
    /// Where each partial begins.
    starts: Vec<u32>,
}

impl Union {
    /// `None` if they have more rows together than can be counted.
    pub(super) fn of(parts: &[Arc<Partial>]) -> Option<Self> {
        let rows: usize = parts.iter().map(|part| part.keys.len()).sum();
        let rows = u32::try_from(rows).ok()?;
        let keys = all_keys(parts);
        let mut groups = Vec::with_capacity(rows as usize - keys.len());
        if parts.iter().all(|part| part.keys.len() == keys.len()) {
            for _ in 1..parts.len() {
                groups.extend(0..keys.len() as u32);
            }
            return Some(Self {
                groups,
                mixed: None,
                keys,
            });
        }
        let mut first = vec![NONE; keys.len()];
        let mut others = Vec::with_capacity(groups.capacity());
        let mut starts = Vec::with_capacity(parts.len());
        let mut next = 0;
        for partial in parts {
            starts.push(next);
            let mut place = 0;
            for key in &partial.keys {
                while keys[place] < *key {
                    place += 1;
                }
                match &mut first[place] {
                    first if *first == NONE => *first = next,
                    _ => {
                        others.push(next);
                        groups.push(place as u32);
                    }
                }
                next += 1;
            }
        }
        let mixed = Mixed {
            first: first.into(),
            others: others.into(),
            starts,
        };
        Some(Self {
            keys,
            mixed: Some(mixed),
            groups,
        })
    }

    /// The first row of each key, and all others.
    pub(super) fn pick(&self, parts: &[&Columns]) -> Result<(Columns, Columns), ArrowError> {
        let Some((one, rest)) = parts.split_first() else {
            return Ok((Columns::new(), Columns::new()));
        };
        let of = |column: usize| {
            let arrays: Vec<&dyn Array> = parts.iter().map(|part| &*part[column]).collect();
            let Some(mixed) = &self.mixed else {
                let others = match rest {
                    [] => one[column].slice(0, 0),
                    _ => compute::concat(&arrays[1..])?,
                };
                return Ok((Arc::clone(&one[column]), others));
            };
            let (first, others) = (&mixed.first, &mixed.others);
            if one[column].data_type().is_primitive() {
                let all = compute::concat(&arrays)?;
                let take = |rows: &UInt32Array| compute::take(&all, rows, None);
                return Ok((take(first)?, take(others)?));
            }
            // All of them may be more than an array holds, and are not needed twice.
            let interleave = |rows: &UInt32Array| {
                compute::interleave(&arrays, &places_in_parts(&mixed.starts, rows))
            };
            Ok((interleave(first)?, interleave(others)?))
        };
        let both: Vec<_> = (0..one.len()).map(of).collect::<Result<_, ArrowError>>()?;
        Ok(both.into_iter().unzip())
    }
}

/// No row yet.
const NONE: u32 = u32::MAX;

/// The partial of each row, and its place there.
fn places_in_parts(starts: &[u32], rows: &UInt32Array) -> Vec<(usize, usize)> {
    let place = |&row: &u32| {
        let part = starts.partition_point(|&start| start <= row) - 1;
        (part, (row - starts[part]) as usize)
    };
    rows.values().iter().map(place).collect()
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
    use std::collections::{BTreeMap, BTreeSet, HashMap};

    use arrow::{
        array::{ArrayRef, AsArray, Int64Array, StringArray},
        datatypes::Int64Type,
    };
    use proptest::prelude::*;

    use super::*;

    /// What part `part` has of a key: a number, and the same as text.
    fn columns(keys: &BTreeSet<u32>, part: usize) -> Columns {
        let numbers = || keys.iter().map(|&key| i64::from(key) * 100 + part as i64);
        let texts = numbers().map(|number| number.to_string());
        vec![
            Arc::new(Int64Array::from_iter_values(numbers())) as ArrayRef,
            Arc::new(StringArray::from_iter_values(texts)),
        ]
    }

    fn numbers(columns: &Columns) -> Vec<i64> {
        let numbers = columns[0].as_primitive::<Int64Type>().values().to_vec();
        let texts = columns[1].as_string::<i32>().iter().flatten();
        let texts: Vec<i64> = texts.map(|text| text.parse().expect("a number")).collect();
        assert_eq!(numbers, texts, "rows stay together");
        numbers
    }

    proptest! {
        /// The first row of a key is what it begins with, and all others are added, in order.
        #[test]
        fn a_key_has_all_of_its_rows_in_order(
            parts in prop::collection::vec(prop::collection::btree_set(0_u32..12, 0..12), 1..6),
        ) {
            let partials = parts.iter().map(|keys| {
                Arc::new(Partial {
                    keys: keys.iter().copied().collect(),
                    calls: Vec::new(),
                    failed: HashMap::new(),
                })
            });
            let union = Union::of(&partials.collect::<Vec<_>>()).expect("few rows");
            let all: Vec<Columns> = parts.iter().zip(0..).map(|(keys, part)| columns(keys, part)).collect();
            let (first, others) = union.pick(&all.iter().collect::<Vec<_>>()).expect("few rows");
            let others = numbers(&others);
            prop_assert_eq!(others.len(), union.groups.len());
            let mut found: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
            for (&key, number) in union.keys.iter().zip(numbers(&first)) {
                found.insert(key, vec![number]);
            }
            for (&place, number) in union.groups.iter().zip(others) {
                found.entry(union.keys[place as usize]).or_default().push(number);
            }
            let mut expected: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
            for (part, keys) in parts.iter().enumerate() {
                for &key in keys {
                    expected.entry(key).or_default().push(i64::from(key) * 100 + part as i64);
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
