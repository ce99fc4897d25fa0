//! Reading the values of one column, checked once for the whole column.

use crate::Timestamp;
use crate::bitmap;
use crate::types::{Buffer, Column, DataType, VarBytes};

/// Gives the values of a column by row. Rows behind the end give a default.
pub trait Reader {
    /// A value.
    type Item;

    /// The value of `row`.
    fn get(&self, row: usize) -> Self::Item;

    /// The values of `BLOCK` rows from `first` on.
    #[inline(always)]
    fn block(&self, first: usize) -> [Self::Item; BLOCK] {
        std::array::from_fn(|place| self.get(first + place))
    }
}

/// Rows that are computed between two looks at the deadline. The host has every backward jump check
/// it, which costs more than the row itself in a tight loop; a loop over a block is unrolled.
pub(crate) const BLOCK: usize = 16;

/// The same for rows that take more than a few instructions each, of which the compiler does not unroll as many.
const FEW: usize = 4;

/// Calls `each` with the numbers below `rows`, with a look at the deadline for every few of them.
#[inline(always)]
pub(crate) fn for_each_row(rows: usize, mut each: impl FnMut(usize)) {
    let whole = rows / FEW * FEW;
    for first in (0..whole).step_by(FEW) {
        for place in 0..FEW {
            each(first + place);
        }
    }
    (whole..rows).for_each(each);
}

/// Numbers, in the host's own layout.
#[derive(Clone, Copy)]
pub struct Numbers<'a, T>(pub(crate) &'a [T]);

impl<T: Copy + Default> Reader for Numbers<'_, T> {
    type Item = T;

    // No index that could panic: the loop over a column must have no way out to be vectorized.
    #[inline(always)]
    fn get(&self, row: usize) -> T {
        self.0.get(row).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn block(&self, first: usize) -> [T; BLOCK] {
        let values = self.0.get(first..).and_then(<[T]>::first_chunk);
        values.copied().unwrap_or([T::default(); BLOCK])
    }
}

/// Points in time.
#[derive(Clone, Copy)]
pub struct Timestamps<'a>(&'a [i64]);

impl Reader for Timestamps<'_> {
    type Item = Timestamp;

    #[inline(always)]
    fn get(&self, row: usize) -> Timestamp {
        Timestamp(self.0.get(row).copied().unwrap_or_default())
    }
}

/// Booleans.
#[derive(Clone, Copy)]
pub struct Bits<'a>(&'a [u8]);

impl Reader for Bits<'_> {
    type Item = bool;

    #[inline(always)]
    fn get(&self, row: usize) -> bool {
        bitmap::get(self.0, row)
    }
}

/// Text.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    offsets: &'a [u32],
    text: &'a str,
}

impl<'a> Reader for Text<'a> {
    type Item = &'a str;

    #[inline]
    fn get(&self, row: usize) -> &'a str {
        range(self.offsets, row)
            .and_then(|range| self.text.get(range))
            .unwrap_or_default()
    }
}

/// Bytes.
#[derive(Clone, Copy)]
pub struct Bytes<'a> {
    offsets: &'a [u32],
    data: &'a [u8],
}

impl<'a> Reader for Bytes<'a> {
    type Item = &'a [u8];

    #[inline]
    fn get(&self, row: usize) -> &'a [u8] {
        range(self.offsets, row)
            .and_then(|range| self.data.get(range))
            .unwrap_or_default()
    }
}

#[inline]
fn range(offsets: &[u32], row: usize) -> Option<std::ops::Range<usize>> {
    match offsets.get(row..)? {
        [start, end, ..] => Some(*start as usize..*end as usize),
        _ => None,
    }
}

/// The values of another reader, owned.
#[derive(Clone, Copy)]
pub struct Owned<R>(pub(crate) R);

impl<R: Reader> Reader for Owned<R>
where
    R::Item: ToOwnedValue,
{
    type Item = <R::Item as ToOwnedValue>::Owned;

    #[inline]
    fn get(&self, row: usize) -> Self::Item {
        self.0.get(row).to_owned_value()
    }
}

/// `ToOwned` by value, for the two borrowed types.
pub trait ToOwnedValue {
    /// `String` or `Vec<u8>`.
    type Owned;

    /// Copies.
    fn to_owned_value(self) -> Self::Owned;
}

impl ToOwnedValue for &str {
    type Owned = String;

    fn to_owned_value(self) -> String {
        self.to_owned()
    }
}

impl ToOwnedValue for &[u8] {
    type Owned = Vec<u8>;

    fn to_owned_value(self) -> Vec<u8> {
        self.to_vec()
    }
}

/// The values of another reader, where the column has one.
#[derive(Clone, Copy)]
pub struct Nullable<'a, R> {
    pub(crate) values: R,
    pub(crate) validity: Option<&'a [u8]>,
}

