//! The columns that leave a stage.

use super::{columns::columns, window::BOUNDS};
use crate::{
    batch::{DataType, Field, Schema},
    operator::{Call, OutputColumn},
    pipeline::{
        Diagnostic, Span,
        diagnostic::Spanned,
        reader::Context,
        spec::{AggregateCall, AggregateSpec, CallSpec},
    },
    window::WindowKind,
};

/// The columns of the input, or those that `keep` lists, and the results of a function. A result
/// that is named like one of them stands in its place.
pub(super) fn extend(
    spec: &CallSpec,
    call: &Call,
    keep: Option<&[Spanned<String>]>,
    input: &Schema,
    context: &Context<'_>,
) -> Option<(Vec<OutputColumn>, Schema)> {
    let kept = match keep {
        None => (0..input.fields().len()).collect(),
        Some(names) => columns(names, input, context)?,
    };
    let mut output: Vec<OutputColumn> = kept.iter().copied().map(OutputColumn::Input).collect();
    let mut fields: Vec<Field> = kept.iter().map(|i| input.fields()[*i].clone()).collect();
    for (index, result) in call.function.results.iter().enumerate() {
        let mut result = result.clone();
        result.nullable |= is_null_with_arguments(call, input);
        let replaced = fields[..kept.len()]
            .iter()
            .position(|field| field.name == result.name);
        match replaced {
            Some(place) => {
                output[place] = OutputColumn::Result(index);
                fields[place] = result;
            }
            None => {
                output.push(OutputColumn::Result(index));
                fields.push(result);
            }
        }
    }
    match Schema::new(fields) {
        Ok(schema) => Some((output, schema)),
        Err(name) => {
            let function = &call.function.name;
            let message = format!("`{function}` gives two results called `{name}`");
            context.error(spec.span, message);
            None
        }
    }
}

/// Whether a function's results are null where an argument is.
fn is_null_with_arguments(call: &Call, input: &Schema) -> bool {
    let parameters = call.function.parameters.iter().zip(&call.arguments);
    parameters.into_iter().any(|(parameter, argument)| {
        !parameter.nullable && input.fields()[argument.column].nullable
    })
}

/// The columns of the key and the bounds of the window, or those of the input that rows of rolling
/// windows keep, and the results of aggregate functions. Gives the places of those that are kept.
pub(super) fn aggregate(
    spec: &AggregateSpec,
    key: &[usize],
    calls: &[Call],
    input: &Schema,
    context: &Context<'_>,
) -> Option<(Vec<usize>, Schema)> {
    let calls: Vec<_> = spec.calls.iter().zip(calls).collect();
    let keep = kept(spec, &calls, input, context)?;
    let window = &spec.window;
    let first = if window.kind.is_rolling() {
        &keep[..]
    } else {
        key
    };
    let mut fields: Vec<Field> = first.iter().map(|i| input.fields()[*i].clone()).collect();
    if window.kind.has_bounds() {
        fields.extend(BOUNDS.map(|name| Field::required(name, DataType::Timestamp)));
    }
    // Names that are given twice are reported at the later of the calls.
    let mut taken: Vec<(String, Option<Span>)> = Vec::new();
    for field in &fields {
        taken.push((field.name.clone(), None));
    }
    let mut whole = true;
    for (spec, call) in calls {
        let span = spec.name.as_ref().map_or(spec.call.span, |name| name.span);
        for field in results(spec, call) {
            let first = taken.iter().find(|(name, _)| *name == field.name);
            if let Some((name, place)) = first {
                let message = format!("two columns of the output are called `{name}`");
                let help = "give this one another name with `as`".to_owned();
                let mistake = Diagnostic::new(span, message).help(help);
                context.report(match place {
                    None => mistake.label("a column of the key or the window is called so"),
                    Some(place) => mistake.and(*place, "the other one"),
                });
                whole = false;
            }
            taken.push((field.name.clone(), Some(span)));
            fields.push(field);
        }
    }
    if !whole {
        return None;
    }
    match Schema::new(fields) {
        Ok(schema) => Some((keep, schema)),
        Err(name) => {
            let message = format!("a column of the key cannot be called `{name}`");
            let help = match window.kind {
                WindowKind::Inherited => "leave it out: rows are grouped by their windows anyway",
                _ => "rename it in a `map` stage: the window's bounds are called so",
            };
            context.report(Diagnostic::new(window.span, message).help(help.to_owned()));
            None
        }
    }
}

/// The places of the input's columns that rows of rolling windows keep: those that are asked for,
/// without those whose name a result takes.
fn kept(
    spec: &AggregateSpec,
    calls: &[(&AggregateCall, &Call)],
    input: &Schema,
    context: &Context<'_>,
) -> Option<Vec<usize>> {
    if !spec.window.kind.is_rolling() {
        return Some(Vec::new());
    }
    let mut kept = match &spec.keep {
        None => (0..input.fields().len()).collect(),
        Some(keep) => columns(&keep.value, input, context)?,
    };
    let results: Vec<Field> = calls
        .iter()
        .flat_map(|(spec, call)| results(spec, call))
        .collect();
    let is_taken = |place: &usize| {
        let name = &input.fields()[*place].name;
        results.iter().any(|result| result.name == *name)
    };
    kept.retain(|place| !is_taken(place));
    Some(kept)
}

/// The results of an aggregate function under the names they get.
fn results(spec: &AggregateCall, call: &Call) -> Vec<Field> {
    let base = spec
        .name
        .as_ref()
        .map_or(&call.function.name, |name| &name.value);
    let single = call.function.results.len() == 1;
    let rename = |field: &Field| Field {
        name: if single {
            base.clone()
        } else {
            format!("{base}_{}", field.name)
        },
        ..field.clone()
    };
    call.function.results.iter().map(rename).collect()
}
