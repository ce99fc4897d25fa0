//! Copies some rows of a column out of it.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray, UInt32Array},
    buffer::{Buffer, OffsetBuffer, ScalarBuffer},
    compute,
    datatypes::DataType,
    error::ArrowError,
};

/// Texts of at most so many bytes are copied in one piece, with what is behind them.
const CHUNK: usize = 16;

/// The values of `column` at `rows`, in that order.
pub(super) fn take(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Utf8 if column.null_count() == 0 => {
            match take_texts(column.as_string(), rows.values())? {
                Some(texts) => Ok(Arc::new(texts)),
                None => compute::take(column, rows, None),
            }
        }
        _ => compute::take(column, rows, None),
    }
}

/// The same for texts, none of which is null; `None` if they are more than a column can have. Most texts by which
/// rows are told apart are short, and a call to copy each of them would take longer than copying.
fn take_texts(texts: &StringArray, rows: &[u32]) -> Result<Option<StringArray>, ArrowError> {
    let (from, places) = (texts.value_data(), texts.value_offsets());
    let average = from.len() / texts.len().max(1) + 1;
    let mut values = Vec::with_capacity(average * rows.len() + CHUNK);
    let mut offsets = Vec::with_capacity(rows.len() + 1);
    offsets.push(0);
    let mut end = 0;
    for &row in rows {
        let start = places[row as usize] as usize;
        let length = places[row as usize + 1] as usize - start;
        // What the last one had behind it is written over.
        values.truncate(end);
        match from[start..].first_chunk::<CHUNK>() {
            Some(chunk) if length <= CHUNK => values.extend_from_slice(chunk),
            _ => values.extend_from_slice(&from[start..start + length]),
        }
        end += length;
        let Ok(offset) = i32::try_from(end) else {
            return Ok(None);
        };
        offsets.push(offset);
    }
    values.truncate(end);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, Buffer::from_vec(values), None).map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the texts are and wherever they begin, those that are taken are those that Arrow takes.
        #[test]
        fn texts_are_those_of_the_rows(
            texts in prop::collection::vec("[a\u{e4}]{0,20}", 1..40),
            skipped in any::<prop::sample::Index>(),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let all = StringArray::from(texts);
            let skipped = skipped.index(all.len());
            let rest: ArrayRef = Arc::new(all.slice(skipped, all.len() - skipped));
            let rows = picks.iter().map(|pick| pick.index(rest.len()) as u32);
            let rows = UInt32Array::from_iter_values(rows);
            let expected = compute::take(&rest, &rows, None).expect("rows of the column");
            prop_assert_eq!(&take(&rest, &rows).expect("rows of the column"), &expected);
        }
    }

    #[test]
    fn nulls_stay_nulls() {
        let column: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
        let taken = take(&column, &UInt32Array::from(vec![1, 0, 1])).expect("rows of the column");
        let expected = StringArray::from(vec![None, Some("a"), None]);
        assert_eq!(taken.as_string::<i32>(), &expected);
    }
}
