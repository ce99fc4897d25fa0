//! One file of a result while it is written.

use std::{
    fs::File,
    io::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use arrow::{
    array::{Array as _, RecordBatch},
    datatypes::SchemaRef,
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::disk::{self, OutFile};
use crate::{
    batch::{Batch, Schema},
    connector::{Format, format::TextEncoder},
};

/// Text is gathered until there are this many bytes of it.
const BUFFER_BYTES: usize = 256 * 1024;

/// A row group ends at whichever comes first. Until then it is in memory.
const ROW_GROUP_ROWS: usize = 1024 * 1024;
const ROW_GROUP_BYTES: usize = 64 * 1024 * 1024;

/// Writes rows to a file.
pub(super) struct PartWriter {
    path: PathBuf,
    content: Content,
    /// When the first row came.
    begun: Option<Instant>,
}

enum Content {
    Text {
        encoder: TextEncoder,
        buffer: Vec<u8>,
        /// How many bytes are in the file.
        written: u64,
        file: OutFile,
    },
    Parquet {
        writer: Box<ArrowWriter<OutFile>>,
        schema: SchemaRef,
    },
}

impl PartWriter {
    /// Begins a file, which people call `path`, of rows of these columns.
    pub(super) fn new(
        path: PathBuf,
        file: File,
        format: Format,
        schema: &Schema,
    ) -> anyhow::Result<Self> {
        let file = OutFile(file);
        let content = if format == Format::Parquet {
            let schema = schema.to_arrow();
            let writer = ArrowWriter::try_new(file, SchemaRef::clone(&schema), Some(properties()?))
                .with_context(|| format!("cannot write `{}`", path.display()))?;
            Content::Parquet {
                writer: Box::new(writer),
                schema,
            }
        } else {
            Content::Text {
                encoder: TextEncoder::new(format, schema)?,
                buffer: Vec::new(),
                written: 0,
                file,
            }
        };
        Ok(Self {
            path,
            content,
            begun: None,
        })
    }

    /// Writes the rows of a batch.
    pub(super) fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        self.begun.get_or_insert_with(Instant::now);
        let path = &self.path;
        let context = || format!("cannot write `{}`", path.display());
        match &mut self.content {
            Content::Text {
                encoder,
                buffer,
                written,
                file,
            } => {
                encoder.encode(batch.record(), buffer)?;
                if buffer.len() >= BUFFER_BYTES {
                    file.write_all(buffer).with_context(context)?;
                    *written += buffer.len() as u64;
                    buffer.clear();
                }
            }
            Content::Parquet { writer, schema } => {
                ensure!(
                    same_types(batch.record(), schema),
                    "the rows have other columns than the sink was opened for"
                );
                writer.write(batch.record()).with_context(context)?;
                if writer.memory_size() > ROW_GROUP_BYTES {
                    writer.flush().with_context(context)?;
                }
            }
        }
        Ok(())
    }

    /// How many bytes the file has, about: what Parquet keeps in memory is not encoded yet.
    pub(super) fn bytes(&self) -> u64 {
        match &self.content {
            Content::Text {
                buffer, written, ..
            } => written + buffer.len() as u64,
            Content::Parquet { writer, .. } => {
                (writer.bytes_written() + writer.in_progress_size()) as u64
            }
        }
    }

    /// For how long rows have been written to the file; `None` if there are none.
    pub(super) fn age(&self) -> Option<Duration> {
        self.begun.map(|begun| begun.elapsed())
    }

    /// Completes the file. It survives a power failure then.
    pub(super) fn close(self) -> anyhow::Result<()> {
        let context = || format!("cannot write `{}`", self.path.display());
        let file = match self.content {
            Content::Text {
                mut encoder,
                mut buffer,
                mut file,
                ..
            } => {
                encoder.begin(&mut buffer);
                file.write_all(&buffer).with_context(context)?;
                file
            }
            Content::Parquet { writer, .. } => writer.into_inner().with_context(context)?,
        };
        disk::sync_file(&file, &self.path).with_context(context)
    }
}

fn same_types(rows: &RecordBatch, schema: &SchemaRef) -> bool {
    let types = schema.fields().iter().map(|field| field.data_type());
    rows.columns()
        .iter()
        .map(|column| column.data_type())
        .eq(types)
}

fn properties() -> anyhow::Result<WriterProperties> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by(concat!("tidemill ", env!("CARGO_PKG_VERSION")).to_owned());
    Ok(properties.build())
}
