//! Columns on their way into a guest: borrowed from Arrow, so that a list is copied once, into the
//! guest's memory.
//!
//! Arrow's layouts are the contract's. Only what a slice of an array has moved is moved back: bits
//! that do not begin at a byte, and offsets that do not begin at 0.

use arrow::{
    array::{Array, ArrayRef, AsArray, BinaryArray, StringArray},
    buffer::{BooleanBuffer, Buffer as ArrowBuffer, OffsetBuffer},
    datatypes::{Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use wasmtime::component::{ComponentType, Lower};

use super::contract;
use crate::batch::{DataType, Field};

#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct Batch<'a> {
    pub(super) rows: u32,
    pub(super) columns: &'a [Column<'a>],
}

#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct Column<'a> {
    pub(super) buffer: Buffer<'a>,
    pub(super) validity: Option<&'a [u8]>,
}

#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(variant)]
pub(super) enum Buffer<'a> {
    #[component(name = "boolean")]
    Boolean(&'a [u8]),
    #[component(name = "int32")]
    Int32(&'a [i32]),
    #[component(name = "int64")]
    Int64(&'a [i64]),
    #[component(name = "float32")]
    Float32(&'a [f32]),
    #[component(name = "float64")]
    Float64(&'a [f64]),
    #[component(name = "timestamp")]
    Timestamp(&'a [i64]),
    #[component(name = "utf8")]
    Utf8(VarBytes<'a>),
    #[component(name = "binary")]
    Binary(VarBytes<'a>),
}

#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct VarBytes<'a> {
    pub(super) offsets: &'a [u32],
    pub(super) data: &'a [u8],
}

/// A declared column on its way into a guest.
#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct FieldName<'a> {
    name: &'a str,
    #[component(name = "data-type")]
    data_type: contract::DataType,
    nullable: bool,
}

impl<'a> From<&'a Field> for FieldName<'a> {
    fn from(field: &'a Field) -> Self {
        Self {
            name: &field.name,
            data_type: field.data_type.into(),
            nullable: field.nullable,
        }
    }
}

/// Columns that do not fit what they are sent as: a mistake of the host's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch(pub(super) String);

/// What had to be moved, one entry a column; empty if there was nothing to move.
#[derive(Debug, Default)]
pub(super) struct Moved(Vec<MovedColumn>);

/// What had to be moved of a column.
#[derive(Debug, Default)]
pub(super) struct MovedColumn {
    values: Option<ArrowBuffer>,
    offsets: Option<Vec<u32>>,
    validity: Option<ArrowBuffer>,
}

impl Moved {
    /// Moves what the columns' slicing has moved.
    pub(super) fn of(arrays: &[ArrayRef]) -> Self {
        if arrays.iter().all(is_in_place) {
            return Self::default();
        }
        Self(arrays.iter().map(MovedColumn::of).collect())
    }

    /// What was moved of the first column.
    pub(super) fn first(&self) -> Option<&MovedColumn> {
        self.0.first()
    }

    /// The columns in the layout of the contract, as `fields` declare them.
    pub(super) fn columns<'a>(
        &'a self,
        fields: &[Field],
        arrays: &'a [ArrayRef],
        rows: usize,
    ) -> Result<Vec<Column<'a>>, Mismatch> {
        if fields.len() != arrays.len() {
            return Err(Mismatch(format!(
                "expected {} columns, found {}",
                fields.len(),
                arrays.len()
            )));
        }
        let mut columns = Vec::with_capacity(arrays.len());
        for (index, (field, array)) in fields.iter().zip(arrays).enumerate() {
            if array.len() != rows {
                return Err(Mismatch(format!(
                    "column `{}`: expected {rows} rows, found {}",
                    field.name,
                    array.len()
                )));
            }
            let column = column(field.data_type, array, self.0.get(index));
            columns.push(column.ok_or_else(|| {
                Mismatch(format!(
                    "column `{}`: expected {}, found {}",
                    field.name,
                    field.data_type,
                    array.data_type()
                ))
            })?);
        }
        Ok(columns)
    }
}

impl MovedColumn {
    fn of(array: &ArrayRef) -> Self {
        let offsets = offsets(array).filter(|offsets| offsets[0] != 0);
        Self {
            values: bits(array)
                .filter(|bits| !starts_at_byte(bits))
                .map(BooleanBuffer::sliced),
            offsets: offsets.map(|offsets| {
                let first = offsets[0];
                // Offsets never decrease, so the differences are not negative.
                offsets
                    .iter()
                    .map(|&offset| (offset - first) as u32)
                    .collect()
            }),
            validity: validity(array)
                .filter(|bits| !starts_at_byte(bits))
                .map(BooleanBuffer::sliced),
        }
    }
}

fn is_in_place(array: &ArrayRef) -> bool {
    validity(array).is_none_or(starts_at_byte)
        && bits(array).is_none_or(starts_at_byte)
        && offsets(array).is_none_or(|offsets| offsets[0] == 0)
}

fn starts_at_byte(bits: &BooleanBuffer) -> bool {
    bits.offset().is_multiple_of(8)
}

/// The validity of a column that has nulls.
fn validity(array: &ArrayRef) -> Option<&BooleanBuffer> {
    let nulls = array.nulls()?;
    (nulls.null_count() > 0).then(|| nulls.inner())
}

fn bits(array: &ArrayRef) -> Option<&BooleanBuffer> {
    array.as_boolean_opt().map(|array| array.values())
}

fn offsets(array: &ArrayRef) -> Option<&OffsetBuffer<i32>> {
    let any = array.as_any();
    match any.downcast_ref::<StringArray>() {
        Some(array) => Some(array.offsets()),
        None => any.downcast_ref::<BinaryArray>().map(BinaryArray::offsets),
    }
}

/// A column as `data_type`; nothing if it is of another type.
pub(super) fn column<'a>(
    data_type: DataType,
    array: &'a ArrayRef,
    moved: Option<&'a MovedColumn>,
) -> Option<Column<'a>> {
    let buffer = match data_type {
        DataType::Boolean => Buffer::Boolean(bytes(
            array.as_boolean_opt()?.values(),
            moved.and_then(|moved| moved.values.as_ref()),
        )),
        DataType::Int32 => Buffer::Int32(array.as_primitive_opt::<Int32Type>()?.values()),
        DataType::Int64 => Buffer::Int64(array.as_primitive_opt::<Int64Type>()?.values()),
        DataType::Float32 => Buffer::Float32(array.as_primitive_opt::<Float32Type>()?.values()),
        DataType::Float64 => Buffer::Float64(array.as_primitive_opt::<Float64Type>()?.values()),
        DataType::Timestamp => Buffer::Timestamp(
            array
                .as_primitive_opt::<TimestampMicrosecondType>()?
                .values(),
        ),
        DataType::Utf8 => {
            let array = array.as_any().downcast_ref::<StringArray>()?;
            Buffer::Utf8(VarBytes::of(array.offsets(), array.value_data(), moved))
        }
        DataType::Binary => {
            let array = array.as_any().downcast_ref::<BinaryArray>()?;
            Buffer::Binary(VarBytes::of(array.offsets(), array.value_data(), moved))
        }
    };
    let validity =
        validity(array).map(|bits| bytes(bits, moved.and_then(|moved| moved.validity.as_ref())));
    Some(Column { buffer, validity })
}

