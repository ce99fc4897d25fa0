//! Columns that grow by a value a row. A row whose values turn out to be odd in the middle is taken
//! back.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BooleanArray, BooleanBufferBuilder, Float32Array, Float64Array, Int32Array,
        Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray,
        builder::NullBufferBuilder,
    },
    buffer::{OffsetBuffer, ScalarBuffer},
    datatypes::SchemaRef,
    error::ArrowError,
};

use super::{
    super::raw::RawType,
    number::{float, whole},
};
use crate::batch::DataType;

/// The columns of a block.
pub(super) struct PlainColumns {
    schema: SchemaRef,
    columns: Vec<PlainColumn>,
    /// How many rows are whole.
    rows: usize,
}

/// One column: its values so far, and which of them are null.
pub(super) struct PlainColumn {
    cells: Cells,
    /// How many values it has.
    length: usize,
    /// Up to the last null.
    nulls: NullBufferBuilder,
}

/// The values of a column.
pub(super) enum Cells {
    Boolean(BooleanBufferBuilder),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    /// In microseconds.
    Timestamp(Vec<i64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Text(Texts),
}

/// Texts, one after the other.
pub(super) struct Texts {
    /// Where each one ends, after a zero.
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl PlainColumns {
    /// Empty columns of these types.
    pub(super) fn new(schema: SchemaRef, raw: &[RawType]) -> Self {
        Self {
            schema,
            columns: raw.iter().map(PlainColumn::new).collect(),
            rows: 0,
        }
    }

    /// How many columns there are.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// How many rows are whole.
    #[inline]
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// A column, if the row that is being read has no value in it yet.
    #[inline]
    pub(super) fn unset(&mut self, column: usize) -> Option<&mut PlainColumn> {
        let rows = self.rows;
        let column = self.columns.get_mut(column)?;
        (column.length == rows).then_some(column)
    }

    /// Ends a row that has `values` values; the others are null.
    #[inline]
    pub(super) fn end_row(&mut self, values: usize) {
        if values < self.columns.len() {
            for column in &mut self.columns {
                if column.length == self.rows {
                    column.push_null();
                }
            }
        }
        self.rows += 1;
    }

    /// Takes the values back that the row has so far.
    pub(super) fn undo_row(&mut self) {
        self.truncate(self.rows);
    }

    /// Makes room for `rows` rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        for column in &mut self.columns {
            column.reserve(rows);
        }
    }

    /// Drops all rows from `rows` on.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.rows = rows;
        for column in &mut self.columns {
            column.truncate(rows);
        }
    }

    /// The rows, which then are no longer here.
    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<_> = self.columns.iter_mut().map(PlainColumn::finish).collect();
        let rows = std::mem::take(&mut self.rows);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(
            SchemaRef::clone(&self.schema),
            columns.into_iter().collect::<Result<_, _>>()?,
            &options,
        )
    }
}

impl PlainColumn {
    fn new(raw: &RawType) -> Self {
        let cells = match raw {
            RawType::Own(DataType::Boolean) => Cells::Boolean(BooleanBufferBuilder::new(0)),
            RawType::Own(DataType::Int32) => Cells::Int32(Vec::new()),
            RawType::Own(DataType::Int64) | RawType::Number(_) => Cells::Int64(Vec::new()),
            RawType::Own(DataType::Timestamp) => Cells::Timestamp(Vec::new()),
            RawType::Own(DataType::Float32) => Cells::Float32(Vec::new()),
            RawType::Own(DataType::Float64) => Cells::Float64(Vec::new()),
            RawType::Own(DataType::Utf8 | DataType::Binary) | RawType::Text(_) | RawType::Hex => {
                Cells::Text(Texts::with_room(0))
            }
        };
        Self {
            cells,
            length: 0,
            nulls: NullBufferBuilder::new(0),
        }
    }

    /// Appends the value that `push` finds. It appends one value and says where that ends, or none
    /// and says so.
    #[inline]
    pub(super) fn push(&mut self, push: impl FnOnce(&mut Cells) -> Option<usize>) -> Option<usize> {
        let end = push(&mut self.cells)?;
        self.length += 1;
        Some(end)
    }

