//! `sum`.

use tidemill_sdk::prelude::*;

/// The sum of integers. A value that takes the sum out of the range of int64 is refused.
#[derive(Debug, Default, State)]
pub(crate) struct SumInt64 {
    sum: Option<i64>,
}

#[aggregate(name = "sum")]
impl Aggregate for SumInt64 {
    type Input = i64;
    type Output = Option<i64>;

    fn update(&mut self, value: i64) -> Result<(), &'static str> {
        let sum = self.sum.unwrap_or_default().checked_add(value);
        self.sum = Some(sum.ok_or("the sum is out of the range of int64")?);
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), &'static str> {
        other.sum.map_or(Ok(()), |sum| self.update(sum))
    }

    fn finish(&self) -> Option<i64> {
        self.sum
    }
}

/// The sum of numbers, added in the order of arrival.
#[derive(Debug, Default, State)]
pub(crate) struct SumFloat64 {
    sum: Option<f64>,
}

#[aggregate(name = "sum")]
impl Aggregate for SumFloat64 {
    type Input = f64;
    type Output = Option<f64>;

    fn update(&mut self, value: f64) {
        self.sum = Some(self.sum.unwrap_or_default() + value);
    }

    fn merge(&mut self, other: Self) {
        if let Some(sum) = other.sum {
            self.update(sum);
        }
    }

    fn finish(&self) -> Option<f64> {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_do_not_wrap() {
        let mut sum = SumInt64::default();
        assert_eq!(sum.finish(), None);
        assert!(sum.update(i64::MAX).is_ok());
        assert!(sum.update(1).is_err());
        assert_eq!(sum.finish(), Some(i64::MAX));
        assert!(sum.merge(SumInt64 { sum: Some(-1) }).is_ok());
        assert!(sum.merge(SumInt64::default()).is_ok());
        assert_eq!(sum.finish(), Some(i64::MAX - 1));
    }

    #[test]
    fn numbers_add_up() {
        let mut sum = SumFloat64::default();
        sum.merge(SumFloat64::default());
        assert_eq!(sum.finish(), None);
        sum.update(1.5);
        sum.merge(SumFloat64 { sum: Some(2.0) });
        assert_eq!(sum.finish(), Some(3.5));
    }
}
