//! The row groups of a Parquet file, read one after the other. What the pages of one say of themselves is
//! looked at when it is reached, so rows before a damaged one are handed on, and a batch has as many rows as
//! its pages leave room for.

use std::{collections::HashMap, fs::File};

use anyhow::{Context as _, bail, ensure};
use arrow::{
    array::RecordBatch,
    datatypes::{DataType as ArrowType, Schema},
};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
        },
    },
    file::metadata::ColumnChunkMetaData,
};

use super::{parquet_pages::Pages, parquet_slices, quiet::caught};

/// How much of pages is held for a batch, beyond what a single row needs; row groups that take less together
/// are read as one.
const MAX_BATCH_PAGES: u64 = 64 * 1024 * 1024;

/// How much of pages a single row may need.
const MAX_ROW_PAGES: u64 = 1024 * 1024 * 1024;

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

/// A column that is read.
struct Column {
    /// Where it stands among all columns, with the parts of those that have some.
    leaf: usize,
    /// Whether its values stay in the pages that they were read from.
    is_view: bool,
}

/// The row groups that are left to be read.
pub(super) struct RowGroups {
    file: File,
    metadata: ArrowReaderMetadata,
    columns: Vec<Column>,
    /// How many rows each row group has.
    rows: Vec<u64>,
    batch_rows: usize,
    /// The first one that has not been begun, and how many of its rows are not wanted.
    next: (usize, u64),
    /// Reads those that have been begun.
    reader: Option<ParquetRecordBatchReader>,
    /// How many rows it has yet to give.
    left: u64,
}

impl RowGroups {
    /// Begins to read the columns at `places`, which ascend, in batches of at most `batch_rows` rows: those of the row
    /// groups from `start` on, without as many of the first as it says. `metadata` is that of the file, with texts as
    /// views; `rows` says how many rows each row group has.
    ///
    /// # Errors
    ///
    /// If what the file says of the row groups cannot be, or the first one cannot be read.
    pub(super) fn open(
        file: File,
        metadata: ArrowReaderMetadata,
        places: &[usize],
        rows: Vec<u64>,
        start: (usize, u64),
        batch_rows: usize,
    ) -> anyhow::Result<Self> {
        let found = metadata.schema().project(places)?;
        let batch_rows = parquet_slices::batch_rows(&found, batch_rows)?;
        let mut groups = Self {
            columns: columns(&metadata, places, &found),
            file,
            metadata,
            rows,
            batch_rows,
            next: start,
            reader: None,
            left: 0,
        };
        groups.check_places()?;
        groups.begin()?;
        Ok(groups)
    }

    /// Makes sure that the columns lie in the file, and not on top of each other.
    fn check_places(&self) -> anyhow::Result<()> {
        let size = self.file.metadata()?.len();
        let mut bytes = 0_u64;
        for group in self.next.0..self.rows.len() {
            for column in &self.columns {
                let (start, end) = self.place(column, group)?;
                ensure!(
                    end <= size,
                    "{}: it lies outside the file",
                    self.damaged(column, group)
                );
                bytes = bytes.saturating_add(end - start);
            }
        }
        ensure!(
            bytes <= size,
            "it is damaged: its columns should have {bytes} bytes, and it has {size}"
        );
        Ok(())
    }

