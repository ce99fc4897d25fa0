//! What the headers of the pages of a column say, before anybody makes room for what is in them: how large they
//! become, and how many rows are in each. The reader keeps every page that the texts of a batch come from, so
//! this decides how many rows may be read at once.

use anyhow::ensure;

use super::{
    blocks::Blocks,
    thrift::{Field, Thrift},
};

/// The largest page that is read, uncompressed.
pub(super) const MAX_PAGE_BYTES: u64 = 256 * 1024 * 1024;

/// The most pages that a column has in a row group.
const MAX_PAGES: usize = 1024 * 1024;

/// Values of a dictionary take at least this many bytes each.
pub(super) const LEAST_VALUE_BYTES: u64 = 4;

/// What the reader adds to each value of a dictionary.
const VIEW_BYTES: u64 = 16;

/// Pages that are remembered as one.
const SMALL_BYTES: u64 = 64 * 1024;

/// How much is read to find the header of a page, at first and at most.
const HEADER_BYTES: (usize, usize) = (256, 1024 * 1024);

/// Kinds of pages.
const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const DATA_PAGE_2: i64 = 3;

/// The encoding of texts as what they have in common with the text before, which has no bound but the page.
const DELTA_BYTE_ARRAY: i64 = 7;

/// The pages of a column in one row group.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// How much the dictionary takes as long as the column is read.
    dictionary: u64,
    /// How many rows they should have.
    rows: u64,
    /// The rows and the bytes of each page, of small ones together.
    data: Vec<(u64, u64)>,
    /// The bytes of the largest page, and its rows.
    largest: (u64, u64),
    /// Whether one text may be as long as a page, and the next one again.
    is_delta: bool,
}

impl Pages {
    /// Goes from page to page, from the byte `at` of the file to `end`.
    ///
    /// # Errors
    ///
    /// If one is too large, or what is there is no page.
    pub(super) fn scan(file: &Blocks, mut at: u64, end: u64) -> anyhow::Result<Self> {
        let mut pages = Self::default();
        while at < end {
            let page = page_at(file, at, end)?;
            ensure!(
                page.bytes <= MAX_PAGE_BYTES,
                "the page at byte {at} would have {} bytes uncompressed, and at most {MAX_PAGE_BYTES} are read: \
                 write the file with smaller pages",
                page.bytes
            );
            pages.add(&page, at)?;
            at = page.end;
            ensure!(at <= end, "a page ends behind the column");
        }
        Ok(pages)
    }

    fn add(&mut self, page: &Page, at: u64) -> anyhow::Result<()> {
        if let Some(values) = page.dictionary {
            ensure!(
                values <= page.bytes / LEAST_VALUE_BYTES,
                "the dictionary at byte {at} should have {values} values in {} bytes",
                page.bytes
            );
            ensure!(
                self.dictionary == 0,
                "there is a second dictionary at byte {at}"
            );
            self.dictionary = page.bytes + values * VIEW_BYTES;
            return Ok(());
        }
        self.rows = self.rows.saturating_add(page.rows);
        self.largest = self.largest.max((page.bytes, page.rows));
        self.is_delta |= page.is_delta;
        match self.data.last_mut() {
            Some((rows, bytes)) if *bytes + page.bytes <= SMALL_BYTES => {
                *rows += page.rows;
                *bytes += page.bytes;
            }
            _ => self.data.push((page.rows, page.bytes)),
        }
        ensure!(
            self.data.len() <= MAX_PAGES,
            "it has more than {MAX_PAGES} pages: write the file with larger pages"
        );
        Ok(())
    }

    /// Makes sure that they have as many rows as their row group.
    ///
    /// # Errors
    ///
    /// If they have others.
    pub(super) fn check_rows(&self, expected: u64) -> anyhow::Result<()> {
        ensure!(
            self.rows == expected,
            "its pages have {} rows, and the row group has {expected}",
            self.rows
        );
        Ok(())
    }

    /// The bytes of the largest page, and its rows.
    pub(super) const fn largest(&self) -> (u64, u64) {
        self.largest
    }

    /// How much all of them take.
    pub(super) fn all(&self) -> u64 {
        let data: u64 = self.data.iter().map(|(_, bytes)| bytes).sum();
        self.dictionary + data
    }

    /// How much the reader holds of a column whose values it copies, whatever the number of rows.
    pub(super) fn at_once(&self) -> u64 {
        self.dictionary + self.largest.0
    }

