//! Aggregates with an accumulator of fixed columns.

use std::fmt::Display;

use crate::builder::{Builder, finished, place};
use crate::function::{AggregateBody, Description, Kind, Signature, UpdateResult, check_groups};
use crate::parameters::{Arguments, Parameters};
use crate::reader::for_each_row;
use crate::row::Row;
use crate::scalar::{Output, row_error};
use crate::state::{self, State};
use crate::types::{Batch, RowError};

/// An accumulator that makes one row of many. Write it with `#[aggregate]`, which names the
/// function and turns the shorter form that authors write into this one:
///
/// ```
/// # use tidemill_sdk::prelude::*;
/// /// The mean of values that count more or less.
/// #[derive(State, Default)]
/// struct WeightedMean {
///     sum: f64,
///     weight: f64,
/// }
///
/// #[aggregate]
/// impl Aggregate for WeightedMean {
///     type Input = (f64, f64);
///     type Output = Option<f64>;
///
///     fn update(&mut self, (value, weight): (f64, f64)) {
///         self.sum += value * weight;
///         self.weight += weight;
///     }
///
///     fn merge(&mut self, other: Self) {
///         self.sum += other.sum;
///         self.weight += other.weight;
///     }
///
///     fn finish(&self) -> Option<f64> {
///         (self.weight != 0.0).then(|| self.sum / self.weight)
///     }
/// }
/// ```
///
/// The host makes accumulators with [`Default`], stores them as columns between any two calls,
/// and may cut the rows of a group into pieces, each with an accumulator of its own, that it
/// merges. So `merge` after `update` must give what `update` alone gives.
pub trait Aggregate: State + Default {
    /// The values of a row: one, a tuple of several, or `()`.
    type Input<'a>: Parameters<'a>;
    /// The result of a group.
    type Output: Output;
    /// What `update` returns. The attribute fills it in.
    #[doc(hidden)]
    type Updated: Outcome;
    /// What `merge` returns. The attribute fills it in.
    #[doc(hidden)]
    type Merged: Outcome;

    /// Adds a row. May return a `Result`: an error refuses the row, and the accumulator is put
    /// back to what it was before.
    fn update(&mut self, input: Self::Input<'_>) -> Self::Updated;

    /// Adds what `other` has seen, which came later than what `self` has seen. May return a
    /// `Result`: an error refuses the whole call, since it belongs to no row.
    fn merge(&mut self, other: Self) -> Self::Merged;

    /// Computes the result. May return a `Result`: an error refuses the whole call.
    fn finish(&self) -> Self::Output;
}

/// Nothing, or a `Result` of nothing.
#[diagnostic::on_unimplemented(
    message = "`update` and `merge` cannot return `{Self}`",
    label = "neither nothing nor `Result<(), E>`",
    note = "change `self`, and return nothing or `Result<(), E>` with `E: Display`"
)]
pub trait Outcome {
    /// Whether there can be an error.
    #[doc(hidden)]
    const FALLIBLE: bool;

    /// The message of the error.
    #[doc(hidden)]
    fn into_result(self) -> Result<(), String>;
}

impl Outcome for () {
    const FALLIBLE: bool = false;

