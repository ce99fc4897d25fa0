//! Parquet: the rows of a file, its columns found by name and converted.

mod ahead;
mod blocks;
mod checked;
mod conversion;
mod decoder;
mod earliest;
mod groups;
mod limits;
mod pages;
mod row;
mod slices;
mod spans;
mod thrift;

use std::{
    collections::HashMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    num::NonZero,
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, bail, ensure};
use arrow::{array::RecordBatch, datatypes::SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use self::{
    ahead::{AheadGroups, Found},
    blocks::Blocks,
    conversion::{Conversion, natural_type},
    decoder::Decoder,
    earliest::least_values,
    groups::{RowGroups, guarded},
    spans::{Projection, Spans},
};
use super::Columns;
use crate::{
    batch::{Field, Schema},
    connector::{
        Decoding, Partition, Read, ReadPosition,
        position::{self, PROOF_BYTES, ParquetPosition, Unread},
    },
    time::Timestamp,
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
fn open(path: &Path) -> anyhow::Result<(Blocks, ArrowReaderMetadata)> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let file = Blocks::new(file);
    let metadata = limits::check_footer(&file)
        .and_then(|()| guarded(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())))
        .with_context(|| format!("cannot read `{}` as parquet", path.display()))?;
    Ok((file, metadata))
}

/// A Parquet file that is being read.
pub(crate) struct ParquetPartition {
    name: Arc<str>,
    input: Input,
    decoder: Arc<Decoder>,
    /// Rows that have been read and not been decoded yet.
    waiting: Option<RecordBatch>,
    /// Rows given so far.
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

/// Who reads the row groups.
enum Input {
    /// Whoever reads the partition.
    Alone(RowGroups),
    /// Threads of its own.
    Ahead(AheadGroups),
}

impl Input {
    fn next(&mut self) -> anyhow::Result<Option<Found>> {
        match self {
            Self::Alone(groups) => Ok(groups.next()?.map(Found::Rows)),
            Self::Ahead(groups) => groups.next(),
        }
    }
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
        let row_groups = limits::row_groups(&metadata).with_context(context)?;
        let total_rows = row_groups.iter().sum();
        let start = position.map_or((0, 0), |position| (position.row_group, position.row));
        let options = ArrowReaderOptions::new().with_schema(slices::with_views(&found));
        let spans = guarded(|| ArrowReaderMetadata::try_new(Arc::clone(&metadata), options))
            .and_then(|found| {
                let rows = row_groups.clone();
                Projection::new(handle, found, &sorted, rows, decoding.batch_rows)
            })
            .and_then(|projection| {
                let projection = Arc::new(projection);
                let mut spans = Spans::new(Arc::clone(&projection), start)?;
                Ok((projection, spans.next()?, spans))
            });
        let (projection, span, spans) = spans.with_context(context)?;
        let rows = row_groups.iter().take(start.0).sum::<u64>() + start.1;
        let time = decoding.event_time.as_ref().filter(|_| rows == 0);
        let time = time.map(|time| time.column);
        let earliest = time.and_then(|column| {
            let (_, conversion) = &conversions[column];
            let found = found.field(places[column]);
            let least = least_values(&metadata, places[column], found)?;
            let least = conversion.convert(&least, |_, _| {}).ok()?;
            columns.earliest(&raw[column], least)
        });
        let decoder = Arc::new(Decoder {
            name: Arc::clone(&name),
            conversions,
            raw,
            columns,
            size: (bytes, total_rows),
        });
        Ok(Self {
            name,
            input: Input::Alone(RowGroups::new(projection, span, spans)),
            decoder,
            waiting: None,
            rows,
            total_rows,
            row_groups,
            bytes,
            digest,
            earliest,
        })
    }

    /// How many bytes the file has.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Has the rows decoded ahead by so many threads. Called before anything is read.
    pub(crate) fn ahead(self, threads: NonZero<usize>) -> Self {
        let Input::Alone(groups) = self.input else {
            return self;
        };
        let decoder = Arc::clone(&self.decoder);
        let ahead = AheadGroups::new(groups, decoder, threads, self.rows);
        Self {
            input: Input::Ahead(ahead),
            ..self
        }
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
            Some(waiting) => Some(Found::Rows(waiting)),
            None => self.input.next().with_context(context)?,
        };
        let portion = match found {
            Some(Found::Decoded(portion)) => portion,
            Some(Found::Rows(found)) => self.decoder.decode(&found, rows).with_context(context)?,
            None => {
                let total = self.total_rows;
                ensure!(
                    rows == total,
                    "`{name}` is damaged: it ends after {rows} rows, and should have {total}"
                );
                return Ok(Read::End);
            }
        };
        self.rows += portion.rows;
        self.waiting = portion.rest;
        Ok(Read::Rows(portion.decoded))
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
