//! Parquet: the rows of a file, its columns found by name and converted.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    datatypes::{DataType as ArrowType, SchemaRef},
    json,
};
use parquet::arrow::{
    ArrowWriter, ProjectionMask,
    arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
};

use super::{
    Columns,
    parquet_columns::{Conversion, natural_type},
    raw::RawType,
};
use crate::{
    batch::{Field, Origin, Position, Schema},
    connector::{
        Decoded, Decoding, Partition, Read, ReadPosition, RejectedRow,
        position::{self, PROOF_BYTES, ParquetPosition, Unread},
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
    let builder = open(path)?;
    let mut fields = Vec::new();
    let mut left_out = Vec::new();
    for field in builder.schema().fields() {
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

fn open(path: &Path) -> anyhow::Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    ParquetRecordBatchReaderBuilder::try_new(file)
        .with_context(|| format!("cannot read `{}` as parquet", path.display()))
}

/// A Parquet file that is being read.
pub(crate) struct ParquetPartition {
    name: Arc<str>,
    reader: ParquetRecordBatchReader,
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
        let builder = open(path)?;
        let found = SchemaRef::clone(builder.schema());
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
        let mask = ProjectionMask::roots(builder.parquet_schema(), sorted.iter().copied());
        let total_rows = builder.metadata().file_metadata().num_rows();
        let groups = builder.metadata().row_groups().iter();
        let row_groups: Vec<_> = groups
            .map(|group| group.num_rows().unsigned_abs())
            .collect();
        let mut builder = builder
            .with_projection(mask)
            .with_batch_size(decoding.batch_rows);
        let mut rows = 0;
        if let Some(position) = &position {
            let before = row_groups.iter().take(position.row_group).sum::<u64>();
            rows = before + position.row;
            builder = builder
                .with_row_groups((position.row_group..row_groups.len()).collect())
                .with_offset(usize::try_from(position.row)?);
        }
        let reader = builder
            .build()
            .with_context(|| format!("cannot read `{name}` as parquet"))?;
        Ok(Self {
            name,
            reader,
            conversions,
            raw,
            columns,
            rows,
            total_rows: u64::try_from(total_rows).unwrap_or_default(),
            row_groups,
            bytes,
            digest,
        })
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

    fn read(&mut self) -> anyhow::Result<Read> {
        match self.reader.next() {
            None => Ok(Read::End),
            Some(found) => {
                let found = found.with_context(|| format!("cannot read `{}`", self.name))?;
                Ok(Read::Rows(self.decode(&found)?))
            }
        }
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
