//! Columns of two sides that must be equal.

use super::columns::column;
use crate::{
    batch::Schema,
    pipeline::{
        Diagnostic,
        reader::Context,
        spec::{On, Pair},
        suggestion::did_you_mean,
    },
};

/// The places of columns, in the order of the file: those of one side, and those of the other.
#[derive(Default)]
pub(super) struct Places {
    pub(super) left: Vec<usize>,
    pub(super) right: Vec<usize>,
}

/// Finds the columns of `on`; reports those that are not there, are there twice or are of different
/// types. `right_name` is what messages call the other side.
pub(super) fn places(
    on: &On,
    left: &Schema,
    right: &Schema,
    right_name: &str,
    context: &Context<'_>,
) -> Option<Places> {
    let mut places = Places::default();
    let mut whole = true;
    for pair in &on.pairs {
        let found = (
            column(&pair.left, left, context),
            column_of(pair, right, right_name, context),
        );
        let (Some(one), Some(other)) = found else {
            whole = false;
            continue;
        };
        if places.left.contains(&one) || places.right.contains(&other) {
            let twice = if places.left.contains(&one) {
                &pair.left
            } else {
                &pair.right
            };
            let message = format!("column `{}` is listed twice", twice.value);
            context.error(twice.span, message);
            whole = false;
        }
        let (one_type, other_type) = (
            left.fields()[one].data_type,
            right.fields()[other].data_type,
        );
        if one_type != other_type {
            let message = format!(
                "column `{}` is {one_type}, and column `{}` of `{right_name}` is {other_type}",
                pair.left.value, pair.right.value
            );
            let help = "only values of one type can be equal: convert one of them in a `map` stage";
            let mistake = Diagnostic::new(pair.right.span, message).help(help.to_owned());
            context.report(mistake);
            whole = false;
        }
        places.left.push(one);
        places.right.push(other);
    }
    whole.then_some(places)
}

/// The place of a column on the other side.
fn column_of(pair: &Pair, right: &Schema, name: &str, context: &Context<'_>) -> Option<usize> {
    if let Some((place, _)) = right.find(&pair.right.value) {
        return Some(place);
    }
    let known = right.fields().iter().map(|field| field.name.as_str());
    let message = format!("`{name}` has no column `{}`", pair.right.value);
    let help = did_you_mean(&pair.right.value, "its columns are", known);
    context.report(Diagnostic::new(pair.right.span, message).help(help));
    None
}
