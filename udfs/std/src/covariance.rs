//! `covariance`.

use tidemill_sdk::prelude::*;

use crate::pairs::{Pairs, of_pairs};

of_pairs!(
    /// The covariance of a sample of pairs (divided by the count less one); null for fewer than two.
    Covariance,
    "covariance",
    f64,
    f64,
    Pairs::covariance
);

of_pairs!(
    /// The same of integers, computed in float64.
    CovarianceInt64,
    "covariance",
    i64,
    i64,
    Pairs::covariance
);

of_pairs!(
    /// The same of a number and an integer, computed in float64.
    CovarianceFloat64Int64,
    "covariance",
    f64,
    i64,
    Pairs::covariance
);

of_pairs!(
    /// The same of an integer and a number, computed in float64.
    CovarianceInt64Float64,
    "covariance",
    i64,
    f64,
    Pairs::covariance
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_covariance_is_that_of_a_sample() {
        let mut covariance = Covariance::default();
        covariance.update((1.0, 10.0));
        assert_eq!(covariance.finish(), None);
        covariance.merge(Covariance::default());
        covariance.update((3.0, 20.0));
        assert_eq!(covariance.finish(), Some(10.0));
    }

    #[test]
    fn integers_vary_too() {
        let mut covariance = CovarianceInt64Float64::default();
        covariance.update((1, 10.0));
        covariance.update((3, 20.0));
        assert_eq!(covariance.finish(), Some(10.0));
    }
}
