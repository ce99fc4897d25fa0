//! Bits of a column, the least significant bit of the first byte first.

use std::borrow::Cow;

/// The bytes that `rows` bits take.
pub(crate) fn bytes(rows: usize) -> usize {
    rows.div_ceil(8)
}

/// The bit of `row`; false behind the end.
#[inline]
pub(crate) fn get(bits: &[u8], row: usize) -> bool {
    bits.get(row / 8)
        .is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

/// Whether the first `rows` bits are all set.
pub(crate) fn all(bits: &[u8], rows: usize) -> bool {
    let (whole, rest) = (rows / 8, rows % 8);
    bits.iter().take(whole).all(|&byte| byte == u8::MAX)
        && (0..rest).all(|bit| get(bits, whole * 8 + bit))
}

/// The bits that are set in both.
pub(crate) fn intersect<'a>(left: Option<Cow<'a, [u8]>>, right: Option<&'a [u8]>) -> Mask<'a> {
    match (left, right) {
        (left, None) => left,
        (None, Some(right)) => Some(Cow::Borrowed(right)),
        (Some(left), Some(right)) => {
            let both = left.iter().zip(right).map(|(left, right)| left & right);
            Some(Cow::Owned(both.collect()))
        }
    }
}

/// The rows to look at; none: all.
pub(crate) type Mask<'a> = Option<Cow<'a, [u8]>>;

/// Bits of which all are set but those of `cleared`.
pub(crate) fn all_but(rows: usize, cleared: &[u32]) -> Vec<u8> {
    let mut bits = vec![u8::MAX; bytes(rows)];
    for &row in cleared {
        if let Some(byte) = bits.get_mut(row as usize / 8) {
            *byte &= !(1 << (row % 8));
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_looks_at_the_given_rows_only() {
        assert!(all(&[0xff, 0b0000_0011], 10));
        assert!(!all(&[0xff, 0b0000_0011], 11));
        assert!(!all(&[0xfe], 8));
        assert!(all(&[], 0));
    }

    #[test]
    fn intersect_keeps_what_both_have() {
        assert_eq!(intersect(None, None), None);
        let both = intersect(Some(Cow::Borrowed(&[0b0110])), Some(&[0b0011]));
        assert_eq!(both.as_deref(), Some(&[0b0010_u8][..]));
    }

    #[test]
    fn all_but_clears_the_given_rows() {
        assert_eq!(all_but(9, &[0, 8]), [0b1111_1110, 0b1111_1110]);
    }
}
