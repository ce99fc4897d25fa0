//! A number of bytes, as pipelines spell it: `64KiB`, `1MiB`.

use std::{fmt, str::FromStr};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct Size(pub(in crate::pipeline) u64);

/// Units from the largest to the smallest.
const UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// A text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum NoSize {
    /// It is something else.
    Other,
    /// It would be one if it were not larger than any.
    TooLarge,
}

impl FromStr for Size {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let Some((_, bytes)) = unit.filter(|_| !number.is_empty()) else {
            return Err(NoSize::Other);
        };
        // Of digits alone, only too many are no number.
        let number = number.parse::<u64>().ok();
        let bytes = number.and_then(|number| number.checked_mul(*bytes));
        bytes.map(Self).ok_or(NoSize::TooLarge)
    }
}

/// The largest unit that leaves a whole number.
impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, bytes): &&(&str, u64)| self.0.is_multiple_of(*bytes);
        let (unit, bytes) = UNITS.iter().find(fits).unwrap_or(&("B", 1));
        write!(formatter, "{}{unit}", self.0 / bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_print_alike() {
        for text in ["1B", "64KiB", "1MiB", "3GiB"] {
            assert_eq!(text.parse::<Size>().expect(text).to_string(), text);
        }
        assert_eq!(Size(1 << 20), "1024KiB".parse().expect("1024KiB"));
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for text in ["", "64", "64 MiB", "64MB", "-1B", "MiB"] {
            assert_eq!(text.parse::<Size>(), Err(NoSize::Other), "{text}");
        }
        for text in [
            "18446744073709551615KiB",
            "99999999999GiB",
            "99999999999999999999B",
        ] {
            assert_eq!(text.parse::<Size>(), Err(NoSize::TooLarge), "{text}");
        }
    }
}
