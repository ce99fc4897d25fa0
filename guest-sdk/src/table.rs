//! Functions that make any number of rows of each row.

use crate::function::{Description, Kind, Signature, TableResult};
use crate::parameters::{Arguments, Parameters};
use crate::row::Row;
use crate::scalar::row_error;
use crate::sink::Sink;
use crate::types::Batch;

/// The catalog's entry for a function.
pub fn describe<'a, C: 'a, P: Parameters<'a>, T: Row>(
    signature: &Signature,
    _: impl Fn(&'a C, P, &mut Sink<T>) -> Result<(), String>,
) -> Description {
    let (parameters, results) = (P::fields(signature.parameters), T::fields(signature.result));
    signature.describe(Kind::Table, parameters, results)
}

/// Calls `function` with every row that has the values it needs.
#[inline]
pub fn run<'a, C, P: Parameters<'a>, T: Row>(
    config: &'a C,
    batch: &'a Batch,
    function: impl Fn(&'a C, P, &mut Sink<T>) -> Result<(), String>,
) -> Result<TableResult, String> {
    let arguments = Arguments::<P>::open(batch)?;
    let mut sink = Sink::with_capacity(arguments.rows);
    let mut errors = Vec::new();
    arguments.for_each(|row, values| {
        sink.start(row);
        if let Err(message) = function(config, values, &mut sink) {
            errors.push(row_error(row, message));
        }
    });
    let (columns, parents) = sink.finish();
    Ok(TableResult {
        columns,
        parents,
        errors,
    })
}
