//! Texts of others, made fit to be shown: without characters that move the cursor, turn the order of letters
//! round, or cannot be seen.

use std::{borrow::Cow, fmt::Write as _};

/// Whether a character is one that people see, or a space.
pub(crate) fn is_visible(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            // Hyphens and joiners of no width, marks of direction.
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{feff}'
            // Other line ends; overrides, embeddings and isolates of direction; invisible operators.
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // Notes, beams of music, tags.
            | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// `text` with what cannot be seen spelled out, but for line ends and tabs.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    spelled(text, |letter| {
        is_visible(letter) || matches!(letter, '\n' | '\t')
    })
}

/// `text` in one line, with everything that cannot be seen spelled out.
pub(crate) fn visible_line(text: &str) -> Cow<'_, str> {
    spelled(text, is_visible)
}

fn spelled(text: &str, is_plain: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&is_plain) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_plain(letter) {
            spelled.push(letter);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(spelled, "{}", letter.escape_default());
        }
    }
    Cow::Owned(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        let check = |text: &str, expected: &str| assert_eq!(visible(text), expected);
        check("zu heiß,\n\t明日", "zu heiß,\n\t明日");
        check("a\u{1b}[31mb\u{7}\r", "a\\u{1b}[31mb\\u{7}\\r");
        check(
            "a\u{202e}b\u{2066}\u{200b}",
            "a\\u{202e}b\\u{2066}\\u{200b}",
        );
        assert_eq!(visible_line("a\nb"), "a\\nb");
    }
}
