//! Event time: from what stands in the input to microseconds since the Unix epoch.

use jiff::{
    fmt::{strtime, temporal::DateTimeParser},
    tz::TimeZone,
};

use super::{raw::shown, rfc3339::instant_of};
use crate::{
    connector::EventTimeUnit,
    time::{Duration, Timestamp},
};

/// The first and the last instant that can be printed, in microseconds.
pub(super) const LIMITS: (i64, i64) = (-377_705_023_201_000_000, 253_402_207_200_999_999);

/// The latest event time that is believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    /// In microseconds.
    pub(super) micros: i64,
    /// How far that is ahead of the clock, if that is why.
    pub(super) ahead: Option<Duration>,
}

impl Latest {
    /// The limit at the instant `now`.
    pub(super) fn at(now: Timestamp, max_ahead: Option<Duration>) -> Self {
        let (_, last) = LIMITS;
        match max_ahead {
            None => Self {
                micros: last,
                ahead: None,
            },
            Some(ahead) => Self {
                micros: now.saturating_add(ahead).as_micros().min(last),
                ahead: Some(ahead),
            },
        }
    }

    /// Checks an instant, given in microseconds.
    pub(super) fn check(self, micros: i64) -> Result<(), String> {
        let (first, last) = LIMITS;
        let time = Timestamp::from_micros(micros);
        if micros < first || micros > last {
            return Err(format!(
                "event time {time} is outside {}",
                Timestamp::PRINTABLE
            ));
        }
        match self.ahead {
            Some(ahead) if micros > self.micros => Err(format!(
                "event time {time} is more than {ahead} ahead of the clock"
            )),
            _ => Ok(()),
        }
    }
}

/// A unit of numbers as a fraction of microseconds: multiply, then divide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    factor: i64,
    divisor: i64,
}

impl Scale {
    /// The scale of a unit of numbers; `None` for a text.
    pub(super) const fn of(unit: &EventTimeUnit) -> Option<Self> {
        let (factor, divisor) = match unit {
            EventTimeUnit::Seconds => (1_000_000, 1),
            EventTimeUnit::Millis => (1_000, 1),
            EventTimeUnit::Micros => (1, 1),
            EventTimeUnit::Nanos => (1, 1_000),
            EventTimeUnit::Rfc3339 | EventTimeUnit::Pattern(_) => return None,
        };
        Some(Self { factor, divisor })
    }

    /// Whether the numbers are microseconds already.
    pub(super) const fn is_identity(self) -> bool {
        self.factor == self.divisor
    }

    /// The least and the greatest number that is an instant, up to `last` microseconds.
    pub(super) const fn limits(self, last: i64) -> (i64, i64) {
        let (first, _) = LIMITS;
        if self.divisor > 1 {
            // Saturating is right: nanoseconds reach less far than the limits.
            let first = first.saturating_mul(self.divisor);
            let last = last.saturating_mul(self.divisor);
            (first, last.saturating_add(self.divisor - 1))
        } else {
            (first / self.factor, last.div_euclid(self.factor))
        }
    }

    /// Microseconds; garbage for numbers outside the limits.
    pub(super) const fn micros(self, number: i64) -> i64 {
        // One multiplication or one division, not both: there are many rows.
        if self.divisor > 1 {
            number.div_euclid(self.divisor)
        } else {
            number.wrapping_mul(self.factor)
        }
    }

    /// Microseconds of any number, which may be too many for 64 bits.
    pub(super) fn wide_micros(self, number: i64) -> i128 {
        (i128::from(number) * i128::from(self.factor)).div_euclid(i128::from(self.divisor))
    }
}

/// Parses a text to microseconds.
#[inline]
pub(super) fn parse(unit: &EventTimeUnit, text: &str) -> Result<i64, String> {
    match (unit, instant_of(text.as_bytes())) {
        (EventTimeUnit::Rfc3339, Some(micros)) => Ok(micros),
        _ => parse_any(unit, text),
    }
}

/// Parses a text of whatever shape.
fn parse_any(unit: &EventTimeUnit, text: &str) -> Result<i64, String> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let instant = match unit {
        EventTimeUnit::Pattern(pattern) => parse_pattern(pattern, text),
        _ => PARSER.parse_timestamp(text).ok(),
    };
    let instant = instant.ok_or_else(|| match unit {
        EventTimeUnit::Pattern(pattern) => {
            format!(
                "expected a time like `{pattern}`, found \"{}\"",
                shown(text)
            )
        }
        _ => no_instant(&PARSER, text),
    })?;
    // Cut off downwards, before 1970 too.
    let micros = instant.as_nanosecond().div_euclid(1_000);
    i64::try_from(micros).map_err(|_| "event time is out of range".to_owned())
}

/// Why a text is not an instant as RFC 3339 has it.
fn no_instant(parser: &DateTimeParser, text: &str) -> String {
    let found = shown(text);
    match parser.parse_pieces(text) {
        Ok(pieces) if pieces.time().is_some() && pieces.offset().is_none() => {
            format!("event time \"{found}\" has no offset from UTC")
        }
        // Such as 9999-12-31T23:59:59Z, which in some zone is in the year 10000.
        Ok(pieces) if pieces.time().is_some() => {
            let printable = Timestamp::PRINTABLE;
            format!("event time \"{found}\" is outside {printable}")
        }
        _ => format!("expected a time as in RFC 3339, found \"{found}\""),
    }
}

