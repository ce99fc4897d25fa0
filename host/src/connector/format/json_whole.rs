//! Numbers in columns of whole numbers: the decoder would cut their fractions off, so rows that may have
//! some are found before. Decides nothing about other values.

use std::ops::Range;

use memchr::{memchr_iter, memrchr};

use super::raw::RawType;
use crate::batch::DataType;

/// The most digits that a number may have that is written as a fraction or with an exponent: the decoder
/// takes it for a float64, which has as many.
const MOST_DIGITS: i64 = 15;

/// The columns of an object whose numbers are whole.
pub(super) struct WholeColumns {
    names: Vec<Vec<u8>>,
}

impl WholeColumns {
    /// Those among columns with these names and types.
    pub(super) fn new(names: &[String], raw: &[RawType]) -> Self {
        let columns = names.iter().zip(raw).filter(|(_, raw)| is_whole_type(raw));
        Self {
            names: columns.map(|(name, _)| name.as_bytes().to_vec()).collect(),
        }
    }

    /// Whether a row may have a number in one of them that is not whole. If not, it has none. Looks at the
    /// keys before points and exponents only, for this is done with all rows.
    pub(super) fn suspects(&self, row: &[u8]) -> bool {
        if self.names.is_empty() {
            return false;
        }
        if self.suspects_around(row, memchr_iter(b'.', row)) {
            return true;
        }
        let pairs = row.iter().zip(row.get(1..).unwrap_or_default());
        let is_exponent =
            |(digit, letter): (&u8, &u8)| digit.is_ascii_digit() & (letter | 0x20 == b'e');
        // Without a branch a byte, so that it becomes vector instructions.
        let exponents = pairs
            .clone()
            .fold(false, |any, pair| any | is_exponent(pair));
        let places = pairs.enumerate().filter(|&(_, pair)| is_exponent(pair));
        exponents && self.suspects_around(row, places.map(|(at, _)| at + 1))
    }

    /// Whether there may be such a number around one of the bytes at `places`.
    fn suspects_around(&self, row: &[u8], places: impl Iterator<Item = usize>) -> bool {
        numbers_around(row, places).any(|number| {
            self.may_be_for(&row[..number.start])
                && !std::str::from_utf8(&row[number]).is_ok_and(is_whole)
        })
    }

    /// Whether a value behind this may be one of a column.
    fn may_be_for(&self, before: &[u8]) -> bool {
        let key = before.trim_ascii_end().strip_suffix(b":");
        let Some(key) = key.and_then(|key| key.trim_ascii_end().strip_suffix(b"\"")) else {
            return false;
        };
        let start = memrchr(b'"', key).map_or(0, |quote| quote + 1);
        // What is escaped may mean anything.
        let escaped = start > 1 && key[start - 2] == b'\\' || key[start..].contains(&b'\\');
        escaped || self.names.iter().any(|name| *name == key[start..])
    }
}

/// What may be the numbers around the bytes at `places`, which ascend. Each comes once, for there may be as many
/// points in a row as it has bytes.
fn numbers_around(
    row: &[u8],
    places: impl Iterator<Item = usize>,
) -> impl Iterator<Item = Range<usize>> {
    let mut seen = 0;
    places.filter_map(move |at| {
        if at < seen {
            return None;
        }
        let before = row[..at].iter().rev();
        let start = at - before.take_while(|byte| is_of_number(**byte)).count();
        let behind = row[at..].iter();
        seen = at + behind.take_while(|byte| is_of_number(**byte)).count();
        Some(start..seen)
    })
}

/// Whether numbers in such a column are whole.
pub(super) const fn is_whole_type(raw: &RawType) -> bool {
    matches!(
        raw,
        RawType::Own(DataType::Int32 | DataType::Int64 | DataType::Timestamp) | RawType::Number(_)
    )
}

