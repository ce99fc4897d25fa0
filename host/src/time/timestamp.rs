//! An instant of event time.

use std::fmt;

use super::Duration;

/// An instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// The instant `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant `duration` later; the last instant there is if that is beyond it.
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_micros()))
    }

    /// The instant `duration` earlier; the first instant there is if that is beyond it.
    #[must_use]
    pub const fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.as_micros()))
    }

    /// The first instant after this that is a multiple of `interval` from the epoch: the same for
    /// everybody who waits for it. The last instant there is if that is beyond it.
    #[must_use]
    pub const fn next_multiple(self, interval: Duration) -> Self {
        let interval = interval.as_micros();
        if interval == 0 {
            return self;
        }
        let into = self.0.rem_euclid(interval);
        Self(self.0.saturating_add(interval - into))
    }
}

/// RFC 3339 in UTC; microseconds as a number outside the years -9999 to 9999.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(formatter, "{instant}"),
            Err(_) => write!(formatter, "{} µs", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_counted_from_the_epoch() {
        let next = |micros| {
            let interval = Duration::from_micros(5).expect("not negative");
            Timestamp::from_micros(micros).next_multiple(interval)
        };
        assert_eq!(next(0), Timestamp::from_micros(5));
        assert_eq!(next(-1), Timestamp::from_micros(0));
        assert_eq!(next(i64::MAX), Timestamp::from_micros(i64::MAX));
    }

    #[test]
    fn instants_print_in_utc() {
        assert_eq!(Timestamp::EPOCH.to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(
            Timestamp::from_micros(-1).to_string(),
            "1969-12-31T23:59:59.999999Z"
        );
        assert_eq!(
            Timestamp::from_micros(i64::MAX).to_string(),
            "9223372036854775807 µs"
        );
    }
}
