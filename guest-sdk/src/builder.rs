//! Columns while they are being filled.

use crate::bitmap;
use crate::reader::BLOCK;
use crate::types::{Buffer, Column, VarBytes};

/// A column, or several side by side, to which rows are added at the end.
pub trait Builder {
    /// An empty one with room for `rows` rows.
    fn with_capacity(rows: usize) -> Self;

    /// Adds a row of nulls.
    fn push_null(&mut self);

    /// Adds the finished columns to `columns`.
    fn finish(self, columns: &mut Vec<Column>);
}

/// Numbers; `wrap` is the kind of buffer.
pub struct NumberBuilder<T> {
    pub(crate) values: Vec<T>,
    nulls: Vec<u32>,
}

impl<T> NumberBuilder<T> {
    pub(crate) fn from_values(values: Vec<T>) -> Self {
        Self {
            values,
            nulls: Vec::new(),
        }
    }

    pub(crate) fn mark_null(&mut self, row: usize) {
        self.nulls.push(place(row));
    }
}

impl<T: Number> Builder for NumberBuilder<T> {
    fn with_capacity(rows: usize) -> Self {
        Self::from_values(Vec::with_capacity(rows))
    }

    fn push_null(&mut self) {
        self.mark_null(self.values.len());
        self.values.push(T::default());
    }

    fn finish(self, columns: &mut Vec<Column>) {
        let validity = validity(self.values.len(), &self.nulls);
        columns.push(Column {
            buffer: T::buffer(self.values),
            validity,
        });
    }
}

/// A number as it lies in a column.
pub trait Number: Copy + Default {
    /// The kind of buffer that holds it.
    fn buffer(values: Vec<Self>) -> Buffer;
}

macro_rules! number {
    ($type:ty, $variant:ident) => {
        impl Number for $type {
            fn buffer(values: Vec<Self>) -> Buffer {
                Buffer::$variant(values)
            }
        }
    };
}

number!(i32, Int32);
number!(i64, Int64);
number!(f32, Float32);
number!(f64, Float64);

/// Points in time.
pub struct TimestampBuilder(pub(crate) NumberBuilder<i64>);

impl Builder for TimestampBuilder {
    fn with_capacity(rows: usize) -> Self {
        Self(NumberBuilder::with_capacity(rows))
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn finish(self, columns: &mut Vec<Column>) {
        let validity = validity(self.0.values.len(), &self.0.nulls);
        columns.push(Column {
            buffer: Buffer::Timestamp(self.0.values),
            validity,
        });
    }
}

/// Booleans, packed.
pub struct BitBuilder {
    bits: Vec<u8>,
    rows: usize,
    nulls: Vec<u32>,
}

impl BitBuilder {
    pub(crate) fn push(&mut self, value: bool) {
        if self.rows.is_multiple_of(8) {
            self.bits.push(0);
        }
        if let Some(byte) = self.bits.last_mut() {
            *byte |= u8::from(value) << (self.rows % 8);
        }
        self.rows += 1;
    }

    /// Adds `rows` values to an empty builder: `block` gives those from a row on.
    #[inline]
    pub(crate) fn fill(
        &mut self,
        rows: usize,
        value: impl Fn(usize) -> bool,
        block: impl Fn(usize) -> [bool; BLOCK],
    ) {
        let whole = rows / BLOCK;
        self.bits.extend((0..whole).flat_map(|place| {
            let bits = block(place * BLOCK);
            let packed = (0..BLOCK).fold(0_u16, |packed, bit| packed | u16::from(bits[bit]) << bit);
            packed.to_le_bytes()
        }));
        self.rows = whole * BLOCK;
        for row in self.rows..rows {
            self.push(value(row));
        }
    }
}

impl Builder for BitBuilder {
    fn with_capacity(rows: usize) -> Self {
        Self {
            bits: Vec::with_capacity(bitmap::bytes(rows)),
            rows: 0,
            nulls: Vec::new(),
        }
    }

    fn push_null(&mut self) {
        self.nulls.push(place(self.rows));
        self.push(false);
    }

    fn finish(self, columns: &mut Vec<Column>) {
        let validity = validity(self.rows, &self.nulls);
        columns.push(Column {
            buffer: Buffer::Boolean(self.bits),
            validity,
        });
    }
}

/// Values of variable length.
pub struct BytesBuilder<const TEXT: bool> {
    offsets: Vec<u32>,
    data: Vec<u8>,
    nulls: Vec<u32>,
}

impl<const TEXT: bool> BytesBuilder<TEXT> {
    #[inline]
    pub(crate) fn push(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.offsets.push(place(self.data.len()));
    }
}

impl<const TEXT: bool> Builder for BytesBuilder<TEXT> {
    fn with_capacity(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self {
            offsets,
            data: Vec::new(),
            nulls: Vec::new(),
        }
    }

    fn push_null(&mut self) {
        self.nulls.push(place(self.offsets.len() - 1));
        self.push(&[]);
    }

    fn finish(self, columns: &mut Vec<Column>) {
        let validity = validity(self.offsets.len() - 1, &self.nulls);
        let bytes = VarBytes {
            offsets: self.offsets,
            data: self.data,
        };
        let buffer = match TEXT {
            true => Buffer::Utf8(bytes),
            false => Buffer::Binary(bytes),
        };
        columns.push(Column { buffer, validity });
    }
}

/// No column.
impl Builder for () {
    fn with_capacity(_: usize) -> Self {}

    fn push_null(&mut self) {}

    fn finish(self, _: &mut Vec<Column>) {}
}

/// A column and the ones after it.
impl<A: Builder, B: Builder> Builder for (A, B) {
    fn with_capacity(rows: usize) -> Self {
        (A::with_capacity(rows), B::with_capacity(rows))
    }

    fn push_null(&mut self) {
        self.0.push_null();
        self.1.push_null();
    }

    fn finish(self, columns: &mut Vec<Column>) {
        self.0.finish(columns);
        self.1.finish(columns);
    }
}

/// The columns of a builder.
pub(crate) fn finished(builder: impl Builder) -> Vec<Column> {
    let mut columns = Vec::new();
    builder.finish(&mut columns);
    columns
}

fn validity(rows: usize, nulls: &[u32]) -> Option<Vec<u8>> {
    (!nulls.is_empty()).then(|| bitmap::all_but(rows, nulls))
}

/// A length as it crosses the contract. A guest's memory ends where `u32` does.
pub(crate) fn place(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}
