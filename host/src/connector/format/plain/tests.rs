//! Rows decoded the fast way and, at once, the other one: the same values to the last bit, the same reasons.

mod generated;

use proptest::prelude::*;

use super::*;
use crate::connector::{
    Decoding, EventTimeUnit, Format,
    format::{
        CsvHeader, JsonDecoder, Layout, Next, RawType, RowDecoder, RowSpan, Splitter, salvage,
    },
    harness::decoding,
};

const COLUMNS: &str = "ts: timestamp, b: boolean, i: int32, n: int64, f: float32, x: float64, t: timestamp, \
                       s: utf8, y: binary";

/// The header of CSV: the columns in another order, and one that nobody asks for.
const HEADER: &str = "s,x,other,ts,b,i,n,f,t,y";

/// A decoder that knows no fast way.
struct Slow(Box<dyn RowDecoder>);

impl RowDecoder for Slow {
    fn decode(&mut self, block: Block<'_>) -> Result<RecordBatch, String> {
        self.0.decode(block)
    }

    fn explain(&mut self, row: &[u8]) -> Option<salvage::Fault> {
        self.0.explain(row)
    }

    fn accepts(&mut self, row: &[u8]) -> bool {
        self.0.accepts(row)
    }
}

/// A text as it is decoded.
struct Text {
    bytes: Vec<u8>,
    rows: Vec<RowSpan>,
}

impl Text {
    fn new(layout: Layout, text: &[u8]) -> Self {
        let bytes = [text, b"\n"].concat();
        let mut splitter = Splitter::new(layout, 1 << 20);
        let mut rows = Vec::new();
        loop {
            match splitter.next(&bytes, true) {
                Next::Row(row) => rows.push(row),
                Next::Bad(..) => {}
                Next::More => return Self { bytes, rows },
            }
        }
    }

    fn block(&self) -> Block<'_> {
        Block {
            bytes: &self.bytes,
            rows: &self.rows,
        }
    }
}

fn decoder(decoding: &Decoding) -> Box<dyn RowDecoder> {
    let raw = RawType::of_schema(
        &decoding.schema,
        decoding.event_time.as_ref(),
        decoding.format,
    );
    let schema = decoding.schema.clone();
    match decoding.format {
        Format::Csv => {
            let header = CsvHeader::new(schema, raw, 1000);
            Box::new(header.decoder(HEADER.as_bytes()).expect("a header"))
        }
        _ => Box::new(JsonDecoder::new(&schema, raw, 1000)),
    }
}

const fn layout(format: Format) -> Layout {
    match format {
        Format::Csv => Layout::Csv,
        _ => Layout::Json,
    }
}

/// Decodes texts one after the other, both ways.
fn compare(format: Format, unit: EventTimeUnit, texts: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let decoding = decoding(format, COLUMNS, Some(unit));
    let mut fast = decoder(&decoding);
    let mut slow = Slow(decoder(&decoding));
    for text in texts {
        let shown = String::from_utf8_lossy(text);
        let text = Text::new(layout(format), text);
        let found = salvage(fast.as_mut(), text.block());
        let expected = salvage(&mut slow, text.block());
        match (found, expected) {
            (Ok((found, found_bad)), Ok((expected, expected_bad))) => {
                prop_assert_eq!(found_bad, expected_bad, "{}", shown);
                prop_assert_eq!(found.num_rows(), expected.num_rows(), "{}", shown);
                for (found, expected) in found.columns().iter().zip(expected.columns()) {
                    prop_assert_eq!(found.to_data(), expected.to_data(), "{}", shown);
                }
            }
            (found, expected) => prop_assert_eq!(found.err(), expected.err(), "{}", shown),
        }
    }
    Ok(())
}

/// How many of the rows are odd.
#[track_caller]
fn odd_rows(format: Format, unit: EventTimeUnit, text: &str) -> Vec<usize> {
    let text = Text::new(layout(format), text.as_bytes());
    let mut decoder = decoder(&decoding(format, COLUMNS, Some(unit)));
    let plain = decoder
        .decode_plain(text.block())
        .expect("not many are odd");
    assert_eq!(plain.record.num_rows() + plain.odd.len(), text.rows.len());
    plain.odd
}

