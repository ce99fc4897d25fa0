//! `delta`.

use tidemill_sdk::prelude::*;

/// The last value of a key.
#[derive(Debug, Default, State)]
pub(crate) struct Last<T> {
    value: Option<T>,
}

/// A row with a difference, which may be null.
type Difference<T> = Option<Option<T>>;

const OUT_OF_RANGE: &str = "the difference is out of the range of int64";

/// The difference to the last value of the key that is not null; null for the first value, and for a
/// null.
#[process(name = "delta")]
pub(crate) fn delta_int64(
    last: &mut Last<i64>,
    value: Option<i64>,
) -> Result<Option<Option<i64>>, &'static str> {
    let subtract = |value: i64, last: i64| value.checked_sub(last).ok_or(OUT_OF_RANGE);
    last.difference(value, subtract)
}

/// The difference to the last value of the key that is not null; null for the first value, and for a
/// null.
#[process(name = "delta")]
pub(crate) fn delta_float64(
    last: &mut Last<f64>,
    value: Option<f64>,
) -> Result<Option<Option<f64>>, &'static str> {
    last.difference(value, |value, last| Ok(value - last))
}

/// The microseconds since the last value of the key that is not null; null for the first value, and for a
/// null.
#[process(name = "delta")]
pub(crate) fn delta_timestamp(
    last: &mut Last<Timestamp>,
    value: Option<Timestamp>,
) -> Result<Option<Option<i64>>, &'static str> {
    last.difference(value, |value, last| {
        let micros = value.micros().checked_sub(last.micros());
        micros.ok_or(OUT_OF_RANGE)
    })
}

impl<T: Copy> Last<T> {
    /// Takes note of a value and returns what `subtract` makes of it and the last one.
    fn difference<D>(
        &mut self,
        value: Option<T>,
        subtract: impl Fn(T, T) -> Result<D, &'static str>,
    ) -> Result<Difference<D>, &'static str> {
        let Some(value) = value else {
            return Ok(Some(None));
        };
        let difference = self.value.map(|last| subtract(value, last)).transpose()?;
        self.value = Some(value);
        Ok(Some(difference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_to_the_last_value() {
        let mut last = Last::default();
        let found = [Some(3), Some(5), None, Some(4)].map(|value| delta_int64(&mut last, value));
        let expected = [None, Some(2), None, Some(-1)].map(|difference| Ok(Some(difference)));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_difference_out_of_range_is_refused() {
        let mut last = Last { value: Some(-2) };
        assert_eq!(delta_int64(&mut last, Some(i64::MAX)), Err(OUT_OF_RANGE));
        assert_eq!(last.value, Some(-2));
    }

    #[test]
    fn times_differ_by_microseconds() {
        let mut last = Last::default();
        assert_eq!(
            delta_timestamp(&mut last, Some(Timestamp(5))),
            Ok(Some(None))
        );
        assert_eq!(
            delta_timestamp(&mut last, Some(Timestamp(9))),
            Ok(Some(Some(4)))
        );
        let mut last = Last { value: Some(0.5) };
        assert_eq!(delta_float64(&mut last, Some(2.0)), Ok(Some(Some(1.5))));
    }
}
