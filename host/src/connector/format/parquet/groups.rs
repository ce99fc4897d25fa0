//! The rows of row groups that are read as one: all of them, or the share of one of several threads.

use std::{num::NonZero, sync::Arc};

use anyhow::{bail, ensure};
use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection, RowSelector};

use super::{
    super::quiet::caught,
    checked::CheckedGroups,
    spans::{Projection, Span, Spans},
};

/// Calls the reader of Parquet files, which panics on some that are damaged.
pub(super) fn guarded<T, E>(read: impl FnOnce() -> Result<T, E>) -> anyhow::Result<T>
where
    anyhow::Error: From<E>,
{
    match caught(read) {
        Some(read) => Ok(read?),
        None => bail!("the file is damaged: the reader of Parquet files panicked on it"),
    }
}

/// Every so many rows, whose turn it is changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// Whose turn it is.
    pub(super) turn: usize,
    /// Among how many.
    pub(super) of: NonZero<usize>,
    /// How many batches are read in a turn.
    pub(super) batches: NonZero<usize>,
}

impl Share {
    /// Everything.
    pub(super) const ALL: Self = Self {
        turn: 0,
        of: NonZero::<usize>::MIN,
        batches: NonZero::<usize>::MAX,
    };

    /// The rows of a span that are read; all other rows of its row groups are passed over.
    fn rows(self, span: &Span) -> anyhow::Result<Vec<RowSelector>> {
        let turn = (self.batches.get() as u64).saturating_mul(span.batch_rows as u64);
        let mut selectors = Vec::new();
        let mut before = 0;
        let mut begin = turn.saturating_mul(self.turn as u64);
        while begin < span.rows {
            let end = begin.saturating_add(turn).min(span.rows);
            let skipped = span.skipped + begin - before;
            selectors.push(RowSelector::skip(usize::try_from(skipped)?));
            selectors.push(RowSelector::select(usize::try_from(end - begin)?));
            before = span.skipped + end;
            begin = begin.saturating_add(turn.saturating_mul(self.of.get() as u64));
        }
        Ok(selectors)
    }
}

/// Reads rows of a span.
pub(super) struct SpanReader {
    reader: ParquetRecordBatchReader,
    /// How many rows it has yet to give.
    left: u64,
}

impl SpanReader {
    /// Begins to read a share of a span.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(super) fn open(projection: &Projection, span: &Span, share: Share) -> anyhow::Result<Self> {
        let groups = CheckedGroups {
            file: Arc::new(projection.file.clone()),
            metadata: Arc::clone(projection.metadata.metadata()),
            groups: span.groups.clone().collect(),
        };
        let rows = share.rows(span)?;
        let wanted = rows.iter().filter(|rows| !rows.skip);
        let left: usize = wanted.map(|rows| rows.row_count).sum();
        // Room is made for a batch before it is known whether there are so many rows.
        let batch_rows = span.batch_rows.min(left).max(1);
        let is_whole = span.skipped == 0 && left as u64 == span.rows;
        let reader = guarded(|| {
            let selection = (!is_whole).then(|| RowSelection::from(rows));
            let levels = &projection.levels;
            ParquetRecordBatchReader::try_new_with_row_groups(
                levels, &groups, batch_rows, selection,
            )
        });
        Ok(Self {
            reader: reader?,
            left: left as u64,
        })
    }

    /// The next rows; `None` if there are no more, be they fewer than there should be.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        let Some(rows) = guarded(|| self.reader.next().transpose())? else {
            return Ok(None);
        };
        let left = self.left.checked_sub(rows.num_rows() as u64);
        ensure!(
            left.is_some(),
            "it is damaged: a row group has more rows than it should have"
        );
        self.left = left.unwrap_or_default();
        Ok(Some(rows))
    }

    /// Whether all rows have been given that there should be.
    pub(super) const fn is_complete(&self) -> bool {
        self.left == 0
    }
}

/// The row groups that are left to be read, one after the other.
pub(super) struct RowGroups {
    projection: Arc<Projection>,
    spans: Spans,
    /// The one that is being read, or is next.
    span: Option<Span>,
    reader: Option<SpanReader>,
}

impl RowGroups {
    /// Reads `span`, and what is behind it.
    pub(super) const fn new(projection: Arc<Projection>, span: Option<Span>, spans: Spans) -> Self {
        Self {
            projection,
            spans,
            span,
            reader: None,
        }
    }

    /// What is read, of which the span is next.
    pub(super) fn into_parts(self) -> (Arc<Projection>, Option<Span>, Spans) {
        (self.projection, self.span, self.spans)
    }

    /// The next rows; `None` if there are no more, be they fewer than there should be.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        loop {
            let Some(span) = &self.span else {
                return Ok(None);
            };
            let reader = match &mut self.reader {
                Some(reader) => reader,
                none => none.insert(SpanReader::open(&self.projection, span, Share::ALL)?),
            };
            if let Some(rows) = reader.next()? {
                return Ok(Some(rows));
            }
            if !reader.is_complete() {
                return Ok(None);
            }
            self.reader = None;
            self.span = self.spans.next()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Each row of a span is read by one of those who share it, a turn after the other.
        #[test]
        fn every_row_is_of_one_share(
            skipped in 0_u64..50,
            rows in 0_u64..500,
            batch_rows in 1_usize..20,
            of in 1_usize..5,
            batches in 1_usize..5,
        ) {
            let span = Span {
                groups: 0..1,
                skipped,
                rows,
                batch_rows,
                page_rows: 1,
                row_bytes: 1,
            };
            let mut owners = vec![None; (skipped + rows) as usize];
            for turn in 0..of {
                let share = Share {
                    turn,
                    of: NonZero::new(of).expect("there is one"),
                    batches: NonZero::new(batches).expect("there is one"),
                };
                let mut row = 0;
                for selector in share.rows(&span).expect("they fit") {
                    if !selector.skip {
                        for owner in &mut owners[row..row + selector.row_count] {
                            prop_assert_eq!(owner.replace(turn), None);
                        }
                    }
                    row += selector.row_count;
                }
            }
            for (row, owner) in owners.into_iter().enumerate() {
                let wanted = row.checked_sub(skipped as usize);
                prop_assert_eq!(owner, wanted.map(|row| row / (batch_rows * batches) % of));
            }
        }
    }
}
