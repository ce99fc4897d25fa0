//! One column: its type, its length, its offsets, its text, its nulls.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BinaryArray, BooleanArray, PrimitiveArray, StringArray, TimestampMicrosecondArray,
    },
    buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer},
    datatypes::{
        ArrowNativeType, ArrowPrimitiveType, Float32Type, Float64Type, Int32Type, Int64Type,
    },
};

use super::rows::Excuses;
use crate::{
    batch::{DataType, Field},
    wasm::lift,
};

/// Makes an Arrow array of a column, or tells what is wrong with it.
pub(super) fn array(
    field: &Field,
    column: lift::Column,
    rows: usize,
    excuses: &Excuses<'_>,
) -> Result<ArrayRef, String> {
    let nulls = nulls(column.validity, rows)?;
    if let Some(nulls) = nulls.as_ref().filter(|_| !field.nullable) {
        let valid = nulls.inner();
        if let Some(row) = (0..rows).find(|&row| !valid.value(row) && !excuses.row(row)) {
            return Err(format!("null in row {row} of a column without nulls"));
        }
    }
    Ok(match (field.data_type, column.buffer) {
        (DataType::Boolean, lift::Buffer::Boolean(bytes)) => {
            let bits = bits(bytes, rows, "values")?;
            Arc::new(BooleanArray::new(bits, nulls))
        }
        (DataType::Int32, lift::Buffer::Int32(values)) => {
            Arc::new(primitive::<Int32Type>(values, rows, nulls)?)
        }
        (DataType::Int64, lift::Buffer::Int64(values)) => {
            Arc::new(primitive::<Int64Type>(values, rows, nulls)?)
        }
        (DataType::Float32, lift::Buffer::Float32(values)) => {
            Arc::new(primitive::<Float32Type>(values, rows, nulls)?)
        }
        (DataType::Float64, lift::Buffer::Float64(values)) => {
            Arc::new(primitive::<Float64Type>(values, rows, nulls)?)
        }
        (DataType::Timestamp, lift::Buffer::Timestamp(values)) => {
            let values: TimestampMicrosecondArray = primitive(values, rows, nulls)?;
            Arc::new(values.with_data_type(field.data_type.to_arrow()))
        }
        (DataType::Utf8, lift::Buffer::Utf8(values)) => {
            let (offsets, data) = var_bytes(values, rows)?;
            let array = StringArray::try_new(offsets.clone(), data.clone(), nulls);
            Arc::new(array.map_err(|_| not_text(&offsets, &data))?)
        }
        (DataType::Binary, lift::Buffer::Binary(values)) => {
            let (offsets, data) = var_bytes(values, rows)?;
            let array = BinaryArray::try_new(offsets, data, nulls);
            Arc::new(array.map_err(|error| error.to_string())?)
        }
        (expected, found) => {
            return Err(format!("expected {expected}, found {}", found.type_name()));
        }
    })
}

fn nulls(validity: Option<Vec<u8>>, rows: usize) -> Result<Option<NullBuffer>, String> {
    let Some(bytes) = validity else {
        return Ok(None);
    };
    let nulls = NullBuffer::new(bits(bytes, rows, "validity")?);
    Ok((nulls.null_count() > 0).then_some(nulls))
}

fn bits(bytes: Vec<u8>, rows: usize, what: &str) -> Result<BooleanBuffer, String> {
    let expected = rows.div_ceil(8);
    if bytes.len() != expected {
        return Err(format!(
            "expected {expected} bytes of {what} for {rows} rows, found {}",
            bytes.len()
        ));
    }
    Ok(BooleanBuffer::new(Buffer::from_vec(bytes), 0, rows))
}

fn primitive<T: ArrowPrimitiveType>(
    values: Vec<T::Native>,
    rows: usize,
    nulls: Option<NullBuffer>,
) -> Result<PrimitiveArray<T>, String>
where
    T::Native: ArrowNativeType,
{
    if values.len() != rows {
        return Err(format!("expected {rows} values, found {}", values.len()));
    }
    PrimitiveArray::try_new(ScalarBuffer::from(values), nulls).map_err(|error| error.to_string())
}

