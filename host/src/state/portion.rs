//! How many rows of state there may be at once: as many as Arrow's arrays hold, and fewer where there is a choice.

use std::ops::Range;

use arrow::{compute, error::ArrowError};
use thiserror::Error;

use super::Columns;
use crate::batch::weight;

/// Rows of which a column has more bytes than an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{bytes} bytes of one column at once, of which there can be {} (raise `parallelism`, so that each subtask \
     has fewer keys)",
    MOST
)]
pub struct TooLarge {
    bytes: usize,
}

/// The offsets of arrays have 32 bits and a sign.
const MOST: usize = i32::MAX as usize;

impl TooLarge {
    /// `bytes`, if an array holds so many.
    pub(super) const fn check(bytes: usize) -> Result<usize, Self> {
        match bytes <= MOST {
            true => Ok(bytes),
            false => Err(Self { bytes }),
        }
    }
}

impl From<TooLarge> for ArrowError {
    fn from(error: TooLarge) -> Self {
        Self::ExternalError(Box::new(error))
    }
}

/// Parts one after the other; without parts, no columns.
///
/// # Errors
///
/// If they are more than an array holds, or have different columns.
pub fn concat(parts: &[Columns]) -> Result<Columns, ArrowError> {
    let [first, rest @ ..] = parts else {
        return Ok(Vec::new());
    };
    if rest.is_empty() {
        return Ok(first.clone());
    }
    let column = |place: usize| {
        let weights = parts.iter().map(|part| weight(&part[place..=place]));
        TooLarge::check(weights.fold(0, usize::saturating_add))?;
        let parts: Vec<_> = parts.iter().map(|part| part[place].as_ref()).collect();
        compute::concat(&parts)
    };
    (0..first.len()).map(column).collect()
}

/// The bytes that rows have at most which are written down together. Far less than an array holds, and little in
/// tests, so that they write down in several portions, too.
pub const PORTION_BYTES: usize = if cfg!(test) { 256 } else { 1 << 30 };

/// Divides rows of these sizes into portions of at most [`PORTION_BYTES`], or of a single row. One portion at least.
pub fn portions(sizes: impl IntoIterator<Item = usize>) -> Vec<Range<usize>> {
    let mut portions = Vec::new();
    let (mut start, mut end, mut bytes) = (0, 0, 0_usize);
    for size in sizes {
        let more = bytes.saturating_add(size);
        if more > PORTION_BYTES && start < end {
            portions.push(start..end);
            (start, bytes) = (end, size);
        } else {
            bytes = more;
        }
        end += 1;
    }
    portions.push(start..end);
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_small_or_single_rows() {
        assert_eq!(portions([]).first(), Some(&(0..0)));
        assert_eq!(portions([PORTION_BYTES, 0, 1]), [0..2, 2..3]);
        assert_eq!(portions([1, usize::MAX, 1, 2]), [0..1, 1..2, 2..4]);
    }

    #[test]
    fn arrays_hold_two_gib() {
        assert_eq!(TooLarge::check(MOST), Ok(MOST));
        let error = TooLarge::check(MOST + 1).expect_err("too large");
        assert_eq!(
            error.to_string(),
            "2147483648 bytes of one column at once, of which there can be 2147483647 (raise `parallelism`, so that \
             each subtask has fewer keys)"
        );
    }
}
