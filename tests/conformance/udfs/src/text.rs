//! Texts: from numbers, of words, without superfluous blanks.

use tidemill_sdk::prelude::*;

use crate::config::{Config, needed};

/// A number in decimal.
#[scalar(result = "text")]
pub(crate) fn text_of(value: i64) -> String {
    value.to_string()
}

/// The configured `text`, for each row.
#[scalar(result = "source")]
pub(crate) fn label(config: &Config, counter: i64) -> Result<String, String> {
    let _ = counter;
    needed(&config.text, "text").cloned()
}

/// The words of a line, as they are written.
#[table(result = "word")]
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace()
}

/// A text with single blanks between its words.
#[scalar(result = "text")]
pub(crate) fn squeezed(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Two texts, one after the other, with single blanks between their words.
#[scalar(result = "text")]
pub(crate) fn joined(first: &str, second: &str) -> String {
    squeezed(&format!("{first} {second}"))
}

/// How often the configured `text`, a character, is in another one.
#[scalar(result = "c_counts")]
pub(crate) fn count_char(config: &Config, text: &str) -> Result<i64, String> {
    let sought = needed(&config.text, "text")?;
    Ok(text.matches(sought.as_str()).count() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_squeezed() {
        assert_eq!(squeezed("  a  b\t"), "a b");
        assert_eq!(joined("a ", " b c"), "a b c");
        assert_eq!(joined("", "b"), "b");
    }

    #[test]
    fn characters_are_counted() {
        let config = Config {
            text: Some("c".to_owned()),
            ..Config::default()
        };
        assert_eq!(count_char(&config, "cock"), Ok(2));
        assert_eq!(count_char(&config, "dog"), Ok(0));
    }

    #[test]
    fn words_keep_their_letters() {
        assert_eq!(
            words("Hello  World").collect::<Vec<_>>(),
            ["Hello", "World"]
        );
    }
}
