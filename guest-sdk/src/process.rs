//! Functions that remember something for each key.

use crate::function::{Description, Kind, ProcessResult, Signature, check_groups};
use crate::parameters::{Arguments, Parameters};
use crate::row::Row;
use crate::scalar::row_error;
use crate::sink::Sink;
use crate::state::State;
use crate::types::Batch;

/// The catalog's entry for a function.
pub fn describe<'a, C: 'a, S: State, P: Parameters<'a>, T: Row>(
    signature: &Signature,
    _: impl Fn(&'a C, &mut S, P, &mut Sink<T>) -> Result<(), String>,
) -> Description {
    let (parameters, results) = (P::fields(signature.parameters), T::fields(signature.result));
    Description {
        state: S::fields(),
        state_version: S::VERSION,
        ..signature.describe(Kind::Process, parameters, results)
    }
}

/// The states of `count` keys that have seen no row.
pub fn init<S: State + Default>(count: u32) -> Batch {
    S::store((0..count).map(|_| S::default()).collect())
}

/// Calls `function` with every row that has the values it needs, and the state of its key.
///
/// With `fallible`, a row that is refused leaves its state as it was before.
#[inline]
pub fn run<'a, C, S: State, P: Parameters<'a>, T: Row>(
    config: &'a C,
    states: &Batch,
    keys: &[u32],
    batch: &'a Batch,
    fallible: bool,
    function: impl Fn(&'a C, &mut S, P, &mut Sink<T>) -> Result<(), String>,
) -> Result<ProcessResult, String> {
    let mut states: Vec<S> = crate::state::load(states)?;
    let arguments = Arguments::<P>::open(batch)?;
    check_groups(keys, arguments.rows, states.len())?;
    let mut sink = Sink::with_capacity(arguments.rows);
    let mut errors = Vec::new();
    arguments.for_each(|row, values| {
        let Some(state) = keys.get(row).and_then(|&key| states.get_mut(key as usize)) else {
            return;
        };
        sink.start(row);
        let before = fallible.then(|| state.duplicate());
        if let Err(message) = function(config, state, values, &mut sink) {
            errors.push(row_error(row, message));
            if let Some(before) = before {
                *state = before;
            }
        }
    });
    let (columns, parents) = sink.finish();
    Ok(ProcessResult {
        state: S::store(states),
        columns,
        parents,
        errors,
    })
}
