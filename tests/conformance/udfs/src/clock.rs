//! Times, as queries spell them.

use tidemill_sdk::prelude::*;

use crate::config::{Config, needed};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;

/// The day of a time, like `2015-07-15`: the pattern `YYYY-MM-DD`.
#[scalar]
pub(crate) fn day(time: Timestamp) -> String {
    let mut text = time.to_string();
    text.truncate(text.find('T').unwrap_or(text.len()));
    text
}

/// The time of day by a clock of twelve hours, like `12:05` at five past midnight: the pattern
/// `HH:MI`.
#[scalar(result = "time")]
pub(crate) fn clock(time: Timestamp) -> String {
    let minute = time.micros().div_euclid(60 * SECOND).rem_euclid(60);
    format!("{:02}:{minute:02}", twelve_hours(time))
}

/// The hour by a clock of twelve hours and the *month*: what the pattern `HH:mm` means where upper and
/// lower case are the same, and `MM` is the month.
#[scalar(result = "minute")]
pub(crate) fn hour_and_month(time: Timestamp) -> String {
    let day = day(time);
    let month = day.rsplit('-').nth(1).unwrap_or_default();
    format!("{:02}:{month}", twelve_hours(time))
}

/// Seconds since 1970.
#[scalar]
pub(crate) fn epoch_seconds(time: Timestamp) -> f64 {
    time.micros() as f64 / SECOND as f64
}

/// Whole seconds from one time to another.
#[scalar(result = "duration")]
pub(crate) fn seconds_between(start: Timestamp, end: Timestamp) -> i64 {
    end.micros_since(start) / SECOND
}

/// The number of a window that starts at this time, if one starts every `slide_seconds` and number 0
/// at the epoch.
#[scalar(result = "window_id")]
pub(crate) fn window_number(config: &Config, start: Timestamp) -> Result<i64, String> {
    let slide = *needed(&config.slide_seconds, "slide_seconds")?;
    let number = start
        .micros()
        .checked_div_euclid(slide.saturating_mul(SECOND));
    number.ok_or_else(|| "`slide_seconds` cannot be zero".to_owned())
}

/// The hour of day, from 0 to 23.
pub(crate) fn hour(time: Timestamp) -> i64 {
    time.micros().div_euclid(HOUR).rem_euclid(24)
}

/// The hour by a clock of twelve, from 1 to 12.
fn twelve_hours(time: Timestamp) -> i64 {
    match hour(time) % 12 {
        0 => 12,
        hour => hour,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2015-07-15, at this hour and minute.
    fn at(hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_micros(1_436_918_400 * SECOND + hour * HOUR + minute * 60 * SECOND)
    }

    #[test]
    fn a_day_has_twice_twelve_hours() {
        assert_eq!(day(at(23, 59)), "2015-07-15");
        assert_eq!(clock(at(0, 5)), "12:05");
        assert_eq!(clock(at(12, 0)), "12:00");
        assert_eq!(clock(at(13, 30)), "01:30");
        assert_eq!(hour_and_month(at(13, 30)), "01:07");
    }

    #[test]
    fn windows_before_the_epoch_have_negative_numbers() {
        let config = Config {
            slide_seconds: Some(5),
            ..Config::default()
        };
        let number = |seconds| window_number(&config, Timestamp::from_micros(seconds * SECOND));
        assert_eq!(number(-5), Ok(-1));
        assert_eq!(number(0), Ok(0));
        assert_eq!(number(15), Ok(3));
    }

    #[test]
    fn seconds_are_counted() {
        assert_eq!(seconds_between(at(1, 0), at(1, 1)), 60);
        assert_eq!(epoch_seconds(Timestamp::from_millis(1_500)), 1.5);
    }
}
