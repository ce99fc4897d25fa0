//! `median`.

use tidemill_sdk::prelude::*;

use crate::config::Fraction;
use crate::quantile::{as_floats, interpolated};

/// The value in the middle, or the mean of the two there; NaN is greater than all numbers.
#[holistic]
pub(crate) fn median(value: &[f64]) -> Option<f64> {
    interpolated(value, Fraction::HALF)
}

/// The value in the middle, or the mean of the two there, computed in float64.
#[holistic(name = "median")]
pub(crate) fn median_int64(value: &[i64]) -> Option<f64> {
    median(&as_floats(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_found_in_any_order() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn integers_have_a_middle_between_them() {
        assert_eq!(median_int64(&[4, 1, 3, 2]), Some(2.5));
    }

    #[test]
    fn nan_is_at_the_end() {
        assert_eq!(median(&[f64::NAN, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[-f64::NAN, 1.0, 2.0]), Some(2.0));
    }
}
