//! Instants in the one shape that programs write: `YYYY-MM-DDThh:mm:ss`, up to nine decimals, and `Z` or
//! an offset. Knows only instants about which all parsers agree.

use super::plain::words::{digits, no_digits, splat, word};

/// What stands between the numbers of a date and a time, in the bytes from 0, 8 and 11 on.
const SEPARATORS: [u64; 3] = [
    u64::from_le_bytes(*b"\0\0\0\0-\0\0-"),
    u64::from_le_bytes(*b"\0\0T\0\0:\0\0"),
    u64::from_le_bytes(*b"\0\0:\0\0:\0\0"),
];

/// Microseconds since the Unix epoch, cut off downwards; None for what is no instant in that shape, and
/// for leap seconds, the year 0, and the last one, of which the rest is in no calendar.
#[inline]
pub(super) fn instant_of(text: &[u8]) -> Option<i64> {
    let year_month = numbers(word(text, 0), SEPARATORS[0])?;
    let day_hour = numbers(word(text, 8), SEPARATORS[1])?;
    let time = numbers(word(text, 11), SEPARATORS[2])?;
    let year = two(year_month, 0) * 100 + two(year_month, 2);
    let (month, day) = (two(year_month, 5), two(day_hour, 0));
    let (hour, minute, second) = (two(time, 0), two(time, 3), two(time, 6));
    let known = (1..=9998).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !known {
        return None;
    }
    let (fraction, at) = fraction(text)?;
    let offset = offset(text.get(at..)?)?;
    let minutes = (days_since_epoch(year, month, day) * 24 + hour) * 60 + minute - offset;
    Some((minutes * 60 + second) * 1_000_000 + fraction)
}

/// The digits of a word as numbers, if there are digits and separators where they should be.
#[inline]
const fn numbers(word: u64, separators: u64) -> Option<u64> {
    let mask = separators_mask(separators);
    let numbers = (word ^ splat(b'0')) & !mask;
    if word & mask == separators && no_digits(numbers) == 0 {
        return Some(numbers);
    }
    None
}

/// The number that the digit in byte `at` and the one after it are.
#[inline]
const fn two(numbers: u64, at: usize) -> i64 {
    let digits = numbers >> (8 * at);
    (digits & 0xff) as i64 * 10 + (digits >> 8 & 0xff) as i64
}

/// All bits of the bytes that are not zero, which are less than 0x80.
const fn separators_mask(separators: u64) -> u64 {
    let highest = separators.wrapping_add(splat(0x7f)) & splat(0x80);
    (highest >> 7).wrapping_mul(0xff)
}

/// The microseconds behind the seconds, and where the offset begins.
#[inline]
fn fraction(text: &[u8]) -> Option<(i64, usize)> {
    const POINT: usize = 19;
    const TENS: [i64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
    if text.get(POINT) != Some(&b'.') {
        return Some((0, POINT));
    }
    let (value, end) = digits(text, POINT + 1, 0);
    let value = i64::try_from(value).ok()?;
    match end - (POINT + 1) {
        0 => None,
        count @ 1..=6 => Some((value * TENS[6 - count], end)),
        count @ 7..=9 => Some((value / TENS[count - 6], end)),
        _ => None,
    }
}

/// The minutes that a clock is ahead of UTC.
#[inline]
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, [h, hh, b':', m, mm]) = (match text {
        [b'Z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    }) else {
        return None;
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let hours = digit(*h)? * 10 + digit(*hh)?;
    let minutes = digit(*m)? * 10 + digit(*mm)?;
    let offset = hours * 60 + minutes;
    // `-00:00` says that the offset is not known.
    let known = hours < 24 && minutes < 60 && (sign > 0 || offset > 0);
    known.then_some(sign * offset)
}

/// The days of a month.
#[inline]
const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970-01-01 to a day of the Gregorian calendar, in years from 1 on: years are counted from
/// March, so that the day that leap years have more is the last one (Howard Hinnant, *chrono-Compatible
/// Low-Level Date Algorithms*).
#[inline]
const fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use arrow::{array::timezone::Tz, compute::kernels::cast_utils::string_to_datetime};
    use proptest::prelude::*;

    use super::*;

    /// What the parsers say that read all else, if they agree.
    fn expected(text: &str) -> Option<i64> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        let micros = parsed.as_nanosecond().div_euclid(1_000);
        let utc: Tz = "+00:00".parse().expect("an offset");
        let other = string_to_datetime(&utc, text).expect("an instant to both");
        assert_eq!(i128::from(other.timestamp_micros()), micros, "{text}");
        i64::try_from(micros).ok()
    }

    #[track_caller]
    fn check(text: &str) {
        let found = instant_of(text.as_bytes());
        assert!(found.is_some(), "{text}");
        assert_eq!(found, expected(text), "{text}");
    }

    #[test]
    fn instants_are_those_of_other_parsers() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2024-04-13T08:00:00.001Z",
            "2024-02-29T23:59:59.123456789Z",
            "1969-12-31T23:59:59.9999999Z",
            "0001-01-01T00:00:00.5+23:59",
            "9998-12-31T23:59:59.999999-23:59",
            "2000-02-29T12:00:00+05:30",
            "1900-03-01T12:00:00-00:01",
        ] {
            check(text);
        }
    }

    #[test]
    fn other_shapes_are_left_to_other_parsers() {
        for text in [
            "",
            "2024-04-13",
            "2024-04-13T08:00:00",
            "2024-04-13T08:00:00z",
            "2024-04-13t08:00:00Z",
            "2024-04-13 08:00:00Z",
            "2024-04-13T08:00Z",
            "2024-04-13T08:00:00.Z",
            "2024-04-13T08:00:00.1234567890Z",
            "2024-04-13T08:00:00,5Z",
            "2024-04-13T08:00:00Z ",
            "2024-04-13T08:00:00+02",
            "2024-04-13T08:00:00+0200",
            "2024-04-13T08:00:00+24:00",
            "2024-04-13T08:00:00+02:60",
            "2024-04-13T08:00:00-00:00",
            "2024-04-13T08:00:00Z[UTC]",
            "2024-04-13T24:00:00Z",
            "2024-04-13T08:60:00Z",
            "2024-06-30T23:59:60Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T00:00:00Z",
            "+002024-04-13T08:00:00Z",
        ] {
            assert_eq!(instant_of(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_is_found(
            micros in -62_135_596_800_000_000_i64 + 86_400_000_000..253_370_764_800_000_000 - 86_400_000_000,
            decimals in 0..=9_u8,
            offset in -1439..=1439_i32,
        ) {
            let instant = jiff::Timestamp::from_microsecond(micros).expect("an instant");
            let zone = jiff::tz::Offset::from_seconds(60 * offset).expect("an offset");
            let printer = jiff::fmt::temporal::DateTimePrinter::new().precision(Some(decimals));
            let mut text = String::new();
            printer.print_timestamp_with_offset(&instant, zone, &mut text).expect("a text");
            prop_assert_eq!(instant_of(text.as_bytes()), expected(&text), "{}", text);
            prop_assert!(instant_of(text.as_bytes()).is_some(), "{}", text);
        }

        #[test]
        fn whatever_is_found_is_found_by_others(
            text in "[0-9]{4}-[0-3][0-9]-[0-9]{2}[T ][0-2][0-9]:[0-9]{2}:[0-6][0-9](\\.[0-9]{1,10})?(Z|[+-][0-2][0-9]:[0-9]{2})"
        ) {
            if let Some(micros) = instant_of(text.as_bytes()) {
                prop_assert_eq!(Some(micros), expected(&text), "{}", text);
            }
        }
    }
}
