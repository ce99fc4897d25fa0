//! What becomes of the rows that the reader of Parquet files gives: batches, and rows that are bad.

use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::{RecordBatch, RecordBatchOptions};

use super::{
    super::{Columns, raw::RawType},
    conversion::Conversion,
    row::{row_file, row_text},
    slices,
};
use crate::{
    batch::{Batch, Origin, Position},
    connector::{Decoded, RejectedRow},
};

/// Bad rows of more bytes than this, with the files that are made of them, do not share a batch.
pub(super) const MAX_REJECTED_BYTES: usize = 8 * 1024 * 1024;

/// Decodes rows of a file, whichever.
pub(super) struct Decoder {
    pub(super) name: Arc<str>,
    /// For each column of the schema, its place in what the reader gives, and what becomes of it.
    pub(super) conversions: Vec<(usize, Conversion)>,
    pub(super) raw: Vec<RawType>,
    pub(super) columns: Columns,
    /// How many bytes and rows the file has.
    pub(super) size: (u64, u64),
}

/// Rows that have been decoded.
pub(super) struct Portion {
    pub(super) decoded: Decoded,
    /// How many rows these are, good and bad.
    pub(super) rows: u64,
    /// What was given with them and would have been too much.
    pub(super) rest: Option<RecordBatch>,
}

impl Decoder {
    /// Decodes rows that so many others of the file come before: all, or the first of them if they have too much text, or
    /// too much is to be told of those that are bad.
    ///
    /// # Errors
    ///
    /// If columns cannot be what they should be.
    pub(super) fn decode(&self, found: &RecordBatch, before: u64) -> anyhow::Result<Portion> {
        let fitting = found.slice(0, slices::fitting(found));
        let fitting = slices::without_views(&fitting)?;
        let (decoded, rows) = self.decode_fitting(&fitting, before)?;
        let rest = found.num_rows() - rows;
        Ok(Portion {
            decoded,
            rows: rows as u64,
            rest: (rest > 0).then(|| found.slice(rows, rest)),
        })
    }

    /// Decodes rows: all, or the first of them if too much is to be told of those that are bad. Says how many.
    fn decode_fitting(&self, found: &RecordBatch, before: u64) -> anyhow::Result<(Decoded, usize)> {
        let mut rows = found.num_rows();
        let (mut batch, bad) = self.convert(found, before)?;
        let mut rejected = Vec::new();
        let mut rejected_bytes = 0;
        for (row, reason) in bad {
            if rejected_bytes >= MAX_REJECTED_BYTES {
                rows = row;
                (batch, _) = self.convert(&found.slice(0, rows), before)?;
                break;
            }
            let one = found.slice(row, 1);
            let (text, raw) = (row_text(&one), row_file(&one));
            rejected_bytes += text.len() + raw.as_ref().map_or(0, Vec::len);
            rejected.push(RejectedRow {
                position: Position {
                    partition: Arc::clone(&self.name),
                    number: before + 1 + row as u64,
                },
                reason,
                row: text,
                raw,
                header: None,
            });
        }
        let decoded = Decoded {
            batch,
            rejected,
            bytes: self.bytes_until(before + rows as u64) - self.bytes_until(before),
        };
        Ok((decoded, rows))
    }

    /// The rows that are good, and which ones are not, and why.
    fn convert(
        &self,
        found: &RecordBatch,
        before: u64,
    ) -> anyhow::Result<(Batch, Vec<(usize, String)>)> {
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
        let origin = Origin::consecutive(Arc::clone(&self.name), before + 1);
        self.columns.batch(&self.raw, record, origin, bad)
    }

    /// How many bytes of the file the first `rows` rows take, as if all took the same.
    fn bytes_until(&self, rows: u64) -> u64 {
        let (bytes, all) = self.size;
        let share = u128::from(bytes) * u128::from(rows) / u128::from(all.max(1));
        u64::try_from(share).unwrap_or(bytes)
    }
}
