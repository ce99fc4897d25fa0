//! Instants as scripts spell them.

use serde_json::Value as Json;

use crate::time::Timestamp;

/// What a number of a script counts, where it stands for an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Seconds since the Unix epoch.
    Seconds,
    /// Milliseconds.
    #[default]
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl Unit {
    /// The instant that a number stands for, whole or not; `None` if it is out of range.
    fn instant(self, number: &serde_json::Number) -> Option<Timestamp> {
        let (factor, divisor) = match self {
            Self::Seconds => (1_000_000, 1),
            Self::Millis => (1_000, 1),
            Self::Micros => (1, 1),
            Self::Nanos => (1, 1_000),
        };
        if let Some(whole) = number.as_i64() {
            let micros = (i128::from(whole) * factor).div_euclid(divisor);
            return i64::try_from(micros).ok().map(Timestamp::from_micros);
        }
        let micros = (number.as_f64()? * factor as f64 / divisor as f64).round();
        (micros.abs() < i64::MAX as f64).then(|| Timestamp::from_micros(micros as i64))
    }
}

/// The instant that a value of a script stands for: a text as in RFC 3339, a date and a time without an
/// offset, which are in UTC, or a number of `unit`s.
pub(super) fn instant(value: &Json, unit: Unit) -> Option<Timestamp> {
    match value {
        Json::Number(number) => unit.instant(number),
        Json::String(text) => of_text(text),
        _ => None,
    }
}

fn of_text(text: &str) -> Option<Timestamp> {
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    })?;
    let micros = instant.as_nanosecond().div_euclid(1_000);
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Json, unit: Unit, expected: Option<&str>) {
        let found = instant(value, unit).map(|instant| instant.to_string());
        assert_eq!(found.as_deref(), expected, "{value}");
    }

    #[test]
    fn instants_have_many_spellings() {
        let noon = Some("2024-04-15T12:00:00Z");
        for text in [
            "2024-04-15T12:00:00Z",
            "2024-04-15T14:00:00+02:00",
            "2024-04-15 12:00:00",
            "2024-04-15T12:00:00.000",
        ] {
            check(&json!(text), Unit::Millis, noon);
        }
        check(&json!(1_713_182_400), Unit::Seconds, noon);
        check(&json!(1_713_182_400_000_i64), Unit::Millis, noon);
        check(&json!(1_713_182_400_000_000_i64), Unit::Micros, noon);
        check(&json!(1_713_182_400_000_000_000_i64), Unit::Nanos, noon);
        check(&json!(0.5), Unit::Seconds, Some("1970-01-01T00:00:00.5Z"));
        check(&json!(-1), Unit::Nanos, Some("1969-12-31T23:59:59.999999Z"));
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for value in [json!("soon"), json!(true), json!(null), json!("12:00")] {
            check(&value, Unit::Millis, None);
        }
        check(&json!(i64::MAX), Unit::Seconds, None);
    }
}
