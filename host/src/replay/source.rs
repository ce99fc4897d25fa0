//! Decoding a row again that a source could not decode.

use std::sync::Arc;

use super::{Again, Outcome, Passed, Verdict};
use crate::{
    connector::{Decoding, Format, SourceConfig, decode_again, is_beginning_only},
    operator::DeadLetter,
    time::Clock,
};

/// Decodes the row of a letter by the present settings of its source.
pub(super) fn try_source(
    config: &SourceConfig,
    letter: &DeadLetter,
    clock: &Arc<dyn Clock>,
) -> Outcome {
    let Some(decoding) = decoding_of(config) else {
        return Outcome::untried("its source makes its rows up and reads none".to_owned());
    };
    if is_beginning_only(&letter.reason) {
        let reason = &letter.reason;
        return Outcome::untried(format!("{reason}, and only its beginning was kept"));
    }
    // Letters of the first version lack what these formats need.
    let lacking = match decoding.format {
        Format::Parquet if letter.raw.is_none() => Some("the row as it stands in a Parquet file"),
        Format::Csv if letter.columns.is_none() => Some("the header of the file"),
        _ => None,
    };
    if let Some(lacking) = lacking {
        return Outcome::untried(format!("it does not keep {lacking}"));
    }
    let row = letter.raw.as_deref().unwrap_or(letter.row.as_bytes());
    let header = letter.columns.as_deref();
    match decode_again(decoding, row, header, Arc::clone(clock)) {
        Ok(row) => Outcome {
            verdict: Verdict::Cured(Passed::Rows(vec![row.clone()])),
            row: Some(row),
        },
        Err(error) => Outcome {
            verdict: Verdict::Fails(Again::because(format!("{error:#}"))),
            row: None,
        },
    }
}

/// How a source decodes rows, if it does.
pub(super) const fn decoding_of(config: &SourceConfig) -> Option<&Decoding> {
    match config {
        SourceConfig::File { decoding, .. }
        | SourceConfig::Stdin { decoding }
        | SourceConfig::Socket { decoding, .. }
        | SourceConfig::Test { decoding } => Some(decoding),
        SourceConfig::Generator(_) => None,
    }
}
