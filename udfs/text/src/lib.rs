//! Log lines: splitting them and finding errors.
//!
//! ```toml
//! [stage.words]
//! from = "lines"
//! flat_map = "text.wasm#words"
//!
//! [stage.errors]
//! from = "lines"
//! filter = "text.wasm#has_error"
//! ```

use tidemill_sdk::prelude::*;

/// The words of a line, in lower case: what stands between characters that are neither letters
/// nor digits nor apostrophes.
#[table(result = "word")]
pub fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// Does the line say `error`, in upper or lower case?
#[scalar]
pub fn has_error(line: &str) -> bool {
    let sought = b"error";
    line.as_bytes()
        .windows(sought.len())
        .any(|part| part.eq_ignore_ascii_case(sought))
}

library!(words, has_error);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        assert_eq!(words(line).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn words_are_lower_case_and_without_punctuation() {
        check(
            "The cat's hat, the END.",
            &["the", "cat's", "hat", "the", "end"],
        );
        check("GRÜẞE 42", &["grüße", "42"]);
        check(" -- ", &[]);
        check("", &[]);
    }

    #[test]
    fn errors_are_found_in_any_case() {
        assert!(has_error("2024-01-01 ERROR disk full"));
        assert!(has_error("an Error"));
        assert!(!has_error("all well"));
        assert!(!has_error("erro"));
    }
}
