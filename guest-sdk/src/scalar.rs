//! Functions that make one row of each row.

use std::fmt::Display;

use crate::bitmap;
use crate::builder::{Builder, finished, place};
use crate::function::{Description, Kind, ScalarResult, Signature};
use crate::parameters::{Arguments, Parameters};
use crate::reader::BLOCK;
use crate::row::Row;
use crate::types::{Batch, RowError};

/// What a `#[scalar]` or `#[holistic]` function or [`finish`](crate::Aggregate::finish) may
/// return: a [`Row`], or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "a function cannot return `{Self}`",
    label = "this is neither a type of a column nor a `Row`",
    note = "return `bool`, `i32`, `i64`, `f32`, `f64`, `Timestamp`, `&str`, `String`, `&[u8]`, `Vec<u8>`, an `Option` of one of them, a struct with `#[derive(Row)]`, or a `Result` of one of these"
)]
pub trait Output: Sized {
    /// What it returns when all is well.
    #[doc(hidden)]
    type Row: Row;
    /// Whether there can be an error.
    #[doc(hidden)]
    const FALLIBLE: bool;

    /// The row, or the message of the error.
    #[doc(hidden)]
    fn into_row(self) -> Result<Self::Row, String>;

    /// Adds `rows` rows of a function that cannot fail: `block` gives those from a row on.
    #[doc(hidden)]
    fn append_all(
        builder: &mut <Self::Row as Row>::Builder,
        rows: usize,
        output: impl Fn(usize) -> Self,
        block: impl Fn(usize) -> [Self; BLOCK],
    );
}

impl<T: Row> Output for T {
    type Row = T;
    const FALLIBLE: bool = false;

    #[inline]
    fn into_row(self) -> Result<T, String> {
        Ok(self)
    }

    #[inline]
    fn append_all(
        builder: &mut T::Builder,
        rows: usize,
        output: impl Fn(usize) -> Self,
        block: impl Fn(usize) -> [Self; BLOCK],
    ) {
        T::append_all(builder, rows, output, block);
    }
}

impl<T: Row, E: Display> Output for Result<T, E> {
    type Row = T;
    const FALLIBLE: bool = true;

    #[inline]
    fn into_row(self) -> Result<T, String> {
        self.map_err(|error| error.to_string())
    }

    fn append_all(
        _: &mut T::Builder,
        _: usize,
        _: impl Fn(usize) -> Self,
        _: impl Fn(usize) -> [Self; BLOCK],
    ) {
        unreachable!("only for functions that cannot fail")
    }
}

/// The catalog's entry for a function.
pub fn describe<'a, C: 'a, P: Parameters<'a>, R: Output>(
    signature: &Signature,
    _: impl Fn(&'a C, P) -> R,
) -> Description {
    let (parameters, results) = (
        P::fields(signature.parameters),
        R::Row::fields(signature.result),
    );
    signature.describe(Kind::Scalar, parameters, results)
}

/// Calls `function` with every row.
#[inline]
pub fn run<'a, C, P: Parameters<'a>, R: Output>(
    config: &'a C,
    batch: &'a Batch,
    function: impl Fn(&'a C, P) -> R,
) -> Result<ScalarResult, String> {
    let arguments = Arguments::<P>::open(batch)?;
    let mut builder = <R::Row as Row>::Builder::with_capacity(arguments.rows);
    let mut errors = Vec::new();
    let call = |row| function(config, arguments.get(row));
    if arguments.mask.is_none() && !R::FALLIBLE {
        let block = |first| arguments.block(first).map(|row| function(config, row));
        R::append_all(&mut builder, arguments.rows, call, block);
    } else {
        for row in 0..arguments.rows {
            let present = match &arguments.mask {
                Some(bits) => bitmap::get(bits, row),
                None => true,
            };
            match present.then(|| call(row).into_row()) {
                Some(Ok(result)) => result.append(&mut builder),
                Some(Err(message)) => {
                    errors.push(row_error(row, message));
                    builder.push_null();
                }
                None => builder.push_null(),
            }
        }
    }
    Ok(ScalarResult {
        columns: finished(builder),
        errors,
    })
}

/// Why `row` has no result.
pub(crate) fn row_error(row: usize, message: String) -> RowError {
    RowError {
        row: place(row),
        message,
    }
}
