//! Aggregates that need all rows of a group at hand.

use std::ops::Range;

use crate::bitmap;
use crate::builder::{Builder, finished};
use crate::function::{Description, HolisticResult, Kind, Signature, check_groups};
use crate::row::Row;
use crate::scalar::{Output, row_error};
use crate::slices::{Gathered, Slices};

/// The catalog's entry for a function.
pub fn describe<'a: 'b, 'b, C: 'b, P: Slices<'a>, R: Output>(
    signature: &Signature,
    _: impl Fn(&'b C, P::Slices<'b>) -> R,
) -> Description {
    let (parameters, results) = (
        P::fields(signature.parameters),
        R::Row::fields(signature.result),
    );
    signature.describe(Kind::Holistic, parameters, results)
}

/// Calls `function` once for each of `count` groups, with the rows that have every value they
/// need; a group may have none of them.
pub fn run<'a: 'b, 'b, C, P: Slices<'a>, R: Output>(
    config: &'b C,
    count: u32,
    groups: &[u32],
    gathered: &'b Gathered<'a, P>,
    function: impl Fn(&'b C, P::Slices<'b>) -> R,
) -> Result<HolisticResult, String> {
    check_groups(groups, gathered.rows, count as usize)?;
    if !groups.is_sorted() {
        return Err("groups are not in order".to_owned());
    }
    let mut builder = <R::Row as Row>::Builder::with_capacity(count as usize);
    let mut errors = Vec::new();
    for (group, range) in ranges(count, groups, gathered.mask.as_deref()).enumerate() {
        match function(config, gathered.range(range)).into_row() {
            Ok(result) => result.append(&mut builder),
            Err(message) => {
                errors.push(row_error(group, message));
                builder.push_null();
            }
        }
    }
    Ok(HolisticResult {
        columns: finished(builder),
        errors,
    })
}

/// The places of each group's rows among the rows that `mask` leaves.
fn ranges<'g>(
    count: u32,
    groups: &'g [u32],
    mask: Option<&'g [u8]>,
) -> impl Iterator<Item = Range<usize>> {
    let (mut row, mut present) = (0, 0);
    (0..count).map(move |group| {
        let start = present;
        while groups.get(row) == Some(&group) {
            present += usize::from(mask.is_none_or(|bits| bitmap::get(bits, row)));
            row += 1;
        }
        start..present
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_group_and_skip_masked_rows() {
        let all: Vec<_> = ranges(4, &[0, 0, 2, 2, 2], None).collect();
        assert_eq!(all, [0..2, 2..2, 2..5, 5..5]);
        let some: Vec<_> = ranges(4, &[0, 0, 2, 2, 2], Some(&[0b11001])).collect();
        assert_eq!(some, [0..1, 1..1, 1..3, 3..3]);
    }
}
