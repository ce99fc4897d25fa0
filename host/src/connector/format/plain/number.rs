//! Numbers as programs write them: digits, a point, an exponent. Whatever is read is what the decoders of
//! JSON and CSV read, to the last bit.

use arrow::{
    compute::kernels::cast_utils::Parser,
    datatypes::{Float32Type, Float64Type},
};

use super::words::digits;

/// The most digits of a number that surely fits 64 bits without a sign.
const MOST_DIGITS: usize = 19;

/// A whole number at `at`, and where it ends. None if there is none, or the least of all.
#[inline]
pub(super) fn whole(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    let start = at + usize::from(negative);
    let (value, end) = digits(bytes, start, 0);
    if end == start || end - start > MOST_DIGITS {
        return None;
    }
    let value = i64::try_from(value).ok()?;
    Some((if negative { -value } else { value }, end))
}

/// A type of numbers with fractions.
pub(super) trait Float: Copy + std::ops::Neg<Output = Self> {
    /// A mantissa divided by a power of ten, rounded once.
    fn quotient(mantissa: u64, decimals: usize) -> Option<Self>;

    /// What the decoder makes of a text.
    fn parse(text: &str) -> Option<Self>;
}

impl Float for f64 {
    #[inline]
    fn quotient(mantissa: u64, decimals: usize) -> Option<Self> {
        const TENS: [f64; 23] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        ];
        // Both are exact as they are, and so the division is rounded as the number has to be (Clinger,
        // *How to Read Floating Point Numbers Accurately*).
        if let Some(ten) = TENS.get(decimals)
            && mantissa <= 1 << Self::MANTISSA_DIGITS
        {
            return Some(mantissa as Self / ten);
        }
        let (quotient, exponent) = long_quotient(mantissa, decimals)?;
        Some(quotient as Self * power_of_two(exponent))
    }

    fn parse(text: &str) -> Option<Self> {
        Float64Type::parse(text)
    }
}

impl Float for f32 {
    #[inline]
    fn quotient(mantissa: u64, decimals: usize) -> Option<Self> {
        let (quotient, exponent) = long_quotient(mantissa, decimals)?;
        Some(quotient as Self * power_of_two(exponent) as Self)
    }

    fn parse(text: &str) -> Option<Self> {
        Float32Type::parse(text)
    }
}

/// The powers of five that fit 64 bits, shifted to the left as far as they go.
const FIVES: [u64; 28] = {
    let mut fives = [0; 28];
    let (mut decimals, mut five) = (0, 1_u64);
    while decimals < fives.len() {
        fives[decimals] = five << five.leading_zeros();
        five = five.wrapping_mul(5);
        decimals += 1;
    }
    fives
};

/// A mantissa divided by a power of ten, as a whole number and an exponent of two. The number has more bits
/// than any float, and the last one is set if something is lost behind it: rounded to a float, it is what
/// the quotient would be. None for more decimals than 27.
fn long_quotient(mantissa: u64, decimals: usize) -> Option<(u64, i32)> {
    let &five = FIVES.get(decimals)?;
    let zeros = mantissa.leading_zeros() as i32;
    if mantissa == 0 {
        return Some((0, 0));
    }
    let dividend = u128::from(mantissa << zeros) << 63;
    let quotient = dividend / u128::from(five);
    let lost = dividend != quotient * u128::from(five);
    // Of the power of five, without its shift: its logarithm is 2.3219 for each decimal.
    let bits = (decimals as i32 * 2_378) / 1_024 + 1;
    let exponent = 64 - bits - 63 - zeros - decimals as i32;
    Some((quotient as u64 | u64::from(lost), exponent))
}

/// Two to the power of an exponent that is far from the limits.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1_023 + exponent) as u64) << 52)
}

