//! A Parquet file that is read ahead, each of some threads reading some of its columns: pages are read once and in their
//! order, as they are by one thread. What is wrong with a file is not found out here.

use arrow::{
    array::{Array as _, RecordBatch},
    datatypes::Schema,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::parquet_readers::{Readers, guarded};
use crate::connector::ahead::Workers;

/// So many batches are read ahead: one that is being read, and others to hand over while that takes its time.
const MOST_AHEAD: usize = 4;

/// Batches that are read ahead have no more bytes than this all together, if they are as large as the one before.
const MAX_AHEAD_BYTES: usize = 16 * 1024 * 1024;

/// A file with larger pages than this is not read ahead: texts are kept with their pages.
const MAX_PAGE_BYTES: i64 = 4 * 1024 * 1024;

/// A value costs about as much as so many bytes.
const BYTES_OF_A_VALUE: i64 = 8;

/// Reads a file ahead.
pub(super) struct AheadReader {
    /// They are asked for a batch.
    workers: Workers<(), anyhow::Result<Option<RecordBatch>>>,
    /// How many batches have been asked for and not been taken.
    asked: usize,
}

impl AheadReader {
    /// Starts to read a file from a row of a row group on, with at most so many threads; `None` if it is better read in
    /// another way.
    pub(super) fn start(
        readers: &Readers,
        start: (usize, u64),
        threads: usize,
    ) -> anyhow::Result<Option<Self>> {
        if readers.largest_page > MAX_PAGE_BYTES || readers.places.is_empty() {
            return Ok(None);
        }
        let mut workers = Workers::none();
        for columns in shares(readers, threads) {
            let Some(mut reader) = readers.open_beside(start, &columns)? else {
                return Ok(None);
            };
            let read = move |()| next(&mut reader);
            workers.start("parquet".to_owned(), MOST_AHEAD + 1, read)?;
        }
        Ok(Some(Self { workers, asked: 0 }))
    }

    /// The rows that are next, or that there are none any more; `None` if that is not known, and nothing more will be.
    pub(super) fn read(&mut self) -> Option<Option<RecordBatch>> {
        if self.asked == 0 {
            self.ask();
        }
        self.asked -= 1;
        let mut batches = Vec::with_capacity(self.workers.len());
        for worker in 0..self.workers.len() {
            batches.push(self.workers.take(worker).ok()?.ok()?);
        }
        if batches.iter().all(Option::is_none) {
            return Some(None);
        }
        let batches = batches.into_iter().collect::<Option<Vec<_>>>()?;
        let rows = joined(&batches)?;
        let bytes: usize = rows
            .columns()
            .iter()
            .map(|column| column.get_array_memory_size())
            .sum();
        while self.asked < (MAX_AHEAD_BYTES / bytes.max(1)).min(MOST_AHEAD) {
            self.ask();
        }
        Some(Some(rows))
    }

    fn ask(&mut self) {
        for worker in 0..self.workers.len() {
            self.workers.hand(worker, ());
        }
        self.asked += 1;
    }
}

fn next(reader: &mut ParquetRecordBatchReader) -> anyhow::Result<Option<RecordBatch>> {
    guarded(|| reader.next().transpose())
}

/// Rows whose columns have been read apart; `None` if they have not the same number.
fn joined(batches: &[RecordBatch]) -> Option<RecordBatch> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for batch in batches {
        fields.extend(batch.schema_ref().fields().iter().cloned());
        columns.extend_from_slice(batch.columns());
    }
    RecordBatch::try_new(Schema::new(fields).into(), columns).ok()
}

/// Divides the columns among at most so many threads, neighbours together, so that all have about the same to do.
fn shares(readers: &Readers, threads: usize) -> Vec<Vec<usize>> {
    let schema = readers.metadata.file_metadata().schema_descr();
    let mut work = vec![0_i128; readers.found.fields().len()];
    for group in readers.metadata.row_groups() {
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let values = i128::from(chunk.num_values()) * i128::from(BYTES_OF_A_VALUE);
            work[schema.get_column_root_idx(leaf)] +=
                values.max(0) + i128::from(chunk.uncompressed_size()).max(0);
        }
    }
    let total = readers
        .places
        .iter()
        .map(|&place| work[place])
        .sum::<i128>();
    let mut shares = vec![Vec::new(); threads.min(readers.places.len())];
    let mut before = 0;
    for &place in &readers.places {
        // By the middle of its work.
        let middle = before + work[place] / 2;
        before += work[place];
        let share = middle * shares.len() as i128 / total.max(1);
        let last = shares.len() - 1;
        shares[usize::try_from(share).map_or(last, |share| share.min(last))].push(place);
    }
    shares.retain(|share: &Vec<usize>| !share.is_empty());
    shares
}
