//! What `keep` says.

use crate::pipeline::{diagnostic::Spanned, reader::Table};

/// The columns that stay, in their order.
pub(in crate::pipeline) type Keep = Spanned<Vec<Spanned<String>>>;

/// Reads which columns stay; `Some(None)` if nothing is said.
pub(super) fn keep(table: &Table<'_>) -> Option<Option<Keep>> {
    let Some(value) = table.get("keep") else {
        return Some(None);
    };
    let names = value.names("a list of columns")?;
    Some(Some(Spanned {
        value: names,
        span: value.span,
    }))
}
