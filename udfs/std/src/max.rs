//! `max`.

use tidemill_sdk::prelude::*;

use crate::kept::Ordered;

/// The greatest value. NaN is greater than all numbers; text is compared byte by byte.
#[derive(Debug, Default, State)]
pub(crate) struct Max<T> {
    value: Option<T>,
}

#[aggregate]
impl<T: Ordered> Aggregate for Max<T> {
    type Input = T::Given<'_>;
    type Output = Option<T>;

    fn update(&mut self, value: T::Given<'_>) {
        let replaces = |kept: &T| T::compare(value, kept.given()).is_gt();
        if self.value.as_ref().is_none_or(replaces) {
            self.value = Some(T::keep(value));
        }
    }

    fn merge(&mut self, other: Self) {
        if let Some(value) = other.value {
            self.update(value.given());
        }
    }

    fn finish(&self) -> Option<T> {
        self.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn max(values: &[f64]) -> Option<f64> {
        let mut max = Max::default();
        values.iter().for_each(|&value| max.update(value));
        max.finish()
    }

    #[test]
    fn the_greatest_number_wins() {
        assert_eq!(max(&[]), None);
        assert_eq!(max(&[3.0, -1.0, 2.0]), Some(3.0));
    }

    #[test]
    fn nan_is_greatest() {
        assert!(max(&[f64::NAN, 1.0]).is_some_and(f64::is_nan));
        assert!(max(&[1.0, f64::NAN]).is_some_and(f64::is_nan));
    }

    #[test]
    fn the_later_time_wins() {
        let mut max = Max::default();
        max.update(Timestamp(5));
        max.merge(Max {
            value: Some(Timestamp(7)),
        });
        max.merge(Max { value: None });
        assert_eq!(max.finish(), Some(Timestamp(7)));
    }
}