    /// The next rows; `None` if there are no more, be they fewer than there should be.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        while let Some(reader) = &mut self.reader {
            if let Some(rows) = guarded(|| reader.next().transpose())? {
                let left = self.left.checked_sub(rows.num_rows() as u64);
                ensure!(
                    left.is_some(),
                    "it is damaged: a row group has more rows than it should have"
                );
                self.left = left.unwrap_or_default();
                return Ok(Some(rows));
            }
            if self.left > 0 {
                return Ok(None);
            }
            self.begin()?;
        }
        Ok(None)
    }

    /// Begins to read the next row group, and those behind it as long as all of their pages take little room.
    fn begin(&mut self) -> anyhow::Result<()> {
        self.reader = None;
        let (first, skipped) = self.next;
        if first >= self.rows.len() {
            return Ok(());
        }
        let pages = self.pages(first)?;
        let batch_rows = self.fitting(&pages, first)?;
        let mut left = self.rows[first].saturating_sub(skipped);
        let mut bytes = all(&pages);
        let mut end = first + 1;
        while end < self.rows.len() && batch_rows == self.batch_rows {
            // What is wrong with it is told when it is reached.
            let Ok(pages) = self.pages(end) else { break };
            bytes = bytes.saturating_add(all(&pages));
            let fits = bytes <= MAX_BATCH_PAGES;
            if !fits || self.fitting(&pages, end).ok() != Some(batch_rows) {
                break;
            }
            left = left.saturating_add(self.rows[end]);
            end += 1;
        }
        let mask = ProjectionMask::leaves(
            self.metadata.metadata().file_metadata().schema_descr(),
            self.columns.iter().map(|column| column.leaf),
        );
        let file = self.file.try_clone()?;
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_projection(mask)
                .with_batch_size(batch_rows)
                .with_row_groups((first..end).collect())
                .with_offset(usize::try_from(skipped)?);
        self.reader = Some(guarded(|| builder.build())?);
        self.left = left;
        self.next = (end, 0);
        Ok(())
    }

    /// The pages of the columns in a row group.
    fn pages(&self, group: usize) -> anyhow::Result<Vec<Pages>> {
        let pages = self.columns.iter().map(|column| {
            let (start, end) = self.place(column, group)?;
            Pages::scan(&self.file, start, end).with_context(|| self.damaged(column, group))
        });
        pages.collect()
    }

    /// Where a column of a row group begins and ends.
    fn place(&self, column: &Column, group: usize) -> anyhow::Result<(u64, u64)> {
        let place = || {
            let chunk = self.chunk(column, group)?;
            let start = chunk
                .dictionary_page_offset()
                .unwrap_or(chunk.data_page_offset());
            let end = start.checked_add(chunk.compressed_size())?;
            let (start, end) = (u64::try_from(start).ok()?, u64::try_from(end).ok()?);
            (start <= end).then_some((start, end))
        };
        place().with_context(|| self.damaged(column, group))
    }

    fn chunk(&self, column: &Column, group: usize) -> Option<&ColumnChunkMetaData> {
        let group = self.metadata.metadata().row_groups().get(group)?;
        group.columns().get(column.leaf)
    }

    fn damaged(&self, column: &Column, group: usize) -> String {
        let name = self.chunk(column, group).map(|chunk| chunk.column_path());
        let name = name.map(|path| path.string()).unwrap_or_default();
        format!("column `{name}` of row group {group} is damaged")
    }

    /// How many rows of a row group may be read at once, so that their pages do not take too much room.
    fn fitting(&self, pages: &[Pages], group: usize) -> anyhow::Result<usize> {
        let held = |rows: usize| {
            let held = self.columns.iter().zip(pages).map(|(column, pages)| {
                if column.is_view {
                    pages.of_rows(rows as u64)
                } else {
                    pages.at_once()
                }
            });
            held.fold(0, u64::saturating_add)
        };
        let least = held(1);
        ensure!(
            least <= MAX_ROW_PAGES,
            "the pages of a single row would have {least} bytes uncompressed in row group {group}, and at most \
             {MAX_ROW_PAGES} are read: name fewer columns, or write the file with smaller pages"
        );
        // Many columns hold a page each anyway, and two where rows come from two.
        let most = least + least.max(MAX_BATCH_PAGES);
        let mut rows = self.batch_rows;
        while rows > 1 && held(rows) > most {
            rows = rows.next_power_of_two() / 2;
        }
        Ok(rows)
    }
}

fn all(pages: &[Pages]) -> u64 {
    pages.iter().map(Pages::all).fold(0, u64::saturating_add)
}

/// The columns at `places` as they stand among all; `found` are these columns.
fn columns(metadata: &ArrowReaderMetadata, places: &[usize], found: &Schema) -> Vec<Column> {
    let views = found.fields().iter().map(|field| {
        matches!(
            field.data_type(),
            ArrowType::Utf8View | ArrowType::BinaryView
        )
    });
    let wanted: HashMap<_, _> = places.iter().copied().zip(views).collect();
    let schema = metadata.metadata().file_metadata().schema_descr();
    let leaves = 0..schema.num_columns();
    leaves
        .filter_map(|leaf| {
            let is_view = *wanted.get(&schema.get_column_root_idx(leaf))?;
            Some(Column { leaf, is_view })
        })
        .collect()
}
