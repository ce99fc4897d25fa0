//! What a Parquet file says of itself, before anybody makes room for it: how deep its schema is, how large
//! its pages become. The reader believes all of it, and sizes that are a lie, or a bomb, would take all
//! memory there is. Checks nothing that the reader checks without harm.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
};

use anyhow::{Context as _, bail, ensure};
use parquet::file::metadata::ParquetMetaData;

use super::parquet_thrift::{Field, Thrift};

/// The largest footer that is read.
const MAX_FOOTER_BYTES: u64 = 64 * 1024 * 1024;

/// How deep the schema may be nested: the reader follows it by recursion.
const MAX_DEPTH: usize = 64;

/// The largest page that is read, uncompressed.
const MAX_PAGE_BYTES: i64 = 256 * 1024 * 1024;

/// Values of a dictionary take at least this many bytes each.
const LEAST_VALUE_BYTES: i64 = 4;

/// How much is read to find the header of a page, at first and at most.
const HEADER_BYTES: (u64, u64) = (256, 1024 * 1024);

/// The file ends with the length of the footer and this.
const MAGIC: &[u8] = b"PAR1";

/// Checks the schema in the footer.
///
/// # Errors
///
/// If the file cannot be read, or its schema is nested too deep or says that there is more of it than there
/// is. That it is Parquet at all is left to the reader.
pub(super) fn check_footer(file: &File) -> anyhow::Result<()> {
    let size = file.metadata()?.len();
    let tail = read_at(file, size.saturating_sub(8), 8)?;
    let Some(length) = tail
        .strip_suffix(MAGIC)
        .and_then(|tail| tail.try_into().ok())
    else {
        return Ok(());
    };
    let length = u64::from(u32::from_le_bytes(length));
    let Some(start) = size.checked_sub(8 + length) else {
        return Ok(());
    };
    ensure!(
        length <= MAX_FOOTER_BYTES,
        "its footer has {} MiB, and at most {} MiB are read",
        length / (1024 * 1024),
        MAX_FOOTER_BYTES / (1024 * 1024)
    );
    let footer = read_at(file, start, length)?;
    let mut checked = Ok(());
    let whole = Thrift::new(&footer).fields(|field, thrift| {
        if field == Field::list_of_structs(2) {
            checked = check_schema(thrift)?;
            return Some(true);
        }
        Some(false)
    });
    checked?;
    whole.context("its footer is damaged")
}

