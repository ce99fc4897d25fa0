//! Which row of before is which row of after.

use std::collections::HashMap;

use super::cells::Cells;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// It is the same; its places before and after.
    Same(usize, usize),
    /// It has other values.
    Changed(usize, usize),
    /// It is no longer there.
    Removed(usize),
    /// It was not there.
    Added(usize),
}

/// How many rows on each side are aligned by content, beside those that are the same at the beginning
/// and the end. The time it takes grows with the square of it.
pub(super) const MOST_ALIGNED: usize = 1500;

/// How many rows are looked at for one that is like another.
const MOST_LOOKED_AT: usize = 32;

/// Each row is the one at the same place.
pub(super) fn by_place(old: &[Cells], new: &[Cells]) -> Vec<Edit> {
    let edit = |(place, (old, new))| match old == new {
        true => Edit::Same(place, place),
        false => Edit::Changed(place, place),
    };
    let common = old.len().min(new.len());
    let mut edits: Vec<Edit> = old.iter().zip(new).enumerate().map(edit).collect();
    edits.extend((common..old.len()).map(Edit::Removed));
    edits.extend((common..new.len()).map(Edit::Added));
    edits
}

/// As many rows as can be are the same, in order; between them, rows that are alike are the same with
/// other values. What is too much to compare is left out.
pub(super) fn by_content(old: &[Cells], new: &[Cells]) -> Vec<Edit> {
    let (old_ids, new_ids) = ids(old, new);
    let head = common(old_ids.iter().zip(&new_ids));
    let (old_rest, new_rest) = (&old_ids[head..], &new_ids[head..]);
    let tail = common(old_rest.iter().rev().zip(new_rest.iter().rev()));
    let old_middle = &old_rest[..(old_rest.len() - tail).min(MOST_ALIGNED)];
    let new_middle = &new_rest[..(new_rest.len() - tail).min(MOST_ALIGNED)];

    let mut edits: Vec<Edit> = (0..head).map(|place| Edit::Same(place, place)).collect();
    let mut gap = (head, head);
    for (one, other) in longest_common(old_middle, new_middle) {
        let (one, other) = (head + one, head + other);
        pair_up(old, new, gap, (one, other), &mut edits);
        edits.push(Edit::Same(one, other));
        gap = (one + 1, other + 1);
    }
    let end = (head + old_middle.len(), head + new_middle.len());
    pair_up(old, new, gap, end, &mut edits);
    edits.extend(
        (0..tail)
            .rev()
            .map(|back| Edit::Same(old.len() - 1 - back, new.len() - 1 - back)),
    );
    edits
}

/// How many of the first pairs are equal.
fn common<'a>(pairs: impl Iterator<Item = (&'a u32, &'a u32)>) -> usize {
    pairs.take_while(|(one, other)| one == other).count()
}

/// Numbers for rows; equal rows have equal numbers.
fn ids(old: &[Cells], new: &[Cells]) -> (Vec<u32>, Vec<u32>) {
    let mut known: HashMap<&Cells, u32> = HashMap::new();
    let mut id = |row| {
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        *known.entry(row).or_insert(next)
    };
    let old = old.iter().map(&mut id).collect();
    (old, new.iter().map(&mut id).collect())
}

/// The places of a longest common subsequence.
fn longest_common(old: &[u32], new: &[u32]) -> Vec<(usize, usize)> {
    // How long it is of what begins at a place; one row and one column more than there are places.
    let width = new.len() + 1;
    let mut lengths = vec![0_u16; (old.len() + 1) * width];
    for one in (0..old.len()).rev() {
        for other in (0..new.len()).rev() {
            lengths[one * width + other] = match old[one] == new[other] {
                true => lengths[(one + 1) * width + other + 1] + 1,
                false => lengths[(one + 1) * width + other].max(lengths[one * width + other + 1]),
            };
        }
    }
    let mut pairs = Vec::new();
    let (mut one, mut other) = (0, 0);
    while one < old.len() && other < new.len() {
        if old[one] == new[other] {
            pairs.push((one, other));
            one += 1;
            other += 1;
        } else if lengths[(one + 1) * width + other] >= lengths[one * width + other + 1] {
            one += 1;
        } else {
            other += 1;
        }
    }
    pairs
}

/// Finds rows that are alike between two places, where no row is the same. Rows are alike if half of
/// their values are equal; rows of one value are if there are as many as before.
fn pair_up(
    old: &[Cells],
    new: &[Cells],
    from: (usize, usize),
    to: (usize, usize),
    edits: &mut Vec<Edit>,
) {
    let mut other = from.1;
    let as_many = to.0 - from.0 == to.1 - from.1;
    for (one, row) in old.iter().enumerate().take(to.0).skip(from.0) {
        let likeness = |place: &usize| {
            let cells = row.iter().zip(&new[*place]);
            cells.filter(|(one, other)| one == other).count()
        };
        let near = other..to.1.min(other + MOST_LOOKED_AT);
        let like = match as_many && row.len() == 1 {
            true => Some(other),
            // Of rows that are equally like it, the first.
            false => near
                .rev()
                .max_by_key(likeness)
                .filter(|place| likeness(place) * 2 >= row.len()),
        };
        let Some(like) = like else {
            edits.push(Edit::Removed(one));
            continue;
        };
        edits.extend((other..like).map(Edit::Added));
        edits.push(Edit::Changed(one, like));
        other = like + 1;
    }
    edits.extend((other..to.1).map(Edit::Added));
}

#[cfg(test)]
mod tests;
