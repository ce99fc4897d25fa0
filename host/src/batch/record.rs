//! A batch of rows: columns, event times, origin.

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array},
    buffer::ScalarBuffer,
    compute,
    datatypes::{SchemaRef, TimestampMicrosecondType},
    error::ArrowError,
};

use super::{KeyIds, Origin, gather};
use crate::time::Timestamp;

/// Rows on their way from a source to a sink.
#[derive(Clone, Debug)]
pub struct Batch {
    record: RecordBatch,
    /// One a row, in microseconds. Shares its memory with a column while the rows still have it.
    times: Option<ScalarBuffer<i64>>,
    /// The least and the greatest of them, where somebody had to know them before.
    bounds: Option<(i64, i64)>,
    origin: Origin,
    /// What the sender calls the keys of the rows; never more than a shortcut.
    keys: Option<Box<KeyIds>>,
}

impl Batch {
    /// A batch of `rows` rows.
    ///
    /// # Errors
    ///
    /// If a column has another length or type than `schema` and `rows` say.
    pub fn new(
        schema: SchemaRef,
        columns: Vec<ArrayRef>,
        rows: usize,
        times: Option<ScalarBuffer<i64>>,
        origin: Origin,
    ) -> Result<Self, ArrowError> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let record = RecordBatch::try_new_with_options(schema, columns, &options)?;
        debug_assert!(times.as_ref().is_none_or(|times| times.len() == rows));
        Ok(Self {
            record,
            times,
            bounds: None,
            origin,
            keys: None,
        })
    }

    /// The columns.
    pub const fn record(&self) -> &RecordBatch {
        &self.record
    }

    /// The column at `index`.
    pub fn column(&self, index: usize) -> &ArrayRef {
        self.record.column(index)
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.record.num_rows()
    }

    /// The event time of each row in microseconds, if the stream has one.
    pub const fn times(&self) -> Option<&ScalarBuffer<i64>> {
        self.times.as_ref()
    }

    /// The same rows, of which the least and the greatest event time are known, in microseconds.
    #[must_use]
    pub fn with_time_bounds(self, bounds: (i64, i64)) -> Self {
        debug_assert!(self.times.as_ref().is_some_and(|times| {
            times.iter().min() == Some(&bounds.0) && times.iter().max() == Some(&bounds.1)
        }));
        Self {
            bounds: Some(bounds),
            ..self
        }
    }

    /// The latest event time in the batch.
    pub fn latest(&self) -> Option<Timestamp> {
        let latest = match self.bounds {
            Some((_, greatest)) => greatest,
            None => self.times.as_ref()?.iter().copied().max()?,
        };
        Some(Timestamp::from_micros(latest))
    }

    /// The earliest event time in the batch.
    pub fn earliest(&self) -> Option<Timestamp> {
        let earliest = match self.bounds {
            Some((least, _)) => least,
            None => self.times.as_ref()?.iter().copied().min()?,
        };
        Some(Timestamp::from_micros(earliest))
    }

    /// Where the rows come from.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The same rows with some of the columns.
    ///
    /// # Errors
    ///
    /// If there is no such column.
    pub fn project(&self, columns: &[usize]) -> Result<Self, ArrowError> {
        Ok(Self {
            record: self.record.project(columns)?,
            times: self.times.clone(),
            bounds: self.bounds,
            origin: self.origin.clone(),
            keys: None,
        })
    }

    /// The same rows with other columns.
    ///
    /// # Errors
    ///
    /// If a column has another length or type than `schema` says.
    pub fn with_columns(
        &self,
        schema: SchemaRef,
        columns: Vec<ArrayRef>,
    ) -> Result<Self, ArrowError> {
        Self::new(
            schema,
            columns,
            self.rows(),
            self.times.clone(),
            self.origin.clone(),
        )
    }

    /// The same rows, all of them at `time`.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        let times = vec![time.as_micros(); self.rows()];
        Self {
            times: Some(times.into()),
            bounds: None,
            ..self
        }
    }

    /// The rows that `mask` selects; null selects nothing.
    ///
    /// # Errors
    ///
    /// If the mask has another length than the batch.
    pub fn filter(&self, mask: &BooleanArray) -> Result<Self, ArrowError> {
        let mask = if mask.null_count() > 0 {
            &compute::prep_null_mask_filter(mask)
        } else {
            mask
        };
        if mask.len() == self.rows() && !mask.has_false() {
            return Ok(self.clone());
        }
        let selection = compute::FilterBuilder::new(mask).optimize().build();
        let select = |column: &ArrayRef| selection.filter(column);
        self.map_columns(selection.count(), select, |origin| origin.filter(mask))
    }

    /// The rows at `indices`, in that order.
    ///
    /// # Errors
    ///
    /// If an index is out of range.
    pub fn take(&self, indices: &[u32]) -> Result<Self, ArrowError> {
        self.take_rows(indices.to_vec().into())
    }

    /// The rows at `indices`, in that order.
    ///
    /// # Errors
    ///
    /// If an index is out of range.
    pub(super) fn take_rows(&self, indices: ScalarBuffer<u32>) -> Result<Self, ArrowError> {
        let places = UInt32Array::new(indices, None);
        let select = |column: &ArrayRef| gather::take(column, &places);
        let rows = self.map_columns(places.len(), select, |origin| origin.take(places.values()))?;
        let keys = self.keys.as_ref();
        let keys = keys.map(|keys| Box::new(keys.take(places.values())));
        Ok(Self { keys, ..rows })
    }

    /// The same rows, with what the sender calls their keys.
    #[must_use]
    pub(super) fn with_key_ids(self, keys: KeyIds) -> Self {
        Self {
            keys: Some(Box::new(keys)),
            ..self
        }
    }

    /// What the sender calls the keys in the columns at `places`, if it has told.
    pub fn key_ids(&self, places: &[usize]) -> Option<&KeyIds> {
        self.keys.as_deref().filter(|keys| keys.are_of(places))
    }

    /// The rows of `batches`, which have the same columns, one after the other; `None` of none.
    /// Rows of several batches have no source position any more.
    ///
    /// # Errors
    ///
    /// If the columns differ.
    pub fn concat(mut batches: Vec<Self>) -> Result<Option<Self>, ArrowError> {
        if batches.len() < 2 {
            return Ok(batches.pop());
        }
        let schema = batches[0].record.schema();
        let record = compute::concat_batches(&schema, batches.iter().map(Self::record))?;
        let times = batches
            .iter()
            .map(|batch| batch.times.as_deref())
            .collect::<Option<Vec<&[i64]>>>()
            .map(|times| times.concat().into());
        Ok(Some(Self {
            record,
            times,
            bounds: None,
            origin: Origin::Derived,
            keys: None,
        }))
    }

    /// `len` rows from `offset` on, without copying.
    ///
    /// # Panics
    ///
    /// If there are fewer rows.
    #[must_use]
    pub fn slice(&self, offset: usize, len: usize) -> Self {
        Self {
            record: self.record.slice(offset, len),
            times: self.times.as_ref().map(|times| times.slice(offset, len)),
            bounds: None,
            origin: self.origin.slice(offset, len),
            keys: None,
        }
    }

    /// Applies `select` to every column, and to the event times unless they are one of them.
    fn map_columns(
        &self,
        rows: usize,
        select: impl Fn(&ArrayRef) -> Result<ArrayRef, ArrowError>,
        origin: impl FnOnce(&Origin) -> Origin,
    ) -> Result<Self, ArrowError> {
        let columns: Vec<ArrayRef> = self
            .record
            .columns()
            .iter()
            .map(&select)
            .collect::<Result<_, _>>()?;
        let times = match &self.times {
            None => None,
            Some(times) => Some(match self.time_column(times) {
                Some(index) => columns[index]
                    .as_primitive::<TimestampMicrosecondType>()
                    .values()
                    .clone(),
                None => {
                    let times = arrow::array::Int64Array::new(times.clone(), None);
                    let selected = select(&(std::sync::Arc::new(times) as ArrayRef))?;
                    selected
                        .as_primitive::<arrow::datatypes::Int64Type>()
                        .values()
                        .clone()
                }
            }),
        };
        Self::new(
            self.record.schema(),
            columns,
            rows,
            times,
            origin(&self.origin),
        )
    }

    /// The column that the event times share their memory with.
    fn time_column(&self, times: &ScalarBuffer<i64>) -> Option<usize> {
        self.record.columns().iter().position(|column| {
            column
                .as_primitive_opt::<TimestampMicrosecondType>()
                .is_some_and(|column| column.values().ptr_eq(times))
        })
    }
}
