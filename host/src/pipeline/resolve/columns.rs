//! Columns by name.

use crate::{
    batch::Schema,
    pipeline::{Diagnostic, diagnostic::Spanned, reader::Context, suggestion::did_you_mean},
};

/// The place of a column; reports one that is not there.
pub(super) fn column(
    name: &Spanned<String>,
    schema: &Schema,
    context: &Context<'_>,
) -> Option<usize> {
    if let Some((index, _)) = schema.find(&name.value) {
        return Some(index);
    }
    let known = schema.fields().iter().map(|field| field.name.as_str());
    context.report(
        Diagnostic::new(name.span, format!("there is no column `{}`", name.value))
            .help(did_you_mean(&name.value, "the columns are", known)),
    );
    None
}

/// The places of columns; reports those that are not there or are there twice.
pub(super) fn columns(
    names: &[Spanned<String>],
    schema: &Schema,
    context: &Context<'_>,
) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    let mut whole = true;
    for name in names {
        match column(name, schema, context) {
            Some(place) if places.contains(&place) => {
                let message = format!("column `{}` is listed twice", name.value);
                context.error(name.span, message);
                whole = false;
            }
            Some(place) => places.push(place),
            None => whole = false,
        }
    }
    whole.then_some(places)
}