pub(super) const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Whether a number is whole, and the decoder finds exactly this one.
pub(super) fn is_whole(number: &str) -> bool {
    if number.parse::<i64>().is_ok() {
        return true;
    }
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>()),
        None if number.contains('.') => (number, Ok(0)),
        None => return false,
    };
    let Ok(exponent) = exponent else { return false };
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.bytes().chain(fraction.bytes());
    // How many of the digits stand before the point.
    let point = exponent.saturating_add(whole.len() as i64);
    let mut first = None;
    for (place, digit) in (0_i64..).zip(digits) {
        if !digit.is_ascii_digit() {
            return false;
        }
        if digit != b'0' {
            first = first.or(Some(place));
            if place >= point {
                return false;
            }
        }
    }
    first.is_none_or(|first| point.saturating_sub(first) <= MOST_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_be_written_in_many_ways() {
        for number in [
            "0",
            "-7",
            "9223372036854775807",
            "1.0",
            "-1.000",
            "1e3",
            "1E+3",
            "1.5e1",
            "-120e-1",
            "0.0",
            "0e999999999999",
            "0.000e-5",
            "123456789012345.0",
            "1e14",
        ] {
            assert!(is_whole(number), "{number}");
        }
        for number in [
            "1.9",
            "-0.5",
            "1e-1",
            "15e-1",
            "1.0000000000000000001",
            "9223372036854775808",
            "1e300",
            "1234567890123456.0",
            "9007199254740993.0",
            "1e15",
            "1.2.3",
            "1e2e3",
            "--1.0",
            "1-2",
            "1.e",
            "1e9223372036854775807",
            "1e99999999999999999999",
        ] {
            assert!(!is_whole(number), "{number}");
        }
    }

    #[track_caller]
    fn check(row: &str, expected: bool) {
        let names = ["n".to_owned(), "x".to_owned(), "ts".to_owned()];
        let raw = [
            RawType::Own(DataType::Int64),
            RawType::Own(DataType::Float64),
            RawType::Own(DataType::Timestamp),
        ];
        assert_eq!(
            WholeColumns::new(&names, &raw).suspects(row.as_bytes()),
            expected,
            "{row}"
        );
    }

    #[test]
    fn only_fractions_behind_a_key_are_suspected() {
        for row in [
            r#"{"n":1.9}"#,
            r#"{"n": -1.9}"#,
            r#"{"n" :	1e-1}"#,
            r#"{"x":1.5,"ts":0.5}"#,
            r#"{"o":{"n":1.5}}"#,
            r#"{"\u006e":1.5}"#,
            r#"{"a\"n":1.5}"#,
            r#"{"n":5E-1,"x":1}"#,
        ] {
            check(row, true);
        }
        for row in [
            r#"{"n":1,"x":1.9}"#,
            r#"{"n":1.0}"#,
            r#"{"n":1e3}"#,
            r#"{"nn":1.9}"#,
            r#"{"s":"n:1.9"}"#,
            r#"{"s":"3e-7","n":1}"#,
            r#"{"l":[1.5,2e-1]}"#,
            r#"{"s":"1.5","n":[1.5]}"#,
            "1.5",
            ".",
            "1e",
            "",
            "e",
            ":1.5",
        ] {
            check(row, false);
        }
    }

    #[test]
    fn a_row_of_nothing_but_points_is_looked_at_once() {
        for bytes in [".", "1e", "1.", "-.e"] {
            let row = bytes.repeat(1000).into_bytes();
            let places = (0..row.len()).step_by(bytes.len());
            let looked_at: usize = numbers_around(&row, places)
                .map(|number| number.len())
                .sum();
            assert_eq!(looked_at, row.len(), "{bytes}");
        }
        // Nobody would wait for the end if each point were looked at by itself.
        let points = ".".repeat(1 << 20);
        check(&format!(r#"{{"x":1,"s":"{points}"}}"#), false);
        check(&format!(r#"{{"x":1,"n":{points}}}"#), true);
        let exponents = "1e".repeat(1 << 19);
        check(&format!(r#"{{"x":1,"s":"{exponents}"}}"#), false);
    }
}