    /// Appends a null.
    pub(super) fn push_null(&mut self) {
        self.nulls
            .append_n_non_nulls(self.length - self.nulls.len());
        self.nulls.append_null();
        self.length += 1;
        match &mut self.cells {
            Cells::Boolean(values) => values.append(false),
            Cells::Int32(values) => values.push(0),
            Cells::Int64(values) | Cells::Timestamp(values) => values.push(0),
            Cells::Float32(values) => values.push(0.0),
            Cells::Float64(values) => values.push(0.0),
            Cells::Text(texts) => texts.ends.extend(texts.ends.last().copied()),
        }
    }

    fn reserve(&mut self, rows: usize) {
        match &mut self.cells {
            Cells::Boolean(values) => values.reserve(rows),
            Cells::Int32(values) => values.reserve(rows),
            Cells::Int64(values) | Cells::Timestamp(values) => values.reserve(rows),
            Cells::Float32(values) => values.reserve(rows),
            Cells::Float64(values) => values.reserve(rows),
            Cells::Text(texts) => texts.ends.reserve(rows),
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.length = rows;
        self.nulls.truncate(rows);
        match &mut self.cells {
            Cells::Boolean(values) => values.truncate(rows),
            Cells::Int32(values) => values.truncate(rows),
            Cells::Int64(values) | Cells::Timestamp(values) => values.truncate(rows),
            Cells::Float32(values) => values.truncate(rows),
            Cells::Float64(values) => values.truncate(rows),
            Cells::Text(texts) => texts.truncate(rows),
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let length = std::mem::take(&mut self.length);
        self.nulls.append_n_non_nulls(length - self.nulls.len());
        // A row that was taken back may have had the only one.
        let nulls = self.nulls.finish().filter(|nulls| nulls.null_count() > 0);
        Ok(match &mut self.cells {
            Cells::Boolean(values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Cells::Int32(values) => Arc::new(Int32Array::new(taken(values), nulls)),
            Cells::Int64(values) => Arc::new(Int64Array::new(taken(values), nulls)),
            Cells::Timestamp(values) => {
                Arc::new(TimestampMicrosecondArray::new(taken(values), nulls))
            }
            Cells::Float32(values) => Arc::new(Float32Array::new(taken(values), nulls)),
            Cells::Float64(values) => Arc::new(Float64Array::new(taken(values), nulls)),
            Cells::Text(texts) => {
                let room = texts.bytes.len();
                let Texts { ends, bytes } = std::mem::replace(texts, Texts::with_room(room));
                let ends = OffsetBuffer::new(ends.into());
                Arc::new(StringArray::try_new(ends, bytes.into(), nulls)?)
            }
        })
    }
}

fn taken<T: arrow::datatypes::ArrowNativeType>(values: &mut Vec<T>) -> ScalarBuffer<T> {
    std::mem::take(values).into()
}

impl Cells {
    /// Appends the number at `at` and says where it ends; None if there is no plain one, or if it is
    /// none of this column.
    #[inline]
    pub(super) fn push_number(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        Some(match self {
            Self::Int64(values) | Self::Timestamp(values) => {
                let (value, end) = whole(bytes, at)?;
                values.push(value);
                end
            }
            Self::Float64(values) => {
                let (value, end) = float(bytes, at)?;
                values.push(value);
                end
            }
            Self::Int32(values) => {
                let (value, end) = whole(bytes, at)?;
                values.push(i32::try_from(value).ok()?);
                end
            }
            Self::Float32(values) => {
                let (value, end) = float(bytes, at)?;
                values.push(value);
                end
            }
            Self::Boolean(_) | Self::Text(_) => return None,
        })
    }
}

impl Texts {
    /// None yet, with room for so many bytes.
    fn with_room(bytes: usize) -> Self {
        Self {
            ends: vec![0],
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// Appends a text, which is UTF-8; None if there is no room for it.
    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) -> Option<()> {
        let end = i32::try_from(self.bytes.len() + text.len()).ok()?;
        self.bytes.extend_from_slice(text);
        self.ends.push(end);
        Some(())
    }

    fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows + 1);
        let end = self.ends.last().map_or(0, |&end| end as usize);
        self.bytes.truncate(end);
    }
}
