//! Rows of Parquet, a few at a time: a dictionary of one long text may stand for rows without number, so
//! texts stay where they were read until it is known how long they are all together.

use std::sync::Arc;

use anyhow::ensure;
use arrow::{
    array::{
        Array, ArrayRef, AsArray, ByteView, GenericByteArray, GenericByteViewArray, RecordBatch,
        RecordBatchOptions,
    },
    buffer::{Buffer, OffsetBuffer, ScalarBuffer},
    compute::cast,
    datatypes::{
        BinaryType, BinaryViewType, ByteArrayType, ByteViewType, DataType as ArrowType, Field,
        Schema, SchemaRef, StringViewType, Utf8Type,
    },
    error::ArrowError,
};

/// Rows whose texts have more bytes than this do not share a batch.
const MAX_BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// The schema to read a file with: texts and bytes as views of what was read.
pub(super) fn with_views(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let view = match text_type(field.data_type()) {
            Some(ArrowType::Utf8) => ArrowType::Utf8View,
            Some(_) => ArrowType::BinaryView,
            None => return Arc::clone(field),
        };
        Arc::new(field.as_ref().clone().with_data_type(view))
    });
    let fields: Vec<_> = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// How many rows of this schema may be read at once, of `wanted`: a null takes as much as any other value.
///
/// # Errors
///
/// If a single row takes too much.
pub(super) fn batch_rows(schema: &Schema, wanted: usize) -> anyhow::Result<usize> {
    let widths = schema.fields().iter().map(|field| width(field.data_type()));
    let bytes = widths.sum::<u64>().max(1);
    ensure!(
        bytes <= MAX_BATCH_BYTES,
        "a row takes {bytes} bytes, whatever is in it, and at most {MAX_BATCH_BYTES} are read: name fewer columns"
    );
    let most = usize::try_from(MAX_BATCH_BYTES / bytes)?;
    Ok(wanted.min(most).max(1))
}

/// How many bytes a value takes at least.
fn width(found: &ArrowType) -> u64 {
    match found {
        ArrowType::Dictionary(_, values) => width(values),
        ArrowType::FixedSizeBinary(bytes) => u64::from(bytes.unsigned_abs()),
        _ => 8,
    }
}

/// How many bytes the texts and bytes of all rows have.
pub(super) fn text_bytes(rows: &RecordBatch) -> u64 {
    let views = rows.columns().iter().filter_map(views);
    views
        .map(|views| views.iter().map(length).sum::<u64>())
        .sum()
}

/// How many of the first rows fit into a batch: at least one.
pub(super) fn fitting(rows: &RecordBatch) -> usize {
    if text_bytes(rows) <= MAX_BATCH_BYTES {
        return rows.num_rows();
    }
    let views = || rows.columns().iter().filter_map(views);
    let mut bytes = 0;
    let fits = |row: &usize| {
        bytes += views().map(|views| length(&views[*row])).sum::<u64>();
        bytes <= MAX_BATCH_BYTES
    };
    (0..rows.num_rows()).take_while(fits).count().max(1)
}

/// The same rows, with texts and bytes of their own.
pub(super) fn without_views(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::with_capacity(rows.num_columns());
    let mut columns = Vec::with_capacity(rows.num_columns());
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        let own = text_type(field.data_type()).filter(|_| views(column).is_some());
        let (field, column) = match own {
            Some(own) => (
                Arc::new(Field::new(field.name(), own.clone(), true)),
                own_values(column, &own)?,
            ),
            None => (Arc::clone(field), Arc::clone(column)),
        };
        fields.push(field);
        columns.push(column);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// The values of a column of views, which fit into a batch, one after the other.
fn own_values(column: &ArrayRef, own: &ArrowType) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        // Nulls have no length that could be relied on, and a single row may be larger than any batch.
        _ if column.null_count() > 0 || column.len() < 2 => cast(column, own),
        ArrowType::Utf8View => joined::<StringViewType, Utf8Type>(column),
        _ => joined::<BinaryViewType, BinaryType>(column),
    }
}

/// The values of a column of views without nulls.
fn joined<V: ByteViewType, T: ByteArrayType<Offset = i32>>(
    column: &ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    let column: &GenericByteViewArray<V> = column.as_byte_view();
    let mut offsets = Vec::with_capacity(column.len() + 1);
    offsets.push(0);
    let mut values = Vec::with_capacity((column.len() + 1) * INLINE);
    let mut end = 0;
    for view in column.views() {
        let length = length(view) as usize;
        if length <= INLINE {
            // With all that a view has room for, which the next value is written over.
            values.truncate(end);
            values.extend_from_slice(&view.to_le_bytes()[size_of::<u32>()..]);
        } else {
            let view = ByteView::from(*view);
            let start = view.offset as usize;
            let from = &column.data_buffers()[view.buffer_index as usize];
            values.truncate(end);
            values.extend_from_slice(&from[start..start + length]);
        }
        end += length;
        offsets.push(end as i32);
    }
    values.truncate(end);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let array = GenericByteArray::<T>::try_new(offsets, Buffer::from_vec(values), None)?;
    Ok(Arc::new(array))
}

/// A view holds a value of at most so many bytes itself.
const INLINE: usize = 12;

/// The type of a column of texts or bytes once they are no views and not in a dictionary.
fn text_type(found: &ArrowType) -> Option<ArrowType> {
    use ArrowType as A;
    match found {
        A::Dictionary(_, values) => text_type(values),
        A::Utf8 | A::LargeUtf8 | A::Utf8View => Some(A::Utf8),
        A::Binary | A::LargeBinary | A::BinaryView => Some(A::Binary),
        _ => None,
    }
}

fn views(column: &ArrayRef) -> Option<&[u128]> {
    match column.data_type() {
        ArrowType::Utf8View => Some(column.as_string_view().views()),
        ArrowType::BinaryView => Some(column.as_binary_view().views()),
        _ => None,
    }
}

/// The length of a text is in the lowest bits of its view.
const fn length(view: &u128) -> u64 {
    (*view as u32) as u64
}

#[cfg(test)]
mod tests {
    use arrow::array::{BinaryViewArray, StringViewArray};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What becomes of views is what Arrow makes of them, of a part of them too.
        #[test]
        fn values_stay_what_they_are(
            texts in prop::collection::vec(prop::option::weighted(0.9, "[a-zß]{0,30}"), 0..40),
            has_nulls in any::<bool>(),
            from in any::<prop::sample::Index>(),
        ) {
            let texts: Vec<Option<String>> = match has_nulls {
                true => texts,
                false => texts.into_iter().map(|text| Some(text.unwrap_or_default())).collect(),
            };
            let from = from.index(texts.len() + 1);
            let check = |views: ArrayRef, own: ArrowType| {
                let views = views.slice(from, views.len() - from);
                let expected = cast(&views, &own).expect("Arrow can");
                assert_eq!(&own_values(&views, &own).expect("so can we"), &expected);
            };
            let bytes = texts.iter().map(|text| text.as_ref().map(String::as_bytes));
            check(Arc::new(BinaryViewArray::from_iter(bytes)), ArrowType::Binary);
            check(Arc::new(StringViewArray::from_iter(texts)), ArrowType::Utf8);
        }
    }
}