/// A number at `at` that may have a fraction and an exponent, and where it ends.
#[inline]
pub(super) fn float<T: Float>(bytes: &[u8], at: usize) -> Option<(T, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    let start = at + usize::from(negative);
    let (mut mantissa, mut end) = digits(bytes, start, 0);
    if end == start {
        return None;
    }
    let mut count = end - start;
    let mut decimals = 0;
    if bytes.get(end) == Some(&b'.') {
        let point = end + 1;
        (mantissa, end) = digits(bytes, point, mantissa);
        decimals = end - point;
        if decimals == 0 {
            return None;
        }
        count += decimals;
    }
    if count <= MOST_DIGITS
        && !matches!(bytes.get(end), Some(b'e' | b'E'))
        && let Some(value) = T::quotient(mantissa, decimals)
    {
        return Some((if negative { -value } else { value }, end));
    }
    let end = exponent_end(bytes, end)?;
    let text = std::str::from_utf8(bytes.get(at..end)?).ok()?;
    Some((T::parse(text)?, end))
}

/// Where an exponent ends that may stand at `at`; None if it has no digits.
fn exponent_end(bytes: &[u8], at: usize) -> Option<usize> {
    if !matches!(bytes.get(at), Some(b'e' | b'E')) {
        return Some(at);
    }
    let sign = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
    let start = at + 1 + usize::from(sign);
    let (_, end) = digits(bytes, start, 0);
    (end > start).then_some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_whole(text: &str, expected: Option<i64>) {
        let number = format!("{text},7");
        let expected = expected.map(|value| (value, text.len()));
        assert_eq!(whole(number.as_bytes(), 0), expected, "{text}");
    }

    #[test]
    fn whole_numbers_are_exact_or_none() {
        check_whole("0", Some(0));
        check_whole("-0", Some(0));
        check_whole("007", Some(7));
        check_whole("1712995200000", Some(1_712_995_200_000));
        check_whole("9223372036854775807", Some(i64::MAX));
        check_whole("-9223372036854775807", Some(-i64::MAX));
        for odd in [
            "",
            "-",
            "+1",
            "9223372036854775808",
            "-9223372036854775808",
            "18446744073709551616",
            "100000000000000000000",
        ] {
            check_whole(odd, None);
        }
    }

    /// The number must be what the decoder finds, bit for bit, and end where the text does.
    #[track_caller]
    fn check_float(text: &str) {
        let number = format!("{text},7");
        let expected = Float64Type::parse(text).map(f64::to_bits);
        let (found, end) = float::<f64>(number.as_bytes(), 0).expect("a number");
        assert_eq!(
            (Some(found.to_bits()), end),
            (expected, text.len()),
            "{text}"
        );
        let expected = Float32Type::parse(text).map(f32::to_bits);
        let (found, end) = float::<f32>(number.as_bytes(), 0).expect("a number");
        assert_eq!(
            (Some(found.to_bits()), end),
            (expected, text.len()),
            "{text}"
        );
    }

    #[test]
    fn floats_are_rounded_correctly() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "1.25",
            "90.62435892494598",
            "9007199254740993",
            "9007199254740992.5",
            "0.1",
            "16777217",
            "16777216.1",
            "123456789012345678901234567890",
            "0.00000000000000000000000000000000000001",
            "1e3",
            "1E-7",
            "2.5e+300",
            "1e400",
            "1e-400",
            "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880.0",
        ] {
            check_float(text);
        }
        for odd in ["", "-", ".5", "1.", "1.e5", "1e", "1e+", "NaN", "+1"] {
            assert!(
                float::<f64>(format!("{odd},7").as_bytes(), 0).is_none(),
                "{odd}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_decimal_is_rounded_correctly(
            text in "-?[0-9]{1,21}(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?"
        ) {
            check_float(&text);
        }

        #[test]
        fn any_float_comes_back(value in any::<f64>(), small in any::<f32>()) {
            for text in [format!("{value}"), format!("{value:e}"), format!("{small}")] {
                if text.bytes().all(|byte| b"0123456789.-e".contains(&byte)) {
                    check_float(&text);
                }
            }
        }
    }
}
