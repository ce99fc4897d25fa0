//! Rows that a source has read once and could not decode, decoded again by its present settings.

use std::{io::Write as _, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use tempfile::NamedTempFile;

use super::{
    Decoding, Format, Partition, Read,
    format::{Columns, ParquetPartition},
    position::Unread,
    text::{Bytes, Fill, TextPartition},
};
use crate::{batch::Batch, time::Clock};

/// Decodes one row: the line as it was read, without what ends it, or a Parquet file of this one row. Rows of CSV need
/// the header of their file.
///
/// # Errors
///
/// If it cannot be decoded as one row: which column, what was expected, what was found.
pub fn decode_again(
    decoding: &Decoding,
    row: &[u8],
    header: Option<&str>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Batch> {
    let decoding = Decoding {
        batch_rows: 2,
        ..decoding.clone()
    };
    if decoding.format == Format::Parquet {
        let mut file = NamedTempFile::new().context("cannot make a temporary file")?;
        file.write_all(row)
            .context("cannot write a temporary file")?;
        let unread = Unread {
            name: NAME.into(),
            ..Unread::whole(file.path().to_path_buf())
        };
        let columns = Columns::new(&decoding, clock);
        return only_row(&mut ParquetPartition::open(&unread, &decoding, columns)?);
    }
    let header = match decoding.format {
        Format::Csv => header.context("the header of its file is not known")?,
        Format::Json | Format::Lines | Format::Parquet => "",
    };
    let mut text = Vec::with_capacity(header.len() + row.len() + 2);
    // Without a header, there is a blank line before the row: a byte order mark in it is none of a file.
    for line in [header.as_bytes(), row] {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    only_row(&mut TextPartition::new(
        NAME.into(),
        Memory(text),
        &decoding,
        clock,
    ))
}

/// What the row is called where a file would be.
const NAME: &str = "the row";

/// The one row of a partition.
fn only_row(partition: &mut dyn Partition) -> anyhow::Result<Batch> {
    let mut row = None;
    loop {
        match partition.read()? {
            Read::Rows(decoded) => {
                if let Some(rejected) = decoded.rejected.into_iter().next() {
                    anyhow::bail!(rejected.reason);
                }
                let rows = decoded.batch.rows();
                ensure!(rows == 1 && row.is_none(), "it is more than one row");
                row = Some(decoded.batch);
            }
            Read::Idle | Read::Watermark(_) => {}
            Read::End => return row.context("there is no row in it"),
        }
    }
}

/// A text that is there as a whole.
struct Memory(Vec<u8>);

impl Bytes for Memory {
    fn fill(&mut self, buffer: &mut Vec<u8>, _: Duration) -> anyhow::Result<Fill> {
        let is_empty = self.0.is_empty();
        buffer.append(&mut self.0);
        Ok(if is_empty { Fill::End } else { Fill::Some })
    }

    fn taken(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests;
