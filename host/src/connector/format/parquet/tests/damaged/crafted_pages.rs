//! Pages that no writer makes: their headers claim what is not there.

use super::*;

/// The header of a page of this kind: how many bytes follow, and of how many values in which encoding they are.
fn page_header(kind: u8, bytes: usize, values: usize, encoding: u8) -> Vec<u8> {
    let mut header = vec![0x15, 2 * kind, 0x15];
    header.extend(varint(2 * bytes));
    header.push(0x15);
    header.extend(varint(2 * bytes));
    header.extend(if kind == 2 {
        [0x4c, 0x15]
    } else {
        [0x2c, 0x15]
    });
    header.extend(varint(2 * values));
    header.extend([0x15, 2 * encoding]);
    if kind == 0 {
        header.extend([0x15, 6, 0x15, 6]);
    }
    header.extend([0, 0]);
    header
}

/// A file with one column of texts that are never null, whose bytes are those, of so many rows.
fn one_column(pages: &[u8], rows: usize) -> Written {
    let mut whole = b"PAR1".to_vec();
    whole.extend_from_slice(pages);
    let rows = varint(2 * rows);
    let size = varint(2 * pages.len());
    let footer = [
        &[0x15, 2, 0x19, 0x2c, 0x48, 1, b'r', 0x15, 2, 0][..],
        &[0x15, 12, 0x25, 0, 0x18, 1, b's', 0x25, 0, 0],
        &[0x16],
        &rows,
        &[0x19, 0x1c, 0x19, 0x1c, 0x26, 8, 0x1c, 0x15, 12],
        &[0x19, 0x15, 0, 0x19, 0x18, 1, b's', 0x15, 0, 0x16],
        &rows,
        &[0x16],
        &size,
        &[0x16],
        &size,
        &[0x26, 8, 0, 0, 0x16],
        &size,
        &[0x16],
        &rows,
        &[0, 0],
    ]
    .concat();
    whole.extend_from_slice(&footer);
    whole.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    whole.extend_from_slice(b"PAR1");
    file(&whole)
}

/// Texts without a byte, by their lengths alone.
fn empty_texts(count: usize, blocks: usize) -> Vec<u8> {
    let mut bytes = vec![0x80, 1, 4];
    bytes.extend(varint(count));
    bytes.push(0);
    bytes.extend([0; 5].repeat(blocks));
    bytes
}

#[test]
fn pages_that_claim_more_than_they_have_make_nobody_make_room() {
    const LENGTHS: u8 = 6;
    const PREFIXES: u8 = 7;
    let page = |rows, encoding, bytes: Vec<u8>| {
        [page_header(0, bytes.len(), rows, encoding), bytes].concat()
    };
    // As it should be.
    let (rows, error) = one_column(&page(3, LENGTHS, empty_texts(3, 1)), 3).read_on("s: utf8");
    assert_eq!((rows.len(), error), (3, None));
    let both = [empty_texts(3, 1), empty_texts(3, 1)].concat();
    let (rows, error) = one_column(&page(3, PREFIXES, both), 3).read_on("s: utf8");
    assert_eq!((rows.len(), error), (3, None));
    #[track_caller]
    fn check(file: &Written, expected: &str) {
        let (rows, error) = file.read_on("s: utf8");
        assert!(rows.is_empty(), "{rows:?}");
        let error = error.expect("an error");
        assert!(error.contains(expected), "{error}");
    }
    // Texts for terabytes of lengths.
    for (encoding, bytes) in [
        (LENGTHS, empty_texts(1 << 40, 1)),
        (PREFIXES, empty_texts(1 << 40, 1)),
        (
            PREFIXES,
            [empty_texts(3, 1), empty_texts(1 << 40, 1)].concat(),
        ),
    ] {
        let expected = "a page of 3 values has 1099511627776 lengths of texts";
        check(&one_column(&page(3, encoding, bytes), 3), expected);
    }
    // A field of no type, which the reader takes for the end.
    let mut dictionary = page_header(2, 8, 1 << 30, 0);
    dictionary.pop();
    dictionary.splice(dictionary.len().., [0x90, 0, 0]);
    let dictionary = [dictionary, vec![0; 8]].concat();
    check(&one_column(&dictionary, 3), "there is no page at byte 4");
    // A dictionary that has what a page of rows has, too.
    let mut both = page_header(2, 8, 1 << 30, 0);
    both.splice(6..6, [0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0]);
    both[16] = 0x2c;
    let both = [both, vec![0; 8]].concat();
    check(
        &one_column(&both, 3),
        "the dictionary at byte 4 should have 1073741824 values in 8 bytes",
    );
}

#[test]
fn pages_have_as_many_rows_as_their_row_group() {
    let bytes = empty_texts(3, 1);
    let page = [page_header(0, bytes.len(), 3, 6), bytes].concat();
    for (pages, rows, found) in [(&page, 4, 3), (&page.repeat(2), 4, 6), (&page, 1 << 40, 3)] {
        let (given, error) = one_column(pages, rows).read_on("s: utf8");
        assert!(given.is_empty(), "{given:?}");
        let error = error.expect("an error");
        let expected = format!(
            "column `s` of row group 0 is damaged: its pages have {found} rows, and the row group has {rows}"
        );
        assert!(error.contains(&expected), "{error}");
    }
}
