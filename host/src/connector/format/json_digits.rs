//! Whole numbers of many digits that are written as a fraction or with an exponent (`1.5e15`): the decoder takes such
//! a number for a float64, which may not hold it, so it is given the digits alone. Decides nothing.

use std::ops::Range;

use super::json_whole::{is_of_number, is_whole};

/// The row with such numbers in digits; None if it has none.
pub(super) fn in_digits(row: &[u8]) -> Option<Vec<u8>> {
    let mut spelled = Vec::new();
    let mut copied = 0;
    for at in numbers(row) {
        let number = std::str::from_utf8(&row[at.clone()]).ok();
        if let Some(value) = number.filter(|number| !is_whole(number)).and_then(whole_of) {
            spelled.extend_from_slice(&row[copied..at.start]);
            spelled.extend_from_slice(value.to_string().as_bytes());
            copied = at.end;
        }
    }
    if copied == 0 {
        return None;
    }
    spelled.extend_from_slice(&row[copied..]);
    Some(spelled)
}

/// Where the numbers of a row are. What looks like one in a text is none.
fn numbers(row: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    let mut in_text = false;
    std::iter::from_fn(move || {
        loop {
            match *row.get(at)? {
                b'"' => in_text = !in_text,
                b'\\' if in_text => at += 1,
                b'-' | b'0'..=b'9' if !in_text => {
                    let start = at;
                    at += row[start..]
                        .iter()
                        .take_while(|byte| is_of_number(**byte))
                        .count();
                    return Some(start..at);
                }
                _ => {}
            }
            at += 1;
        }
    })
}

/// The whole number that a JSON number is exactly, if 64 bits hold it.
fn whole_of(number: &str) -> Option<i64> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = [whole, fraction].concat();
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let behind = digits.len() - digits.trim_end_matches('0').len();
    // How many zeros follow what is significant; none may be missing.
    let zeros = exponent
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(i64::try_from(behind).ok()?)?;
    // 64 bits hold no more than 19 digits, so nothing longer is made.
    let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros < 19)?;
    format!("{sign}{significant}{}", "0".repeat(zeros))
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(row: &str, expected: Option<&str>) {
        let found = in_digits(row.as_bytes()).map(|row| String::from_utf8(row).expect("a text"));
        assert_eq!(found.as_deref(), expected, "{row}");
    }

    #[test]
    fn whole_numbers_of_many_digits_are_spelled() {
        for (number, expected) in [
            ("1e15", "1000000000000000"),
            ("1.5E+15", "1500000000000000"),
            ("1704067200000000.0", "1704067200000000"),
            ("9007199254740993.0", "9007199254740993"),
            ("9007199254740993000e-3", "9007199254740993"),
            ("-9223372036854775808.000", "-9223372036854775808"),
            ("9.223372036854775807e18", "9223372036854775807"),
            ("000.9e+19", "9000000000000000000"),
        ] {
            let row = |number| format!(r#"{{"s":"1e15\"1e15","n": {number},"m":[{number}]}}"#);
            check(&row(number), Some(&row(expected)));
        }
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for number in [
            "1",
            "-0.0",
            "1e14",
            "1.0",
            "9223372036854775808.0",
            "-9223372036854775809.0",
            "9007199254740993.5",
            "1.0000000000000000001",
            "123456789012345678e-1",
            "1e19",
            "1e300",
            "1e9223372036854775807",
            "1.5e-9223372036854775808",
            "1e99999999999999999999",
            "1.e15",
            "1e15.0",
            "--1e15",
            "1e1e5",
            "-",
        ] {
            check(&format!(r#"{{"n":{number}}}"#), None);
            check(number, None);
        }
        for row in [r#"{"s":"1e15"}"#, r#"{"\"n\":1e15":"#, "\"1e15", "", "\"\\"] {
            check(row, None);
        }
    }
}
