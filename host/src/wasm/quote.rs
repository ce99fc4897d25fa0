//! What a guest says, made fit to be shown: bounded, and without characters that cannot be seen or would
//! write to somebody's terminal.

use crate::batch::visible;

/// The most bytes of one text that are kept.
pub(super) const MAX_BYTES: usize = 4096;

/// A guest's text with what cannot be seen spelled out, except line ends and tabs, cut at `max` bytes.
pub(super) fn quote(text: &str, max: usize) -> String {
    let cut = text.floor_char_boundary(max);
    let mut quoted = visible(&text[..cut]).into_owned();
    if cut < text.len() {
        quoted.push('…');
    }
    quoted
}

/// The same for a text that is already owned: costs nothing when there is nothing to do.
pub(super) fn quoted(text: String) -> String {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) || matches!(byte, b'\n' | b'\t');
    if text.len() <= MAX_BYTES && text.bytes().all(plain) {
        return text;
    }
    quote(&text, MAX_BYTES)
}

/// Why a guest refuses something, as it says, if it does.
pub(super) fn reason(text: String) -> String {
    match text.trim().is_empty() {
        true => "no reason given".to_owned(),
        false => quoted(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_no_reason() {
        assert_eq!(reason("too hot".to_owned()), "too hot");
        assert_eq!(reason(" \n".to_owned()), "no reason given");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(quote("a\x1b[31mb\r\n\tc", 100), "a\\u{1b}[31mb\\r\n\tc");
        assert_eq!(quote("no\u{202e}gnp.", 100), "no\\u{202e}gnp.");
        assert_eq!(quoted("zu heiß".to_owned()), "zu heiß");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(quote("ääää", 5), "ää…");
        assert_eq!(quoted("x".repeat(5000)).len(), MAX_BYTES + '…'.len_utf8());
    }
}