impl<R: Reader> Reader for Nullable<'_, R> {
    type Item = Option<R::Item>;

    #[inline]
    fn get(&self, row: usize) -> Option<R::Item> {
        match self.validity {
            Some(bits) if !bitmap::get(bits, row) => None,
            _ => Some(self.values.get(row)),
        }
    }
}

/// The numbers of a column that must be of one kind of buffer.
macro_rules! numbers {
    ($name:ident, $variant:ident, $type:ty) => {
        pub(crate) fn $name(column: &Column, rows: usize) -> Result<Numbers<'_, $type>, String> {
            match &column.buffer {
                Buffer::$variant(values) => same_length(values, rows).map(Numbers),
                other => Err(mismatch(DataType::$variant, other)),
            }
        }
    };
}

numbers!(int32, Int32, i32);
numbers!(int64, Int64, i64);
numbers!(float32, Float32, f32);
numbers!(float64, Float64, f64);

pub(crate) fn timestamp(column: &Column, rows: usize) -> Result<Timestamps<'_>, String> {
    match &column.buffer {
        Buffer::Timestamp(values) => same_length(values, rows).map(Timestamps),
        other => Err(mismatch(DataType::Timestamp, other)),
    }
}

pub(crate) fn boolean(column: &Column, rows: usize) -> Result<Bits<'_>, String> {
    match &column.buffer {
        Buffer::Boolean(bits) => enough_bits(bits, rows).map(Bits),
        other => Err(mismatch(DataType::Boolean, other)),
    }
}

pub(crate) fn utf8(column: &Column, rows: usize) -> Result<Text<'_>, String> {
    match &column.buffer {
        Buffer::Utf8(VarBytes { offsets, data }) => {
            let data = checked_offsets(offsets, data, rows)?;
            let text = std::str::from_utf8(data).map_err(|error| error.to_string())?;
            let whole = |&offset: &u32| text.is_char_boundary(offset as usize);
            match offsets.iter().all(whole) {
                true => Ok(Text { offsets, text }),
                false => Err("an offset of utf8 is inside a character".to_owned()),
            }
        }
        other => Err(mismatch(DataType::Utf8, other)),
    }
}

pub(crate) fn binary(column: &Column, rows: usize) -> Result<Bytes<'_>, String> {
    match &column.buffer {
        Buffer::Binary(VarBytes { offsets, data }) => {
            let data = checked_offsets(offsets, data, rows)?;
            Ok(Bytes { offsets, data })
        }
        other => Err(mismatch(DataType::Binary, other)),
    }
}

/// The validity of a column, if it has one.
pub(crate) fn validity(column: &Column, rows: usize) -> Result<Option<&[u8]>, String> {
    column
        .validity
        .as_deref()
        .map(|bits| enough_bits(bits, rows))
        .transpose()
}

fn same_length<T>(values: &[T], rows: usize) -> Result<&[T], String> {
    match values.len() == rows {
        true => Ok(values),
        false => Err(format!("{} values for {rows} rows", values.len())),
    }
}

fn enough_bits(bits: &[u8], rows: usize) -> Result<&[u8], String> {
    bits.get(..bitmap::bytes(rows))
        .ok_or_else(|| format!("{} bytes of bits for {rows} rows", bits.len()))
}

/// The part of `data` that `offsets` speak of.
fn checked_offsets<'a>(offsets: &[u32], data: &'a [u8], rows: usize) -> Result<&'a [u8], String> {
    match offsets {
        [0, ..] if offsets.len() == rows + 1 && offsets.is_sorted() => {
            let end = offsets.last().map_or(0, |&end| end as usize);
            data.get(..end)
                .ok_or_else(|| format!("offsets up to {end} into {} bytes", data.len()))
        }
        _ => Err(format!(
            "{} offsets, or not from 0 and up, for {rows} rows",
            offsets.len()
        )),
    }
}

fn mismatch(expected: DataType, buffer: &Buffer) -> String {
    let got = match buffer {
        Buffer::Boolean(_) => DataType::Boolean,
        Buffer::Int32(_) => DataType::Int32,
        Buffer::Int64(_) => DataType::Int64,
        Buffer::Float32(_) => DataType::Float32,
        Buffer::Float64(_) => DataType::Float64,
        Buffer::Timestamp(_) => DataType::Timestamp,
        Buffer::Utf8(_) => DataType::Utf8,
        Buffer::Binary(_) => DataType::Binary,
    };
    format!("expected {}, got {}", name(expected), name(got))
}

/// The name of a type as pipelines spell it.
pub(crate) fn name(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "boolean",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::Float32 => "float32",
        DataType::Float64 => "float64",
        DataType::Timestamp => "timestamp",
        DataType::Utf8 => "utf8",
        DataType::Binary => "binary",
    }
}