/// Checks the elements of a schema, in the order of a walk through it; `None` if they break off.
fn check_schema(thrift: &mut Thrift<'_>) -> Option<anyhow::Result<()>> {
    let elements = thrift.list()?;
    // How many children are yet to come, on each level.
    let mut open: Vec<i64> = Vec::new();
    let mut problem = Ok(());
    for element in 0..elements {
        let mut children = 0;
        thrift.fields(|field, thrift| {
            if field == Field::i32(5) {
                children = thrift.zigzag()?;
                return Some(true);
            }
            Some(false)
        })?;
        if problem.is_err() {
            continue;
        }
        if let Some(siblings) = open.last_mut() {
            *siblings -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        let left = elements - element - 1;
        if u64::try_from(children).is_ok_and(|children| children > left) {
            problem = Err(anyhow::anyhow!(
                "its footer is damaged: a column has {children} parts, and only {left} follow"
            ));
        } else if open.len() > MAX_DEPTH {
            problem = Err(anyhow::anyhow!(
                "its columns are nested more than {MAX_DEPTH} deep"
            ));
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    Some(problem)
}

/// How many rows each row group has.
///
/// # Errors
///
/// If the metadata contradicts itself.
pub(super) fn row_groups(metadata: &ParquetMetaData) -> anyhow::Result<Vec<u64>> {
    let mut groups = Vec::new();
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows();
        let rows = u64::try_from(rows)
            .with_context(|| format!("it is damaged: row group {index} has {rows} rows"))?;
        groups.push(rows);
    }
    let (sum, rows) = (
        groups.iter().map(|&rows| i128::from(rows)).sum::<i128>(),
        metadata.file_metadata().num_rows(),
    );
    ensure!(
        sum == i128::from(rows),
        "it is damaged: it should have {rows} rows, and its row groups have {sum}"
    );
    Ok(groups)
}

/// Checks how large the pages become that hold the columns `places` of the row groups from `first` on. Returns how many
/// bytes the largest has.
///
/// # Errors
///
/// If one is too large, or what is there is no page.
pub(super) fn check_pages(
    file: &File,
    metadata: &ParquetMetaData,
    first: usize,
    places: &[usize],
) -> anyhow::Result<i64> {
    let size = file.metadata()?.len();
    let mut largest = 0;
    let schema = metadata.file_metadata().schema_descr();
    for (index, group) in metadata.row_groups().iter().enumerate().skip(first) {
        for (leaf, chunk) in group.columns().iter().enumerate() {
            if !places.contains(&schema.get_column_root_idx(leaf)) {
                continue;
            }
            let start = chunk
                .dictionary_page_offset()
                .unwrap_or(chunk.data_page_offset());
            let end = start.checked_add(chunk.compressed_size());
            let range = (
                u64::try_from(start),
                end.and_then(|end| u64::try_from(end).ok()),
            );
            let column = || {
                format!(
                    "column `{}` of row group {index} is damaged",
                    chunk.column_path().string()
                )
            };
            let (Ok(start), Some(end)) = range else {
                bail!("{}", column());
            };
            ensure!(
                start <= end && end <= size,
                "{}: it lies outside the file",
                column()
            );
            largest = largest.max(check_chunk(file, start, end).with_context(column)?);
        }
    }
    Ok(largest)
}

/// Goes from page to page. Returns how large the largest becomes.
fn check_chunk(file: &File, mut at: u64, end: u64) -> anyhow::Result<i64> {
    let mut largest = 0;
    while at < end {
        let page = page_at(file, at, end)?;
        ensure!(
            page.uncompressed <= MAX_PAGE_BYTES,
            "the page at byte {at} would have {} bytes uncompressed, and at most {MAX_PAGE_BYTES} are read: \
             write the file with smaller pages",
            page.uncompressed
        );
        ensure!(
            page.dictionary <= page.uncompressed / LEAST_VALUE_BYTES,
            "the dictionary at byte {at} should have {} values in {} bytes",
            page.dictionary,
            page.uncompressed
        );
        largest = largest.max(page.uncompressed);
        at = page.end;
        ensure!(at <= end, "a page ends behind the column");
    }
    Ok(largest)
}

/// What a page says of itself.
struct Page {
    /// Its size, uncompressed.
    uncompressed: i64,
    /// How many values it has, if it is a dictionary.
    dictionary: i64,
    /// Where the next one begins.
    end: u64,
}

fn page_at(file: &File, at: u64, end: u64) -> anyhow::Result<Page> {
    let (mut most, limit) = HEADER_BYTES;
    loop {
        let length = most.min(end - at);
        let bytes = read_at(file, at, length)?;
        if let Some(page) = page(&bytes, at) {
            return Ok(page);
        }
        ensure!(
            length == most && most < limit,
            "there is no page at byte {at}"
        );
        most = limit.min(most * 16);
    }
}

/// The page that begins with these bytes; `None` if they do not have all of its header.
fn page(bytes: &[u8], at: u64) -> Option<Page> {
    let (mut uncompressed, mut compressed, mut dictionary) = (None, None, 0);
    let mut thrift = Thrift::new(bytes);
    thrift.fields(|field, thrift| {
        if field == Field::i32(2) {
            uncompressed = Some(thrift.zigzag()?);
        } else if field == Field::i32(3) {
            compressed = Some(thrift.zigzag()?);
        } else if field == Field::structure(7) {
            thrift.fields(|field, thrift| {
                if field == Field::i32(1) {
                    dictionary = thrift.zigzag()?;
                    return Some(true);
                }
                Some(false)
            })?;
        } else {
            return Some(false);
        }
        Some(true)
    })?;
    let header = (bytes.len() - thrift.rest()) as u64;
    let uncompressed = uncompressed.filter(|&bytes| bytes >= 0)?;
    Some(Page {
        uncompressed,
        dictionary,
        end: (at + header).checked_add(u64::try_from(compressed?).ok()?)?,
    })
}

fn read_at(mut file: &File, at: u64, length: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
