//! A length of time, as pipelines spell it: `150ms`, `20s`, `5m`, `1h`, `7d`.

use std::{fmt, str::FromStr};

/// A length of time in whole microseconds, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// Units from the largest to the smallest, in microseconds.
const UNITS: [(&str, i64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// The longest duration there is.
    pub const MAX: Self = Self(i64::MAX);

    /// The most whole days there are: how users are told of [`Self::MAX`].
    pub const MAX_DAYS: Self = Self(i64::MAX - i64::MAX % UNITS[0].1);

    /// `micros` microseconds, or nothing if that is negative.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < 0 { None } else { Some(Self(micros)) }
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis as i64 * 1_000)
    }

    /// `seconds` seconds, at most as many as fit.
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds as i64 * 1_000_000)
    }

    /// Microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, at most the longest duration there is.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        Self::from_micros(duration.0.unsigned_abs())
    }
}

/// A text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    /// It is something else.
    #[error("expected a number and a unit, such as `150ms`, `20s`, `5m`, `1h` or `7d`")]
    NoDuration,
    /// It would be one if it were not longer than any.
    #[error("expected a duration of at most {}", Duration::MAX_DAYS)]
    TooLong,
}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let Some((_, micros)) = unit.filter(|_| !number.is_empty()) else {
            return Err(ParseDurationError::NoDuration);
        };
        // Of digits alone, only too many are no number.
        let number = number.parse::<i64>().ok();
        number
            .and_then(|number| number.checked_mul(*micros))
            .map(Self)
            .ok_or(ParseDurationError::TooLong)
    }
}

/// The largest unit that leaves a whole number.
impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return formatter.write_str("0s");
        }
        let (unit, micros) = UNITS
            .iter()
            .find(|(_, micros)| self.0 % micros == 0)
            .expect("the last unit is one microsecond");
        write!(formatter, "{}{unit}", self.0 / micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_alike() {
        for text in ["150ms", "20s", "5m", "1h", "7d", "0s", "3us"] {
            assert_eq!(text.parse::<Duration>().expect(text).to_string(), text);
        }
        assert_eq!("60s".parse::<Duration>().expect("60s").to_string(), "1m");
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in ["", "s", "5", "5 s", "-5s", "5y", "1.5s"] {
            let error = Err(ParseDurationError::NoDuration);
            assert_eq!(text.parse::<Duration>(), error, "{text}");
        }
        for text in [
            "9223372036854775807d",
            "106751992d",
            "99999999999999999999us",
        ] {
            let error = Err(ParseDurationError::TooLong);
            assert_eq!(text.parse::<Duration>(), error, "{text}");
        }
        assert_eq!(Duration::MAX_DAYS, "106751991d".parse().expect("days"));
    }
}
