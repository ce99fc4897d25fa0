//! Scalar functions whose author wants whole columns.

use std::fmt::Display;

use crate::bitmap;
use crate::builder::{Builder, finished};
use crate::function::{Description, Kind, ScalarResult, Signature};
use crate::row::Row;
use crate::slices::{Gathered, Slices};

/// What a `#[scalar(columns)]` function may return: a `Vec` of rows, or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "a function over columns cannot return `{Self}`",
    label = "this is no `Vec` of values",
    note = "return `Vec<T>` or `Result<Vec<T>, E>`, with a value for each value of the arguments"
)]
pub trait OutputColumns {
    /// One row.
    type Row: Row;

    /// The rows, or the message of the error.
    fn into_rows(self) -> Result<Vec<Self::Row>, String>;
}

impl<T: Row> OutputColumns for Vec<T> {
    type Row = T;

    fn into_rows(self) -> Result<Self, String> {
        Ok(self)
    }
}

impl<T: Row, E: Display> OutputColumns for Result<Vec<T>, E> {
    type Row = T;

    fn into_rows(self) -> Result<Vec<T>, String> {
        self.map_err(|error| error.to_string())
    }
}

/// The catalog's entry for a function.
pub fn describe<'a: 'b, 'b, C: 'b, P: Slices<'a>, R: OutputColumns>(
    signature: &Signature,
    _: impl Fn(&'b C, P::Slices<'b>) -> R,
) -> Description {
    let (parameters, results) = (
        P::fields(signature.parameters),
        R::Row::fields(signature.result),
    );
    signature.describe(Kind::Scalar, parameters, results)
}

/// Calls `function` once with the rows that have every value they need.
pub fn run<'a: 'b, 'b, C, P: Slices<'a>, R: OutputColumns>(
    config: &'b C,
    gathered: &'b Gathered<'a, P>,
    function: impl Fn(&'b C, P::Slices<'b>) -> R,
) -> Result<ScalarResult, String> {
    let results = function(config, gathered.all()).into_rows()?;
    if results.len() != gathered.present {
        let (got, expected) = (results.len(), gathered.present);
        return Err(format!("the function made {got} values of {expected}"));
    }
    let builder = match &gathered.mask {
        None => Row::collect(results),
        Some(bits) => {
            let mut builder = <R::Row as Row>::Builder::with_capacity(gathered.rows);
            let mut results = results.into_iter();
            for row in 0..gathered.rows {
                match bitmap::get(bits, row).then(|| results.next()).flatten() {
                    Some(result) => result.append(&mut builder),
                    None => builder.push_null(),
                }
            }
            builder
        }
    };
    Ok(ScalarResult {
        columns: finished(builder),
        errors: Vec::new(),
    })
}
