//! `quantile`.

use tidemill_sdk::prelude::*;

use crate::config::{Config, Fraction};
use crate::kept::Ordered;

/// The quantile that the stage configures, as in `config = { quantile = 0.95 }`: with linear
/// interpolation between the two values next to it. NaN is greater than all numbers.
#[holistic]
pub(crate) fn quantile(config: &Config, value: &[f64]) -> Result<Option<f64>, &'static str> {
    let fraction = config.quantile;
    let fraction = fraction.ok_or("which quantile? add `config = { quantile = 0.95 }`")?;
    Ok(interpolated(value, fraction))
}

/// The quantile that the stage configures, of integers, computed in float64.
#[holistic(name = "quantile")]
pub(crate) fn quantile_int64(config: &Config, value: &[i64]) -> Result<Option<f64>, &'static str> {
    quantile(config, &as_floats(value))
}

/// Integers as float64: exact up to 2^53.
pub(crate) fn as_floats(values: &[i64]) -> Vec<f64> {
    values.iter().map(|&value| value as f64).collect()
}

/// The quantile at the place `fraction · (n - 1)`, counted from 0, between the sorted values
/// (definition 7 of Hyndman and Fan, The American Statistician 50, 1996).
pub(crate) fn interpolated(values: &[f64], fraction: Fraction) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = fraction.get() * last as f64;
    let below = (place as usize).min(last);
    let mut values = values.to_vec();
    let (_, &mut low, above) = values.select_nth_unstable_by(below, |a, b| f64::compare(*a, *b));
    let share = place - below as f64;
    if share <= 0.0 {
        return Some(low);
    }
    let high = above.iter().copied().min_by(|a, b| f64::compare(*a, *b));
    // Not `low + share · (high - low)`, which overflows for numbers that are far apart.
    Some(high.map_or(low, |high| low * (1.0 - share) + high * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fraction: f64, expected: Option<f64>) {
        let fraction = Fraction::try_from(fraction).expect("between 0 and 1");
        let config = Config {
            quantile: Some(fraction),
            ..Config::default()
        };
        let values = [50.0, 10.0, 40.0, 20.0, 30.0];
        assert_eq!(quantile(&config, &values), Ok(expected));
    }

    #[test]
    fn quantiles_lie_between_the_values() {
        check(0.0, Some(10.0));
        check(0.25, Some(20.0));
        check(0.375, Some(25.0));
        check(1.0, Some(50.0));
    }

    #[test]
    fn a_stage_that_does_not_say_which_one_is_told_so() {
        assert!(quantile(&Config::default(), &[1.0]).is_err());
    }

    #[test]
    fn no_value_has_no_quantile() {
        assert_eq!(interpolated(&[], Fraction::HALF), None);
        assert_eq!(interpolated(&[7.0], Fraction::HALF), Some(7.0));
    }

    #[test]
    fn numbers_that_are_far_apart_do_not_overflow() {
        assert_eq!(
            interpolated(&[f64::MIN, f64::MAX], Fraction::HALF),
            Some(0.0)
        );
    }
}
