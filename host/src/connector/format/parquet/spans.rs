//! The row groups of a Parquet file, and how many of them, and of their rows, are read at once. What the pages of one say
//! of themselves is looked at when it is reached, so rows before a damaged one are handed on, and a batch has as many rows
//! as its pages leave room for.

use std::{collections::HashMap, ops::Range, sync::Arc};

use anyhow::{Context as _, ensure};
use arrow::datatypes::{DataType as ArrowType, Schema};
use parquet::{
    arrow::{
        FieldLevels, ProjectionMask, arrow_reader::ArrowReaderMetadata,
        parquet_to_arrow_field_levels,
    },
    file::metadata::ColumnChunkMetaData,
};

use super::{blocks::Blocks, pages::Pages, slices};

/// How much of pages is held for a batch, beyond what a single row needs; row groups that take less together
/// are read as one.
const MAX_BATCH_PAGES: u64 = 64 * 1024 * 1024;

/// How much of pages a single row may need.
const MAX_ROW_PAGES: u64 = 1024 * 1024 * 1024;

/// A column that is read.
struct Column {
    /// Where it stands among all columns, with the parts of those that have some.
    leaf: usize,
    /// Whether its values stay in the pages that they were read from.
    is_view: bool,
}

/// What is read of a file.
pub(super) struct Projection {
    pub(super) file: Blocks,
    pub(super) metadata: ArrowReaderMetadata,
    /// What the reader makes of the columns.
    pub(super) levels: FieldLevels,
    columns: Vec<Column>,
    /// How many rows each row group has.
    rows: Vec<u64>,
    batch_rows: usize,
}

/// Row groups that are read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) groups: Range<usize>,
    /// How many of their rows are not wanted, from the first on.
    pub(super) skipped: u64,
    /// How many are.
    pub(super) rows: u64,
    /// How many are read at once.
    pub(super) batch_rows: usize,
    /// How many are in a page of the column that takes most.
    pub(super) page_rows: u64,
    /// How many bytes of pages each has.
    pub(super) row_bytes: u64,
}

/// The row groups that are left to be read.
pub(super) struct Spans {
    projection: Arc<Projection>,
    /// The first one that has not been begun, and how many of its rows are not wanted.
    next: (usize, u64),
}

impl Projection {
    /// The columns at `places`, which ascend, in batches of at most `batch_rows` rows. `metadata` is that of the file, with
    /// texts as views; `rows` says how many rows each row group has.
    ///
    /// # Errors
    ///
    /// If a row takes too much.
    pub(super) fn new(
        file: Blocks,
        metadata: ArrowReaderMetadata,
        places: &[usize],
        rows: Vec<u64>,
        batch_rows: usize,
    ) -> anyhow::Result<Self> {
        let found = metadata.schema().project(places)?;
        let batch_rows = slices::batch_rows(&found, batch_rows)?;
        let columns = columns(&metadata, places, &found);
        let parts = metadata.parquet_schema();
        let mask = ProjectionMask::leaves(parts, columns.iter().map(|column| column.leaf));
        let hint = metadata.schema().fields();
        Ok(Self {
            columns,
            levels: parquet_to_arrow_field_levels(parts, mask, Some(hint))?,
            file,
            metadata,
            rows,
            batch_rows,
        })
    }

    /// Makes sure that the columns of the row groups from `first` on lie in the file, and not on top of each other.
    fn check_places(&self, first: usize) -> anyhow::Result<()> {
        let size = self.file.size()?;
        let mut bytes = 0_u64;
        for group in first..self.rows.len() {
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

    /// The pages of the columns in a row group.
    fn pages(&self, group: usize) -> anyhow::Result<Vec<Pages>> {
        let pages = self.columns.iter().map(|column| {
            let (start, end) = self.place(column, group)?;
            let pages = Pages::scan(&self.file, start, end).and_then(|pages| {
                pages.check_rows(self.rows[group])?;
                Ok(pages)
            });
            pages.with_context(|| self.damaged(column, group))
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

impl Spans {
    /// The row groups from `start` on, without as many rows of the first as it says.
    ///
    /// # Errors
    ///
    /// If what the file says of the row groups cannot be.
    pub(super) fn new(projection: Arc<Projection>, start: (usize, u64)) -> anyhow::Result<Self> {
        projection.check_places(start.0)?;
        Ok(Self {
            projection,
            next: start,
        })
    }

    /// The next row group, and those behind it as long as all of their pages take little room.
    ///
    /// # Errors
    ///
    /// If what its pages say of themselves cannot be.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Span>> {
        let projection = &*self.projection;
        let (first, skipped) = self.next;
        if first >= projection.rows.len() {
            return Ok(None);
        }
        let pages = projection.pages(first)?;
        let batch_rows = projection.fitting(&pages, first)?;
        let page_rows = pages.iter().map(Pages::largest).max();
        let (_, page_rows) = page_rows.unwrap_or_default();
        let mut rows = projection.rows[first];
        let mut bytes = all(&pages);
        let mut end = first + 1;
        while end < projection.rows.len() && batch_rows == projection.batch_rows {
            // What is wrong with it is told when it is reached.
            let Ok(pages) = projection.pages(end) else {
                break;
            };
            let more = bytes.saturating_add(all(&pages));
            let fits = more <= MAX_BATCH_PAGES;
            if !fits || projection.fitting(&pages, end).ok() != Some(batch_rows) {
                break;
            }
            bytes = more;
            rows = rows.saturating_add(projection.rows[end]);
            end += 1;
        }
        self.next = (end, 0);
        Ok(Some(Span {
            groups: first..end,
            skipped,
            rows: rows.saturating_sub(skipped),
            batch_rows,
            page_rows,
            row_bytes: bytes / rows.max(1),
        }))
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
