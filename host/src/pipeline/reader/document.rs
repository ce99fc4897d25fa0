//! A parsed TOML document.

use toml::de::DeTable;

use super::{Context, Table};
use crate::pipeline::{Diagnostic, Span};

/// A document without mistakes in its syntax.
pub(in crate::pipeline) struct Document<'a> {
    root: DeTable<'a>,
    /// The first byte, where something that is missing altogether is reported.
    start: Span,
}

impl<'a> Document<'a> {
    /// Parses a text, or finds the mistakes in its syntax.
    pub(in crate::pipeline) fn parse(source: &'a str) -> Result<Self, Vec<Diagnostic>> {
        let (root, errors) = DeTable::parse_recoverable(source);
        if errors.is_empty() {
            let first = source.chars().next().map_or(0, char::len_utf8);
            return Ok(Self {
                root: root.into_inner(),
                start: Span::from(0..first),
            });
        }
        let place = |error: &toml::de::Error| {
            let span = error.span().unwrap_or(0..0);
            within(source, span.start, span.end)
        };
        Err(errors
            .iter()
            .map(|error| Diagnostic::new(place(error), error.message()))
            .collect())
    }

    /// The document as a table.
    pub(in crate::pipeline) fn root<'b>(&'b self, context: &'b Context<'b>) -> Table<'b> {
        Table::new(context, &self.root, self.start, "the pipeline".to_owned())
    }
}

/// A span that lies in `source`, between characters.
fn within(source: &str, start: usize, end: usize) -> Span {
    let start = source.floor_char_boundary(start.min(source.len()));
    let end = source.ceil_char_boundary(end.clamp(start, source.len()));
    Span { start, end }
}
