//! A file of rows as a source reads them: in its format, with the event time as it is spelled there.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow};
use arrow::{
    array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray},
    datatypes::TimestampMicrosecondType,
};
use jiff::{fmt::strtime, tz::TimeZone};
use parquet::arrow::ArrowWriter;
use tempfile::NamedTempFile;

use super::{Decoding, EventTime, EventTimeUnit, Format, TextEncoder};
use crate::batch::{DataType, Field, Schema};

/// A file that is being written. It appears when it is whole.
pub struct RowFile {
    path: PathBuf,
    file: NamedTempFile,
    event_time: Option<EventTime>,
    encoding: Encoding,
}

/// How rows become bytes.
enum Encoding {
    Text(TextEncoder),
    /// One column, whose values are the lines.
    Lines,
    /// With the rows that have been written.
    Parquet(Box<ArrowWriter<Vec<u8>>>),
}

impl RowFile {
    /// Begins a file that a source with this `decoding` can read.
    ///
    /// # Errors
    ///
    /// If the file is there already, or cannot be written.
    pub fn create(path: &Path, decoding: &Decoding) -> anyhow::Result<Self> {
        let shown = path.display();
        anyhow::ensure!(
            !path.exists(),
            "`{shown}` is there already: name another file, or remove it"
        );
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let file = NamedTempFile::new_in(folder);
        let spelled = spelled_schema(decoding);
        Ok(Self {
            path: path.to_path_buf(),
            file: file.with_context(|| format!("cannot write `{shown}`"))?,
            event_time: decoding.event_time.clone(),
            encoding: match decoding.format {
                Format::Lines => Encoding::Lines,
                // Parquet knows times, and the source knows that it does.
                Format::Parquet => {
                    let schema = decoding.schema.to_arrow();
                    let writer = ArrowWriter::try_new(Vec::new(), schema, None)?;
                    Encoding::Parquet(Box::new(writer))
                }
                text => Encoding::Text(TextEncoder::new(text, &spelled)?.exact()),
            },
        })
    }

    /// Appends rows with the columns of the source.
    ///
    /// # Errors
    ///
    /// If they cannot be written, or an event time cannot be spelled as the source reads it.
    pub fn write(&mut self, rows: &RecordBatch) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        match &mut self.encoding {
            Encoding::Parquet(writer) => return Ok(writer.write(rows)?),
            Encoding::Lines => {
                for line in rows.column(0).as_string::<i32>().iter().flatten() {
                    // It would be taken for that of the file, but for a blank line before it.
                    if line.starts_with('\u{feff}') {
                        bytes.push(b'\n');
                    }
                    bytes.extend_from_slice(line.as_bytes());
                    // Before a line break, a carriage return would be taken for a part of it.
                    bytes.extend_from_slice(match line.ends_with('\r') {
                        true => b"\r\n",
                        false => b"\n",
                    });
                }
            }
            Encoding::Text(encoder) => {
                let rows = match &self.event_time {
                    Some(time) => spelled(rows, time)?,
                    None => rows.clone(),
                };
                encoder.encode(&rows, &mut bytes)?;
            }
        }
        self.append(&bytes)
    }

    /// Makes the file appear.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or another one has appeared meanwhile.
    pub fn finish(mut self) -> anyhow::Result<()> {
        if let Encoding::Parquet(writer) = std::mem::replace(&mut self.encoding, Encoding::Lines) {
            let bytes = writer.into_inner()?;
            self.append(&bytes)?;
        }
        let context = || format!("cannot write `{}`", self.path.display());
        self.file.as_file().sync_all().with_context(context)?;
        let path = self.path.clone();
        let kept = self.file.persist_noclobber(&path);
        kept.map_err(|error| error.error)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.file
            .write_all(bytes)
            .with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}

/// The columns of a text, with the type that the event time has there.
fn spelled_schema(decoding: &Decoding) -> Schema {
    let spelled = |(place, field): (usize, &Field)| match &decoding.event_time {
        Some(time) if time.column == place => Field {
            data_type: match time.unit {
                EventTimeUnit::Rfc3339 => DataType::Timestamp,
                EventTimeUnit::Pattern(_) => DataType::Utf8,
                _ => DataType::Int64,
            },
            ..field.clone()
        },
        _ => field.clone(),
    };
    let fields = decoding.schema.fields().iter().enumerate();
    Schema::new(fields.map(spelled).collect()).expect("the names are those of a schema")
}

/// The rows with the event time as a text has it.
fn spelled(rows: &RecordBatch, time: &EventTime) -> anyhow::Result<RecordBatch> {
    let micros = rows.column(time.column);
    let micros = micros.as_primitive::<TimestampMicrosecondType>();
    let numbers = |scale: fn(i64) -> Option<i64>| -> anyhow::Result<ArrayRef> {
        let numbers = micros.iter().map(|micros| {
            let scaled = micros.map(|micros| {
                scale(micros)
                    .ok_or_else(|| anyhow!("the event time {micros} µs does not fit the unit"))
            });
            scaled.transpose()
        });
        Ok(Arc::new(numbers.collect::<anyhow::Result<Int64Array>>()?))
    };
    let column: ArrayRef = match &time.unit {
        EventTimeUnit::Rfc3339 => return Ok(rows.clone()),
        EventTimeUnit::Seconds => numbers(|micros| Some(micros.div_euclid(1_000_000)))?,
        EventTimeUnit::Millis => numbers(|micros| Some(micros.div_euclid(1_000)))?,
        EventTimeUnit::Micros => numbers(Some)?,
        EventTimeUnit::Nanos => numbers(|micros| micros.checked_mul(1_000))?,
        EventTimeUnit::Pattern(pattern) => {
            let text = |micros: i64| -> anyhow::Result<String> {
                let instant = jiff::Timestamp::from_microsecond(micros)?;
                Ok(strtime::format(pattern, &instant.to_zoned(TimeZone::UTC))?)
            };
            let texts = micros.iter().map(|micros| micros.map(text).transpose());
            Arc::new(texts.collect::<anyhow::Result<StringArray>>()?)
        }
    };
    let mut columns = rows.columns().to_vec();
    columns[time.column] = column;
    let names = rows.schema_ref().fields().iter();
    let names = names.map(|field| field.name().as_str());
    let columns = names
        .zip(columns)
        .map(|(name, column)| (name, column, true));
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

#[cfg(test)]
mod tests;
