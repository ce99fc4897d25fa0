//! What flows along an edge: columns, with or without event time.

use std::collections::HashMap;

use super::{
    names::Member,
    upsert::{self, Updates},
};
use crate::{
    batch::{Field, Schema},
    pipeline::{Diagnostic, SourcePlan, reader::Context, spec::From},
};

/// The rows of a source or a stage.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) schema: Schema,
    pub(super) event_time: bool,
    /// How rows replace each other, if they do.
    pub(super) updates: Option<Updates>,
}

impl Stream {
    /// The rows of a source.
    pub(super) fn of_source(source: &SourcePlan) -> Self {
        Self {
            schema: source.schema.clone(),
            event_time: source.event_time,
            updates: None,
        }
    }

    /// The columns by which a row replaces an earlier one.
    pub(super) fn upsert_key(&self) -> Option<Vec<usize>> {
        self.updates.as_ref()?.key.clone()
    }
}

/// The rows of several inputs together. They must have the same columns; one may hold nulls if it
/// may in any of them.
pub(super) fn union(
    from: &From,
    inputs: &[Member],
    streams: &HashMap<Member, Stream>,
    context: &Context<'_>,
) -> Option<Stream> {
    let inputs: Option<Vec<&Stream>> = inputs.iter().map(|input| streams.get(input)).collect();
    let inputs = inputs?;
    let (first, others) = inputs.split_first()?;
    let mut union = (*first).clone();
    for (other, name) in others.iter().zip(from.names().iter().skip(1)) {
        let first_name = from.names().first()?;
        if let Some((difference, help)) = difference(&first_name.value, first, &name.value, other) {
            let message = format!(
                "`{}` and `{}` cannot be read together: {difference}",
                first_name.value, name.value
            );
            context.report(Diagnostic::new(name.span, message).help(help.to_owned()));
            return None;
        }
        let fields = union.schema.fields().iter().zip(other.schema.fields());
        let fields = fields.map(|(one, other)| Field {
            nullable: one.nullable || other.nullable,
            ..one.clone()
        });
        union.schema = Schema::new(fields.collect()).ok()?;
    }
    let updates: Vec<_> = inputs
        .iter()
        .zip(from.names())
        .map(|(stream, name)| stream.updates.as_ref().map(|updates| updates.read_as(name)))
        .collect();
    union.updates = upsert::union(&updates);
    Some(union)
}

/// What tells two streams apart, and what to do about it.
fn difference(a: &str, one: &Stream, b: &str, other: &Stream) -> Option<(String, &'static str)> {
    if let Some(difference) = difference_of_columns(a, &one.schema, b, &other.schema) {
        return Some((
            difference,
            "bring them to the same columns in a `map` stage",
        ));
    }
    let lacking = match (one.event_time, other.event_time) {
        (true, false) => b,
        (false, true) => a,
        _ => return None,
    };
    let help = "set `event_time` on the sources of both, or of neither";
    Some((format!("`{lacking}` has no event time"), help))
}

fn difference_of_columns(a: &str, one: &Schema, b: &str, other: &Schema) -> Option<String> {
    for field in one.fields() {
        match other.find(&field.name) {
            None => return Some(format!("`{b}` has no column `{}`", field.name)),
            Some((_, found)) if found.data_type != field.data_type => {
                return Some(format!(
                    "column `{}` is {} in `{a}` and {} in `{b}`",
                    field.name, field.data_type, found.data_type
                ));
            }
            Some(_) => {}
        }
    }
    let missing = |field: &&Field| one.find(&field.name).is_none();
    if let Some(field) = other.fields().iter().find(missing) {
        return Some(format!("`{a}` has no column `{}`", field.name));
    }
    let mut pairs = one.fields().iter().zip(other.fields());
    pairs
        .any(|(one, other)| one.name != other.name)
        .then(|| "their columns are in another order".to_owned())
}
