//! Which columns a function is called with, and whether their types fit.

use super::{call::function_span, columns::column};
use crate::{
    batch::{DataType, Field, Schema},
    operator::Argument,
    pipeline::{
        Diagnostic, Span,
        reader::Context,
        spec::{Arguments, CallSpec},
        suggestion::{did_you_mean, list},
    },
    wasm::Function,
};

/// A function that fits, and how well.
pub(super) struct Bound {
    pub(super) arguments: Vec<Argument>,
    /// 0 if every type is exactly right; more the further types are widened.
    pub(super) cost: u32,
}

/// Why a function does not fit.
pub(super) enum Misfit {
    /// It takes another number of arguments.
    Count,
    /// There is no column of the parameter's name.
    Missing(usize),
    /// The column of the parameter is of the wrong type.
    Type { parameter: usize, column: usize },
}

/// Reports columns that the input does not have, and parameters that no candidate has.
pub(super) fn check_names(
    arguments: &Arguments,
    candidates: &[&Function],
    input: &Schema,
    context: &Context<'_>,
) -> Option<()> {
    let mut whole = true;
    match arguments {
        Arguments::Absent => {}
        Arguments::Listed { columns, .. } => {
            for name in columns {
                whole &= column(name, input, context).is_some();
            }
        }
        Arguments::Named(pairs) => {
            let parameters = candidates.iter().flat_map(|function| &function.parameters);
            let mut parameters: Vec<&str> = parameters.map(|field| field.name.as_str()).collect();
            parameters.sort_unstable();
            parameters.dedup();
            for (parameter, name) in pairs {
                whole &= column(name, input, context).is_some();
                let text = parameter.value.as_str();
                if !parameters.contains(&text) {
                    let function = &candidates[0].name;
                    let message = format!("`{function}` has no parameter `{text}`");
                    let help = did_you_mean(text, "its parameters are", parameters.iter().copied());
                    context.report(Diagnostic::new(parameter.span, message).help(help));
                    whole = false;
                }
            }
        }
    }
    whole.then_some(())
}

/// Finds the column of each parameter.
pub(super) fn bind(
    function: &Function,
    arguments: &Arguments,
    input: &Schema,
) -> Result<Bound, Misfit> {
    if let Arguments::Listed { columns, .. } = arguments
        && columns.len() != function.parameters.len()
    {
        return Err(Misfit::Count);
    }
    if let Arguments::Named(pairs) = arguments {
        let has = |name: &str| function.parameters.iter().any(|field| field.name == name);
        if !pairs.iter().all(|(parameter, _)| has(&parameter.value)) {
            return Err(Misfit::Count);
        }
    }
    let mut bound = Bound {
        arguments: Vec::new(),
        cost: 0,
    };
    for (index, parameter) in function.parameters.iter().enumerate() {
        let name = column_name(arguments, index, parameter);
        let (column, field) = input.find(name).ok_or(Misfit::Missing(index))?;
        let cost = cost(field.data_type, parameter.data_type).ok_or(Misfit::Type {
            parameter: index,
            column,
        })?;
        bound.cost += cost;
        bound.arguments.push(Argument {
            column,
            cast: (cost > 0).then_some(parameter.data_type),
        });
    }
    Ok(bound)
}

/// The name of the column for a parameter.
fn column_name<'a>(arguments: &'a Arguments, index: usize, parameter: &'a Field) -> &'a str {
    let given = match arguments {
        Arguments::Absent => None,
        Arguments::Listed { columns, .. } => columns.get(index),
        Arguments::Named(pairs) => {
            let pair = pairs.iter().find(|(name, _)| name.value == parameter.name);
            pair.map(|(_, column)| column)
        }
    };
    given.map_or(&parameter.name, |column| &column.value)
}

/// How far a type has to be widened; `None` if that loses something.
fn cost(found: DataType, wanted: DataType) -> Option<u32> {
    match (found, wanted) {
        _ if found == wanted => Some(0),
        _ if !found.widens_to(wanted) => None,
        // An integer stays one if it can.
        (DataType::Int32, DataType::Float64) => Some(2),
        _ => Some(1),
    }
}

impl Misfit {
    /// Says why the only candidate does not fit.
    pub(super) fn explain(
        &self,
        function: &Function,
        arguments: &Arguments,
        spec: &CallSpec,
        input: &Schema,
    ) -> Diagnostic {
        let name = &function.name;
        let signature = format!("the function is `{function}`");
        match self {
            Self::Count => {
                let count = function.parameters.len();
                let found = match arguments {
                    Arguments::Listed { columns, .. } => columns.len(),
                    Arguments::Absent | Arguments::Named(_) => count,
                };
                let plural = if count == 1 { "" } else { "s" };
                let message = format!("`{name}` takes {count} argument{plural}, found {found}");
                Diagnostic::new(place(arguments, spec, None), message).help(signature)
            }
            Self::Missing(index) => {
                let parameter = &function.parameters[*index];
                let message = format!("`{name}` takes `{parameter}`, and there is no such column");
                let fitting = input
                    .fields()
                    .iter()
                    .filter(|field| cost(field.data_type, parameter.data_type).is_some());
                let fitting: Vec<&str> = fitting.map(|field| field.name.as_str()).collect();
                let help = match fitting.first() {
                    None => format!("no column can be {}", parameter.data_type),
                    Some(first) => format!(
                        "say which it is, as in `args = {{ {} = \"{first}\" }}`; of a fitting \
                         type are {}",
                        parameter.name,
                        list(fitting.iter().copied())
                    ),
                };
                Diagnostic::new(function_span(spec), message).help(help)
            }
            Self::Type { parameter, column } => {
                let parameter = &function.parameters[*parameter];
                let column = &input.fields()[*column];
                let message = format!(
                    "`{name}` takes `{}` as {}, and column `{}` is {}",
                    parameter.name, parameter.data_type, column.name, column.data_type
                );
                let span = place(arguments, spec, Some((&parameter.name, &column.name)));
                Diagnostic::new(span, message).help(signature)
            }
        }
    }
}

/// Where an argument is given, or all of them.
fn place(arguments: &Arguments, spec: &CallSpec, argument: Option<(&str, &str)>) -> Span {
    let found = match (arguments, argument) {
        (Arguments::Listed { span, .. }, None) => Some(*span),
        (Arguments::Listed { columns, .. }, Some((_, column))) => {
            let given = columns.iter().find(|given| given.value == column);
            given.map(|given| given.span)
        }
        (Arguments::Named(pairs), Some((parameter, _))) => {
            let pair = pairs.iter().find(|(name, _)| name.value == parameter);
            pair.map(|(_, column)| column.span)
        }
        _ => None,
    };
    found.unwrap_or_else(|| function_span(spec))
}
