//! Which function a call means, among those of a library.

use super::{
    argument::{bind, check_names},
    loader::Loader,
    role::Role,
};
use crate::{
    batch::Schema,
    operator::Call,
    pipeline::{
        Diagnostic,
        reader::Context,
        spec::{Arguments, CallSpec},
        suggestion::{did_you_mean, list},
    },
    wasm::Function,
};

/// Finds the function and the columns it is called with. Without an input, only what can be told
/// without one is looked at.
pub(super) fn resolve(
    spec: &CallSpec,
    role: Role,
    input: Option<&Schema>,
    loader: &mut Loader<'_>,
    context: &Context<'_>,
) -> Option<Call> {
    let (library, loaded) = loader.get(spec)?;
    let candidates = candidates(spec, role, &loaded.functions, context)?;
    let (input, arguments) = (input?, spec.arguments.as_ref()?);
    check_names(arguments, &candidates, input, context)?;

    let mut misfits = Vec::new();
    let mut fits = Vec::new();
    for function in &candidates {
        match bind(function, arguments, input) {
            Ok(bound) => fits.push((bound.cost, *function, bound.arguments)),
            Err(misfit) => misfits.push((*function, misfit)),
        }
    }
    // Nothing was said of arguments: what takes none is meant, whatever the columns are called.
    if matches!(arguments, Arguments::Absent)
        && let Some(place) = fits.iter().position(|fit| fit.2.is_empty())
    {
        fits = vec![fits.swap_remove(place)];
    }
    let least = fits.iter().map(|(cost, ..)| *cost).min();
    fits.retain(|(cost, ..)| Some(*cost) == least);
    let mistake = match (fits.len(), misfits.as_slice()) {
        (1, _) => {
            let (_, function, arguments) = fits.remove(0);
            return Some(Call {
                library,
                function: function.clone(),
                arguments,
            });
        }
        (0, [(function, misfit)]) => misfit.explain(function, arguments, spec, input),
        (0, _) => nothing_fits(spec, &candidates, input),
        _ => {
            let names: Vec<String> = fits.iter().map(|(_, f, _)| f.to_string()).collect();
            let message = format!(
                "several functions fit this call of `{}`",
                candidates[0].name
            );
            Diagnostic::new(function_span(spec), message).help(format!(
                "say with `args` which columns are meant; these fit: {}",
                list(names.iter().map(String::as_str))
            ))
        }
    };
    context.report(mistake);
    None
}

/// The functions that the call may mean by their name and kind.
fn candidates<'a>(
    spec: &CallSpec,
    role: Role,
    functions: &'a [Function],
    context: &Context<'_>,
) -> Option<Vec<&'a Function>> {
    let library = spec.library.shown();
    let usable = |function: &&Function| role.takes(function);
    let Some(name) = &spec.function else {
        let usable: Vec<&Function> = functions.iter().filter(usable).collect();
        let usable_names = names(usable.iter().copied());
        let mistake = match usable_names[..] {
            [_] => return Some(usable),
            [] => {
                let message = format!("`{library}` has no function for {}", role.stage());
                let help = did_you_mean("", "its functions are", names(functions));
                Diagnostic::new(spec.span, message).help(help)
            }
            [first, ..] => {
                let message = format!("`{library}` has several functions for {}", role.stage());
                let help = format!(
                    "say which, as in `{library}#{first}`; there are {}",
                    list(usable_names.iter().copied())
                );
                Diagnostic::new(spec.span, message).help(help)
            }
        };
        context.report(mistake);
        return None;
    };
    let named: Vec<&Function> = functions
        .iter()
        .filter(|function| function.name == name.value)
        .collect();
    let usable: Vec<&Function> = named.iter().copied().filter(usable).collect();
    if !usable.is_empty() {
        return Some(usable);
    }
    let mistake = match named.first() {
        Some(function) => role.refuse(function, name.span),
        None => {
            let message = format!("`{library}` has no function `{}`", name.value);
            let help = did_you_mean(&name.value, "its functions are", names(functions));
            Diagnostic::new(name.span, message).help(help)
        }
    };
    context.report(mistake);
    None
}

/// The names of functions, each once.
fn names<'a>(functions: impl IntoIterator<Item = &'a Function>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for function in functions {
        if !names.contains(&function.name.as_str()) {
            names.push(&function.name);
        }
    }
    names
}

fn nothing_fits(spec: &CallSpec, candidates: &[&Function], input: &Schema) -> Diagnostic {
    let name = &candidates[0].name;
    let typed = |column: &String| {
        let field = input.find(column);
        field.map_or(column.clone(), |(_, field)| field.to_string())
    };
    let found: Vec<String> = match &spec.arguments {
        Some(Arguments::Listed { columns, .. }) => {
            columns.iter().map(|column| typed(&column.value)).collect()
        }
        Some(Arguments::Named(pairs)) => pairs
            .iter()
            .map(|(parameter, column)| format!("{} = {}", parameter.value, typed(&column.value)))
            .collect(),
        Some(Arguments::Absent) | None => input
            .fields()
            .iter()
            .map(|field| field.to_string())
            .collect(),
    };
    let span = match &spec.arguments {
        Some(Arguments::Listed { span, .. }) => *span,
        _ => function_span(spec),
    };
    let names: Vec<String> = candidates.iter().map(|f| f.to_string()).collect();
    Diagnostic::new(
        span,
        format!("no function `{name}` fits ({})", found.join(", ")),
    )
    .help(format!(
        "there are {}",
        list(names.iter().map(String::as_str))
    ))
}

/// Where a function is named.
pub(super) fn function_span(spec: &CallSpec) -> crate::pipeline::Span {
    spec.function.as_ref().map_or(spec.span, |name| name.span)
}
