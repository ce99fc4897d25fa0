//! Texts of good and bad rows, in pieces of any size.

use proptest::prelude::*;

use super::*;
use crate::connector::{
    EventTimeUnit, Format,
    harness::{decoding, listing, read_all, text_partition},
};

/// A line, and what becomes of it: nothing, a row, or a bad row.
pub(in crate::connector) fn json_lines() -> impl Strategy<Value = (String, Option<bool>)> {
    prop_oneof![
        4 => (any::<i64>(), ".{0,20}").prop_map(|(n, s)| {
            let s = serde_json::Value::from(s);
            (format!("{{\"ts\":0,\"n\":{n},\"s\":{s}}}"), Some(true))
        }),
        1 => Just(("{\"ts\":1}\r".to_owned(), Some(true))),
        1 => Just(("{\"ts\":1}{\"ts\":2}".to_owned(), Some(false))),
        1 => Just(("{\"ts\":1,\"n\":".to_owned(), Some(false))),
        1 => Just(("2}".to_owned(), Some(false))),
        1 => Just(("{\"ts\":null}".to_owned(), Some(false))),
        1 => Just(("{\"ts\":9000000000000000}".to_owned(), Some(false))),
        1 => Just(("{\"ts\":0,\"n\":\"x\"}".to_owned(), Some(false))),
        1 => Just(("{\"ts\":0,\"s\":\"a".to_owned(), Some(false))),
        1 => Just(("b\"}".to_owned(), Some(false))),
        1 => Just((" \t".to_owned(), None)),
        1 => Just((String::new(), None)),
    ]
}

pub(in crate::connector) fn csv_rows() -> impl Strategy<Value = (String, Option<bool>)> {
    prop_oneof![
        4 => (any::<i64>(), "[ -~\n\r]{0,12}").prop_map(|(n, s)| {
            (format!("0,{n},\"{}\"", s.replace('"', "\"\"")), Some(true))
        }),
        1 => Just(("0,1,a\"b\r".to_owned(), Some(true))),
        1 => Just(("0,1".to_owned(), Some(false))),
        1 => Just(("0,1,a,b".to_owned(), Some(false))),
        1 => Just((",1,a".to_owned(), Some(false))),
        1 => Just(("0,x,a".to_owned(), Some(false))),
        1 => Just(("0,1,\"\n\n\",b".to_owned(), Some(false))),
        1 => Just(("0,1,a\r0,1,a".to_owned(), Some(false))),
        1 => Just((String::new(), None)),
    ]
}

/// Reads rows in chunks and batches of some size, and checks that each is where it should be.
fn check(
    format: Format,
    header: &str,
    rows: &[(String, Option<bool>)],
    chunk: usize,
    batch_rows: usize,
) -> Result<Vec<String>, TestCaseError> {
    let columns = "ts: timestamp, n: int64, s: utf8";
    let mut decoding = decoding(format, columns, Some(EventTimeUnit::Millis));
    decoding.batch_rows = batch_rows;
    let mut text = header.to_owned();
    let mut expected = Vec::new();
    for (row, good) in rows {
        let line = 1 + text.matches('\n').count();
        expected.extend(good.map(|good| (line, good)));
        text.push_str(row);
        text.push('\n');
    }
    let mut partition = text_partition(&decoding, text.as_bytes(), chunk);
    let found = listing(&read_all(&mut partition).expect("rows"));
    let places: Vec<_> = found
        .iter()
        .map(|row| {
            let (line, row) = row.split_once(": ").expect("a number");
            (line.parse().expect("a number"), !row.starts_with("BAD "))
        })
        .collect();
    prop_assert_eq!(places, expected);
    Ok(found)
}

/// Repeats a piece of text as often as it may, then fails.
struct Endless {
    first: Vec<u8>,
    piece: Vec<u8>,
    pieces: usize,
}

impl Bytes for Endless {
    fn fill(&mut self, buffer: &mut Vec<u8>, _wait: Duration) -> anyhow::Result<Fill> {
        anyhow::ensure!(self.pieces > 0, "the cable was cut");
        self.pieces -= 1;
        buffer.append(&mut self.first);
        buffer.extend_from_slice(&self.piece);
        Ok(Fill::Some)
    }

    fn taken(&self) -> u64 {
        0
    }
}

fn endless(format: Format, piece: impl AsRef<[u8]>, pieces: usize) -> TextPartition<Endless> {
    let columns = match format {
        Format::Lines => "line: utf8",
        _ => "n: int64, s: utf8",
    };
    let bytes = Endless {
        first: Vec::new(),
        piece: piece.as_ref().to_vec(),
        pieces,
    };
    let decoding = decoding(format, columns, None);
    let clock = Arc::new(crate::time::ManualClock::new(
        crate::connector::harness::NOW,
    ));
    TextPartition::new("in".into(), bytes, &decoding, clock)
}

#[test]
fn rows_before_a_break_are_given_before_the_error() {
    for (format, piece) in [
        (Format::Json, "{\"n\":1,\"s\":\"a\"}\n{\"n\":2,"),
        (Format::Csv, "n,s\n1,a\n2,\"b\n"),
        (Format::Lines, "first\nsecond"),
    ] {
        let mut partition = endless(format, piece, 1);
        let Read::Rows(decoded) = partition.read().expect("rows") else {
            panic!("rows");
        };
        assert_eq!(decoded.batch.rows(), 1);
        assert!(decoded.rejected.is_empty());
        let error = format!("{:#}", partition.read().expect_err("an error"));
        let line = if format == Format::Csv { 3 } else { 2 };
        assert_eq!(
            error,
            format!("the input breaks off in line {line}: the cable was cut")
        );
    }
}

