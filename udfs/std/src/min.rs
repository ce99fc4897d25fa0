//! `min`.

use tidemill_sdk::prelude::*;

use crate::kept::Ordered;

/// The least value. NaN is greater than all numbers; text is compared byte by byte.
#[derive(Debug, Default, State)]
pub(crate) struct Min<T> {
    value: Option<T>,
}

#[aggregate]
impl<T: Ordered> Aggregate for Min<T> {
    type Input = T::Given<'_>;
    type Output = Option<T>;

    fn update(&mut self, value: T::Given<'_>) {
        let replaces = |kept: &T| T::compare(value, kept.given()).is_lt();
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

    /// The least of `values`, with the second half in an accumulator of its own.
    fn min(values: &[f64]) -> Option<f64> {
        let (left, right) = values.split_at(values.len() / 2);
        let mut accumulators = [left, right].map(|values| {
            let mut min = Min::default();
            values.iter().for_each(|&value| min.update(value));
            min
        });
        let second = std::mem::take(&mut accumulators[1]);
        accumulators[0].merge(second);
        accumulators[0].finish()
    }

    #[test]
    fn the_least_number_wins() {
        assert_eq!(min(&[]), None);
        assert_eq!(min(&[3.0, -1.0, 2.0]), Some(-1.0));
    }

    #[test]
    fn nan_is_least_only_alone() {
        assert_eq!(min(&[f64::NAN, 1.0]), Some(1.0));
        assert_eq!(min(&[1.0, f64::NAN]), Some(1.0));
        assert!(min(&[f64::NAN, f64::NAN]).is_some_and(f64::is_nan));
    }

    #[test]
    fn text_is_compared_too() {
        let mut min = Min::<String>::default();
        min.update("b");
        min.update("a");
        min.update("c");
        assert_eq!(min.finish().as_deref(), Some("a"));
    }
}
