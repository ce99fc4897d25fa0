//! What it takes to open readers of a Parquet file, from any of its rows on, for all of its columns or some.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use arrow::datatypes::SchemaRef;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
            ParquetRecordBatchReaderBuilder,
        },
    },
    file::metadata::ParquetMetaData,
};

use super::parquet_slices;
use crate::connector::position::{self, PROOF_BYTES};

/// A file that has been checked.
pub(super) struct Readers {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// How many bytes it has.
    pub(super) bytes: u64,
    /// Digest of its last bytes.
    pub(super) digest: String,
    pub(super) metadata: Arc<ParquetMetaData>,
    /// All of its columns.
    pub(super) found: SchemaRef,
    /// Where those are that are wanted, in order.
    pub(super) places: Vec<usize>,
    pub(super) batch_rows: usize,
    /// How many rows each row group has.
    pub(super) row_groups: Vec<u64>,
    /// How many bytes the largest page becomes that is to be read.
    pub(super) largest_page: i64,
}

impl Readers {
    /// A reader of the wanted columns, from a row of a row group on. Only one at a time may be in use.
    pub(super) fn open(&self, start: (usize, u64)) -> anyhow::Result<ParquetRecordBatchReader> {
        self.reader(self.file.try_clone()?, start, &self.places)
    }

    /// A reader of some columns that can be used beside all others, on another thread; `None` if the file is not there any
    /// more.
    pub(super) fn open_beside(
        &self,
        start: (usize, u64),
        places: &[usize],
    ) -> anyhow::Result<Option<ParquetRecordBatchReader>> {
        // Copies of a handle share the place that they read at.
        match open_proven(&self.path) {
            Ok((file, bytes, digest)) if bytes == self.bytes && digest == self.digest => {
                self.reader(file, start, places).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn reader(
        &self,
        file: File,
        start: (usize, u64),
        places: &[usize],
    ) -> anyhow::Result<ParquetRecordBatchReader> {
        let options =
            ArrowReaderOptions::new().with_schema(parquet_slices::with_views(&self.found));
        guarded(|| {
            let mask = ProjectionMask::roots(
                self.metadata.file_metadata().schema_descr(),
                places.iter().copied(),
            );
            // The same for all readers, so that their batches have the same rows.
            let projected = self.found.project(&self.places)?;
            let rows = parquet_slices::batch_rows(&projected.into(), self.batch_rows);
            let metadata = ArrowReaderMetadata::try_new(Arc::clone(&self.metadata), options)?;
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
                .with_projection(mask)
                .with_batch_size(rows)
                .with_row_groups((start.0..self.row_groups.len()).collect())
                .with_offset(usize::try_from(start.1)?)
                .build()
        })
    }
}

/// Calls the reader of Parquet files, which panics on some that are damaged.
pub(super) fn guarded<T, E>(read: impl FnOnce() -> Result<T, E>) -> anyhow::Result<T>
where
    anyhow::Error: From<E>,
{
    match panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => Ok(read?),
        Err(_) => bail!("the file is damaged: the reader of Parquet files panicked on it"),
    }
}

/// Opens a file: its size, and a digest of its last bytes.
pub(super) fn open_proven(path: &Path) -> anyhow::Result<(File, u64, String)> {
    let context = || format!("cannot open `{}`", path.display());
    let mut file = File::open(path).with_context(context)?;
    let size = file.metadata().with_context(context)?.len();
    let context = || format!("cannot read `{}`", path.display());
    let from = size.saturating_sub(PROOF_BYTES as u64);
    file.seek(SeekFrom::Start(from)).with_context(context)?;
    let mut last = Vec::new();
    file.read_to_end(&mut last).with_context(context)?;
    Ok((file, size, position::digest(&last)))
}
