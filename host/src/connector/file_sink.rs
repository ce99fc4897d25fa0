//! A file in a directory of its own.
//!
//! The rows go to a hidden file beside it, which takes its name only when the job has succeeded:
//! whoever reads the directory sees the result of the last job that did, all of it and nothing
//! else. A job that fails leaves that result as it was. Exactly once, for bounded jobs.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use arrow::{
    array::{Array as _, RecordBatch},
    datatypes::SchemaRef,
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::{Format, Sink, format::TextEncoder};
use crate::batch::{Batch, Schema};

/// Text is gathered until there are this many bytes of it.
const BUFFER_BYTES: usize = 256 * 1024;

/// A row group ends at whichever comes first. Until then it is in memory.
const ROW_GROUP_ROWS: usize = 1024 * 1024;
const ROW_GROUP_BYTES: usize = 64 * 1024 * 1024;

/// The file that rows are written to.
pub(super) struct FileSink {
    place: Place,
    schema: SchemaRef,
    content: Content,
}

enum Content {
    Text {
        encoder: TextEncoder,
        buffer: Vec<u8>,
        file: File,
    },
    Parquet(Box<ArrowWriter<File>>),
}

impl FileSink {
    /// Opens a sink that leaves its file in `directory`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If the directory cannot be written to, or another job is writing to it.
    pub(super) fn open(directory: &Path, format: Format, schema: &Schema) -> anyhow::Result<Self> {
        let extension = match format {
            Format::Json => "jsonl",
            Format::Csv => "csv",
            Format::Parquet => "parquet",
            Format::Lines => bail!("files can be written as json, csv or parquet"),
        };
        let (place, file) = Place::open(directory, extension)?;
        let content = if format == Format::Parquet {
            let writer = ArrowWriter::try_new(file, schema.to_arrow(), Some(properties()?))
                .with_context(|| place.cannot_write())?;
            Content::Parquet(Box::new(writer))
        } else {
            Content::Text {
                encoder: TextEncoder::new(format, schema)?,
                buffer: Vec::new(),
                file,
            }
        };
        Ok(Self {
            place,
            schema: schema.to_arrow(),
            content,
        })
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

impl Sink for FileSink {
    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let place = &self.place;
        match &mut self.content {
            Content::Text {
                encoder,
                buffer,
                file,
            } => {
                encoder.encode(batch.record(), buffer)?;
                if buffer.len() >= BUFFER_BYTES {
                    file.write_all(buffer)
                        .with_context(|| place.cannot_write())?;
                    buffer.clear();
                }
            }
            Content::Parquet(writer) => {
                ensure!(
                    same_types(batch.record(), &self.schema),
                    "the rows have other columns than the sink was opened for"
                );
                writer
                    .write(batch.record())
                    .with_context(|| place.cannot_write())?;
                if writer.memory_size() > ROW_GROUP_BYTES {
                    writer.flush().with_context(|| place.cannot_write())?;
                }
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        // Nobody sees the rows before the file is whole.
        Ok(())
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        let Self { place, content, .. } = *self;
        let written = match content {
            Content::Text {
                mut encoder,
                mut buffer,
                mut file,
            } => {
                encoder.begin(&mut buffer);
                file.write_all(&buffer).map(|()| file).map_err(Into::into)
            }
            Content::Parquet(writer) => writer.into_inner(),
        };
        let file = written.with_context(|| place.cannot_write())?;
        place.publish(&file)
    }
}

/// Where the file is while it is written, and where it will be. Removes the first if the second
/// never comes.
struct Place {
    directory: PathBuf,
    temporary: PathBuf,
    target: PathBuf,
}

impl Place {
    /// Makes the temporary file. It is locked as long as this process lives: that is how a job
    /// tells one that is being written from one that a dead job left behind.
    fn open(directory: &Path, extension: &str) -> anyhow::Result<(Self, File)> {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make directory `{}`", directory.display()))?;
        remove_leftovers(directory)?;
        let name = format!("part-00000.{extension}");
        let place = Self {
            directory: directory.to_path_buf(),
            temporary: directory.join(format!(".{name}.tmp")),
            target: directory.join(name),
        };
        let file = File::create_new(&place.temporary)
            .with_context(|| format!("cannot make file `{}`", place.temporary.display()))?;
        file.try_lock()
            .with_context(|| format!("cannot lock file `{}`", place.temporary.display()))?;
        Ok((place, file))
    }

    fn cannot_write(&self) -> String {
        format!("cannot write `{}`", self.target.display())
    }

    /// Makes the file visible, in place of those of a former job.
    fn publish(self, file: &File) -> anyhow::Result<()> {
        file.sync_all().with_context(|| self.cannot_write())?;
        fs::rename(&self.temporary, &self.target).with_context(|| self.cannot_write())?;
        // Only now, so that there is never no result at all.
        for old in files_of(&self.directory, is_part)? {
            if old != self.target {
                fs::remove_file(&old)
                    .with_context(|| format!("cannot remove `{}`", old.display()))?;
            }
        }
        // A rename is safe from a power failure when the directory has been written, too.
        #[cfg(unix)]
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .with_context(|| self.cannot_write())?;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // After `publish` there is none; after a failure, there is nobody to tell of another one.
        let _nothing_there = fs::remove_file(&self.temporary);
    }
}

/// Removes the temporary files of dead jobs.
fn remove_leftovers(directory: &Path) -> anyhow::Result<()> {
    for path in files_of(directory, is_temporary)? {
        let file =
            File::open(&path).with_context(|| format!("cannot open `{}`", path.display()))?;
        match file.try_lock() {
            Ok(()) => fs::remove_file(&path)
                .with_context(|| format!("cannot remove `{}`", path.display()))?,
            Err(TryLockError::WouldBlock) => {
                bail!("another job is writing to `{}`", directory.display());
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock `{}`", path.display()));
            }
        }
    }
    Ok(())
}

fn files_of(directory: &Path, wanted: fn(&str) -> bool) -> anyhow::Result<Vec<PathBuf>> {
    let context = || format!("cannot list directory `{}`", directory.display());
    let mut files = Vec::new();
    for entry in directory.read_dir().with_context(context)? {
        let entry = entry.with_context(context)?;
        if entry.file_name().to_str().is_some_and(wanted) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// Whether a file is the result of a job: `part-00000.csv`.
fn is_part(name: &str) -> bool {
    let Some((number, extension)) = name
        .strip_prefix("part-")
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    number.len() == 5
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && ["jsonl", "csv", "parquet"].contains(&extension)
}

/// Whether a file is one that becomes the result of a job: `.part-00000.csv.tmp`.
fn is_temporary(name: &str) -> bool {
    name.strip_prefix('.')
        .and_then(|rest| rest.strip_suffix(".tmp"))
        .is_some_and(is_part)
}

#[cfg(test)]
mod tests;
