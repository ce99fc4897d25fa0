//! All rows of several partials, so that they are merged at once.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, NullBufferBuilder, PrimitiveArray},
    compute, downcast_primitive_array,
    error::ArrowError,
};

use super::partial::Partial;
use crate::state::Columns;

/// How the rows of many partials make one.
pub(super) struct Union {
    /// All keys, ascending.
    pub(super) keys: Vec<u32>,
    /// By key: the row of the first partial that has it.
    first: Rows,
    /// All other rows, in the order of the partials.
    others: Rows,
    /// The place of the key of each of those.
    pub(super) groups: Vec<u32>,
}

/// Rows of several partials. Most follow each other: a partial lacks few keys that others have.
#[derive(Default)]
struct Rows {
    runs: Vec<Run>,
    count: usize,
}

/// Rows of one partial that follow each other.
struct Run {
    part: usize,
    rows: Range<usize>,
}

impl Rows {
    fn push(&mut self, part: usize, rows: Range<usize>) {
        if !rows.is_empty() {
            self.count += rows.len();
            self.runs.push(Run { part, rows });
        }
    }

    /// They, of one column of all partials.
    fn of(&self, column: &[&dyn Array]) -> Result<ArrayRef, ArrowError> {
        if let [run] = &self.runs[..] {
            return Ok(column[run.part].slice(run.rows.start, run.rows.len()));
        }
        let first = column[0];
        downcast_primitive_array! {
            first => Ok(self.of_primitive(first, column)),
            _ => self.of_any(column),
        }
    }

    /// The same for columns of numbers, `first` being that of the first partial.
    fn of_primitive<T: ArrowPrimitiveType>(
        &self,
        first: &PrimitiveArray<T>,
        column: &[&dyn Array],
    ) -> ArrayRef {
        let parts = column.iter().map(|part| part.as_primitive::<T>());
        let parts: Vec<&PrimitiveArray<T>> = parts.collect();
        let mut values = Vec::with_capacity(self.count);
        for Run { part, rows } in &self.runs {
            values.extend_from_slice(&parts[*part].values()[rows.clone()]);
        }
        let nulls = parts.iter().any(|part| part.null_count() > 0).then(|| {
            let mut nulls = NullBufferBuilder::new(self.count);
            for Run { part, rows } in &self.runs {
                match parts[*part].nulls() {
                    Some(all) => nulls.append_buffer(&all.slice(rows.start, rows.len())),
                    None => nulls.append_n_non_nulls(rows.len()),
                }
            }
            nulls
        });
        let nulls = nulls.and_then(|mut nulls| nulls.finish());
        let array = PrimitiveArray::<T>::new(values.into(), nulls);
        Arc::new(array.with_data_type(first.data_type().clone()))
    }

    /// All partials together may be more than an array holds, so nothing is put together that is not needed.
    fn of_any(&self, column: &[&dyn Array]) -> Result<ArrayRef, ArrowError> {
        let runs = self.runs.iter();
        let rows = runs.flat_map(|Run { part, rows }| rows.clone().map(|row| (*part, row)));
        compute::interleave(column, &rows.collect::<Vec<_>>())
    }
}

impl Union {
    /// `None` if they have more rows together than can be counted.
    pub(super) fn of(parts: &[Arc<Partial>]) -> Option<Self> {
        let rows: usize = parts.iter().map(|part| part.keys.len()).sum();
        u32::try_from(rows).ok()?;
        let keys = all_keys(parts);
        let mut groups = Vec::with_capacity(rows - keys.len());
        let mut others = Rows::default();
        // Those that no partial has had so far.
        let mut missing: Vec<u32> = Vec::new();
        // Those that some partial has, and not the first one: their places, and where they are.
        let mut found: Vec<(u32, usize, usize)> = Vec::new();
        for (part, partial) in parts.iter().enumerate() {
            let places = places(&partial.keys, &keys);
            if part == 0 {
                missing = all_but(&places, keys.len());
                continue;
            }
            let mut start = 0;
            missing.retain(|place| {
                let row = start + seek(&places[start..], *place);
                if places.get(row) != Some(place) {
                    return true;
                }
                found.push((*place, part, row));
                others.push(part, start..row);
                groups.extend_from_slice(&places[start..row]);
                start = row + 1;
                false
            });
            others.push(part, start..places.len());
            groups.extend_from_slice(&places[start..]);
        }
        found.sort_unstable();
        let mut first = Rows::default();
        let mut next = 0;
        for (count, (place, part, row)) in found.into_iter().enumerate() {
            // Those before it, but the ones that were found elsewhere.
            let end = place as usize - count;
            first.push(0, next..end);
            first.push(part, row..row + 1);
            next = end;
        }
        first.push(0, next..parts.first().map_or(0, |part| part.keys.len()));
        Some(Self {
            keys,
            first,
            others,
            groups,
        })
    }

    /// The first row of each key, and all others.
    pub(super) fn pick(&self, parts: &[&Columns]) -> Result<(Columns, Columns), ArrowError> {
        let columns = 0..parts.first().map_or(0, |part| part.len());
        let both = columns.map(|column| {
            let arrays: Vec<&dyn Array> = parts.iter().map(|part| &*part[column]).collect();
            Ok((self.first.of(&arrays)?, self.others.of(&arrays)?))
        });
        let both: Vec<_> = both.collect::<Result<_, ArrowError>>()?;
        Ok(both.into_iter().unzip())
    }
}

/// The places of some of `all` keys. Both ascend.
fn places(some: &[u32], all: &[u32]) -> Vec<u32> {
    if let (Some(&first), Some(&last)) = (all.first(), all.last())
        && (last - first) as usize == all.len() - 1
    {
        // There is no gap: most often all keys of the stage are there.
        return some.iter().map(|key| key - first).collect();
    }
    let mut place = 0;
    let places = some.iter().map(|key| {
        while all[place] < *key {
            place += 1;
        }
        place as u32
    });
    places.collect()
}

/// The numbers below `bound` that are not among `some`, which ascend.
fn all_but(some: &[u32], bound: usize) -> Vec<u32> {
    let mut others = Vec::with_capacity(bound - some.len());
    let mut next = 0;
    for &one in some {
        others.extend(next..one);
        next = one + 1;
    }
    others.extend(next..bound as u32);
    others
}

/// How many of `numbers`, which ascend, are below `bound`. Takes the longer, the more there are.
fn seek(numbers: &[u32], bound: u32) -> usize {
    let mut end = 1;
    while end < numbers.len() && numbers[end - 1] < bound {
        end *= 2;
    }
    let start = end / 2;
    let end = end.min(numbers.len());
    start + numbers[start..end].partition_point(|&number| number < bound)
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
