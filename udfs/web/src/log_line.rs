//! Log lines with errors.

use tidemill_sdk::prelude::*;

/// Does the line have the word `error`, in upper or lower case? `0 errors` and `terrors` have not.
#[scalar]
pub(crate) fn has_error(line: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("error"))
}

/// A log line in its parts.
#[derive(Debug, PartialEq, Row)]
pub(crate) struct Entry<'a> {
    /// As it stands there.
    pub(crate) at: &'a str,
    pub(crate) level: &'a str,
    pub(crate) service: &'a str,
    pub(crate) message: &'a str,
}

/// Splits `2024-04-15T08:00:00Z ERROR payment: card declined` into its parts.
#[scalar]
pub(crate) fn log_entry(line: &str) -> Result<Entry<'_>, &'static str> {
    parts(line).ok_or("not of the form `time level service: message`")
}

fn parts(line: &str) -> Option<Entry<'_>> {
    let (at, rest) = line.trim_start().split_once(' ')?;
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let (service, message) = rest.split_once(':')?;
    Some(Entry {
        at,
        level,
        service: service.trim(),
        message: message.trim(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_found_as_words() {
        assert!(has_error("08:00 ERROR payment: card declined"));
        assert!(has_error("an error."));
        assert!(!has_error("finished with 0 errors"));
        assert!(!has_error("the terror"));
        assert!(!has_error(""));
    }

    #[test]
    fn a_line_has_four_parts() {
        let expected = Entry {
            at: "08:00",
            level: "ERROR",
            service: "payment",
            message: "card: declined",
        };
        let line = "08:00 ERROR  payment: card: declined";
        assert_eq!(log_entry(line), Ok(expected));
    }

    #[test]
    fn other_lines_are_refused() {
        assert!(log_entry("error").is_err());
        assert!(log_entry("08:00 ERROR payment").is_err());
        assert!(log_entry("").is_err());
    }
}
