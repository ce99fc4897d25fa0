//! `correlation`.

use tidemill_sdk::prelude::*;

use crate::pairs::{Pairs, of_pairs};

of_pairs!(
    /// How much two numbers vary together, from -1 to 1 (Pearson's coefficient); null for fewer than two
    /// pairs, and if one of the numbers is always the same.
    Correlation,
    "correlation",
    f64,
    f64,
    Pairs::correlation
);

of_pairs!(
    /// The same of integers, computed in float64.
    CorrelationInt64,
    "correlation",
    i64,
    i64,
    Pairs::correlation
);

of_pairs!(
    /// The same of a number and an integer, computed in float64.
    CorrelationFloat64Int64,
    "correlation",
    f64,
    i64,
    Pairs::correlation
);

of_pairs!(
    /// The same of an integer and a number, computed in float64.
    CorrelationInt64Float64,
    "correlation",
    i64,
    f64,
    Pairs::correlation
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_grow_together_correlate() {
        let mut correlation = Correlation::default();
        correlation.update((1.0, 10.0));
        assert_eq!(correlation.finish(), None);
        correlation.update((3.0, 20.0));
        let found = correlation.finish().expect("there are two pairs");
        assert!((found - 1.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn integers_correlate_too() {
        let mut correlation = CorrelationInt64::default();
        let mut other = CorrelationInt64::default();
        correlation.update((1, 5));
        other.update((2, 4));
        correlation.merge(other);
        let found = correlation.finish().expect("there are two pairs");
        assert!((found + 1.0).abs() < 1e-12, "{found}");
    }
}