/// The bytes that hold `bits`, which begin at a byte unless they were moved.
fn bytes<'a>(bits: &'a BooleanBuffer, moved: Option<&'a ArrowBuffer>) -> &'a [u8] {
    let length = bits.len().div_ceil(8);
    match moved {
        Some(moved) => &moved[..length],
        None => &bits.values()[bits.offset() / 8..][..length],
    }
}

impl<'a> VarBytes<'a> {
    fn of(offsets: &'a OffsetBuffer<i32>, data: &'a [u8], moved: Option<&'a MovedColumn>) -> Self {
        let first = offsets[0] as usize;
        let last = offsets[offsets.len() - 1] as usize;
        let in_place = || bytemuck::cast_slice(&offsets[..]);
        Self {
            offsets: moved
                .and_then(|moved| moved.offsets.as_deref())
                .unwrap_or_else(in_place),
            data: &data[first..last],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Float64Array, Int32Array, TimestampMicrosecondArray};

    use super::*;

    fn lowered(array: ArrayRef, data_type: DataType, look: impl FnOnce(Column<'_>)) {
        let rows = array.len();
        let arrays = [array];
        let moved = Moved::of(&arrays);
        let fields = [Field::nullable("x", data_type)];
        let columns = moved.columns(&fields, &arrays, rows).expect("fits");
        look(columns[0]);
    }

    fn bits_of(bytes: &[u8], length: usize) -> Vec<bool> {
        let bit = |index: usize| bytes[index / 8] & (1 << (index % 8)) != 0;
        (0..length).map(bit).collect()
    }

    #[test]
    fn numbers_are_borrowed() {
        let array = Float64Array::from(vec![1.0, 2.0, 3.0, 4.0]);
        let values = array.values().as_ptr();
        lowered(Arc::new(array.slice(1, 2)), DataType::Float64, |column| {
            let Buffer::Float64(lowered) = column.buffer else {
                panic!("{column:?}");
            };
            assert_eq!(lowered, [2.0, 3.0]);
            assert_eq!(lowered.as_ptr(), values.wrapping_add(1));
            assert_eq!(column.validity, None);
        });
    }

    #[test]
    fn a_timestamp_is_microseconds_in_any_zone() {
        let array = TimestampMicrosecondArray::from(vec![7]).with_timezone("UTC");
        lowered(Arc::new(array), DataType::Timestamp, |column| {
            assert!(matches!(column.buffer, Buffer::Timestamp(&[7])));
        });
    }

    #[test]
    fn bits_of_every_slice_are_the_right_ones() {
        let values: Vec<Option<bool>> = (0..100)
            .map(|index| (index % 7 != 0).then_some(index % 3 == 0))
            .collect();
        let array = BooleanArray::from(values.clone());
        for offset in 0..40 {
            for length in [0, 1, 7, 8, 9, 40] {
                let slice = array.slice(offset, length);
                let expected = &values[offset..offset + length];
                lowered(Arc::new(slice), DataType::Boolean, |column| {
                    let Buffer::Boolean(bytes) = column.buffer else {
                        panic!("{column:?}");
                    };
                    assert_eq!(bytes.len(), length.div_ceil(8));
                    let bits = bits_of(bytes, length);
                    let validity = match column.validity {
                        Some(bytes) => {
                            assert_eq!(bytes.len(), length.div_ceil(8));
                            bits_of(bytes, length)
                        }
                        None => vec![true; length],
                    };
                    let lowered: Vec<_> = bits
                        .into_iter()
                        .zip(validity)
                        .map(|(bit, valid)| valid.then_some(bit))
                        .collect();
                    assert_eq!(lowered, expected);
                });
            }
        }
    }

    #[test]
    fn offsets_of_a_slice_begin_at_0() {
        let array = StringArray::from(vec![Some("ab"), None, Some("cde"), Some("")]);
        lowered(Arc::new(array.slice(1, 3)), DataType::Utf8, |column| {
            let Buffer::Utf8(text) = column.buffer else {
                panic!("{column:?}");
            };
            assert_eq!(text.offsets, [0, 0, 3, 3]);
            assert_eq!(text.data, b"cde");
            assert_eq!(
                bits_of(column.validity.expect("a null"), 3),
                [false, true, true]
            );
        });
        lowered(Arc::new(array.slice(0, 1)), DataType::Utf8, |column| {
            let Buffer::Utf8(text) = column.buffer else {
                panic!("{column:?}");
            };
            assert_eq!(text.offsets, [0, 2]);
            assert_eq!(text.data, b"ab");
            assert_eq!(column.validity, None);
        });
    }

    #[test]
    fn an_empty_column_has_one_offset() {
        let array = BinaryArray::from(Vec::<&[u8]>::new());
        lowered(Arc::new(array), DataType::Binary, |column| {
            let Buffer::Binary(bytes) = column.buffer else {
                panic!("{column:?}");
            };
            assert_eq!(bytes.offsets, [0]);
            assert_eq!(bytes.data, b"");
        });
    }

    #[test]
    fn columns_that_do_not_fit_are_told() {
        let arrays: [ArrayRef; 1] = [Arc::new(Int32Array::from(vec![1]))];
        let moved = Moved::of(&arrays);
        let check = |data_type, rows, expected: &str| {
            let fields = [Field::nullable("x", data_type)];
            let error = moved.columns(&fields, &arrays, rows).expect_err("misfit");
            assert_eq!(error, Mismatch(expected.to_owned()));
        };
        check(DataType::Utf8, 1, "column `x`: expected utf8, found Int32");
        check(DataType::Int32, 2, "column `x`: expected 2 rows, found 1");
        let error = moved.columns(&[], &arrays, 1).expect_err("misfit");
        assert_eq!(error, Mismatch("expected 0 columns, found 1".to_owned()));
    }
}
