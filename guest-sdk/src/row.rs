//! What a function returns for a row: one value, or a struct of several.

use crate::Cell;
use crate::builder::Builder;
use crate::reader::BLOCK;
use crate::types::Field;

/// One value, or a struct with `#[derive(Row)]` whose fields become the result columns.
///
/// ```
/// use tidemill_sdk::prelude::*;
///
/// #[derive(Row)]
/// struct Part<'a> {
///     key: &'a str,
///     value: Option<&'a str>,
/// }
///
/// /// Splits `a=1;b=2` into its parts.
/// #[table]
/// fn parts(line: &str) -> impl Iterator<Item = Part<'_>> {
///     line.split(';').map(|part| match part.split_once('=') {
///         Some((key, value)) => Part { key, value: Some(value) },
///         None => Part { key: part, value: None },
///     })
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a function cannot return `{Self}`",
    label = "this is neither a type of a column nor a `Row`",
    note = "return `bool`, `i32`, `i64`, `f32`, `f64`, `Timestamp`, `&str`, `String`, `&[u8]`, `Vec<u8>`, an `Option` of one of them, or a struct with `#[derive(Row)]`"
)]
pub trait Row: Sized {
    /// What makes the columns.
    #[doc(hidden)]
    type Builder: Builder;

    /// What the catalog says about the columns; `name` is for a value that brings no name.
    #[doc(hidden)]
    fn fields(name: &str) -> Vec<Field>;

    /// Adds the row to the columns.
    #[doc(hidden)]
    fn append(self, builder: &mut Self::Builder);

    /// Adds `rows` rows to empty columns: `block` gives those from a row on.
    #[doc(hidden)]
    #[inline]
    fn append_all(
        builder: &mut Self::Builder,
        rows: usize,
        row: impl Fn(usize) -> Self,
        _: impl Fn(usize) -> [Self; BLOCK],
    ) {
        for place in 0..rows {
            row(place).append(builder);
        }
    }

    /// Columns of `rows`.
    #[doc(hidden)]
    fn collect(rows: Vec<Self>) -> Self::Builder {
        let mut builder = Self::Builder::with_capacity(rows.len());
        for row in rows {
            row.append(&mut builder);
        }
        builder
    }
}

impl<T: Cell> Row for T {
    type Builder = T::Builder;

    fn fields(name: &str) -> Vec<Field> {
        vec![field::<T>(name)]
    }

    #[inline]
    fn append(self, builder: &mut Self::Builder) {
        self.push(builder);
    }

    #[inline]
    fn append_all(
        builder: &mut Self::Builder,
        rows: usize,
        row: impl Fn(usize) -> Self,
        block: impl Fn(usize) -> [Self; BLOCK],
    ) {
        T::fill(builder, rows, row, block);
    }

    fn collect(rows: Vec<Self>) -> Self::Builder {
        T::from_vec(rows)
    }
}

/// The row of a function without results.
pub struct Nothing;

impl Row for Nothing {
    type Builder = ();

    fn fields(_: &str) -> Vec<Field> {
        Vec::new()
    }

    #[inline]
    fn append(self, (): &mut ()) {}
}

/// The rows of a function that says whether a row passes.
#[inline]
pub fn pass(passes: bool) -> Option<Nothing> {
    passes.then_some(Nothing)
}

/// What the catalog says about a column of `T`.
pub fn field<T: Cell>(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        data_type: T::DATA_TYPE,
        nullable: T::NULLABLE,
    }
}
