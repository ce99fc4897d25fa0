//! Parquet: the rows of a file, its columns found by name and converted.

use std::{fs::File, path::Path, sync::Arc};

use anyhow::{Context as _, bail, ensure};
use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    datatypes::{DataType as ArrowType, SchemaRef},
    json,
};
use parquet::arrow::{
    ArrowWriter,
    arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader},
};

use super::{
    Columns,
    parquet_ahead::AheadReader,
    parquet_columns::{Conversion, natural_type},
    parquet_limits,
    parquet_readers::{Readers, guarded, open_proven},
    parquet_slices,
    raw::RawType,
};
use crate::{
    batch::{Field, Origin, Position, Schema},
    connector::{
        Decoded, Decoding, Partition, Read, ReadPosition, RejectedRow,
        position::{self, ParquetPosition, Unread},
    },
};

/// The columns of a Parquet file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParquetSchema {
    /// Those of a type that there is here too, or that can be converted to one.
    pub schema: Schema,
    /// The others: their names and types.
    pub left_out: Vec<(String, String)>,
}

/// Reads the columns of a Parquet file, for a pipeline that does not name them.
///
/// # Errors
///
/// If the file cannot be read, or has two columns of the same name.
pub fn parquet_schema(path: &Path) -> anyhow::Result<ParquetSchema> {
    let (_, metadata) = open(path)?;
    let mut fields = Vec::new();
    let mut left_out = Vec::new();
    for field in metadata.schema().fields() {
        match natural_type(field.data_type()) {
            Some(data_type) => fields.push(Field {
                name: field.name().clone(),
                data_type,
                nullable: field.is_nullable(),
            }),
            None => left_out.push((field.name().clone(), field.data_type().to_string())),
        }
    }
    let schema = Schema::new(fields)
        .map_err(|name| anyhow::anyhow!("column `{name}` is in `{}` twice", path.display()))?;
    Ok(ParquetSchema { schema, left_out })
}

/// Opens a file and finds its columns.
fn open(path: &Path) -> anyhow::Result<(File, ArrowReaderMetadata)> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let metadata = parquet_limits::check_footer(&file)
        .and_then(|()| guarded(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())))
        .with_context(|| format!("cannot read `{}` as parquet", path.display()))?;
    Ok((file, metadata))
}

/// A Parquet file that is being read.
pub(crate) struct ParquetPartition {
    name: Arc<str>,
    reader: Reader,
    readers: Readers,
    /// Rows that have been read and not been handed over yet.
    waiting: Option<RecordBatch>,
    /// For each column of the schema, its place in what the reader gives, and what becomes of it.
    conversions: Vec<(usize, Conversion)>,
    raw: Vec<RawType>,
    columns: Columns,
    /// Rows read so far.
    rows: u64,
    total_rows: u64,
}

/// Who reads a file.
enum Reader {
    /// Whoever wants its rows.
    Here(ParquetRecordBatchReader),
    /// Threads, ahead.
    Ahead(AheadReader),
}

