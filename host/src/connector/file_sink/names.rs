//! What the files of a sink are called.
//!
//! `part-00000.csv` is the first file of a job without checkpoints, `part-0000000012-00000.csv` the first
//! one that was written before checkpoint 12. What nobody may read yet has the same name with a dot before
//! it: `.part-….tmp` while rows are still written to it, `.part-….staged` when it is whole.

/// The name of a file that may be read.
pub(super) fn visible(checkpoint: Option<u64>, index: usize, extension: &str) -> String {
    match checkpoint {
        None => format!("part-{index:05}.{extension}"),
        Some(checkpoint) => format!("part-{checkpoint:010}-{index:05}.{extension}"),
    }
}

/// The name of a file to which rows are still written.
pub(super) fn temporary(index: usize, extension: &str) -> String {
    format!(".{}.tmp", visible(None, index, extension))
}

/// The name of a file that is whole and will be called `name`.
pub(super) fn staged(name: &str) -> String {
    format!(".{name}.staged")
}

/// What a file that may be read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It is the result of a job without checkpoints.
    Plain,
    /// It was written before this checkpoint.
    Of(u64),
}

impl Part {
    /// What the name of a file says; `None` if it is no part of a result.
    pub(super) fn of(name: &str) -> Option<Self> {
        let (numbers, extension) = name.strip_prefix("part-")?.split_once('.')?;
        if !["jsonl", "csv", "parquet"].contains(&extension) {
            return None;
        }
        match numbers.split_once('-') {
            None => number(numbers, 5).map(|_| Self::Plain),
            Some((checkpoint, index)) => {
                number(index, 5)?;
                number(checkpoint, 10).map(Self::Of)
            }
        }
    }
}

/// Whether rows were still written to a file.
pub(super) fn is_temporary(name: &str) -> bool {
    is_hidden(name, ".tmp")
}

/// Whether a file is whole and waits to be made visible.
pub(super) fn is_staged(name: &str) -> bool {
    is_hidden(name, ".staged")
}

fn is_hidden(name: &str, ending: &str) -> bool {
    name.strip_prefix('.')
        .and_then(|rest| rest.strip_suffix(ending))
        .is_some_and(|name| Part::of(name).is_some())
}

/// A number with so many digits; with more only if they are needed.
fn number(text: &str, digits: usize) -> Option<u64> {
    let exact = text.len() == digits || (text.len() > digits && !text.starts_with('0'));
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (exact && plain).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recognised() {
        for (name, part) in [
            (visible(None, 0, "csv"), Part::Plain),
            (visible(None, 123_456, "jsonl"), Part::Plain),
            (visible(Some(12), 3, "parquet"), Part::Of(12)),
            (visible(Some(u64::MAX), 99_999, "csv"), Part::Of(u64::MAX)),
        ] {
            assert_eq!(Part::of(&name), Some(part), "{name}");
            assert!(is_staged(&staged(&name)), "{name}");
            assert!(!is_temporary(&staged(&name)), "{name}");
        }
        assert_eq!(visible(Some(12), 3, "csv"), "part-0000000012-00003.csv");
        assert!(is_temporary(&temporary(7, "csv")));
    }

    #[test]
    fn other_files_are_left_alone() {
        for name in [
            "part-0.csv",
            "part-000000.csv",
            "part-00000.txt",
            "part-00000.csv.gz",
            "part-of-me.csv",
            "part-00000-00000.csv",
            "part-0000000012-0.csv",
            "part-0000000012-00000-00000.csv",
            "part-99999999999999999999-00000.csv",
            "part-+0000.csv",
            "other.csv",
        ] {
            assert_eq!(Part::of(name), None, "{name}");
            assert!(!is_staged(&staged(name)), "{name}");
        }
        assert!(!is_temporary(".mine.tmp"));
        assert!(!is_staged("part-00000.csv.staged"));
    }
}
