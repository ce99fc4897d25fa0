//! Readings from files, through Arrow's readers.

use std::{
    collections::VecDeque,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::RecordBatch,
    csv,
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
    json,
};
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};

use crate::job::{Format, Job};

/// As many rows as the product has in a batch.
const BATCH_ROWS: usize = 8192;

type Reader = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

/// The batches of some files, one file after the other.
pub(super) struct Batches {
    format: Format,
    job: Job,
    files: VecDeque<PathBuf>,
    open: Option<Reader>,
}

impl Batches {
    pub(super) fn new(format: Format, job: Job, files: VecDeque<PathBuf>) -> Self {
        Self {
            format,
            job,
            files,
            open: None,
        }
    }

    fn open(&self, path: &Path) -> anyhow::Result<Reader> {
        let file = File::open(path)?;
        Ok(match self.format {
            Format::Parquet => {
                let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
                let columns = self.job.columns().iter().copied();
                let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
                let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
                Box::new(builder.build()?)
            }
            Format::Json => {
                let builder = json::ReaderBuilder::new(schema(self.job.columns()));
                let file = BufReader::new(file);
                Box::new(builder.with_batch_size(BATCH_ROWS).build(file)?)
            }
            Format::Csv => {
                let builder = csv::ReaderBuilder::new(schema(Job::A.columns()));
                let columns = (0..self.job.columns().len()).collect();
                let builder = builder.with_header(true).with_projection(columns);
                Box::new(builder.with_batch_size(BATCH_ROWS).build(file)?)
            }
        })
    }
}

impl Iterator for Batches {
    type Item = anyhow::Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.open.as_mut().and_then(Iterator::next) {
                return Some(batch.map_err(Into::into));
            }
            let path = self.files.pop_front()?;
            match self.open(&path) {
                Ok(reader) => self.open = Some(reader),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// What readings are in text.
fn schema(columns: &[&str]) -> SchemaRef {
    let fields = columns.iter().map(|&name| {
        let kind = match name {
            "ts" => DataType::Int64,
            "sensor" => DataType::Utf8,
            _ => DataType::Float64,
        };
        Field::new(name, kind, false)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
