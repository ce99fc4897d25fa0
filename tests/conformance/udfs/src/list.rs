//! Aggregates over lists, as Arroyo's tests of aggregate functions define them.

use tidemill_sdk::prelude::*;

/// Always null.
#[holistic]
pub(crate) fn none_udf(values: &[i64]) -> Option<i64> {
    let _ = values;
    None
}

/// The greatest product of the two values of a row.
#[holistic]
pub(crate) fn max_product(left: &[i64], right: &[i64]) -> Option<i64> {
    let pairs = left.iter().zip(right);
    pairs.map(|(left, right)| left.saturating_mul(*right)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_of_one_row() {
        assert_eq!(max_product(&[1, 2, 3], &[5, 4, 1]), Some(8));
        assert_eq!(max_product(&[], &[]), None);
    }
}