fn parse_pattern(pattern: &str, text: &str) -> Option<jiff::Timestamp> {
    let parsed = strtime::parse(pattern, text).ok()?;
    if parsed.offset().is_some() || parsed.timestamp().is_some() {
        return parsed.to_timestamp().ok();
    }
    let civil = parsed.to_datetime().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Checks that a pattern is one.
///
/// # Errors
///
/// If it has a directive that does not exist, or cannot tell an instant.
pub(in crate::connector) fn check_pattern(pattern: &str) -> anyhow::Result<()> {
    use anyhow::Context as _;
    let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let context = || format!("`{pattern}` is not a pattern of times");
    let text = strtime::format(pattern, &sample).with_context(context)?;
    parse_pattern(pattern, &text)
        .map(|_| ())
        .with_context(|| format!("pattern `{pattern}` does not tell year, month and day"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [EventTimeUnit; 4] = [
        EventTimeUnit::Seconds,
        EventTimeUnit::Millis,
        EventTimeUnit::Micros,
        EventTimeUnit::Nanos,
    ];

    #[test]
    fn the_limits_are_those_of_printing() {
        let (first, last) = LIMITS;
        assert_eq!(first, jiff::Timestamp::MIN.as_microsecond());
        assert_eq!(last, jiff::Timestamp::MAX.as_microsecond());
    }

    #[test]
    fn numbers_within_the_limits_do_not_overflow() {
        for unit in UNITS {
            let scale = Scale::of(&unit).expect("a number");
            let (least, greatest) = scale.limits(LIMITS.1);
            for number in [least, greatest, 0, 1, -1] {
                assert_eq!(
                    i128::from(scale.micros(number)),
                    scale.wide_micros(number),
                    "{number} {unit:?}"
                );
            }
            let outside = [least.checked_sub(1), greatest.checked_add(1)];
            for number in outside.into_iter().flatten() {
                let micros = scale.wide_micros(number);
                let within = i128::from(LIMITS.0)..=i128::from(LIMITS.1);
                assert!(!within.contains(&micros), "{number} {unit:?}");
            }
        }
    }

    #[test]
    fn nanoseconds_are_cut_off_downwards() {
        let scale = Scale::of(&EventTimeUnit::Nanos).expect("a number");
        assert_eq!(scale.micros(1_999), 1);
        assert_eq!(scale.micros(-1), -1);
    }

    #[track_caller]
    fn check(pattern: Option<&str>, text: &str, expected: Result<&str, &str>) {
        let unit = match pattern {
            Some(pattern) => {
                check_pattern(pattern).expect("a pattern");
                EventTimeUnit::Pattern(pattern.to_owned())
            }
            None => EventTimeUnit::Rfc3339,
        };
        let found = parse(&unit, text).map(|micros| Timestamp::from_micros(micros).to_string());
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected);
    }

    #[test]
    fn rfc_3339_needs_an_offset() {
        check(None, "2024-02-29T12:00:00Z", Ok("2024-02-29T12:00:00Z"));
        check(
            None,
            "2024-02-29 12:00:00.1234567+02:00",
            Ok("2024-02-29T10:00:00.123456Z"),
        );
        check(
            None,
            "1969-12-31T23:59:59.9999999Z",
            Ok("1969-12-31T23:59:59.999999Z"),
        );
        check(
            None,
            "2024-02-29T12:00:00",
            Err("event time \"2024-02-29T12:00:00\" has no offset from UTC"),
        );
        check(
            None,
            "9999-12-30T22:00:00.9999999Z",
            Ok("9999-12-30T22:00:00.999999Z"),
        );
        for text in ["9999-12-30T22:00:01Z", "9999-12-31T23:59:59Z"] {
            let printable = "-009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999Z";
            let reason = format!("event time \"{text}\" is outside {printable}");
            check(None, text, Err(&reason));
        }
        for text in ["2024-02-29", "2023-02-29T12:00:00Z", "soon", ""] {
            check(
                None,
                text,
                Err(&format!("expected a time as in RFC 3339, found \"{text}\"")),
            );
        }
    }

    #[test]
    fn patterns_are_utc_without_an_offset() {
        let day_first = Some("%d/%m/%Y %H:%M:%S");
        check(day_first, "29/02/2024 12:00:01", Ok("2024-02-29T12:00:01Z"));
        check(
            day_first,
            "2024-02-29 12:00:01",
            Err("expected a time like `%d/%m/%Y %H:%M:%S`, found \"2024-02-29 12:00:01\""),
        );
        check(Some("%Y-%m-%d"), "2024-02-29", Ok("2024-02-29T00:00:00Z"));
        check(
            Some("%d/%b/%Y:%H:%M:%S %z"),
            "29/Feb/2024:12:00:01 +0200",
            Ok("2024-02-29T10:00:01Z"),
        );
        check(Some("%s"), "1709208001", Ok("2024-02-29T12:00:01Z"));
        check(
            Some("%Y-%m-%d %H:%M:%S%.f"),
            "2024-02-29 12:00:01.25",
            Ok("2024-02-29T12:00:01.25Z"),
        );
    }

    #[test]
    fn a_pattern_must_tell_an_instant() {
        for pattern in ["%H:%M", "%Y", "%!", "soon"] {
            let error = check_pattern(pattern).expect_err("no pattern").to_string();
            assert!(error.contains(pattern), "{error}");
        }
    }
}