#[test]
fn what_programs_write_is_plain() {
    let rows = [
        r#"{"ts":1712995200000,"b":true,"i":-7,"n":1,"f":0.5,"x":90.62435892494598,"t":"2024-04-13T08:00:00.001Z","s":"s189","y":"00ff"}"#,
        r#"{"ts":1712995200000,"b":false,"i":0,"n":9223372036854775807,"f":1e3,"x":-1.5E-300,"t":0,"s":"ä","y":null}"#,
        // Other fields, others in between, another order, none.
        r#"{"ts":0,"other":-1.5e7,"s":"a","more":"ü","b":null,"yes":true}"#,
        r#"{"s":"","ts":0}"#,
        // As some write it.
        r#"{"ts": 0, "s": "a", "t": "2024-04-13 08:00:00"}"#,
        r#"  { "ts" : 0 , "x" : "21.5", "i": "3" } "#,
        "{\"ts\":0}\r",
    ];
    let odd = odd_rows(Format::Json, EventTimeUnit::Millis, &rows.join("\n"));
    assert_eq!(odd, [0; 0]);
    let rows = [
        "s189,90.62435892494598,x,2024-04-13T08:00:00.001Z,true,-7,1,0.5,2024-04-13T08:00:00Z,00ff",
        ",,,,,,,,,",
        "ä,1e3,ü,soon,FALSE,007,9223372036854775807,-0,2024-04-13 08:00:00,0g\r",
    ];
    let odd = odd_rows(Format::Csv, EventTimeUnit::Rfc3339, &rows.join("\n"));
    assert_eq!(odd, [0; 0]);
}

#[test]
fn everything_else_is_odd() {
    let rows = [
        "{}",
        r#"{"s":"a\n"}"#,
        r#"{"\u0073":"a"}"#,
        r#"{"n":1,"n":2}"#,
        r#"{"n":1.0}"#,
        r#"{"n":1e3}"#,
        r#"{"i":2147483648}"#,
        r#"{"n":-9223372036854775808}"#,
        r#"{"n":9223372036854775808}"#,
        r#"{"x":NaN}"#,
        r#"{"x":1.}"#,
        r#"{"x":" 1"}"#,
        r#"{"x":true}"#,
        r#"{"s":1}"#,
        r#"{"b":"true"}"#,
        r#"{"b":nul}"#,
        r#"{"t":"soon"}"#,
        r#"{"other":{}}"#,
        r#"{"other":[1]}"#,
        r#"{"other":"\ud800"}"#,
        r#"{"n":1,,"s":"a"}"#,
        r#"{"n":1 "s":"a"}"#,
        r#"{,"n":1}"#,
        r#"{"n":1}{"n":2}"#,
        r#"{"n":1"#,
        r#"{"s":"a"#,
        r#"{"s":"a"}}"#,
        "[]",
        "1",
        "}",
        " }",
    ];
    let odd = odd_rows(Format::Json, EventTimeUnit::Millis, &rows.join("\n"));
    assert_eq!(odd, Vec::from_iter(0..rows.len()));
    let rows = [
        "\"a\",,,,,,,,,",
        "a\"b,,,,,,,,,",
        ",,a\"b,,,,,,,",
        ",,,,,,,,",
        ",,,,,,,,,,",
        ",1 ,,,,,,,,",
        ",NaN,,,,,,,,",
        ",,,,yes,,,,,",
        ",,,,,+1,,,,",
        ",,,,,,1.0,,,",
        ",,,,,,,,soon,",
        "a\rb,,,,,,,,,",
        ",,,,,,,,,\r\r",
    ];
    let odd = odd_rows(Format::Csv, EventTimeUnit::Millis, &rows.join("\n"));
    assert_eq!(odd, Vec::from_iter(0..rows.len()));
}

#[test]
fn what_is_expected_of_a_row_makes_none_plain_that_is_odd() {
    let rows = [
        r#"{"n":1,"s":"a"}"#,
        r#","s":"a"}"#,
        r#"{"n":1{"n":1}"#,
        r#"{"n":1,"s":"a","n":2}"#,
        r#"{"n":1,"s":"a""#,
        r#"{"s":"a"}"#,
        r#"{"n":1}"#,
    ];
    let odd = odd_rows(Format::Json, EventTimeUnit::Millis, &rows.join("\n"));
    assert_eq!(odd, [1, 2, 3, 4]);
}

#[test]
fn a_block_of_odd_rows_is_given_up() {
    let text = |odd: usize, plain: usize| {
        let text = "{}\n".repeat(odd) + &"{\"n\":1}\n".repeat(plain);
        Text::new(Layout::Json, text.as_bytes())
    };
    let mut decoder = decoder(&decoding(
        Format::Json,
        COLUMNS,
        Some(EventTimeUnit::Millis),
    ));
    assert!(decoder.decode_plain(text(40, 1000).block()).is_none());
    let plain = decoder
        .decode_plain(text(30, 100).block())
        .expect("most are plain");
    assert_eq!((plain.record.num_rows(), plain.odd.len()), (100, 30));
}