    #[inline(always)]
    fn into_result(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Display> Outcome for Result<(), E> {
    const FALLIBLE: bool = true;

    #[inline]
    fn into_result(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}

/// The catalog's entry for an aggregate.
pub fn describe<A: Aggregate>(signature: &Signature) -> Description {
    let doc = match signature.doc {
        "" => A::DOC,
        doc => doc,
    };
    let parameters = <A::Input<'static> as Parameters<'static>>::fields(signature.parameters);
    let results = <A::Output as Output>::Row::fields(signature.result);
    Description {
        doc: doc.to_owned(),
        state: A::fields(),
        state_version: A::VERSION,
        ..signature.describe(Kind::Aggregate, parameters, results)
    }
}

/// What the library calls.
pub const fn body<A: Aggregate>() -> AggregateBody {
    AggregateBody {
        init: init::<A>,
        update: update::<A>,
        merge: merge::<A>,
        finish: finish::<A>,
        migrate: state::migrate::<A>,
    }
}

fn init<A: Aggregate>(count: u32) -> Batch {
    A::store((0..count).map(|_| A::default()).collect())
}

fn update<A: Aggregate>(
    mut accumulators: Batch,
    groups: &[u32],
    batch: &Batch,
) -> Result<UpdateResult, String> {
    let (count, _) = A::read(&accumulators)?;
    let arguments = Arguments::<A::Input<'_>>::open(batch)?;
    check_groups(groups, arguments.rows, count)?;
    if let Some(errors) = update_in_place::<A>(&mut accumulators, groups, &arguments) {
        return Ok(UpdateResult {
            accumulators,
            errors,
        });
    }
    let mut states: Vec<A> = state::load(&accumulators)?;
    let mut errors = Vec::new();
    arguments.for_each(|row, input| {
        let Some(state) = states.get_mut(group(groups, row)) else {
            return;
        };
        let before = A::Updated::FALLIBLE.then(|| state.duplicate());
        if let Err(message) = state.update(input).into_result() {
            errors.push(row_error(row, message));
            if let Some(before) = before {
                *state = before;
            }
        }
    });
    Ok(UpdateResult {
        accumulators: A::store(states),
        errors,
    })
}

/// Updates accumulators of numbers, which need not be moved for it.
fn update_in_place<'a, A: Aggregate>(
    accumulators: &mut Batch,
    groups: &[u32],
    arguments: &Arguments<'a, A::Input<'a>>,
) -> Option<Vec<RowError>> {
    if !A::IN_PLACE {
        return None;
    }
    let mut columns = A::columns(accumulators)?;
    let mut errors = Vec::new();
    arguments.for_each(|row, input| {
        let group = group(groups, row);
        let Some(mut state) = A::get(&columns, group) else {
            return;
        };
        match state.update(input).into_result() {
            Ok(()) => state.put(&mut columns, group),
            // What is not put back has not changed.
            Err(message) => errors.push(row_error(row, message)),
        }
    });
    Some(errors)
}

fn merge<A: Aggregate>(
    mut accumulators: Batch,
    groups: &[u32],
    partials: &Batch,
) -> Result<Batch, String> {
    let (count, _) = A::read(&accumulators)?;
    let (rows, partial) = A::read(partials)?;
    check_groups(groups, rows, count)?;
    if let Some(merged) = merge_in_place::<A>(&mut accumulators, groups, rows, &partial) {
        return merged.map(|()| accumulators);
    }
    let mut states: Vec<A> = state::load(&accumulators)?;
    let mut failure = Ok(());
    for_each_row(rows, |row| {
        if let Some(state) = states.get_mut(group(groups, row))
            && failure.is_ok()
        {
            failure = state.merge(partial(row)).into_result();
        }
    });
    failure?;
    Ok(A::store(states))
}

/// Merges accumulators of numbers, which need not be moved for it.
fn merge_in_place<A: Aggregate>(
    accumulators: &mut Batch,
    groups: &[u32],
    rows: usize,
    partial: impl Fn(usize) -> A,
) -> Option<Result<(), String>> {
    if !A::IN_PLACE {
        return None;
    }
    let mut columns = A::columns(accumulators)?;
    let mut failure = Ok(());
    for_each_row(rows, |row| {
        let group = group(groups, row);
        if let Some(mut state) = A::get(&columns, group)
            && failure.is_ok()
        {
            failure = state.merge(partial(row)).into_result();
            state.put(&mut columns, group);
        }
    });
    Some(failure)
}

/// The group of a row.
#[inline(always)]
fn group(groups: &[u32], row: usize) -> usize {
    groups.get(row).map_or(usize::MAX, |&group| group as usize)
}

fn finish<A: Aggregate>(accumulators: &Batch) -> Result<Batch, String> {
    let (rows, state) = A::read(accumulators)?;
    let mut builder = <<A::Output as Output>::Row as Row>::Builder::with_capacity(rows);
    let mut failure = Ok(());
    for_each_row(rows, |row| match state(row).finish().into_row() {
        Ok(row) => row.append(&mut builder),
        Err(message) if failure.is_ok() => failure = Err(message),
        Err(_) => {}
    });
    failure?;
    Ok(Batch {
        rows: place(rows),
        columns: finished(builder),
    })
}
