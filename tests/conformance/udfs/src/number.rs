//! Arithmetic on single numbers.

use tidemill_sdk::prelude::*;

use crate::config::{Config, needed};

/// -2 · x.
#[scalar(result = "counter")]
pub(crate) fn double_negative(x: i64) -> Result<i64, &'static str> {
    x.checked_mul(-2).ok_or("the product is out of range")
}

/// What is left of a division by the configured `divisor`; never negative.
#[scalar]
pub(crate) fn remainder(config: &Config, value: i64) -> Result<i64, String> {
    let divisor = *needed(&config.divisor, "divisor")?;
    let remainder = value.checked_rem_euclid(divisor);
    remainder.ok_or_else(|| format!("{value} cannot be divided by {divisor}"))
}

/// A whole division of one number by another, cut off.
#[scalar]
pub(crate) fn quotient(dividend: i64, divisor: i64) -> Option<i64> {
    dividend.checked_div(divisor)
}

/// A number and the configured `amount` together.
#[scalar]
pub(crate) fn plus(config: &Config, value: i64) -> Result<i64, String> {
    let amount = *needed(&config.amount, "amount")?;
    let sum = value.checked_add(amount);
    sum.ok_or_else(|| "the sum is out of range".to_owned())
}

/// A number without its fraction.
#[scalar]
pub(crate) fn truncated(value: f64) -> i64 {
    value as i64
}

/// Whether a number is above zero.
#[scalar]
pub(crate) fn positive(value: i64) -> bool {
    value > 0
}

/// The odd numbers.
#[table(result = "odd_counter")]
pub(crate) fn odd(counter: i64) -> Option<i64> {
    (counter % 2 != 0).then_some(counter)
}

/// Whose a counter is: each tenth belongs to the user 0, the others to a user of their own.
#[scalar(result = "user_id")]
pub(crate) fn user_of(counter: i64) -> i64 {
    if counter % 10 == 0 { 0 } else { counter }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dividing_by(divisor: i64) -> Config {
        Config {
            divisor: Some(divisor),
            ..Config::default()
        }
    }

    #[test]
    fn a_remainder_is_never_negative() {
        assert_eq!(remainder(&dividing_by(5), 13), Ok(3));
        assert_eq!(remainder(&dividing_by(5), -1), Ok(4));
        assert!(remainder(&dividing_by(0), 1).is_err());
    }

    #[test]
    fn a_division_by_zero_is_null() {
        assert_eq!(quotient(50, 12), Some(4));
        assert_eq!(quotient(50, 0), None);
    }

    #[test]
    fn every_tenth_counter_is_shared() {
        assert_eq!([0, 1, 10, 19].map(user_of), [0, 1, 0, 19]);
    }

    #[test]
    fn what_is_even_is_left_out() {
        assert_eq!([1, 2, -3].map(odd), [Some(1), None, Some(-3)]);
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        assert_eq!(double_negative(21), Ok(-42));
        assert!(double_negative(i64::MAX).is_err());
    }
}