/// Checks offsets against each other and against the data.
fn var_bytes(values: lift::VarBytes, rows: usize) -> Result<(OffsetBuffer<i32>, Buffer), String> {
    let lift::VarBytes { offsets, data } = values;
    if offsets.len() != rows + 1 {
        return Err(format!(
            "expected {} offsets for {rows} rows, found {}",
            rows + 1,
            offsets.len()
        ));
    }
    if offsets[0] != 0 {
        return Err(format!(
            "expected the first offset to be 0, found {}",
            offsets[0]
        ));
    }
    let mut before = 0;
    // Without an early exit, which would keep the compiler from doing several at once.
    let ascending = offsets.iter().fold(true, |ascending, &offset| {
        let fine = before <= offset;
        before = offset;
        ascending & fine
    });
    if !ascending {
        let row = offsets.windows(2).position(|pair| pair[0] > pair[1]);
        let row = row.expect("some offset is below the one before");
        return Err(format!(
            "offset {} is {}, below the one before, {}",
            row + 1,
            offsets[row + 1],
            offsets[row]
        ));
    }
    let last = offsets[rows] as usize;
    if last != data.len() {
        return Err(format!(
            "expected the last offset to be the length of the data, {}, found {last}",
            data.len()
        ));
    }
    if i32::try_from(last).is_err() {
        return Err(format!(
            "{last} bytes of data are more than a column can hold"
        ));
    }
    // In range and ascending, so the same numbers with a sign.
    let offsets = ScalarBuffer::<i32>::from(Buffer::from_vec(offsets));
    Ok((OffsetBuffer::new(offsets), Buffer::from_vec(data)))
}

