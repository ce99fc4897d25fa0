//! The Rust types that a function can return in one column.

use std::borrow::Cow;

use crate::Timestamp;
use crate::builder::{BitBuilder, Builder, BytesBuilder, NumberBuilder, TimestampBuilder};
use crate::parameter::Present;
use crate::reader::BLOCK;
use crate::types::{Buffer, Column, DataType};

/// A type that a function can return in one column.
///
/// Implemented for the types in the table of the [crate](crate); not for others.
#[diagnostic::on_unimplemented(
    message = "a column cannot hold `{Self}`",
    label = "this is no type of a column",
    note = "use `bool`, `i32`, `i64`, `f32`, `f64`, `Timestamp`, `&str`, `String`, `&[u8]`, `Vec<u8>`, or an `Option` of one of them"
)]
pub trait Cell: Sized {
    /// The type of the column.
    #[doc(hidden)]
    const DATA_TYPE: DataType;
    /// Whether the value may be missing.
    #[doc(hidden)]
    const NULLABLE: bool;
    /// What makes the column.
    #[doc(hidden)]
    type Builder: Builder;

    /// Adds the value to a column.
    #[doc(hidden)]
    fn push(self, builder: &mut Self::Builder);

    /// Adds `rows` values to an empty column: `block` gives those from a row on.
    #[doc(hidden)]
    #[inline]
    fn fill(
        builder: &mut Self::Builder,
        rows: usize,
        cell: impl Fn(usize) -> Self,
        _: impl Fn(usize) -> [Self; BLOCK],
    ) {
        for row in 0..rows {
            cell(row).push(builder);
        }
    }

    /// Adds a field of all of `states` to a column. The states may be left without it.
    #[doc(hidden)]
    #[inline]
    fn push_each<S>(
        builder: &mut Self::Builder,
        states: &mut [S],
        field: impl Fn(&mut S) -> &mut Self,
    ) where
        Self: Default,
    {
        crate::state::for_each(states, |state| {
            std::mem::take(field(state)).push(builder);
        });
    }

    /// Whether values of this type can be changed where they lie in a column.
    #[doc(hidden)]
    const IN_PLACE: bool = false;

    /// The values of a column, to be changed where they are.
    #[doc(hidden)]
    fn slice_mut(_: &mut Column) -> Option<&mut [Self]> {
        None
    }

    /// A column of `values`.
    #[doc(hidden)]
    fn from_vec(values: Vec<Self>) -> Self::Builder {
        let mut builder = Self::Builder::with_capacity(values.len());
        for value in values {
            value.push(&mut builder);
        }
        builder
    }

    /// A column of the values and of nulls for `None`.
    #[doc(hidden)]
    #[inline]
    fn fill_options(
        builder: &mut Self::Builder,
        rows: usize,
        mut cell: impl FnMut(usize) -> Option<Self>,
    ) {
        for row in 0..rows {
            match cell(row) {
                Some(value) => value.push(builder),
                None => builder.push_null(),
            }
        }
    }
}

/// The values of rows `0..rows`.
#[inline]
fn in_blocks<T: Copy>(
    rows: usize,
    value: impl Fn(usize) -> T,
    block: impl Fn(usize) -> [T; BLOCK],
) -> Vec<T> {
    let mut values = Vec::with_capacity(rows);
    let whole = rows / BLOCK * BLOCK;
    for first in (0..whole).step_by(BLOCK) {
        values.extend_from_slice(&block(first));
    }
    values.extend((whole..rows).map(value));
    values
}

