//! An instant of event time.

use std::fmt;

use super::Duration;

/// An instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// The first and the last instant that have a text, to be told to users: somewhere within 26 hours of the borders of
    /// the years -9999 to 9999 it is another year already, so that no calendar of all zones has more.
    pub(crate) const PRINTABLE: &str = "-009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999Z";

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

/// RFC 3339 in UTC; microseconds as a number outside the years that can be written so.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By seconds, for microseconds alone it knows no fraction of the last one.
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        match jiff::Timestamp::new(seconds, micros as i32 * 1_000) {
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
    fn what_is_printable_is_told_as_it_is() {
        let (first, last) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
        let told = format!("{first} to {last:.6}");
        assert_eq!(told, Timestamp::PRINTABLE);
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
