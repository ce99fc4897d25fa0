//! A file of rows that may be longer than those that sources read: of what was made here, not by strangers.

use std::{path::Path, sync::Arc};

use super::{
    Decoding, Format, Partition,
    file_bytes::FileBytes,
    format::{Columns, MAX_ROW_BYTES, ParquetPartition},
    position::Unread,
    text::TextPartition,
};
use crate::time::Clock;

/// The longest row, in bytes. In a dead letter of the longest row that is read, each byte may take seven: a control
/// character in a text of JSON within another. The bytes as they were may be there once more.
const MAX_LONG_ROW_BYTES: usize = 16 * MAX_ROW_BYTES;

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Opens a file to be read from its beginning.
///
/// # Errors
///
/// If it cannot be read in the format of `decoding`.
pub fn open_long_rows(
    path: &Path,
    decoding: &Decoding,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Box<dyn Partition>> {
    let file = Unread::whole(path.to_path_buf());
    if decoding.format == Format::Parquet {
        let columns = Columns::new(decoding, clock);
        return Ok(Box::new(ParquetPartition::open(&file, decoding, columns)?));
    }
    let bytes = FileBytes::open(path, Arc::clone(&file.name), CHUNK_BYTES)?;
    let text = TextPartition::new(file.name, bytes, decoding, clock);
    Ok(Box::new(text.with_rows_up_to(MAX_LONG_ROW_BYTES)))
}
