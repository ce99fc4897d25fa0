//! Bytes, eight at a time: where something stands among them, and which number their digits are.
//! Knows nothing of JSON or CSV.

/// In each byte its lowest bit.
const LOW: u64 = splat(1);

/// In each byte its highest bit.
const HIGH: u64 = splat(0x80);

/// The powers of ten by which a number grows when up to eight digits follow.
const TENS: [u64; 9] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

/// Eight times the same byte.
pub(in super::super) const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The eight bytes from `at` on, the first one lowest; zeros where there are none any more.
#[inline]
pub(in super::super) fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(&eight) => u64::from_le_bytes(eight),
        None => last_word(bytes, at),
    }
}

/// The same near the end of the bytes.
fn last_word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.len().saturating_sub(at);
    match bytes.last_chunk() {
        _ if rest == 0 => 0,
        Some(&eight) => u64::from_le_bytes(eight) >> (8 * (8 - rest)),
        None => {
            let mut eight = [0; 8];
            eight[..rest].copy_from_slice(&bytes[at..]);
            u64::from_le_bytes(eight)
        }
    }
}

/// Marks the highest bit of bytes that are `byte`. Only the first mark is sure to be right.
#[inline]
const fn marks(word: u64, byte: u8) -> u64 {
    let differences = word ^ splat(byte);
    differences.wrapping_sub(LOW) & !differences & HIGH
}

/// The highest bits of bytes that are no digits. Only the first is sure to be right. Takes bytes from
/// which `0` has been taken off by `^`.
#[inline]
pub(in super::super) const fn no_digits(word: u64) -> u64 {
    (word.wrapping_add(splat(0x7f - 9)) | word) & HIGH
}

/// The first of the marked bytes; 8 if there is none.
#[inline]
const fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// Where the first byte stands from `at` on that is one of `stops`, or else where the bytes end; and
/// whether it may be that not all bytes before it are ASCII.
#[inline]
pub(super) fn find<const STOPS: usize>(
    bytes: &[u8],
    mut at: usize,
    stops: [u8; STOPS],
) -> (usize, bool) {
    let mut seen = 0;
    loop {
        let word = word(bytes, at);
        seen |= word;
        let found = stops.iter().fold(0, |all, &stop| all | marks(word, stop));
        if found != 0 {
            return (at + first(found), seen & HIGH != 0);
        }
        at += 8;
        if at >= bytes.len() {
            return (bytes.len(), seen & HIGH != 0);
        }
    }
}

/// Reads the digits that stand at `at` as the next ones of `value`, and says where they end. The
/// number is only right if it fits.
#[inline]
pub(in super::super) fn digits(bytes: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    loop {
        let word = word(bytes, at) ^ splat(b'0');
        let count = first(no_digits(word));
        if count == 0 {
            return (value, at);
        }
        // As if there were zeros before them, so that there are always eight.
        let digits = eight_digits(word << (64 - 8 * count));
        value = value.wrapping_mul(TENS[count]).wrapping_add(digits);
        at += count;
        if count < 8 {
            return (value, at);
        }
    }
}

/// The number that eight digits are, the first one in the lowest byte: neighbours are put together to
/// numbers of two digits, those to numbers of four, and those to one.
#[inline]
const fn eight_digits(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_up_to_the_first_other_byte() {
        let text = b"12345678901234567890";
        for length in 0..=19 {
            for tail in [&b""[..], b",", b"\x8a9999999", b"/", b":", b"\xff"] {
                let bytes = [&text[..length], tail].concat();
                let number = std::str::from_utf8(&text[..length]).expect("digits");
                let expected = number.parse().unwrap_or(0);
                assert_eq!(
                    digits(&bytes, 0, 0),
                    (expected, length),
                    "{number} {tail:?}"
                );
            }
        }
        assert_eq!(digits(b"x.25,", 2, 1), (125, 4));
    }

    #[test]
    fn every_byte_but_a_digit_ends_a_number() {
        for byte in 0..=u8::MAX {
            let found = digits(&[b'7', byte, b'3', b'1', 0xff, 0, 9, 7, 6], 0, 0);
            let expected = match byte {
                b'0'..=b'9' => (7031 + 100 * u64::from(byte - b'0'), 4),
                _ => (7, 1),
            };
            assert_eq!(found, expected, "{byte}");
        }
    }

    #[test]
    fn a_stop_is_found_wherever_it_stands() {
        for length in 0..20 {
            let plain = [vec![b'a'; length], b"\"bcdefgh\\i".to_vec()].concat();
            assert_eq!(find(&plain, 0, [b'"', b'\\']), (length, false));
            let other = [&[b'!', 0xe4][..], &plain].concat();
            assert_eq!(find(&other, 1, [b'"', b'\\']), (length + 2, true));
            assert_eq!(find(&plain[..length], 0, *b"\""), (length, false));
        }
    }
}
