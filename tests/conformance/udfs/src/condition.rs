//! Conditions, for filters.

use tidemill_sdk::prelude::*;

use crate::config::{Config, needed};

/// Whether a number is at least the configured `amount`.
#[scalar]
pub(crate) fn at_least(config: &Config, value: i64) -> Result<bool, String> {
    Ok(value >= *needed(&config.amount, "amount")?)
}

/// Whether a number is less than the configured `amount`.
#[scalar]
pub(crate) fn below(config: &Config, value: i64) -> Result<bool, String> {
    Ok(value < *needed(&config.amount, "amount")?)
}

/// Whether a number is another one or more.
#[scalar]
pub(crate) fn reaches(value: i64, goal: i64) -> bool {
    value >= goal
}

/// Whether there is no number.
#[scalar]
pub(crate) fn missing(value: Option<i64>) -> bool {
    value.is_none()
}

/// Whether a number lies between the configured two, and is neither of them.
#[scalar]
pub(crate) fn inside(config: &Config, value: f64) -> Result<bool, String> {
    let &(low, high) = needed(&config.between, "between")?;
    Ok(low < value && value < high)
}

/// Whether a number is one of the configured `numbers`.
#[scalar]
pub(crate) fn one_of(config: &Config, value: i64) -> Result<bool, String> {
    Ok(needed(&config.numbers, "numbers")?.contains(&value))
}

/// Whether a text is the configured one.
#[scalar]
pub(crate) fn says(config: &Config, text: &str) -> Result<bool, String> {
    Ok(needed(&config.text, "text")? == text)
}

/// Whether a text is one of the configured `texts`.
#[scalar]
pub(crate) fn says_one_of(config: &Config, text: &str) -> Result<bool, String> {
    let texts = needed(&config.texts, "texts")?;
    Ok(texts.iter().any(|one| one == text))
}

/// Whether a time is neither before `first` nor after `last`.
#[scalar]
pub(crate) fn between_times(time: Timestamp, first: Timestamp, last: Timestamp) -> bool {
    first <= time && time <= last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_what_is_at_least_it() {
        let config = Config {
            amount: Some(3),
            ..Config::default()
        };
        assert_eq!(at_least(&config, 3), Ok(true));
        assert_eq!(at_least(&config, 2), Ok(false));
        assert_eq!(below(&config, 3), Ok(false));
        assert_eq!(below(&config, 2), Ok(true));
        assert!(at_least(&Config::default(), 2).is_err());
    }

    #[test]
    fn the_ends_of_an_interval_are_not_inside() {
        let config = Config {
            between: Some((1.0, 2.0)),
            ..Config::default()
        };
        assert_eq!(inside(&config, 1.0), Ok(false));
        assert_eq!(inside(&config, 1.5), Ok(true));
        assert_eq!(inside(&config, 2.0), Ok(false));
    }

    #[test]
    fn texts_are_compared_as_they_are() {
        let config = Config {
            text: Some("a".to_owned()),
            texts: Some(vec!["b".to_owned(), "c".to_owned()]),
            ..Config::default()
        };
        assert_eq!(says(&config, "a"), Ok(true));
        assert_eq!(says(&config, "A"), Ok(false));
        assert_eq!(says_one_of(&config, "c"), Ok(true));
        assert_eq!(says_one_of(&config, "a"), Ok(false));
    }

    #[test]
    fn both_ends_of_a_time_belong_to_it() {
        let [first, last] = [1, 3].map(Timestamp::from_micros);
        let inside = |micros| between_times(Timestamp::from_micros(micros), first, last);
        assert_eq!([0, 1, 3, 4].map(inside), [false, true, true, false]);
    }
}
