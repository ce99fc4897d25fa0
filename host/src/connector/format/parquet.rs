//! Parquet: the rows of a file, its columns found by name and converted.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, bail, ensure};
use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    datatypes::SchemaRef,
};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use super::{
    Columns,
    parquet_columns::{Conversion, natural_type},
    parquet_earliest::least_values,
    parquet_groups::{RowGroups, guarded},
    parquet_limits,
    parquet_row::{row_file, row_text},
    parquet_slices,
    raw::RawType,
};
use crate::{
    batch::{Batch, Field, Origin, Position, Schema},
    connector::{
        Decoded, Decoding, Partition, Read, ReadPosition, RejectedRow,
        position::{self, PROOF_BYTES, ParquetPosition, Unread},
    },
    time::Timestamp,
};

/// Bad rows of more bytes than this, with the files that are made of them, do not share a batch.
const MAX_REJECTED_BYTES: usize = 8 * 1024 * 1024;

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
    groups: RowGroups,
    /// Rows that have been read and not been handed over yet.
    waiting: Option<RecordBatch>,
    /// For each column of the schema, its place in what the reader gives, and what becomes of it.
    conversions: Vec<(usize, Conversion)>,
    raw: Vec<RawType>,
    columns: Columns,
    /// Rows read so far.
    rows: u64,
    total_rows: u64,
    /// How many rows each row group has.
    row_groups: Vec<u64>,
    bytes: u64,
    /// Digest of the last bytes of the file.
    digest: String,
    /// The least event time, if the footer says it.
    earliest: Option<Timestamp>,
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
        let (bytes, digest) = proof(path)?;
        let position = file.position::<ParquetPosition>()?;
        if let Some(position) = &position {
            position.check(&name, bytes, &digest)?;
        }
        let (handle, metadata) = open(path)?;
        let found = SchemaRef::clone(metadata.schema());
        let mut by_name = HashMap::new();
        for (place, column) in found.fields().iter().enumerate() {
            by_name.entry(column.name()).or_insert((place, column));
        }
        let mut places = Vec::new();
        let mut conversions = Vec::new();
        let mut raw = Vec::new();
        for (index, field) in decoding.schema.fields().iter().enumerate() {
            let Some(&(place, column)) = by_name.get(&field.name) else {
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
        let conversions: Vec<_> = order.zip(conversions).collect();
        let context = || format!("cannot read `{name}` as parquet");
        let metadata = Arc::clone(metadata.metadata());
        let row_groups = parquet_limits::row_groups(&metadata).with_context(context)?;
        let total_rows = row_groups.iter().sum();
        let start = position.map_or((0, 0), |position| (position.row_group, position.row));
        let options = ArrowReaderOptions::new().with_schema(parquet_slices::with_views(&found));
        let groups = guarded(|| ArrowReaderMetadata::try_new(Arc::clone(&metadata), options))
            .and_then(|found| {
                let rows = row_groups.clone();
                RowGroups::open(handle, found, &sorted, rows, start, decoding.batch_rows)
            });
        let groups = groups.with_context(context)?;
        let rows = row_groups.iter().take(start.0).sum::<u64>() + start.1;
        let time = decoding.event_time.as_ref().map(|time| time.column);
        let earliest = time.and_then(|column| {
            let (_, conversion) = &conversions[column];
            let found = found.field(places[column]);
            let least = least_values(&metadata, places[column], found, start.0)?;
            let least = conversion.convert(&least, |_, _| {}).ok()?;
            columns.earliest(&raw[column], least)
        });
        Ok(Self {
            name,
            groups,
            waiting: None,
            conversions,
            raw,
            columns,
            rows,
            total_rows,
            row_groups,
            bytes,
            digest,
            earliest,
        })
    }

    /// Decodes rows: all, or the first of them if too much is to be told of those that are bad. Says how many.
    fn decode(&mut self, found: &RecordBatch) -> anyhow::Result<(Decoded, usize)> {
        let mut rows = found.num_rows();
        let (mut batch, bad) = self.convert(found)?;
        let mut rejected = Vec::new();
        let mut rejected_bytes = 0;
        for (row, reason) in bad {
            if rejected_bytes >= MAX_REJECTED_BYTES {
                rows = row;
                (batch, _) = self.convert(&found.slice(0, rows))?;
                break;
            }
            let one = found.slice(row, 1);
            let (text, raw) = (row_text(&one), row_file(&one));
            rejected_bytes += text.len() + raw.as_ref().map_or(0, Vec::len);
            rejected.push(RejectedRow {
                position: Position {
                    partition: Arc::clone(&self.name),
                    number: self.rows + 1 + row as u64,
                },
                reason,
                row: text,
                raw,
                header: None,
            });
        }
        let before = self.bytes_until(self.rows);
        self.rows += rows as u64;
        let bytes = self.bytes_until(self.rows) - before;
        let decoded = Decoded {
            batch,
            rejected,
            bytes,
        };
        Ok((decoded, rows))
    }

    /// The rows that are good, and which ones are not, and why.
    fn convert(&self, found: &RecordBatch) -> anyhow::Result<(Batch, Vec<(usize, String)>)> {
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
        let origin = Origin::consecutive(Arc::clone(&self.name), self.rows + 1);
        self.columns.batch(&self.raw, record, origin, bad)
    }

    /// Where to read on: in which row group, after how many of its rows.
    fn place(&self) -> ParquetPosition {
        let mut row = self.rows;
        let mut row_group = 0;
        for &rows in &self.row_groups {
            if row < rows {
                break;
            }
            row -= rows;
            row_group += 1;
        }
        ParquetPosition {
            row_group,
            row,
            size: self.bytes,
            digest: self.digest.clone(),
        }
    }

    /// How many bytes of the file the first `rows` rows take, as if all took the same.
    fn bytes_until(&self, rows: u64) -> u64 {
        let share = u128::from(self.bytes) * u128::from(rows) / u128::from(self.total_rows.max(1));
        u64::try_from(share).unwrap_or(self.bytes)
    }
}

impl Partition for ParquetPartition {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn earliest(&self) -> Option<Timestamp> {
        self.earliest
    }

    fn read(&mut self) -> anyhow::Result<Read> {
        let (name, rows) = (Arc::clone(&self.name), self.rows);
        let context = || format!("cannot read `{name}` behind row {rows}");
        let found = match self.waiting.take() {
            Some(waiting) => waiting,
            None => match self.groups.next().with_context(context)? {
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
        let fitting = found.slice(0, parquet_slices::fitting(&found));
        let fitting = parquet_slices::without_views(&fitting).with_context(context)?;
        let (decoded, rows) = self.decode(&fitting)?;
        if rows < found.num_rows() {
            self.waiting = Some(found.slice(rows, found.num_rows() - rows));
        }
        Ok(Read::Rows(decoded))
    }

    fn position(&self) -> Option<ReadPosition> {
        position::write(&self.place())
    }
}

/// The size of a file, and a digest of its last bytes.
fn proof(path: &Path) -> anyhow::Result<(u64, String)> {
    let context = || format!("cannot open `{}`", path.display());
    let mut file = File::open(path).with_context(context)?;
    let size = file.metadata().with_context(context)?.len();
    let context = || format!("cannot read `{}`", path.display());
    let from = size.saturating_sub(PROOF_BYTES as u64);
    file.seek(SeekFrom::Start(from)).with_context(context)?;
    let mut last = Vec::new();
    file.read_to_end(&mut last).with_context(context)?;
    Ok((size, position::digest(&last)))
}

#[cfg(test)]
mod tests;