    /// How much the reader holds at most of so many consecutive rows, at least one, if it keeps the pages of texts.
    pub(super) fn of_rows(&self, rows: u64) -> u64 {
        if self.is_delta {
            return self
                .at_once()
                .saturating_add(self.largest.0.saturating_mul(rows));
        }
        let (mut most, mut first, mut within, mut bytes) = (0, 0, 0_u64, 0);
        for (last, &(page_rows, page_bytes)) in self.data.iter().enumerate() {
            within += page_rows;
            bytes += page_bytes;
            // Of the first page and the last, one row each may be among them.
            while first < last && within - self.data[first].0 - page_rows + 2 > rows {
                within -= self.data[first].0;
                bytes -= self.data[first].1;
                first += 1;
            }
            most = most.max(bytes);
        }
        self.dictionary + most
    }
}

/// What a page says of itself.
struct Page {
    /// Its size, uncompressed.
    bytes: u64,
    /// How many values it has, if it is a dictionary.
    dictionary: Option<u64>,
    /// How many rows it has, if it is none.
    rows: u64,
    /// Whether a text is written as what differs from the one before.
    is_delta: bool,
    /// Where the next one begins.
    end: u64,
}

fn page_at(file: &Blocks, at: u64, end: u64) -> anyhow::Result<Page> {
    let (mut most, limit) = HEADER_BYTES;
    loop {
        let length = usize::try_from(end - at).map_or(most, |left| left.min(most));
        let bytes = file.read(at, length)?;
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
    let (mut kind, mut uncompressed, mut compressed) = (None, None, None);
    // The number of values and the encoding, as a page of each kind says them.
    let (mut data, mut dictionary, mut data_2) = (None, None, None);
    let mut thrift = Thrift::new(bytes);
    thrift.fields(|field, thrift| {
        if field.is(Field::i32(1))? {
            kind = Some(thrift.zigzag()?);
        } else if field.is(Field::i32(2))? {
            uncompressed = Some(thrift.zigzag()?);
        } else if field.is(Field::i32(3))? {
            compressed = Some(thrift.zigzag()?);
        } else if field.is(Field::structure(5))? {
            data = Some(numbers(thrift, (1, 2))?);
        } else if field.is(Field::structure(7))? {
            dictionary = Some(numbers(thrift, (1, 2))?);
        } else if field.is(Field::structure(8))? {
            data_2 = Some(numbers(thrift, (1, 4))?);
        } else {
            return Some(false);
        }
        Some(true)
    })?;
    let header = (bytes.len() - thrift.rest()) as u64;
    let (is_dictionary, (values, encoding)) = match kind? {
        DATA_PAGE => (false, data?),
        DICTIONARY_PAGE => (true, dictionary?),
        DATA_PAGE_2 => (false, data_2?),
        // The reader passes over it.
        _ => (false, (0, 0)),
    };
    let values = u64::try_from(values).ok()?;
    Some(Page {
        bytes: u64::try_from(uncompressed?).ok()?,
        dictionary: is_dictionary.then_some(values),
        // Columns that are read have a value a row.
        rows: if is_dictionary { 0 } else { values },
        is_delta: encoding == DELTA_BYTE_ARRAY,
        end: (at + header).checked_add(u64::try_from(compressed?).ok()?)?,
    })
}

/// Two numbers of a structure, by the numbers of their fields.
fn numbers(thrift: &mut Thrift<'_>, wanted: (i64, i64)) -> Option<(i64, i64)> {
    let (mut first, mut second) = (None, None);
    thrift.fields(|field, thrift| {
        if field.is(Field::i32(wanted.0))? {
            first = Some(thrift.zigzag()?);
        } else if field.is(Field::i32(wanted.1))? {
            second = Some(thrift.zigzag()?);
        } else {
            return Some(false);
        }
        Some(true)
    })?;
    Some((first?, second?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_some_rows_are_at_most_those_that_they_may_touch() {
        let pages = |data: &[(u64, u64)]| Pages {
            dictionary: 1,
            rows: 0,
            data: data.to_vec(),
            largest: data
                .iter()
                .map(|&(rows, bytes)| (bytes, rows))
                .max()
                .unwrap_or_default(),
            is_delta: false,
        };
        let check = |data: &[(u64, u64)], expected: &[(u64, u64)]| {
            for &(rows, bytes) in expected {
                assert_eq!(
                    pages(data).of_rows(rows),
                    1 + bytes,
                    "{data:?}: {rows} rows"
                );
            }
        };
        check(&[], &[(1, 0), (9, 0)]);
        check(&[(10, 5)], &[(1, 5), (100, 5)]);
        check(
            &[(10, 5), (2, 7), (10, 5)],
            &[(1, 7), (2, 12), (3, 12), (4, 17), (100, 17)],
        );
        check(&[(1, 3); 5], &[(1, 3), (2, 6), (4, 12), (5, 15), (6, 15)]);
        // A page that says that it has no rows comes with those around it.
        check(&[(1, 3), (0, 9), (1, 3)], &[(1, 9), (2, 15)]);
        assert_eq!(
            Pages {
                is_delta: true,
                ..pages(&[(100, 5)])
            }
            .of_rows(10),
            56
        );
    }
}
