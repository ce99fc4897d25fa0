//! What `on` says: the columns of two sides that must be equal.

use toml::de::DeValue;

use crate::pipeline::{
    Span,
    diagnostic::Spanned,
    reader::{Value, all},
};

/// A column of each side.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Pair {
    pub(in crate::pipeline) left: Spanned<String>,
    pub(in crate::pipeline) right: Spanned<String>,
}

/// The columns that must be equal.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct On {
    pub(in crate::pipeline) pairs: Vec<Pair>,
    pub(in crate::pipeline) span: Span,
}

impl On {
    /// Reads a list of columns that are called the same on both sides, or a table of those of one side
    /// and the other.
    pub(super) fn read(value: &Value<'_>) -> Option<Self> {
        let what = "columns, as in `[\"sensor\"]`, or `{ sensor = \"id\" }` if their names differ";
        let pairs = if let DeValue::Array(_) = value.raw() {
            let names = value.names(what)?;
            let pair = |name: Spanned<String>| Pair {
                left: name.clone(),
                right: name,
            };
            names.into_iter().map(pair).collect()
        } else {
            let table = value.table(what, "`on`".to_owned())?;
            all(table.entries().into_iter().map(|(left, value)| {
                Some(Pair {
                    left: Spanned {
                        value: left.value.to_owned(),
                        span: left.span,
                    },
                    right: value.name("the name of a column")?,
                })
            }))?
        };
        let span = value.span;
        Some(Self { pairs, span })
    }
}
