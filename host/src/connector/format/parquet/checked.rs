//! Pages on their way to the decoders of the reader, which make room for as many values as a page says before they look
//! for them. So this does: a dictionary has bytes for its values, and a page of texts that are written as differences no
//! more lengths than values. What else is wrong with a page, the decoders notice without harm.

use std::sync::Arc;

use parquet::{
    arrow::arrow_reader::RowGroups,
    basic::Encoding,
    column::page::{Page, PageIterator, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        serialized_reader::SerializedPageReader,
    },
};

use super::{
    blocks::Blocks,
    pages::{LEAST_VALUE_BYTES, MAX_PAGE_BYTES},
};

/// The most lengths in a page: the decoders take eight bytes for each, and none need to be there.
const MAX_LENGTHS: u64 = MAX_PAGE_BYTES / 8;

/// Some row groups of a file.
pub(super) struct CheckedGroups {
    pub(super) file: Arc<Blocks>,
    pub(super) metadata: Arc<ParquetMetaData>,
    /// Which ones.
    pub(super) groups: Vec<usize>,
}

impl RowGroups for CheckedGroups {
    fn num_rows(&self) -> usize {
        let rows = self.row_groups().map(RowGroupMetaData::num_rows);
        usize::try_from(rows.sum::<i64>()).unwrap_or_default()
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(CheckedChunks {
            file: Arc::clone(&self.file),
            metadata: Arc::clone(&self.metadata),
            column,
            groups: self.groups.clone().into_iter(),
        }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        let groups = self.groups.iter();
        Box::new(groups.map(|group| self.metadata.row_group(*group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// A column in one row group after the other.
struct CheckedChunks {
    file: Arc<Blocks>,
    metadata: Arc<ParquetMetaData>,
    column: usize,
    groups: std::vec::IntoIter<usize>,
}

impl PageIterator for CheckedChunks {}

impl Iterator for CheckedChunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.metadata.row_group(self.groups.next()?);
        let chunk = group.column(self.column);
        let descriptor = chunk.column_descr();
        let levels = [descriptor.max_rep_level(), descriptor.max_def_level()];
        let rows = usize::try_from(group.num_rows()).unwrap_or_default();
        let pages = SerializedPageReader::new(Arc::clone(&self.file), chunk, rows, None);
        Some(pages.map(|pages| Box::new(CheckedPages { pages, levels }) as _))
    }
}

/// The pages of a column in one row group.
struct CheckedPages {
    pages: SerializedPageReader<Blocks>,
    /// The highest level of repetition, and of definition.
    levels: [i16; 2],
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            check(page, self.levels).map_err(ParquetError::General)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

/// Checks that a page has what it says.
fn check(page: &Page, levels: [i16; 2]) -> std::result::Result<(), String> {
    let (bytes, values) = (page.buffer(), u64::from(page.num_values()));
    if page.is_dictionary_page() {
        let most = bytes.len() as u64 / LEAST_VALUE_BYTES;
        return match values <= most {
            true => Ok(()),
            false => Err(format!(
                "a dictionary should have {values} values in {} bytes",
                bytes.len()
            )),
        };
    }
    let lists = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let mut rest = behind_levels(page, levels).ok_or("the levels of a page break off")?;
    for _ in 0..lists {
        let lengths = Lengths::read(&mut rest).ok_or("the lengths of texts break off")?;
        if lengths.count > values.min(MAX_LENGTHS) {
            return Err(format!(
                "a page of {values} values has {} lengths of texts, and {MAX_LENGTHS} is the most that are read",
                lengths.count
            ));
        }
        lengths
            .skip(&mut rest)
            .ok_or("the lengths of texts break off")?;
    }
    Ok(())
}

/// The bytes of a page with values.
fn behind_levels(page: &Page, levels: [i16; 2]) -> Option<&[u8]> {
    let mut rest: &[u8] = page.buffer();
    match page {
        Page::DataPage {
            num_values,
            rep_level_encoding,
            def_level_encoding,
            ..
        } => {
            for (highest, encoding) in levels
                .into_iter()
                .zip([rep_level_encoding, def_level_encoding])
            {
                if highest == 0 {
                    continue;
                }
                rest = if *encoding == Encoding::RLE {
                    let (length, behind) = rest.split_first_chunk()?;
                    behind.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)?
                } else {
                    let width = u64::from(i16::BITS - highest.leading_zeros());
                    let bytes = (u64::from(*num_values) * width).div_ceil(8);
                    rest.get(usize::try_from(bytes).ok()?..)?
                };
            }
        }
        Page::DataPageV2 {
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let bytes = def_levels_byte_len.checked_add(*rep_levels_byte_len)?;
            rest = rest.get(usize::try_from(bytes).ok()?..)?;
        }
        Page::DictionaryPage { .. } => {}
    }
    Some(rest)
}

/// The head of a list of numbers, each written as what differs from the one before (Parquet's *delta encoding*).
struct Lengths {
    /// How many numbers are in a small block, and how many of these in a large one.
    block: (u64, usize),
    /// How many numbers there are.
    count: u64,
}

impl Lengths {
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let size = varint(bytes)?;
        let blocks = varint(bytes)?;
        let count = varint(bytes)?;
        // The first number.
        varint(bytes)?;
        Some(Self {
            block: (size.checked_div(blocks)?, usize::try_from(blocks).ok()?),
            count,
        })
    }

    /// Passes over the numbers, without those in which nothing is left.
    fn skip(&self, bytes: &mut &[u8]) -> Option<()> {
        let (each, blocks) = self.block;
        let mut left = self.count.saturating_sub(1);
        while left > 0 {
            // What all differ by at least, then the bits of the rest in each small block.
            varint(bytes)?;
            let (widths, behind) = bytes.split_at_checked(blocks)?;
            *bytes = behind;
            for &width in widths {
                if left > 0 {
                    let length = each.checked_mul(u64::from(width))? / 8;
                    *bytes = bytes.get(usize::try_from(length).ok()?..)?;
                    left = left.saturating_sub(each.max(1));
                }
            }
        }
        Some(())
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of so many values, of which these bytes are.
    fn page(encoding: Encoding, num_values: u32, bytes: &[u8]) -> Page {
        Page::DataPage {
            buf: bytes.to_vec().into(),
            num_values,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        }
    }

    #[track_caller]
    fn refused(page: &Page, levels: [i16; 2], expected: &str) {
        let reason = check(page, levels).expect_err("it lies");
        assert!(reason.contains(expected), "{reason}");
    }

    /// A list of so many zeros: blocks of 128, of which each of 4 parts has no bits.
    fn zeros(count: u64) -> Vec<u8> {
        let mut bytes = vec![0x80, 1, 4];
        let mut rest = count;
        while rest > 0x7f {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.extend([rest as u8, 0]);
        let blocks = count.min(1 << 12).saturating_sub(1).div_ceil(128);
        bytes.extend([0; 5].repeat(blocks as usize));
        bytes
    }

    #[test]
    fn a_page_has_no_more_lengths_than_values() {
        for (encoding, bytes) in [
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, vec![]),
            (Encoding::DELTA_BYTE_ARRAY, zeros(3)),
            (Encoding::DELTA_BYTE_ARRAY, zeros(1000)),
        ] {
            let page = |count| page(encoding, 1000, &[bytes.clone(), zeros(count)].concat());
            for count in [0, 1, 2, 129, 1000] {
                assert_eq!(check(&page(count), [0, 0]), Ok(()), "{count}");
            }
            for count in [1001, 1 << 40, u64::MAX] {
                let expected = format!("a page of 1000 values has {count} lengths of texts");
                refused(&page(count), [0, 0], &expected);
            }
        }
        let many = page(Encoding::DELTA_LENGTH_BYTE_ARRAY, u32::MAX, &zeros(1 << 30));
        refused(&many, [0, 0], "33554432 is the most that are read");
    }

    #[test]
    fn lengths_are_behind_the_levels() {
        let levels = [2, 0, 0, 0, 9, 9];
        for (before, highest) in [(1, [0, 1]), (2, [1, 1])] {
            let bytes = |count| [levels.repeat(before), zeros(count)].concat();
            let page = |count| page(Encoding::DELTA_LENGTH_BYTE_ARRAY, 9, &bytes(count));
            assert_eq!(check(&page(9), highest), Ok(()));
            refused(&page(10), highest, "a page of 9 values has 10 lengths");
        }
        let version_2 = |count| Page::DataPageV2 {
            buf: [vec![9; 5], zeros(count)].concat().into(),
            num_values: 9,
            encoding: Encoding::DELTA_LENGTH_BYTE_ARRAY,
            num_nulls: 0,
            num_rows: 9,
            def_levels_byte_len: 5,
            rep_levels_byte_len: 0,
            is_compressed: false,
            statistics: None,
        };
        assert_eq!(check(&version_2(9), [0, 1]), Ok(()));
        refused(&version_2(10), [0, 1], "a page of 9 values has 10 lengths");
    }

    #[test]
    fn what_breaks_off_is_refused() {
        let lengths = zeros(1000);
        for end in 0..lengths.len() {
            let page = page(Encoding::DELTA_LENGTH_BYTE_ARRAY, 1000, &lengths[..end]);
            refused(&page, [0, 0], "break off");
        }
        for bytes in [&[0xff; 40][..], &[0x80, 1, 0, 9, 0], &[9, 0, 0, 0, 1]] {
            let page = page(Encoding::DELTA_BYTE_ARRAY, 1000, bytes);
            refused(&page, [0, 1], "break off");
        }
    }

    #[test]
    fn a_dictionary_has_bytes_for_its_values() {
        let dictionary = |num_values| Page::DictionaryPage {
            buf: vec![0; 40].into(),
            num_values,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        assert_eq!(check(&dictionary(10), [0, 0]), Ok(()));
        refused(
            &dictionary(1 << 31),
            [0, 0],
            "should have 2147483648 values in 40 bytes",
        );
    }
}