#[test]
fn whoever_reads_endless_nothing_is_not_kept() {
    let piece = vec![b' '; 1024 * 1024];
    let newlines = vec![b'\n'; 1024 * 1024];
    for (format, piece) in [(Format::Json, &piece), (Format::Csv, &newlines)] {
        let mut partition = endless(format, piece, 1000);
        let mut bad = 0;
        for _ in 0..3 {
            match partition.read().expect("nothing") {
                Read::Idle => {}
                Read::Rows(decoded) => {
                    assert_eq!(decoded.batch.rows(), 0);
                    bad += decoded.rejected.len();
                }
                _ => panic!("it does not end"),
            }
            // A row of the greatest length, and what was read beside it.
            assert!(partition.buffer.capacity() < 64 * 1024 * 1024);
        }
        assert_eq!(bad, usize::from(piece[0] == b' '));
        assert!(
            partition.bytes.pieces > 850,
            "{} are left",
            partition.bytes.pieces
        );
    }
}

#[test]
fn bad_rows_that_are_long_do_not_gather() {
    // No row, for its quotes are not closed within the bound, but shown as a whole.
    let line = format!("{}a\"a,\"\n", "x".repeat(4 * 1024 * 1024));
    let mut partition = endless(Format::Csv, line, 20);
    partition.bytes.first = b"n,s\n".to_vec();
    let mut bad = 0;
    loop {
        match partition.read() {
            Ok(Read::Rows(decoded)) => {
                let shown: usize = decoded.rejected.iter().map(|row| row.row.len()).sum();
                assert!(shown < 16 * 1024 * 1024, "{shown} bytes");
                bad += decoded.rejected.len();
            }
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.root_cause().to_string(), "the cable was cut");
                break;
            }
        }
    }
    assert!(bad > 10, "{bad}");
}

proptest! {
    #[test]
    fn every_line_of_json_is_accounted_for(
        rows in prop::collection::vec(json_lines(), 0..60),
        chunk in 1_usize..200,
        batch_rows in 1_usize..20,
    ) {
        let whole = check(Format::Json, "", &rows, 1 << 20, 1000)?;
        let pieces = check(Format::Json, "", &rows, chunk, batch_rows)?;
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn every_row_of_csv_is_accounted_for(
        rows in prop::collection::vec(csv_rows(), 0..60),
        chunk in 1_usize..200,
        batch_rows in 1_usize..20,
    ) {
        let whole = check(Format::Csv, "ts,n,s\n", &rows, 1 << 20, 1000)?;
        let pieces = check(Format::Csv, "ts,n,s\n", &rows, chunk, batch_rows)?;
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn no_bytes_do_harm(
        text in prop::collection::vec(
            prop_oneof![
                4 => prop::sample::select(b"\n\r\",{}[]:0x\\ \xff".to_vec()),
                1 => any::<u8>(),
            ],
            0..400,
        ),
        chunk in 1_usize..50,
        batch_rows in 1_usize..20,
    ) {
        for (format, columns) in [
            (Format::Json, "x: float64, s: utf8"),
            (Format::Csv, "x: float64, s: utf8"),
            (Format::Lines, "line: utf8"),
        ] {
            let header: &[u8] = if format == Format::Csv { b"x,s\n" } else { b"" };
            let text = [header, &text].concat();
            let whole = decoding(format, columns, None);
            let mut pieces = whole.clone();
            pieces.batch_rows = batch_rows;
            let whole = listing(&read_all(&mut text_partition(&whole, &text, 1 << 20)).expect("rows"));
            let pieces = listing(&read_all(&mut text_partition(&pieces, &text, chunk)).expect("rows"));
            prop_assert_eq!(whole, pieces);
        }
    }
}

/// A text that goes on for ever, in blank lines; who reads all of it in one go does not come back.
struct BlankLines {
    start: &'static [u8],
    left: usize,
}

impl Bytes for BlankLines {
    fn fill(&mut self, buffer: &mut Vec<u8>, _: Duration) -> anyhow::Result<Fill> {
        let start = std::mem::take(&mut self.start);
        buffer.extend_from_slice(start);
        for _ in 0..1 << 10 {
            buffer.resize(buffer.len() + 1023, b'\r');
            buffer.push(b'\n');
        }
        self.left = self.left.checked_sub(1).expect("a read that ends");
        Ok(Fill::Some)
    }

    fn taken(&self) -> u64 {
        0
    }
}

#[test]
fn a_bad_row_before_blank_lines_without_end_comes_out() {
    let decoding = decoding(Format::Csv, "n: int64, s: utf8", None);
    let lines = BlankLines {
        start: b"n,s\n\"",
        left: 100,
    };
    let clock = Arc::new(crate::time::ManualClock::new(
        crate::connector::harness::NOW,
    ));
    let mut partition = TextPartition::new("in".into(), lines, &decoding, clock);
    let read = partition.read().expect("no error");
    let Read::Rows(decoded) = read else {
        panic!("a bad row, not {read:?}");
    };
    assert_eq!(
        listing(&[decoded]),
        ["2: BAD its quotes are not closed within 16 MiB"]
    );
    assert!(matches!(partition.read(), Ok(Read::Idle)));
}
