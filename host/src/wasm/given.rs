//! What a call is given, as far as the random bytes that it may draw depend on it.
//!
//! Random bytes of a guest that may not have those of the host follow from the stage and from everything that
//! the call is given, and from nothing else: a call that is made again, be it in a fresh instance, after a
//! restart or in another subtask, draws the same ones.

use std::slice;

use arrow::array::{Array, ArrayRef};

use super::lower::{Buffer, Column, Moved, column};
use crate::batch::DataType;

/// What a call is given.
#[derive(Debug)]
pub(super) struct Given {
    /// What is called, as in `scalar` or `update`.
    call: &'static str,
    /// The name of the function; for `configure`, the configuration.
    name: String,
    numbers: Vec<u32>,
    columns: Vec<ArrayRef>,
}

impl Given {
    /// A call with no columns.
    pub(super) fn new(call: &'static str, name: &str) -> Self {
        Self {
            call,
            name: name.to_owned(),
            numbers: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// With numbers: those of groups, mostly.
    pub(super) fn numbers(mut self, numbers: &[u32]) -> Self {
        self.numbers.extend_from_slice(numbers);
        self
    }

    /// With columns. They are not copied.
    pub(super) fn columns(mut self, columns: &[ArrayRef]) -> Self {
        self.columns.extend_from_slice(columns);
        self
    }

    /// The bytes that follow from it for a guest of `stage`.
    pub(super) fn bytes(&self, stage: &str) -> blake3::OutputReader {
        let mut hasher = blake3::Hasher::new_derive_key("tidemill 0.1 random bytes of a call");
        feed(&mut hasher, stage.as_bytes());
        feed(&mut hasher, self.call.as_bytes());
        feed(&mut hasher, self.name.as_bytes());
        feed(&mut hasher, bytemuck::cast_slice(&self.numbers));
        for array in &self.columns {
            feed_array(&mut hasher, array);
        }
        hasher.finalize_xof()
    }
}

/// Feeds bytes after their length, so that they cannot be taken for those of their neighbours.
fn feed(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// Feeds a column as the guest gets it.
fn feed_array(hasher: &mut blake3::Hasher, array: &ArrayRef) {
    let Some(data_type) = DataType::from_arrow(array.data_type()) else {
        return;
    };
    let moved = Moved::of(slice::from_ref(array));
    let Some(Column { buffer, validity }) = column(data_type, array, moved.first()) else {
        return;
    };
    match buffer {
        Buffer::Boolean(bits) => feed_bits(hasher, bits, array.len()),
        Buffer::Int32(values) => feed(hasher, bytemuck::cast_slice(values)),
        Buffer::Int64(values) | Buffer::Timestamp(values) => {
            feed(hasher, bytemuck::cast_slice(values));
        }
        Buffer::Float32(values) => feed(hasher, bytemuck::cast_slice(values)),
        Buffer::Float64(values) => feed(hasher, bytemuck::cast_slice(values)),
        Buffer::Utf8(values) | Buffer::Binary(values) => {
            feed(hasher, bytemuck::cast_slice(values.offsets));
            feed(hasher, values.data);
        }
    }
    match validity {
        None => feed(hasher, &[]),
        Some(bits) => feed_bits(hasher, bits, array.len()),
    }
}

/// Feeds `count` bits. What follows them in the last byte belongs to other rows.
fn feed_bits(hasher: &mut blake3::Hasher, bits: &[u8], count: usize) {
    let (whole, rest) = (count / 8, count % 8);
    feed(hasher, &bits[..whole]);
    if rest > 0 {
        hasher.update(&[bits[whole] & ((1 << rest) - 1)]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Int64Array, StringArray};

    use super::*;

    fn drawn(stage: &str, given: &Given) -> [u8; 16] {
        let mut bytes = [0; 16];
        given.bytes(stage).fill(&mut bytes);
        bytes
    }

    fn call(columns: &[ArrayRef]) -> Given {
        Given::new("scalar", "f").numbers(&[1]).columns(columns)
    }

    #[test]
    fn the_same_call_draws_the_same_wherever_its_rows_lie() {
        let flags = BooleanArray::from(vec![Some(true), None, Some(true), Some(false)]);
        let texts = StringArray::from(vec!["ab", "c", "", "def"]);
        let whole: [ArrayRef; 2] = [Arc::new(flags.slice(1, 2)), Arc::new(texts.slice(1, 2))];
        let again: [ArrayRef; 2] = [
            Arc::new(BooleanArray::from(vec![None, Some(true)])),
            Arc::new(StringArray::from(vec!["c", ""])),
        ];
        assert_eq!(drawn("s", &call(&whole)), drawn("s", &call(&again)));
    }

    #[test]
    fn another_call_draws_others() {
        let column = |values: Vec<Option<i64>>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
        let one = column(vec![Some(1), Some(2)]);
        let calls = [
            drawn("s", &call(slice::from_ref(&one))),
            drawn("t", &call(slice::from_ref(&one))),
            drawn("s", &call(&[column(vec![Some(1), Some(3)])])),
            drawn("s", &call(&[column(vec![Some(1), None])])),
            drawn("s", &call(&[column(vec![Some(1)])])),
            drawn("s", &call(&[one.clone(), one.clone()])),
            drawn(
                "s",
                &Given::new("scalar", "g")
                    .numbers(&[1])
                    .columns(slice::from_ref(&one)),
            ),
            drawn(
                "s",
                &Given::new("scalar", "f")
                    .numbers(&[2])
                    .columns(slice::from_ref(&one)),
            ),
            drawn("s", &Given::new("table", "f").numbers(&[1]).columns(&[one])),
        ];
        for (place, bytes) in calls.iter().enumerate() {
            assert!(!calls[..place].contains(bytes), "{place}");
        }
    }
}