fn not_text(offsets: &OffsetBuffer<i32>, data: &[u8]) -> String {
    let row = offsets
        .windows(2)
        .position(|pair| str::from_utf8(&data[pair[0] as usize..pair[1] as usize]).is_err());
    match row {
        Some(row) => format!("row {row} is not UTF-8"),
        None => "not UTF-8".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};

    use super::*;
    use crate::wasm::lift::{Buffer as Lifted, Column, VarBytes};

    fn check(data_type: DataType, rows: usize, buffer: Lifted) -> Result<ArrayRef, String> {
        check_with(&Field::required("x", data_type), rows, buffer, None)
    }

    fn check_with(
        field: &Field,
        rows: usize,
        buffer: Lifted,
        validity: Option<Vec<u8>>,
    ) -> Result<ArrayRef, String> {
        array(field, Column { buffer, validity }, rows, &Excuses::NONE)
    }

    #[track_caller]
    fn refused(data_type: DataType, rows: usize, buffer: Lifted, expected: &str) {
        assert_eq!(
            check(data_type, rows, buffer).expect_err("malformed"),
            expected
        );
    }

    fn var(offsets: &[u32], data: &[u8]) -> VarBytes {
        VarBytes {
            offsets: offsets.to_vec(),
            data: data.to_vec(),
        }
    }

    #[test]
    fn numbers_are_not_copied() {
        let values = vec![1.5, 2.5];
        let address = values.as_ptr();
        let array = check(DataType::Float64, 2, Lifted::Float64(values)).expect("well formed");
        let array = array.as_primitive::<Float64Type>();
        assert_eq!(array.values(), &[1.5, 2.5]);
        assert_eq!(array.values().as_ptr(), address);
    }

    #[test]
    fn every_type_becomes_its_own_in_arrow() {
        for data_type in DataType::ALL {
            let buffer = match data_type {
                DataType::Boolean => Lifted::Boolean(vec![1]),
                DataType::Int32 => Lifted::Int32(vec![1]),
                DataType::Int64 => Lifted::Int64(vec![1]),
                DataType::Float32 => Lifted::Float32(vec![1.0]),
                DataType::Float64 => Lifted::Float64(vec![1.0]),
                DataType::Timestamp => Lifted::Timestamp(vec![1]),
                DataType::Utf8 => Lifted::Utf8(var(&[0, 1], b"x")),
                DataType::Binary => Lifted::Binary(var(&[0, 1], b"\xff")),
            };
            let array = check(data_type, 1, buffer.clone()).expect("well formed");
            assert_eq!(*array.data_type(), data_type.to_arrow());
            for other in DataType::ALL {
                if other != data_type {
                    let expected = format!("expected {other}, found {data_type}");
                    refused(other, 1, buffer.clone(), &expected);
                }
            }
        }
    }

    #[test]
    fn lengths_are_checked() {
        let error = "expected 3 values, found 2";
        refused(DataType::Int32, 3, Lifted::Int32(vec![1, 2]), error);
        let error = "expected 2 bytes of values for 9 rows, found 1";
        refused(DataType::Boolean, 9, Lifted::Boolean(vec![0]), error);
        let error = "expected 1 bytes of values for 8 rows, found 2";
        refused(DataType::Boolean, 8, Lifted::Boolean(vec![0, 0]), error);
        let error = "expected 3 offsets for 2 rows, found 2";
        refused(DataType::Utf8, 2, Lifted::Utf8(var(&[0, 1], b"a")), error);
        let error = "expected 1 offsets for 0 rows, found 0";
        refused(DataType::Utf8, 0, Lifted::Utf8(var(&[], b"")), error);
    }

    #[test]
    fn offsets_are_checked() {
        let check = |offsets: &[u32], data: &[u8], error: &str| {
            let rows = offsets.len() - 1;
            refused(
                DataType::Binary,
                rows,
                Lifted::Binary(var(offsets, data)),
                error,
            );
        };
        check(&[1, 2], b"ab", "expected the first offset to be 0, found 1");
        check(
            &[0, 2, 1, 2],
            b"ab",
            "offset 2 is 1, below the one before, 2",
        );
        let error = "expected the last offset to be the length of the data, 2, found 3";
        check(&[0, 3], b"ab", error);
        let error = "expected the last offset to be the length of the data, 2, found 1";
        check(&[0, 1], b"ab", error);
        let error = "expected the last offset to be the length of the data, 0, found 4294967295";
        check(&[0, u32::MAX], b"", error);
    }

    #[test]
    fn each_value_is_text_by_itself() {
        let text = "aä".as_bytes();
        let fine = check(DataType::Utf8, 2, Lifted::Utf8(var(&[0, 1, 3], text)));
        assert!(fine.is_ok());
        let error = "row 1 is not UTF-8";
        refused(
            DataType::Utf8,
            3,
            Lifted::Utf8(var(&[0, 1, 2, 3], text)),
            error,
        );
        let error = "row 0 is not UTF-8";
        refused(
            DataType::Utf8,
            1,
            Lifted::Utf8(var(&[0, 1], b"\xff")),
            error,
        );
    }

    #[test]
    fn validity_is_checked() {
        let values = || Lifted::Int32(vec![1, 2, 3]);
        let nullable = || Field::nullable("x", DataType::Int32);
        let array = check_with(&nullable(), 3, values(), Some(vec![0b101])).expect("well formed");
        assert!(array.is_null(1) && array.null_count() == 1);
        let array = check_with(&nullable(), 3, values(), Some(vec![0b1111])).expect("well formed");
        assert!(array.nulls().is_none());
        let error = check_with(&nullable(), 3, values(), Some(vec![0, 0])).expect_err("too long");
        assert_eq!(error, "expected 1 bytes of validity for 3 rows, found 2");
        let error = check_with(&nullable(), 3, values(), Some(vec![])).expect_err("too short");
        assert_eq!(error, "expected 1 bytes of validity for 3 rows, found 0");
    }

    #[test]
    fn a_null_needs_a_nullable_column() {
        let required = Field::required("x", DataType::Int32);
        let values = Lifted::Int32(vec![1, 2, 3]);
        let error = check_with(&required, 3, values, Some(vec![0b011])).expect_err("a null");
        assert_eq!(error, "null in row 2 of a column without nulls");
    }

    /// What a guest may answer for a column of text: mostly nearly right.
    fn text_column() -> impl proptest::strategy::Strategy<Value = (Vec<u32>, Vec<u8>)> {
        use proptest::prelude::*;
        (
            proptest::collection::vec(0_u32..12, 0..6),
            proptest::collection::vec(prop_oneof![Just(b'a'), Just(0xc3), Just(0xa4)], 0..10),
        )
    }

    proptest::proptest! {
        #[test]
        fn whatever_passes_can_be_read((offsets, data) in text_column(), rows in 0_usize..6) {
            let answer = Lifted::Utf8(VarBytes { offsets, data: data.clone() });
            if let Ok(array) = check(DataType::Utf8, rows, answer) {
                let array = array.as_string::<i32>();
                let read: String = array.iter().flatten().collect();
                proptest::prop_assert_eq!(read.as_bytes(), &data[..]);
                proptest::prop_assert_eq!(array.len(), rows);
            }
        }
    }
}