macro_rules! number {
    ($type:ty, $variant:ident) => {
        impl Cell for $type {
            const DATA_TYPE: DataType = DataType::$variant;
            const NULLABLE: bool = false;
            type Builder = NumberBuilder<$type>;

            #[inline]
            fn push(self, builder: &mut Self::Builder) {
                builder.values.push(self);
            }

            #[inline]
            fn push_each<S>(
                builder: &mut Self::Builder,
                states: &mut [S],
                field: impl Fn(&mut S) -> &mut Self,
            ) {
                let (blocks, rest) = states.as_chunks_mut::<BLOCK>();
                for block in blocks {
                    let values = block.each_mut().map(|state| *field(state));
                    builder.values.extend_from_slice(&values);
                }
                let rest = rest.iter_mut().map(|state| *field(state));
                builder.values.extend(rest);
            }

            #[inline]
            fn fill(
                builder: &mut Self::Builder,
                rows: usize,
                cell: impl Fn(usize) -> Self,
                block: impl Fn(usize) -> [Self; BLOCK],
            ) {
                builder.values = in_blocks(rows, cell, block);
            }

            const IN_PLACE: bool = true;

            fn slice_mut(column: &mut Column) -> Option<&mut [Self]> {
                match &mut column.buffer {
                    Buffer::$variant(values) => Some(values),
                    _ => None,
                }
            }

            fn from_vec(values: Vec<Self>) -> Self::Builder {
                NumberBuilder::from_values(values)
            }

            #[inline]
            fn fill_options(
                builder: &mut Self::Builder,
                rows: usize,
                mut cell: impl FnMut(usize) -> Option<Self>,
            ) {
                let mut values = std::mem::take(&mut builder.values);
                values.extend((0..rows).map(|row| {
                    cell(row).unwrap_or_else(|| {
                        builder.mark_null(row);
                        Self::default()
                    })
                }));
                builder.values = values;
            }
        }
    };
}

number!(i32, Int32);
number!(i64, Int64);
number!(f32, Float32);
number!(f64, Float64);

impl Cell for Timestamp {
    const DATA_TYPE: DataType = DataType::Timestamp;
    const NULLABLE: bool = false;
    type Builder = TimestampBuilder;

    #[inline]
    fn push(self, builder: &mut TimestampBuilder) {
        builder.0.values.push(self.0);
    }

    #[inline]
    fn fill(
        builder: &mut TimestampBuilder,
        rows: usize,
        cell: impl Fn(usize) -> Self,
        block: impl Fn(usize) -> [Self; BLOCK],
    ) {
        let block = |first| block(first).map(|cell| cell.0);
        builder.0.values = in_blocks(rows, |row| cell(row).0, block);
    }
}

impl Cell for bool {
    const DATA_TYPE: DataType = DataType::Boolean;
    const NULLABLE: bool = false;
    type Builder = BitBuilder;

    #[inline]
    fn push(self, builder: &mut BitBuilder) {
        builder.push(self);
    }

    #[inline]
    fn fill(
        builder: &mut BitBuilder,
        rows: usize,
        cell: impl Fn(usize) -> Self,
        block: impl Fn(usize) -> [Self; BLOCK],
    ) {
        builder.fill(rows, cell, block);
    }
}

macro_rules! bytes {
    ($type:ty, $variant:ident, $text:literal, $bytes:expr) => {
        impl Cell for $type {
            const DATA_TYPE: DataType = DataType::$variant;
            const NULLABLE: bool = false;
            type Builder = BytesBuilder<$text>;

            #[inline]
            fn push(self, builder: &mut Self::Builder) {
                let bytes: fn(&Self) -> &[u8] = $bytes;
                builder.push(bytes(&self));
            }
        }
    };
}

bytes!(&str, Utf8, true, |text| text.as_bytes());
bytes!(String, Utf8, true, |text| text.as_bytes());
bytes!(Cow<'_, str>, Utf8, true, |text| text.as_bytes());
bytes!(&[u8], Binary, false, |bytes| bytes);
bytes!(Vec<u8>, Binary, false, |bytes| bytes);

impl Present for Cow<'_, str> {}

impl<T: Cell + Present> Cell for Option<T> {
    const DATA_TYPE: DataType = T::DATA_TYPE;
    const NULLABLE: bool = true;
    type Builder = T::Builder;

    #[inline]
    fn push(self, builder: &mut T::Builder) {
        match self {
            Some(value) => value.push(builder),
            None => builder.push_null(),
        }
    }

    #[inline]
    fn fill(
        builder: &mut T::Builder,
        rows: usize,
        cell: impl Fn(usize) -> Self,
        _: impl Fn(usize) -> [Self; BLOCK],
    ) {
        T::fill_options(builder, rows, cell);
    }
}
