//! Whether one function can take the place of another while rows go through it.

use std::fmt;

use crate::{
    batch::{DataType, Field},
    wasm::Function,
};

/// What becomes of what a function has kept when another one takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFit {
    /// It stays as it is, or there is none.
    Stays,
    /// The new function must convert it.
    Migrates,
}

/// Why a function cannot take the place of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionMisfit {
    /// What differs, as a part of a sentence.
    pub reason: String,
    /// What to do about it.
    pub help: String,
}

/// The reason, and what to do.
impl fmt::Display for FunctionMisfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.reason, self.help)
    }
}

/// What to do about a function that cannot be swapped.
const KEEP: &str = "give it back as it was, or stop the job and start it with the new one";

/// What to do about a state that has changed without a word.
const RAISE: &str = "state is never reinterpreted, so raise `state-version` and let `migrate` convert what \
                     was kept (in Rust, `#[state(version = …, previous = …)]`)";

/// Whether `new` can take the place of `old`, as far as they say themselves: the kind, the types of parameters
/// and results, the names of results and the state must fit. The names of parameters may change, and so may
/// the documentation and the place in the catalog.
///
/// # Errors
///
/// If it cannot, the first reason.
pub fn compare_functions(old: &Function, new: &Function) -> Result<StateFit, FunctionMisfit> {
    let name = &old.name;
    let misfit = |reason: String, help: &str| FunctionMisfit {
        reason,
        help: help.to_owned(),
    };
    if new.kind != old.kind {
        let reason = format!("`{name}` is of kind {} now, {} before", new.kind, old.kind);
        return Err(misfit(reason, KEEP));
    }
    if !same_types(&new.parameters, &old.parameters) {
        let (now, before) = (list(&new.parameters), list(&old.parameters));
        let reason = format!("`{name}` takes {now} now, {before} before");
        return Err(misfit(reason, KEEP));
    }
    if new.results != old.results {
        let (now, before) = (list(&new.results), list(&old.results));
        let reason = format!("`{name}` gives {now} now, {before} before");
        return Err(misfit(reason, KEEP));
    }
    state_fit(old, new)
}

/// What becomes of what `old` has kept when `new`, a function of the same signature, takes its place.
pub(super) fn state_fit(old: &Function, new: &Function) -> Result<StateFit, FunctionMisfit> {
    if new.state.is_empty() && old.state.is_empty() {
        return Ok(StateFit::Stays);
    }
    let version = new.state_version;
    if version != old.state_version {
        return Ok(StateFit::Migrates);
    }
    if new.state != old.state {
        let (now, before) = (list(&new.state), list(&old.state));
        let name = &old.name;
        return Err(FunctionMisfit {
            reason: format!(
                "`{name}` keeps {now} now, {before} before, both as version {version} of its state"
            ),
            help: RAISE.to_owned(),
        });
    }
    Ok(StateFit::Stays)
}

/// The function among `functions` that would take the place of `old`, if one can: that of the same name with
/// the same types of parameters, or else the only one of that name.
pub fn counterpart<'a>(old: &Function, functions: &'a [Function]) -> Option<&'a Function> {
    let types = |function: &Function| -> Vec<DataType> {
        let types = function.parameters.iter().map(|field| field.data_type);
        types.collect()
    };
    let named = functions.iter().filter(|new| new.name == old.name);
    let named: Vec<&Function> = named.collect();
    let same = named.iter().find(|new| types(new) == types(old));
    match (same, &named[..]) {
        (Some(new), _) | (None, [new]) => Some(*new),
        _ => None,
    }
}

/// Why `new` cannot convert what `old` has kept; `error` is what it says itself.
pub(super) fn cannot_migrate(
    old: &Function,
    new: &Function,
    error: &dyn fmt::Display,
) -> FunctionMisfit {
    FunctionMisfit {
        reason: format!(
            "`{}` cannot convert version {} of its state, {}, to version {}: {error}",
            old.name,
            old.state_version,
            list(&old.state),
            new.state_version
        ),
        help: "let its `migrate` take that version (in Rust, `previous = …`), or start the job over with \
               `--fresh`"
            .to_owned(),
    }
}

/// Whether two lists of columns have the same types in the same order.
fn same_types(one: &[Field], other: &[Field]) -> bool {
    let types = |fields: &[Field]| -> Vec<_> {
        let types = fields.iter().map(|field| (field.data_type, field.nullable));
        types.collect()
    };
    types(one) == types(other)
}

/// Columns in brackets.
fn list(fields: &[Field]) -> String {
    let fields: Vec<String> = fields.iter().map(Field::to_string).collect();
    format!("({})", fields.join(", "))
}