impl ParquetPartition {
    /// Opens a file, to be read from a position of an earlier partition on, if there is one.
    ///
    /// # Errors
    ///
    /// If it is not Parquet, a column is missing or of another type, or the file is not the one that
    /// the position is of.
    pub(crate) fn open(
        file: &Unread,
        decoding: &Decoding,
        columns: Columns,
    ) -> anyhow::Result<Self> {
        let (path, name) = (&*file.path, Arc::clone(&file.name));
        let (_, bytes, digest) = open_proven(path)?;
        let position = file.position::<ParquetPosition>()?;
        if let Some(position) = &position {
            position.check(&name, bytes, &digest)?;
        }
        let (handle, metadata) = open(path)?;
        let found = SchemaRef::clone(metadata.schema());
        let mut places = Vec::new();
        let mut conversions = Vec::new();
        let mut raw = Vec::new();
        for (index, field) in decoding.schema.fields().iter().enumerate() {
            let Some((place, column)) = found.column_with_name(&field.name) else {
                bail!("column `{}` is missing in `{name}`", field.name);
            };
            let time = decoding
                .event_time
                .as_ref()
                .filter(|time| time.column == index);
            let conversion = Conversion::new(column.data_type(), field.data_type, time)
                .with_context(|| {
                    format!(
                        "column `{}` of `{name}` cannot be read as {}: its type is {}",
                        field.name,
                        field.data_type,
                        column.data_type()
                    )
                })?;
            raw.push(conversion.raw());
            conversions.push(conversion);
            places.push(place);
        }
        // The reader gives the columns in the order of the file.
        let mut sorted = places.clone();
        sorted.sort_unstable();
        let order = places
            .iter()
            .map(|place| sorted.binary_search(place).unwrap_or_default());
        let conversions = order.zip(conversions).collect();
        let context = || format!("cannot read `{name}` as parquet");
        let metadata = Arc::clone(metadata.metadata());
        let row_groups = parquet_limits::row_groups(&metadata).with_context(context)?;
        let total_rows = row_groups.iter().sum();
        let start = position.map_or((0, 0), |position| (position.row_group, position.row));
        let largest_page = parquet_limits::check_pages(&handle, &metadata, start.0, &sorted)
            .with_context(context)?;
        let readers = Readers {
            path: path.to_path_buf(),
            file: handle,
            bytes,
            digest,
            metadata,
            found,
            places: sorted,
            batch_rows: decoding.batch_rows,
            row_groups,
            largest_page,
        };
        let reader = readers.open(start).with_context(context)?;
        let rows = readers.row_groups.iter().take(start.0).sum::<u64>() + start.1;
        Ok(Self {
            name,
            reader: Reader::Here(reader),
            readers,
            waiting: None,
            conversions,
            raw,
            columns,
            rows,
            total_rows,
        })
    }

    /// Has the rows read ahead by so many threads, if that does not take too much memory. Called before anything is
    /// read.
    ///
    /// # Errors
    ///
    /// If there cannot be so many threads, or the file cannot be read.
    pub(crate) fn ahead(mut self, threads: usize) -> anyhow::Result<Self> {
        if let Some(ahead) = AheadReader::start(&self.readers, self.start(), threads)
            .with_context(|| format!("cannot read `{}` as parquet", self.name))?
        {
            self.reader = Reader::Ahead(ahead);
        }
        Ok(self)
    }

    /// How many bytes the file has.
    pub(crate) const fn size(&self) -> u64 {
        self.readers.bytes
    }

    /// Reads the rows that are next.
    fn next_rows(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        loop {
            match &mut self.reader {
                Reader::Here(reader) => return guarded(|| reader.next().transpose()),
                Reader::Ahead(ahead) => {
                    if let Some(found) = ahead.read() {
                        return Ok(found);
                    }
                }
            }
            // The columns do not agree, or one of them cannot be read: one reader of them all says what is wrong.
            self.reader = Reader::Here(self.readers.open(self.start())?);
        }
    }

