//! The Rust types that a function can take.

use crate::reader::{self, Bits, Bytes, Nullable, Numbers, Owned, Reader, Text, Timestamps};
use crate::types::{Column, DataType};
use crate::{Cell, Timestamp};

/// A type that a function can take, read from a column that lives as long as `'a`.
///
/// Implemented for the types in the table of the [crate](crate); not for others.
#[diagnostic::on_unimplemented(
    message = "a function cannot take `{Self}`",
    label = "this is no type of a column",
    note = "take `bool`, `i32`, `i64`, `f32`, `f64`, `Timestamp`, `&str`, `String`, `&[u8]`, `Vec<u8>`, or an `Option` of one of them"
)]
pub trait Parameter<'a>: Clone + 'a {
    /// The type of the column.
    #[doc(hidden)]
    const DATA_TYPE: DataType;
    /// Whether a null is a value.
    #[doc(hidden)]
    const NULLABLE: bool;
    /// What reads the column.
    #[doc(hidden)]
    type Reader: Reader<Item = Self>;

    /// Checks a column of `rows` rows.
    #[doc(hidden)]
    fn read(column: &'a Column, rows: usize) -> Result<Self::Reader, String>;

    /// All values at once, if they lie in memory as Rust wants them.
    #[doc(hidden)]
    fn slice(_: &Self::Reader) -> Option<&'a [Self]> {
        None
    }
}

/// A parameter by another name, for macros, which wrap each type of a tuple in it: what has no
/// `Type` is reported where the author wrote it, and the tuple around it is not.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a function cannot take `{Self}`",
    label = "this is no type of a column",
    note = "take `bool`, `i32`, `i64`, `f32`, `f64`, `Timestamp`, `&str`, `String`, `&[u8]`, `Vec<u8>`, or an `Option` of one of them"
)]
pub trait Argument<'a> {
    /// The type itself.
    type Type: Parameter<'a>;
}

impl<'a, T: Parameter<'a> + Present> Argument<'a> for Option<T> {
    type Type = Self;
}

/// A parameter that is never null, so that `Option` of it has one meaning.
#[doc(hidden)]
pub trait Present {}

/// An owned value of a column that is not null: what a generic [`State`](crate::State) holds.
///
/// ```
/// use tidemill_sdk::prelude::*;
///
/// /// The least value.
/// #[derive(State, Default)]
/// struct Least<T> {
///     value: Option<T>,
/// }
///
/// #[aggregate]
/// impl<T: Value + PartialOrd> Aggregate for Least<T> {
///     type Input = T;
///     type Output = Option<T>;
///
///     fn update(&mut self, value: T) {
///         if self.value.as_ref().is_none_or(|least| value < *least) {
///             self.value = Some(value);
///         }
///     }
///
///     fn merge(&mut self, other: Self) {
///         if let Some(value) = other.value {
///             self.update(value);
///         }
///     }
///
///     fn finish(&self) -> Option<T> {
///         self.value.clone()
///     }
/// }
/// ```
pub trait Value: for<'a> Parameter<'a> + Cell + Present + Default + 'static {}

macro_rules! parameter {
    ($type:ty, $variant:ident, $reader:ty, $read:expr $(, $slice:expr)?) => {
        impl<'a> Parameter<'a> for $type {
            const DATA_TYPE: DataType = DataType::$variant;
            const NULLABLE: bool = false;
            type Reader = $reader;

            fn read(column: &'a Column, rows: usize) -> Result<$reader, String> {
                $read(column, rows)
            }

            $(fn slice(reader: &$reader) -> Option<&'a [Self]> {
                $slice(reader)
            })?
        }

        impl<'a> Argument<'a> for $type {
            type Type = Self;
        }
    };
}

parameter!(bool, Boolean, Bits<'a>, reader::boolean);
parameter!(i32, Int32, Numbers<'a, i32>, reader::int32, whole);
parameter!(i64, Int64, Numbers<'a, i64>, reader::int64, whole);
parameter!(f32, Float32, Numbers<'a, f32>, reader::float32, whole);
parameter!(f64, Float64, Numbers<'a, f64>, reader::float64, whole);
parameter!(Timestamp, Timestamp, Timestamps<'a>, reader::timestamp);
parameter!(&'a str, Utf8, Text<'a>, reader::utf8);
parameter!(&'a [u8], Binary, Bytes<'a>, reader::binary);
parameter!(String, Utf8, Owned<Text<'a>>, owned(reader::utf8));
parameter!(Vec<u8>, Binary, Owned<Bytes<'a>>, owned(reader::binary));

#[expect(
    clippy::unnecessary_wraps,
    reason = "the shape of `Parameter::slice`, of which this is an implementation"
)]
fn whole<'a, T>(reader: &Numbers<'a, T>) -> Option<&'a [T]> {
    Some(reader.0)
}

fn owned<'a, R>(
    read: impl Fn(&'a Column, usize) -> Result<R, String>,
) -> impl Fn(&'a Column, usize) -> Result<Owned<R>, String> {
    move |column, rows| read(column, rows).map(Owned)
}

impl<'a, T: Parameter<'a> + Present> Parameter<'a> for Option<T> {
    const DATA_TYPE: DataType = T::DATA_TYPE;
    const NULLABLE: bool = true;
    type Reader = Nullable<'a, T::Reader>;

    fn read(column: &'a Column, rows: usize) -> Result<Self::Reader, String> {
        Ok(Nullable {
            values: T::read(column, rows)?,
            validity: reader::validity(column, rows)?,
        })
    }
}

impl Present for bool {}
impl Present for i32 {}
impl Present for i64 {}
impl Present for f32 {}
impl Present for f64 {}
impl Present for Timestamp {}
impl Present for &str {}
impl Present for String {}
impl Present for &[u8] {}
impl Present for Vec<u8> {}

impl Value for bool {}
impl Value for i32 {}
impl Value for i64 {}
impl Value for f32 {}
impl Value for f64 {}
impl Value for Timestamp {}
impl Value for String {}
impl Value for Vec<u8> {}
