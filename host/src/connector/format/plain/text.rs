//! Texts in a row, and what is read from one.

use arrow::{array::timezone::Tz, compute::kernels::cast_utils::string_to_datetime};

use super::{super::rfc3339::instant_of, columns::Cells};

/// The bytes, if they are UTF-8. Fast if it is known that they are ASCII.
#[inline]
pub(super) fn utf8(text: &[u8], ascii: bool) -> Option<&[u8]> {
    (ascii || std::str::from_utf8(text).is_ok()).then_some(text)
}

/// Appends a text, or the instant that it stands for; None if it is none of this column.
#[inline]
pub(super) fn push_text(cells: &mut Cells, text: &[u8]) -> Option<()> {
    match cells {
        Cells::Text(texts) => texts.push(text),
        Cells::Timestamp(values) => {
            values.push(instant(text)?);
            Some(())
        }
        _ => None,
    }
}

/// The microseconds that the decoders find in a text.
fn instant(text: &[u8]) -> Option<i64> {
    instant_of(text).or_else(|| {
        let utc: Tz = "+00:00".parse().ok()?;
        let text = std::str::from_utf8(text).ok()?;
        let instant = string_to_datetime(&utc, text).ok()?;
        Some(instant.timestamp_micros())
    })
}