    fn decode(&mut self, found: &RecordBatch) -> anyhow::Result<Decoded> {
        let rows = found.num_rows();
        let mut bad = Vec::new();
        let mut columns = Vec::with_capacity(self.conversions.len());
        let mut fields = Vec::with_capacity(self.conversions.len());
        for (raw, (place, conversion)) in self.raw.iter().zip(&self.conversions) {
            let field = found.schema_ref().field(*place);
            let column = conversion
                .convert(found.column(*place), |row, reason| {
                    bad.push((row, format!("column `{}`: {reason}", field.name())));
                })
                .with_context(|| {
                    format!(
                        "cannot convert column `{}` of `{}`",
                        field.name(),
                        self.name
                    )
                })?;
            fields.push(arrow::datatypes::Field::new(
                field.name(),
                raw.to_arrow(),
                true,
            ));
            columns.push(column);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::new(arrow::datatypes::Schema::new(fields));
        let record = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let first = self.rows + 1;
        let origin = Origin::consecutive(Arc::clone(&self.name), first);
        let (batch, bad) = self.columns.batch(&self.raw, record, origin, bad)?;
        let rejected = bad.into_iter().map(|(row, reason)| RejectedRow {
            position: Position {
                partition: Arc::clone(&self.name),
                number: first + row as u64,
            },
            reason,
            row: row_text(&found.slice(row, 1)),
            raw: row_file(&found.slice(row, 1)),
            header: None,
        });
        let rejected = rejected.collect();
        let before = self.bytes_until(self.rows);
        self.rows += rows as u64;
        let bytes = self.bytes_until(self.rows) - before;
        Ok(Decoded {
            batch,
            rejected,
            bytes,
        })
    }

    /// Where to read on: in which row group, after how many of its rows.
    fn start(&self) -> (usize, u64) {
        let mut row = self.rows;
        let mut row_group = 0;
        for &rows in &self.readers.row_groups {
            if row < rows {
                break;
            }
            row -= rows;
            row_group += 1;
        }
        (row_group, row)
    }

    fn place(&self) -> ParquetPosition {
        let (row_group, row) = self.start();
        ParquetPosition {
            row_group,
            row,
            size: self.readers.bytes,
            digest: self.readers.digest.clone(),
        }
    }

    /// How many bytes of the file the first `rows` rows take, as if all took the same.
    fn bytes_until(&self, rows: u64) -> u64 {
        let bytes = self.size();
        let share = u128::from(bytes) * u128::from(rows) / u128::from(self.total_rows.max(1));
        u64::try_from(share).unwrap_or(bytes)
    }
}

impl Partition for ParquetPartition {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn read(&mut self) -> anyhow::Result<Read> {
        let (name, rows) = (Arc::clone(&self.name), self.rows);
        let context = || format!("cannot read `{name}` behind row {rows}");
        let found = match self.waiting.take() {
            Some(waiting) => waiting,
            None => match self.next_rows().with_context(context)? {
                Some(found) => found,
                None => {
                    let (rows, total) = (self.rows, self.total_rows);
                    ensure!(
                        rows == total,
                        "`{}` is damaged: it ends after {rows} rows, and should have {total}",
                        self.name
                    );
                    return Ok(Read::End);
                }
            },
        };
        let rows = parquet_slices::fitting(&found);
        if rows < found.num_rows() {
            self.waiting = Some(found.slice(rows, found.num_rows() - rows));
        }
        let found = parquet_slices::without_views(&found.slice(0, rows)).with_context(context)?;
        Ok(Read::Rows(self.decode(&found)?))
    }

    fn position(&self) -> Option<ReadPosition> {
        position::write(&self.place())
    }
}

/// A row as JSON, for people.
fn row_text(row: &RecordBatch) -> String {
    let mut text = Vec::new();
    let mut writer = json::LineDelimitedWriter::new(&mut text);
    let written = writer.write(&without_zones(row));
    drop(writer);
    match written {
        Ok(()) => String::from_utf8_lossy(&text).trim_end().to_owned(),
        Err(error) => format!("a row that cannot be shown: {error}"),
    }
}

/// A row as a file of its own, which can be read again as the one that it stands in; `None` if there is no such file.
fn row_file(row: &RecordBatch) -> Option<Vec<u8>> {
    let mut writer = ArrowWriter::try_new(Vec::new(), row.schema(), None).ok()?;
    writer.write(row).ok()?;
    writer.into_inner().ok()
}

/// The writer knows no time zones but offsets.
fn without_zones(row: &RecordBatch) -> RecordBatch {
    let columns = row.columns().iter().map(|column| match column.data_type() {
        ArrowType::Timestamp(unit, Some(_)) => {
            let plain = ArrowType::Timestamp(*unit, None);
            arrow::compute::cast(column, &plain).unwrap_or_else(|_| Arc::clone(column))
        }
        _ => Arc::clone(column),
    });
    let names = row.schema_ref().fields().iter().map(|field| field.name());
    RecordBatch::try_from_iter_with_nullable(
        names
            .zip(columns)
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap_or_else(|_| row.clone())
}

#[cfg(test)]
mod tests;
