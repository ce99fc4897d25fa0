//! The columns that leave a stage.

use super::columns::columns;
use crate::{
    batch::{DataType, Field, Schema},
    operator::{Call, OutputColumn},
    pipeline::{
        Diagnostic, Span,
        diagnostic::Spanned,
        reader::Context,
        spec::{AggregateCall, CallSpec},
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

/// The columns of the key, the bounds of the window, and the results of aggregate functions.
pub(super) fn aggregate(
    key: &[usize],
    window: &Spanned<WindowKind>,
    calls: &[(&AggregateCall, &Call)],
    input: &Schema,
    context: &Context<'_>,
) -> Option<Schema> {
    let mut fields: Vec<Field> = key.iter().map(|i| input.fields()[*i].clone()).collect();
    if window.value != WindowKind::Global {
        for name in ["window_start", "window_end"] {
            fields.push(Field::required(name, DataType::Timestamp));
        }
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
        Ok(schema) => Some(schema),
        Err(name) => {
            let message = format!("a column of the key cannot be called `{name}`");
            let help = "rename it in a `map` stage: the window's bounds are called so".to_owned();
            context.report(Diagnostic::new(window.span, message).help(help));
            None
        }
    }
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
