//! `variance`.

use tidemill_sdk::prelude::*;

use crate::sample::{Sample, of_sample};

of_sample!(
    /// The variance of a sample (divided by the count less one); null for fewer than two values.
    Variance,
    "variance",
    f64,
    Sample::variance
);

of_sample!(
    /// The variance of a sample of integers, computed in float64.
    VarianceInt64,
    "variance",
    i64,
    Sample::variance
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variance_is_that_of_a_sample() {
        let mut variance = Variance::default();
        variance.update(1.0);
        assert_eq!(variance.finish(), None);
        variance.update(5.0);
        assert_eq!(variance.finish(), Some(8.0));
    }

    #[test]
    fn integers_have_a_variance_too() {
        let mut variance = VarianceInt64::default();
        variance.update(1);
        let mut other = VarianceInt64::default();
        other.update(5);
        variance.merge(other);
        assert_eq!(variance.finish(), Some(8.0));
    }
}
