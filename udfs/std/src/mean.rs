//! `mean`.

use tidemill_sdk::prelude::*;

/// The arithmetic mean of numbers.
#[derive(Debug, Default, State)]
pub(crate) struct MeanFloat64 {
    sum: f64,
    count: i64,
}

#[aggregate(name = "mean")]
impl Aggregate for MeanFloat64 {
    type Input = f64;
    type Output = Option<f64>;

    fn update(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn finish(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// The arithmetic mean of integers, computed in float64: exact while their sum is under 2^53.
#[derive(Debug, Default, State)]
pub(crate) struct MeanInt64 {
    sum: f64,
    count: i64,
}

#[aggregate(name = "mean")]
impl Aggregate for MeanInt64 {
    type Input = i64;
    type Output = Option<f64>;

    fn update(&mut self, value: i64) {
        self.sum += value as f64;
        self.count += 1;
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn finish(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_has_no_mean() {
        assert_eq!(MeanFloat64::default().finish(), None);
        assert_eq!(MeanInt64::default().finish(), None);
    }

    #[test]
    fn merging_is_as_adding() {
        let mut mean = MeanFloat64::default();
        mean.update(1.0);
        mean.merge(MeanFloat64 { sum: 5.0, count: 2 });
        assert_eq!(mean.finish(), Some(2.0));
    }

    #[test]
    fn integers_have_a_fractional_mean() {
        let mut mean = MeanInt64::default();
        mean.update(1);
        mean.merge(MeanInt64 { sum: 2.0, count: 1 });
        assert_eq!(mean.finish(), Some(1.5));
    }
}
