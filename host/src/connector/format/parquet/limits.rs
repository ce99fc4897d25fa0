//! What the footer of a Parquet file says, before anybody makes room for it: how deep its schema is, how many
//! columns there are. The reader believes all of it, and sizes that are a lie, or a bomb, would take all
//! memory there is. Checks nothing that the reader checks without harm.

use anyhow::{Context as _, anyhow, ensure};
use parquet::file::metadata::ParquetMetaData;

use super::{
    blocks::Blocks,
    thrift::{Field, Thrift},
};

/// The largest footer that is read.
const MAX_FOOTER_BYTES: u64 = 64 * 1024 * 1024;

/// How deep the schema may be nested: the reader follows it by recursion.
const MAX_DEPTH: usize = 64;

/// The most columns that a file has, as many as CSV; what columns consist of counts, too.
const MAX_COLUMNS: u64 = 65_536;

/// The most columns of row groups: the reader takes some hundred bytes for each.
const MAX_CHUNKS: u64 = 512 * 1024;

/// How long the names of all columns may be, each with those of what it is a part of.
const MAX_NAME_BYTES: u64 = 64 * 1024 * 1024;

/// The file ends with the length of the footer and this.
const MAGIC: &[u8] = b"PAR1";

/// Checks the schema and the number of columns in the footer.
///
/// # Errors
///
/// If the file cannot be read, or its schema is nested too deep or says that there is more of it than there
/// is, or there is too much of it. That it is Parquet at all is left to the reader.
pub(super) fn check_footer(file: &Blocks) -> anyhow::Result<()> {
    let size = file.size()?;
    let tail = file.read(size.saturating_sub(8), 8)?;
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
    let footer = file.read(start, usize::try_from(length)?)?;
    let (mut checked, mut chunks) = (Ok(()), 0);
    let whole = Thrift::new(&footer).fields(|field, thrift| {
        if field.is(Field::list_of_structs(2))? {
            checked = check_schema(thrift)?;
            // What is behind a schema that is refused does not count.
            checked.as_ref().ok()?;
        } else if field.is(Field::list_of_structs(4))? {
            chunks += count_chunks(thrift)?;
        } else {
            return Some(false);
        }
        Some(true)
    });
    checked?;
    whole.context("its footer is damaged")?;
    ensure!(
        chunks <= MAX_CHUNKS,
        "its row groups have {chunks} columns together, and at most {MAX_CHUNKS} are read: write the file with \
         larger row groups"
    );
    Ok(())
}

/// How many columns all row groups have together.
fn count_chunks(thrift: &mut Thrift<'_>) -> Option<u64> {
    let mut chunks = 0;
    for _ in 0..thrift.list()? {
        thrift.fields(|field, thrift| {
            if !field.is(Field::list_of_structs(1))? {
                return Some(false);
            }
            let columns = thrift.list()?;
            for _ in 0..columns {
                thrift.fields(|_, _| Some(false))?;
            }
            chunks += columns;
            Some(true)
        })?;
    }
    Some(chunks)
}

/// Checks the elements of a schema, in the order of a walk through it; `None` if they break off.
fn check_schema(thrift: &mut Thrift<'_>) -> Option<anyhow::Result<()>> {
    let elements = thrift.list()?;
    // How many children are yet to come on each level, and how long the names are down to there.
    let mut open: Vec<(i64, u64)> = Vec::new();
    let mut names = 0_u64;
    for element in 0..elements {
        let (mut children, mut name) = (0, 0);
        thrift.fields(|field, thrift| {
            if field.is(Field::i32(5))? {
                children = thrift.zigzag()?;
            } else if field.is(Field::text(4))? {
                name = thrift.text()?;
            } else {
                return Some(false);
            }
            Some(true)
        })?;
        if let Some((siblings, above)) = open.last_mut() {
            *siblings -= 1;
            name += *above;
        }
        names = names.saturating_add(name);
        if children > 0 {
            open.push((children, name));
        }
        let left = elements - element - 1;
        if u64::try_from(children).is_ok_and(|children| children > left) {
            return Some(Err(anyhow!(
                "its footer is damaged: a column has {children} parts, and only {left} follow"
            )));
        }
        if open.len() > MAX_DEPTH {
            return Some(Err(anyhow!(
                "its columns are nested more than {MAX_DEPTH} deep"
            )));
        }
        if names > MAX_NAME_BYTES {
            return Some(Err(anyhow!(
                "the names of its columns have more than {} MiB",
                MAX_NAME_BYTES / (1024 * 1024)
            )));
        }
        // The first element is the whole.
        if element > MAX_COLUMNS {
            return Some(Err(anyhow!("it has more than {MAX_COLUMNS} columns")));
        }
        while open.last().is_some_and(|&(children, _)| children == 0) {
            open.pop();
        }
    }
    Some(Ok(()))
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
