//! `stddev`.

use tidemill_sdk::prelude::*;

use crate::sample::{Sample, of_sample};

of_sample!(
    /// The standard deviation of a sample (divided by the count less one); null for fewer than two
    /// values.
    Stddev,
    "stddev",
    f64,
    deviation
);

of_sample!(
    /// The standard deviation of a sample of integers, computed in float64.
    StddevInt64,
    "stddev",
    i64,
    deviation
);

fn deviation(sample: &Sample) -> Option<f64> {
    sample.variance().map(f64::sqrt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_the_root_of_the_variance() {
        let mut stddev = Stddev::default();
        [1.0, 5.0]
            .into_iter()
            .for_each(|value| stddev.update(value));
        let mut other = Stddev::default();
        other.update(9.0);
        stddev.merge(other);
        assert_eq!(stddev.finish(), Some(4.0));
    }

    #[test]
    fn integers_have_a_deviation_too() {
        let mut stddev = StddevInt64::default();
        stddev.update(1);
        assert_eq!(stddev.finish(), None);
        stddev.update(3);
        assert_eq!(stddev.finish(), Some(2.0_f64.sqrt()));
    }
}
